// Package authd composes authentication strategies behind one AuthProvider.
package authd

import (
	"time"

	"github.com/authd-go/authd/core"
	"github.com/authd-go/authd/core/flow"
	"github.com/authd-go/authd/core/onerror"
)

// House holds the options every strategy takes beside its own.
type House struct {
	Label      string        `koanf:"label"`      // what people see; default: the name
	Accepts    []string      `koanf:"accepts"`    // identifiers this backend is asked about, "*" for any run; default: all
	Roles      flow.Roles    `koanf:"roles"`      // from the backend's roles to the front end's
	TrustEmail bool          `koanf:"trustEmail"` // believe the backend when it says that an address is verified
	Timeout    time.Duration `koanf:"timeout"`    // for one question to the backend; default 10s
}

// StrategyOptions are one backend: its kind's own options and the house's.
type StrategyOptions struct {
	House
	Kind   string              // the kind's name, for reports
	Config core.StrategyConfig // nil if it could not be decoded; then Check reports nothing about it
}

// Link is one entry of a use list.
type Link struct {
	Strategy      string    `koanf:"strategy"`
	OnUnknown     flow.Step `koanf:"onUnknown"`     // default next; login only
	OnRejected    flow.Step `koanf:"onRejected"`    // default next; login only
	OnUnavailable flow.Step `koanf:"onUnavailable"` // default next; login only
}

// Use says which backends answer a method. In YAML it is a name, a list, or
// the long form of a link. The name "session" stands for the backend that
// signed the caller in.
type Use []Link

// Session is the reserved name in a use list.
const Session = "session"

// Route is one method: who answers it and where the front end goes then.
type Route struct {
	Use               Use    `koanf:"use"`
	RedirectTo        string `koanf:"redirectTo"`        // after success; "" stays
	FailureRedirectTo string `koanf:"failureRedirectTo"` // after a refusal; "" stays
}

// CheckRoute is the check method, which asks no backend.
type CheckRoute struct {
	RedirectTo string `koanf:"redirectTo"` // without a session
	Logout     bool   `koanf:"logout"`
}

// LogoutRoute is the logout method.
type LogoutRoute struct {
	RedirectTo string `koanf:"redirectTo"`
}

// ValueRoute is getPermissions or getIdentity.
type ValueRoute struct {
	Use Use `koanf:"use"`
}

// OnErrorRoute is the onError method, which asks no backend.
type OnErrorRoute struct {
	Rules onerror.Table `koanf:"rules"`
}

// RefreshRoute is the refresh flow beside the nine methods.
type RefreshRoute struct {
	Aliases []string `koanf:"aliases"` // further paths of the HTTP face
}

// Methods is the provider object, method by method. A method without use is off.
type Methods struct {
	Login          Route        `koanf:"login"`
	Check          CheckRoute   `koanf:"check"`
	Logout         LogoutRoute  `koanf:"logout"`
	Register       Route        `koanf:"register"`
	ForgotPassword Route        `koanf:"forgotPassword"`
	UpdatePassword Route        `koanf:"updatePassword"`
	GetPermissions ValueRoute   `koanf:"getPermissions"`
	GetIdentity    ValueRoute   `koanf:"getIdentity"`
	OnError        OnErrorRoute `koanf:"onError"`
	Refresh        RefreshRoute `koanf:"refresh"`
}

// DefaultMethods returns what holds where a configuration is silent. No
// backend is in use: which one answers is never guessed.
func DefaultMethods() Methods {
	session := Use{{Strategy: Session}}
	return Methods{
		Login:          Route{RedirectTo: "/"},
		Check:          CheckRoute{RedirectTo: "/login", Logout: true},
		Logout:         LogoutRoute{RedirectTo: "/login"},
		Register:       Route{RedirectTo: "/login"},
		ForgotPassword: Route{RedirectTo: "/login"},
		UpdatePassword: Route{RedirectTo: "/login"},
		GetPermissions: ValueRoute{Use: session},
		GetIdentity:    ValueRoute{Use: session},
		OnError:        OnErrorRoute{Rules: onerror.DefaultTable()},
		Refresh:        RefreshRoute{Aliases: []string{"/auth/token/refresh", "/auth/refresh-token", "/refresh"}},
	}
}
