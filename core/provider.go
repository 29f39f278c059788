package core

import (
	"context"
	"net/netip"
)

// AuthProvider is a front end's provider object: nine methods that always
// resolve. A refusal is a result with an error inside, never a panic and never
// a second channel. The registry is the one implementation that callers hold.
//
// All methods are safe for concurrent use and honour the context.
type AuthProvider interface {
	// Login asks the login chain who holds the credentials in Params
	// (email, username or identifier; password; remember or rememberMe;
	// providerName; redirectPath) and opens a session.
	Login(context.Context, Request) ActionResult
	// Logout ends the caller's session. It succeeds without one, and again.
	Logout(context.Context, Request) ActionResult
	// Check says whether the caller's access token stands for a live session.
	// It asks no backend and no storage.
	Check(context.Context, Request) CheckResult
	// OnError says what to do about an API's error, by the table in the configuration.
	OnError(context.Context, Request) ErrorResult
	// Register makes an account. It opens no session.
	Register(context.Context, Request) ActionResult
	// ForgotPassword sends a one-time token to the account's owner. Its
	// answer is the same for unknown accounts.
	ForgotPassword(context.Context, Request) ActionResult
	// UpdatePassword sets a new password, proved by a one-time token (token), or
	// by the old password (oldPassword or currentPassword): of a signed-in caller,
	// or of whoever is named (email, username or identifier) and may not sign in
	// before the password is changed. Older sessions of the account end.
	UpdatePassword(context.Context, Request) ActionResult
	// GetPermissions returns what the caller may do, by default the role names.
	GetPermissions(context.Context, Request) ValueResult
	// GetIdentity returns who the caller is.
	GetIdentity(context.Context, Request) ValueResult
}

// Refresher is the refresh-token flow beside the nine methods.
type Refresher interface {
	// Refresh exchanges the request's refresh token for new tokens. A refused
	// refresh carries Unauthenticated or Expired; the store's outage is
	// Unavailable and says nothing about the session.
	Refresh(context.Context, Request) ActionResult
}

// SessionKeeper shows and ends the caller's own sessions.
type SessionKeeper interface {
	// Sessions lists the live sessions of the caller's account, newest first.
	Sessions(context.Context, Request) SessionsResult
	// EndSession ends one of them, or all of them if id is empty. An id that
	// is not the caller's answers Forbidden, whether or not it exists.
	EndSession(ctx context.Context, r Request, id string) ActionResult
}

// Request is one call of a method.
type Request struct {
	Params       Params
	AccessToken  string // the caller's, as received; may be anything
	RefreshToken string // the caller's, as received; may be anything
	Client       Client
}

// Client is what the transport knows of the caller. None of it is proof.
type Client struct {
	Addr      netip.Addr // the address behind trusted proxies; may be invalid
	UserAgent string
	RequestID string
	Page      string // the page the call came from, a path or URL; may be empty
	// Origin is that of the page, if it is the daemon's own or one that the
	// operator allows to call; else empty.
	Origin string
	// Cookieless says that the caller takes tokens in answers and sends them
	// itself.
	Cookieless bool
	// Nonce is what the browser kept of LoginNonce, sealed; else empty.
	Nonce string
}

// Methods of the contract, as they are named in the YAML, traces and metrics.
const (
	MethodLogin          = "login"
	MethodCheck          = "check"
	MethodLogout         = "logout"
	MethodOnError        = "onError"
	MethodRegister       = "register"
	MethodForgotPassword = "forgotPassword"
	MethodUpdatePassword = "updatePassword"
	MethodGetPermissions = "getPermissions"
	MethodGetIdentity    = "getIdentity"
	MethodRefresh        = "refresh" // beside the nine
	MethodSessions       = "sessions"
	MethodRemoteLogout   = "remoteLogout" // another site says that its session ended
	MethodRecovery       = "recovery"     // what follows the answer to MethodForgotPassword: the link goes out
)
