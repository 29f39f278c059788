package local

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/authd-go/authd/core"
)

// Diagnose implements core.Diagnoser. The users are in the daemon's own store,
// so that what can be wrong is that there is nobody, or nobody with a password.
func (s *strategy) Diagnose(ctx context.Context, r core.DiagnoseRequest, report func(core.Finding)) {
	began := time.Now()
	f := core.Finding{Name: "users", Mark: core.MarkOK, Detail: "kept in the daemon's own store"}
	if r.Identifier == "" {
		some, err := s.users.Users(ctx, "", 1)
		switch {
		case err != nil:
			f.Mark, f.Detail, f.Advice = core.MarkFailed, err.Error(), "see the store, above"
		case len(some) == 0:
			f.Mark, f.Detail, f.Advice = core.MarkWarning, "there are none yet", "make one: authd user add EMAIL --strategy "+s.name
		}
		f.Took = time.Since(began)
		report(f)
		return
	}
	u, err := s.find(ctx, "find a user", r.Identifier)
	f.Name, f.Detail = "find the user", "subject "+u.ID
	switch {
	case errors.Is(err, core.UnknownUser):
		f.Mark, f.Detail, f.Advice = core.MarkFailed, "there is no such user", "authd user list shows who there is"
	case err != nil:
		f.Mark, f.Detail, f.Advice = core.MarkFailed, err.Error(), "see the store: authd doctor"
	case disabled(u):
		f.Mark, f.Detail, f.Advice = core.MarkFailed, f.Detail+", disabled", "authd user enable "+r.Identifier+" lets them in again"
	case u.PasswordHash == "":
		f.Mark, f.Detail, f.Advice = core.MarkFailed, f.Detail+", without a password", "authd user reset "+r.Identifier+" makes a link to set one"
	}
	f.Took = time.Since(began)
	report(f)
	if err == nil {
		roles := strings.Join(u.Roles, ", ")
		if roles == "" {
			roles = "none"
		}
		report(core.Finding{Name: "roles", Mark: core.MarkOK, Detail: roles})
	}
}
