package core

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"time"
)

// The pages of the daemon that a browser passes on its way to another site and
// back, below the public URL.
const (
	// CallbackPath and the name of a strategy is where other sites send the
	// browser back to. Operators register it there.
	CallbackPath = "/auth/callback/"
	// ResumePath sets what the browser must keep before it leaves, for front
	// ends whose own calls cannot set cookies here. Its query holds a ticket.
	ResumePath = "/auth/begin"
)

// RemoteLogins is what surrounds signing in at other sites, beside Login, which
// begins it: Login answers with a Pending, or with a RedirectTo that leads
// over ResumePath.
type RemoteLogins interface {
	// ResumeLogin takes a Login that was begun by a front end without cookies to
	// the browser that is to keep it. The parameter ticket is Login's.
	ResumeLogin(context.Context, Request) ActionResult
	// FinishLogin ends a login at another site. Whatever comes of it, RedirectTo
	// is where the browser goes: to the page that was asked for, or to the login
	// page with the outcome as the parameter error. A client that takes tokens
	// itself finds a code for Exchange there.
	FinishLogin(context.Context, Request, SiteAnswer) ActionResult
	// Exchange gives the tokens for a code of FinishLogin. The parameter code
	// is good once, for CodeTTL, and for whoever knows the codeVerifier
	// to the codeChallenge that Login was given (as in RFC 7636 with S256).
	Exchange(context.Context, Request) ActionResult
	// LoginNonce makes the nonce for a login by token. It goes into the token
	// that the other site makes; Pending binds it to the browser.
	LoginNonce(context.Context, Request) NonceResult
	// EndRemote ends the sessions of which another site says that they ended there.
	// What it says again is refused with InvalidInput, unless it was not carried out:
	// after Unavailable it ends what was opened before it was said the first time.
	EndRemote(ctx context.Context, r Request, strategy string) ActionResult
}

// CodeTTL is how long the code for Exchange is good.
const CodeTTL = time.Minute

// PendingTTL is how long somebody may take to sign in at another site.
const PendingTTL = 10 * time.Minute

// PendingLogin is what a browser must keep while its user is at another site,
// and show when it comes back.
type PendingLogin struct {
	Name   string // tells several apart, and the browser that comes back knows it: A-Z a-z 0-9 - _
	Sealed Secret // in base64url
	TTL    time.Duration
}

// SiteAnswer is what a browser brings back from another site.
type SiteAnswer struct {
	Strategy string
	Query    map[string][]string
	Pending  string // what the browser kept under PendingName(state); empty if nothing
}

// NonceResult answers LoginNonce.
type NonceResult struct {
	Nonce   string
	Pending *PendingLogin
}

// PendingName is the PendingLogin.Name of a state: what a browser brings back
// says which of its pending logins it is about.
func PendingName(state string) string {
	sum := sha256.Sum256([]byte(state))
	return base64.RawURLEncoding.EncodeToString(sum[:12])
}
