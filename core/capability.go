package core

import (
	"context"
	"time"
)

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
	//
	// ActionRequired with ActionNewPassword says that the password was right,
	// and is Proved; with the error's Subject, the strategy's PasswordChanger
	// sets a new one for it.
	Authenticate(context.Context, Credentials) (Identity, error)
}

// Grant is a sign-in that another site, or a token of its, has proved: who it
// is, and what belongs to the session that follows.
type Grant struct {
	Identity Identity
	// Keep is what the strategy wants to be handed again with this session, such
	// as the other site's refresh token; at most MaxKeep bytes. The house seals
	// it at rest, hands it to this strategy only and shows it to nobody. Empty
	// means that there is nothing to keep.
	Keep Secret
	// SessionID is the other site's name for its session (OpenID Connect: sid),
	// by which it may end ours; empty if it has none.
	SessionID string
}

// MaxKeep bounds Grant.Keep, in bytes.
const MaxKeep = 16 << 10

// Redirect asks the browser to go somewhere else.
type Redirect struct {
	URL  string // absolute
	Keep Secret // what Complete needs again; the house seals it and binds it to the browser
}

// RedirectRequest begins a login at another site.
type RedirectRequest struct {
	CallbackURL string // where the other site must send the browser back
	// State is what the other site must hand back unchanged, as the parameter
	// state (RFC 6749, section 4.1.1). Nobody can guess it; it is bound to this
	// browser and good for one answer.
	State  string
	Params Params // all parameters of the call
}

// Callback is the other site's answer.
type Callback struct {
	CallbackURL string // as Begin was given it
	State       string // as Begin was given it
	Keep        Secret // as Begin returned it
	Query       map[string][]string
}

// Redirector signs in at another site.
type Redirector interface {
	// Begin returns where to send the browser. No account is known yet. The
	// other site being down is Unavailable.
	Begin(context.Context, RedirectRequest) (Redirect, error)
	// Complete turns the site's answer into a grant. Forbidden means that the
	// site or the operator's rules refused this person, InvalidInput an answer
	// that is not to be believed, Expired one that came too late, Unavailable
	// that the site could not be asked. Errors carry a Reason.
	Complete(context.Context, Callback) (Grant, error)
}

// TokenCredentials are a token of another site that the caller holds, such as
// the ID token that the site's own button hands to a page.
type TokenCredentials struct {
	Credential Secret // never empty
	Nonce      string // that the house issued to this browser; empty if it issued none
	Params     Params // all parameters of the call
}

// TokenGrant is a grant that a token proved.
type TokenGrant struct {
	Grant
	// ID names what was signed, and nothing else: it is the same however often
	// the token is presented and however it is spelled, since encodings and
	// signatures have more than one spelling. It is never empty.
	ID      string
	Expires time.Time // until when the same token might be presented again
}

// TokenAuthenticator answers who holds a token of another site.
type TokenAuthenticator interface {
	// AuthenticateToken returns the grant, or Forbidden as Complete does,
	// InvalidCredentials for a token that is not to be believed, or Unavailable.
	// The house takes each token once, by the grant's ID.
	AuthenticateToken(context.Context, TokenCredentials) (TokenGrant, error)
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

// PasswordChange asks for a new password for an account whose owner is signed
// in, or has just been told that there must be a new one before that.
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

// Renewer answers, at refresh, whether a grant still stands. The house prefers
// it to Revalidator for sessions that keep something, and asks for one session
// at a time, on all nodes together: what is kept may change with each question.
type Renewer interface {
	// Renew returns the grant as it is now. UnknownUser, Disabled and Locked
	// end the session; Unavailable keeps it for a while. What the other site has
	// given by then is not lost: the Keep of a grant beside Unavailable is kept,
	// and nothing else of it.
	Renew(context.Context, Grant) (Grant, error)
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
	LogoutURL(ctx context.Context, g Grant, returnTo string) (string, error)
}

// LogoutNotice is another site's word that a session of its has ended.
type LogoutNotice struct {
	ID        string    // names this notice; the house believes each once
	IssuedAt  time.Time // by the other site's clock; if the notice comes again, later sessions are not meant
	Expires   time.Time // until when the same notice might be presented again
	Subject   string    // whose sessions end, unless SessionID says which
	SessionID string    // of all sessions with this Grant.SessionID; may be empty if Subject is not
}

// LogoutReceiver believes, or does not, what another site says about sessions
// that ended there.
type LogoutReceiver interface {
	// ReceiveLogout checks a logout token (OpenID Connect Back-Channel Logout
	// 1.0, section 2.6). InvalidInput means that it is not to be believed,
	// Unavailable that it could not be checked. A token that comes again is
	// believed again: the first time the house may not have come to the end of it.
	ReceiveLogout(ctx context.Context, logoutToken Secret) (LogoutNotice, error)
}
