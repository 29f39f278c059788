package flow

import (
	"context"
	"net/url"
	"time"

	"github.com/authd-go/authd/core"
	"github.com/authd-go/authd/core/onerror"
	"github.com/authd-go/authd/core/session"
)

// Link is one backend of the login chain and what follows its refusals.
type Link struct {
	*Backend
	OnUnknown     Step
	OnRejected    Step
	OnUnavailable Step
}

// Use says which backends answer a method other than login.
type Use struct {
	Backends []*Backend
	Session  bool // the backend that signed the caller in, too
}

// of returns the backend with this name, if the method may use it.
func (u Use) of(name string, all map[string]*Backend) *Backend {
	for _, b := range u.Backends {
		if b.Name == name {
			return b
		}
	}
	if u.Session {
		return all[name]
	}
	return nil
}

// Route is a method that backends answer. Without any it is off.
type Route struct {
	Use
	RedirectTo        string
	FailureRedirectTo string
}

// Routes is the provider object, with every name resolved.
type Routes struct {
	Backends       map[string]*Backend // all of them, by name
	Login          []Link
	LoginTo        string
	LoginFailureTo string
	CheckTo        string
	CheckLogout    bool
	LogoutTo       string
	Register       Route
	ForgotPassword Route
	UpdatePassword Route
	Permissions    Use
	Identity       Use
	OnError        onerror.Table
}

// Recovery is a message for somebody who asked to recover a password.
type Recovery struct {
	Identity core.Identity
	Link     core.Secret // opens the page that sets a new password
	Expires  time.Time
}

// RecoverySender takes the message to the account's owner.
type RecoverySender interface {
	SendRecovery(context.Context, Recovery) error
}

// Options are what a Provider works with. All are required but Once, Recovery, PictureKey and Tracer.
type Options struct {
	Routes    Routes
	Redirects core.RedirectPolicy
	Messages  core.Messages
	Session   *session.Manager
	Tokens    *session.OneTime
	// Sealer seals what browsers keep while somebody signs in at another site.
	Sealer session.Sealer
	// Once takes answers of other sites once. It may be nil if no backend of
	// the routes signs in at another site.
	Once core.OnceStore
	// Recovery takes reset links to their owners. If it is nil, a request to
	// recover a password is answered as always and only traced.
	Recovery  RecoverySender
	PublicURL *url.URL
	// PictureKey signs the addresses of pictures, 32 bytes of randomness. Without
	// one nobody has a picture.
	PictureKey []byte
	Tracer     core.Tracer
	Now        func() time.Time
}

// Provider is core.AuthProvider, core.Refresher, core.SessionKeeper,
// core.RemoteLogins and core.PictureShower over routed backends. It is safe for concurrent use.
type Provider struct {
	Options
	mailroom *mailroom
}

// New starts a provider. Close ends it.
func New(o Options) *Provider {
	if o.Tracer == nil {
		o.Tracer = core.TracerFunc(func(context.Context, core.Trace) {})
	}
	p := &Provider{Options: o}
	p.mailroom = newMailroom(p.deliver)
	return p
}

// Close delivers the recovery messages that were accepted, until ctx ends. It
// does not close the backends or the session manager.
func (p *Provider) Close(ctx context.Context) error { return p.mailroom.close(ctx) }

// caller returns who the request's access token stands for.
func (p *Provider) caller(ctx context.Context, r core.Request) (session.Claims, error) {
	return p.Session.Verify(ctx, r.AccessToken)
}
