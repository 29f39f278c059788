package core

import "context"

// The capability interfaces: each is one question the house may ask a
// backend. A strategy answers with facts; sessions, tokens, redirects and
// texts belong to the house.
//
// Obligations common to all of them: methods are called from many goroutines
// at once; they honour the context and return soon after it ends; they return
// errors whose CodeOf is the outcome, Unavailable whenever the backend could
// not answer, and never InvalidCredentials or UnknownUser in that case; no
// error holds a secret; results share no memory with the strategy.

// Credentials are what somebody typed.
type Credentials struct {
	Identifier string // the canonical form; empty if what was typed has none, and then no account matches
	Typed      string // as typed
	Password   Secret // never empty
	Params     Params // all parameters of the call
}

// Authenticator answers who holds these credentials.
type Authenticator interface {
	// Authenticate returns the account's identity, or UnknownUser,
	// InvalidCredentials, Locked, Disabled, PasswordExpired, ActionRequired,
	// Throttled or Unavailable. A strategy that keeps passwords does the same
	// work for an unknown, a disabled and a wrong login.
	Authenticate(context.Context, Credentials) (Identity, error)
}

// Redirect asks the browser to go somewhere else.
type Redirect struct {
	URL   string // absolute
	State Secret // what Complete needs again; the house seals it and binds it to the browser
}

// RedirectRequest begins a login at another site.
type RedirectRequest struct {
	CallbackURL string // where the other site must send the browser back
	Params      Params // all parameters of the call
}

// Callback is the other site's answer.
type Callback struct {
	Query map[string][]string
	State Secret // as Begin returned it
}

// Redirector signs in at another site.
type Redirector interface {
	// Begin returns where to send the browser. No account is known yet.
	Begin(context.Context, RedirectRequest) (Redirect, error)
	// Complete turns the site's answer into an identity, or Forbidden,
	// Expired, InvalidInput or Unavailable.
	Complete(context.Context, Callback) (Identity, error)
}

// Registration asks for a new account.
type Registration struct {
	Email    string // canonical; may be empty
	Username string // canonical; may be empty, but not both
	Name     string
	Password Secret // never empty
	Params   Params // all parameters of the call
}

// Registrar makes accounts.
type Registrar interface {
	// Register makes the account and returns its identity, or Conflict, or
	// InvalidInput with the fields that were refused.
	Register(context.Context, Registration) (Identity, error)
}

// Recoverer lets an owner back in who forgot the password. The house makes,
// sends and redeems the one-time token.
type Recoverer interface {
	// FindAccount returns the account an identifier names, in canonical form,
	// or UnknownUser; a disabled account is unknown here.
	FindAccount(ctx context.Context, identifier string) (Identity, error)
	// ResetPassword sets a password without asking for the old one; the house
	// has seen the owner's one-time token. It returns InvalidInput if the new
	// password is refused, and UnknownUser or Disabled if the account went away.
	ResetPassword(ctx context.Context, subject string, newPassword Secret) error
}

// PasswordChange asks for a new password for a signed-in account.
type PasswordChange struct {
	Subject string
	Old     Secret // never empty
	New     Secret // never empty
}

// PasswordChanger changes passwords that their owner knows.
type PasswordChanger interface {
	// ChangePassword returns InvalidCredentials if the old password is wrong,
	// and InvalidInput if the new one is refused.
	ChangePassword(context.Context, PasswordChange) error
}

// Revalidator answers, at refresh, whether an account is still good.
type Revalidator interface {
	// Revalidate returns the account's present identity. UnknownUser, Disabled
	// and Locked end the session; Unavailable keeps it.
	Revalidate(ctx context.Context, subject string) (Identity, error)
}

// PermissionSource answers what an identity may do. The identity may come
// from another strategy.
type PermissionSource interface {
	// Permissions returns a JSON-encodable value, by convention role names, or
	// UnknownUser for an identity it does not know.
	Permissions(context.Context, Identity, Params) (any, error)
}

// IdentitySource answers who an identity is now. The identity may come from
// another strategy.
type IdentitySource interface {
	// Identity returns the present state, or UnknownUser for an identity it
	// does not know.
	Identity(context.Context, Identity) (Identity, error)
}

// LogoutRedirector signs out at the other site too.
type LogoutRedirector interface {
	// LogoutURL returns the absolute URL to send the browser to, or "".
	LogoutURL(ctx context.Context, id Identity, returnTo string) (string, error)
}
