package core

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"time"
)

// Strategy is an opened backend: one field per capability, nil where this
// backend, as configured, cannot. Nothing asserts types at request time; a
// decorator copies the struct and wraps what is there.
type Strategy struct {
	Authenticator      Authenticator
	Redirector         Redirector
	TokenAuthenticator TokenAuthenticator
	Registrar          Registrar
	Recoverer          Recoverer
	PasswordChanger    PasswordChanger
	Revalidator        Revalidator
	Renewer            Renewer
	PermissionSource   PermissionSource
	IdentitySource     IdentitySource
	LogoutRedirector   LogoutRedirector
	LogoutReceiver     LogoutReceiver
	PictureSource      PictureSource

	// Ready says whether the backend answers now. Nil means always.
	Ready func(context.Context) error
	// Diagnoser tells operators what is wrong. Nil means that Ready is all there
	// is to ask. It is no capability: no method is routed to it.
	Diagnoser Diagnoser
	// Close frees what Open took. It may be called twice. Nil means nothing to free.
	Close func() error
}

// Capability names one field of Strategy, as reports and tables show it.
type Capability string

// The capabilities, named by the question they answer.
const (
	CanLogin          Capability = "login"
	CanRedirect       Capability = "redirect login"
	CanLoginToken     Capability = "login by token" //nolint:gosec // a name
	CanRegister       Capability = "register"
	CanRecover        Capability = "recover a password"
	CanChangePassword Capability = "change a password"
	CanRevalidate     Capability = "revalidate"
	CanRenew          Capability = "renew"
	CanPermissions    Capability = "tell permissions"
	CanIdentity       Capability = "tell an identity"
	CanLogoutRedirect Capability = "redirect logout"
	CanReceiveLogout  Capability = "receive a logout"
	CanPicture        Capability = "show a picture"
)

// ability is one capability, and whether a strategy has it.
type ability struct {
	name Capability
	have bool
}

// abilities has a line for each field, in their order.
func (s Strategy) abilities() []ability {
	return []ability{
		{CanLogin, s.Authenticator != nil},
		{CanRedirect, s.Redirector != nil},
		{CanLoginToken, s.TokenAuthenticator != nil},
		{CanRegister, s.Registrar != nil},
		{CanRecover, s.Recoverer != nil},
		{CanChangePassword, s.PasswordChanger != nil},
		{CanRevalidate, s.Revalidator != nil},
		{CanRenew, s.Renewer != nil},
		{CanPermissions, s.PermissionSource != nil},
		{CanIdentity, s.IdentitySource != nil},
		{CanLogoutRedirect, s.LogoutRedirector != nil},
		{CanReceiveLogout, s.LogoutReceiver != nil},
		{CanPicture, s.PictureSource != nil},
	}
}

// Capabilities lists what the strategy can do, in the order of the fields.
func (s Strategy) Capabilities() []Capability {
	var out []Capability
	for _, a := range s.abilities() {
		if a.have {
			out = append(out, a.name)
		}
	}
	return out
}

// AllCapabilities lists every capability there is, in the order of the fields
// of Strategy.
func AllCapabilities() []Capability {
	var out []Capability
	for _, a := range (Strategy{}).abilities() {
		out = append(out, a.name)
	}
	return out
}

// Kind is a type of strategy: what the YAML's type key names.
type Kind struct {
	Name string
	// New returns a pointer to a configuration struct that holds the defaults.
	New func() StrategyConfig
}

// StrategyConfig is a kind's options and its factory. Its exported fields
// carry `koanf:"camelCase"` tags; YAML users and embedders fill the same struct.
// A `doc:"..."` tag tells the reference and editors, in a line of plain text,
// what an option means.
type StrategyConfig interface {
	// Validate checks the options without touching anything outside the
	// struct. It returns Problems with paths relative to the struct.
	Validate() error
	// Open builds the strategy. It makes no remote call and reads or writes
	// no store: a backend that is down delays its own logins only, and Ready
	// says so.
	Open(context.Context, Env) (Strategy, error)
}

// Completer is a StrategyConfig some of whose options follow from others, as
// from the name of a preset. `authd config show` shows what it returns.
type Completer interface {
	// Complete returns a copy in which what was not set, and follows from what
	// was, is filled in. Open does the same by itself. It is called for options
	// that are valid.
	Complete() StrategyConfig
}

// Env is what the house lends to a strategy.
type Env struct {
	Name      string           // the strategy's name in the YAML
	Log       *slog.Logger     // carries the name already
	Now       func() time.Time // the only clock
	Rand      io.Reader        // cryptographic randomness
	HTTP      *http.Client     // for outgoing calls
	PublicURL *url.URL         // the daemon's own address as browsers see it
	Users     UserStore        // holds this strategy's users and nobody else's
	Hashing   Runner           // where passwords are hashed; nil means in place
	// RoleKeys are the roles that the operator's role map names, sorted. A backend
	// whose groups have several names answers by the one that is written there.
	RoleKeys []string
}
