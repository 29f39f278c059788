package mock

import (
	"context"
	"strings"

	"github.com/authd-go/authd/core"
)

// Diagnose implements core.Diagnoser. There is nothing outside to look at.
func (s *strategy) Diagnose(ctx context.Context, r core.DiagnoseRequest, report func(core.Finding)) {
	if r.Identifier == "" {
		report(core.Finding{Name: "users", Mark: core.MarkWarning, Detail: "kept in the configuration and in memory", Advice: "this is a stand-in for development: everybody who reads the configuration knows the passwords"})
		return
	}
	id, err := s.FindAccount(ctx, r.Identifier)
	if err != nil {
		report(core.Finding{Name: "find the user", Mark: core.MarkFailed, Detail: string(core.CodeOf(err)), Advice: "the user is not in users, or is disabled or scripted there"})
		return
	}
	report(core.Finding{Name: "find the user", Mark: core.MarkOK, Detail: "subject " + id.Subject + ", roles " + strings.Join(id.Roles, ", ")})
}
