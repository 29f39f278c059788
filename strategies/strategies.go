// Package strategies is the one list of the kinds of backend that authd comes
// with. A new strategy is one folder beside this file and one line in it; a
// program of somebody else's appends its own kinds to All in its main.
package strategies

import (
	"github.com/authd-go/authd/core"
	"github.com/authd-go/authd/strategies/ldap"
	"github.com/authd-go/authd/strategies/local"
	"github.com/authd-go/authd/strategies/mock"
	"github.com/authd-go/authd/strategies/oauth2"
	"github.com/authd-go/authd/strategies/oidc"
)

// All returns the kinds, sorted by name. The slice is the caller's.
func All() []core.Kind {
	return []core.Kind{
		ldap.Kind(),
		local.Kind(),
		mock.Kind(),
		oauth2.Kind(),
		oidc.Kind(),
	}
}
