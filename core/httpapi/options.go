package httpapi

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/netip"
	"net/url"
	"time"

	"github.com/authd-go/authd/core"
)

// Backend is what answers. The registry implements it.
type Backend interface {
	core.AuthProvider
	core.Refresher
	core.SessionKeeper
	core.RemoteLogins
	core.PictureShower
}

// KeySet publishes the keys that verify access tokens.
type KeySet interface {
	// JWKS returns a JWK set (RFC 7517) and how long it may be cached.
	JWKS() (document []byte, maxAge time.Duration)
}

// Transport is a way for tokens to travel.
type Transport string

// The transports.
const (
	Bearer Transport = "bearer" // in JSON bodies and the Authorization header
	Cookie Transport = "cookie" // in HttpOnly cookies
)

// Defaults of Options.
const (
	DefaultMaxBody = 64 << 10         // bytes
	DefaultTimeout = 30 * time.Second // for one request
)

// DefaultRefreshAliases returns the further paths of /auth/refresh that
// published clients use.
func DefaultRefreshAliases() []string {
	return []string{"/auth/token/refresh", "/auth/refresh-token", "/refresh"}
}

// Options configure the handler. Backend, Keys and PublicURL are required.
type Options struct {
	Backend Backend
	Keys    KeySet
	// Ready asks everything behind the service whether it answers. Nil means
	// that there is nothing to ask.
	Ready    func(context.Context) []Check
	Describe Description
	// Metrics answers GET /metrics, for anybody who reaches it. Nil means 404.
	Metrics http.Handler
	// Pages are the hosted pages. Nil means none.
	Pages *Pages

	// PublicURL is the service's address as browsers see it. With https,
	// cookies are Secure with the __Host- prefix, and HSTS is sent.
	PublicURL *url.URL
	// AllowedOrigins are the other origins whose pages may call, exactly.
	AllowedOrigins []string
	// TrustedProxies are the addresses whose X-Forwarded-For and X-Request-Id are believed.
	TrustedProxies []netip.Prefix
	Transports     []Transport   // empty means both
	RefreshAliases []string      // nil means DefaultRefreshAliases
	CookieSameSite http.SameSite // zero means Lax; None needs https

	Messages core.Messages    // in place of the default texts
	Log      *slog.Logger     // nil discards
	Now      func() time.Time // nil means time.Now; tells how long the address of a picture is good
	MaxBody  int64            // bytes; zero means DefaultMaxBody
	Timeout  time.Duration    // for one request, reading its body included; zero means DefaultTimeout
}

// Check is one answer to the question whether something is ready.
type Check struct {
	Name string // shown to everybody
	Err  error  // goes to the log; nil means ready
}

// Description is what anybody may know of the configuration.
type Description struct {
	Providers []Provider    `json:"providers"`
	Methods   []string      `json:"methods"` // the core.Method constants in use
	OnError   []OnErrorRule `json:"onError"` // the first match wins
}

// Provider is a backend that people can sign in with.
type Provider struct {
	Name     string `json:"name"`
	Label    string `json:"label"`
	Redirect bool   `json:"redirect"` // signing in happens at another site
}

// OnErrorRule is one line of the onError table.
type OnErrorRule struct {
	Status     string `json:"status"` // statuses and ranges, separated by commas
	Refresh    bool   `json:"refresh,omitempty"`
	Logout     bool   `json:"logout,omitempty"`
	RedirectTo string `json:"redirectTo,omitempty"`
}

// New returns the handler. It is safe for concurrent use and keeps no state
// between requests, so an embedder may mount it in a server of their own; it
// expects to see whole paths, so it is mounted at the root or as the fallback.
func New(o Options) (http.Handler, error) {
	a, err := newAPI(o)
	if err != nil {
		return nil, err
	}
	routing, err := a.routing()
	if err != nil {
		return nil, err
	}
	return a.enter(a.headers(a.preflight(a.crossOrigin(routing)))), nil
}

// api holds the options with every default filled in, and what follows from them.
type api struct {
	Options
	site
	pages    *pages
	signedIn constant // what check answers to whoever is
}

func newAPI(o Options) (*api, error) {
	if o.Backend == nil || o.Keys == nil {
		return nil, errors.New("httpapi: Backend and Keys are required")
	}
	s, err := newSite(o.PublicURL, o.AllowedOrigins, o.TrustedProxies, o.Transports, o.CookieSameSite)
	if err != nil {
		return nil, fmt.Errorf("httpapi: %w", err)
	}
	if o.MaxBody < 0 || o.Timeout < 0 {
		return nil, errors.New("httpapi: MaxBody and Timeout must not be negative")
	}
	if o.Pages != nil && !s.transports.cookie {
		return nil, errors.New("httpapi: Pages need the cookie transport")
	}
	p, err := newPages(o)
	if err != nil {
		return nil, fmt.Errorf("httpapi: %w", err)
	}
	// Other sites may have browsers post their answers; the state in them says
	// whether this browser has asked.
	s.csrf.AddInsecureBypassPattern(http.MethodPost + " " + core.CallbackPath + "{strategy}")
	return &api{Options: o.withDefaults(), site: s, pages: p, signedIn: constant{
		[]string{"application/json"}, []byte(`{"authenticated":true}` + "\n"),
	}}, nil
}

func (o Options) withDefaults() Options {
	o.Messages = core.DefaultMessages().With(o.Messages)
	if o.Ready == nil {
		o.Ready = func(context.Context) []Check { return nil }
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.RefreshAliases == nil {
		o.RefreshAliases = DefaultRefreshAliases()
	}
	if o.MaxBody == 0 {
		o.MaxBody = DefaultMaxBody
	}
	if o.Timeout == 0 {
		o.Timeout = DefaultTimeout
	}
	return o
}
