// Package route holds what an operator writes about the methods of the
// provider object, and resolves it against the opened backends.
//
// It owns the rules of which backend may answer which method. It imports core
// and core/flow, and knows neither YAML nor HTTP; the struct tags are read by
// the config package.
package route

import (
	"github.com/authd-go/authd/core/flow"
	"github.com/authd-go/authd/core/onerror"
)

// Session is the reserved name in a use list: the backend that signed the
// caller in.
const Session = "session"

// Link is one entry of a use list.
type Link struct {
	Strategy      string    `koanf:"strategy"`
	OnUnknown     flow.Step `koanf:"onUnknown"`     // default next; login only
	OnRejected    flow.Step `koanf:"onRejected"`    // default next; login only
	OnUnavailable flow.Step `koanf:"onUnavailable"` // default next; login only
}

// Use says which backends answer a method. In YAML it is a name, a list, or
// the long form of a link.
type Use []Link

// Names makes a use list of plain names.
func Names(names ...string) Use {
	use := make(Use, len(names))
	for i, name := range names {
		use[i] = Link{Strategy: name}
	}
	return use
}

// Route is one method: who answers it and where the front end goes then.
type Route struct {
	Use               Use    `koanf:"use"`
	RedirectTo        string `koanf:"redirectTo"`        // after success; "" stays
	FailureRedirectTo string `koanf:"failureRedirectTo"` // after a refusal; "" stays
}

// Check is the check method, which asks no backend.
type Check struct {
	RedirectTo string `koanf:"redirectTo"` // without a session
	Logout     bool   `koanf:"logout"`
}

// Logout is the logout method.
type Logout struct {
	RedirectTo string `koanf:"redirectTo"`
}

// Value is getPermissions or getIdentity.
type Value struct {
	Use Use `koanf:"use"`
}

// OnError is the onError method, which asks no backend.
type OnError struct {
	Rules onerror.Table `koanf:"rules"`
}

// Refresh is the refresh flow beside the nine methods.
type Refresh struct {
	Aliases []string `koanf:"aliases"` // further paths of the HTTP face
}

// Methods is the provider object, method by method. A method without use is off.
type Methods struct {
	Login          Route   `koanf:"login"`
	Check          Check   `koanf:"check"`
	Logout         Logout  `koanf:"logout"`
	Register       Route   `koanf:"register"`
	ForgotPassword Route   `koanf:"forgotPassword"`
	UpdatePassword Route   `koanf:"updatePassword"`
	GetPermissions Value   `koanf:"getPermissions"`
	GetIdentity    Value   `koanf:"getIdentity"`
	OnError        OnError `koanf:"onError"`
	Refresh        Refresh `koanf:"refresh"`
}

// Defaults returns what holds where a configuration is silent. No backend is
// in use: which one answers is never guessed.
func Defaults() Methods {
	return Methods{
		Login:          Route{RedirectTo: "/"},
		Check:          Check{RedirectTo: "/login", Logout: true},
		Logout:         Logout{RedirectTo: "/login"},
		Register:       Route{RedirectTo: "/login"},
		ForgotPassword: Route{RedirectTo: "/login"},
		UpdatePassword: Route{RedirectTo: "/login"},
		GetPermissions: Value{Use: Names(Session)},
		GetIdentity:    Value{Use: Names(Session)},
		OnError:        OnError{Rules: onerror.DefaultTable()},
		Refresh:        Refresh{Aliases: []string{"/auth/token/refresh", "/auth/refresh-token", "/refresh"}},
	}
}
