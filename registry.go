// Package authd composes authentication strategies behind one AuthProvider:
// the nine methods that front ends call, each answered by the backend that the
// configuration names.
//
// A [Registry] is built once from [Options] and is immutable. It is what an
// embedder holds; core/httpapi serves it over HTTP, and the daemon in
// cmd/authd is these two put together by a YAML file. A reader wants [New],
// then [Registry], then the core package, which holds the contract.
//
// The package imports neither a configuration library nor any strategy: kinds
// are handed in as values.
package authd

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"time"

	"github.com/authd-go/authd/core"
	"github.com/authd-go/authd/core/flow"
	"github.com/authd-go/authd/core/guard"
	"github.com/authd-go/authd/core/onerror"
	"github.com/authd-go/authd/core/route"
	"github.com/authd-go/authd/core/session"
)

// The provider object as an operator writes it; see core/route.
type (
	Methods      = route.Methods
	Route        = route.Route
	CheckRoute   = route.Check
	LogoutRoute  = route.Logout
	ValueRoute   = route.Value
	OnErrorRoute = route.OnError
	RefreshRoute = route.Refresh
	Use          = route.Use
	Link         = route.Link
	House        = route.House
)

// Session is the reserved name in a use list: the backend that signed the
// caller in.
const Session = route.Session

// Defaults of House.
const (
	DefaultTimeout     = route.DefaultTimeout
	DefaultOutageGrace = route.DefaultOutageGrace
)

// DefaultMethods returns what holds where a configuration is silent. No
// backend is in use: which one answers is never guessed.
func DefaultMethods() Methods { return route.Defaults() }

// Names makes a use list of plain strategy names.
func Names(names ...string) Use { return route.Names(names...) }

// ThrottleSettings say how often credentials may be tried; see core/guard.
type ThrottleSettings = guard.ThrottleSettings

// DefaultThrottle returns what holds where a configuration is silent.
func DefaultThrottle() ThrottleSettings { return guard.DefaultThrottle() }

// StrategyOptions are one backend: its kind's own options and the house's.
type StrategyOptions struct {
	House
	Kind   string              // the kind's name, for reports
	Config core.StrategyConfig // nil if it could not be decoded; then Check says nothing about it
}

// Options are what a Registry is made of.
type Options struct {
	Strategies map[string]StrategyOptions // by name: a lower-case letter, then letters, digits and dashes
	Methods    Methods
	Messages   core.Messages // texts in place of core.DefaultMessages
	// RedirectOrigins are the origins, beside PublicURL's, that redirects may lead to.
	RedirectOrigins []string
	PublicURL       *url.URL // the only origin ever put into links

	// Sessions and Tokens are required by New and not used by Check.
	Sessions *session.Manager
	Tokens   *session.OneTime
	// Users returns the store of one strategy's users. Nil is allowed if no
	// strategy keeps users.
	Users    func(strategy string) core.UserStore
	Recovery flow.RecoverySender // takes reset links to people; may be nil
	Tracer   core.Tracer         // receives every decision; may be nil
	Log      *slog.Logger        // default slog.Default
	Now      func() time.Time    // default time.Now
	HTTP     *http.Client        // for the strategies' outgoing calls; default: one with a time-out
	// Throttle says how often credentials may be tried; zeros mean DefaultThrottle's.
	Throttle ThrottleSettings
	// Tries remembers tries across restarts, and across nodes that share it. Nil
	// means in memory: a restart then forgets them.
	Tries core.ThrottleStore
	// Once takes the answers of other sites once. It is required if a strategy of
	// the login chain signs in at another site.
	Once    core.OnceStore
	Hashing core.Runner // where strategies hash passwords, such as a password.Pool; nil means in place
}

// Registry is the AuthProvider, and the refresh flow and the list of own
// sessions beside it, over its opened strategies. It is immutable and safe for
// concurrent use.
type Registry struct {
	guard.Provider // around the flows
	flows          *flow.Provider
	names          []string // of the strategies, sorted
	backends       map[string]route.Backend
	methods        Methods
}

// Check says everything that is wrong with the options, as core.Problems with
// paths such as "methods.register.use". It opens the strategies without a
// store and closes them again, and reaches for nothing outside the process.
func Check(ctx context.Context, o Options) error {
	o.Users = func(string) core.UserStore { return core.OfflineUsers{} }
	r, problems := compose(ctx, o.withDefaults())
	return errors.Join(problems.Err(), r.closeStrategies())
}

// Capabilities says what each strategy of the options can do, as it is
// configured. Like Check it opens the strategies without a store and closes
// them again; it looks at no methods. A strategy that cannot be opened is
// missing from the map, and the error, which wraps core.Problems with paths
// such as "strategies.staff.urls", says why.
func Capabilities(ctx context.Context, o Options) (map[string][]core.Capability, error) {
	o.Users = func(string) core.UserStore { return core.OfflineUsers{} }
	r, problems := openAll(ctx, o.withDefaults())
	return r.Capabilities(), errors.Join(problems.Err(), r.closeStrategies())
}

// New opens the strategies and routes the methods. It fails with core.Problems
// if the options are wrong, and closes what it had opened. A remote backend
// that is down does not make it fail.
func New(ctx context.Context, o Options) (*Registry, error) {
	if o.Sessions == nil || o.Tokens == nil || o.PublicURL == nil {
		return nil, errors.New("authd: Options need Sessions, Tokens and PublicURL")
	}
	r, problems := compose(ctx, o.withDefaults())
	if err := problems.Err(); err != nil {
		return nil, errors.Join(err, r.Close(ctx))
	}
	return r, nil
}

func (o Options) withDefaults() Options {
	if o.Log == nil {
		o.Log = slog.Default()
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.HTTP == nil {
		o.HTTP = &http.Client{Timeout: DefaultTimeout}
	}
	if o.Users == nil {
		o.Users = func(string) core.UserStore { return core.OfflineUsers{} }
	}
	if o.PublicURL == nil {
		o.PublicURL = &url.URL{Scheme: "http", Host: "localhost"}
	}
	if o.Tries == nil {
		o.Tries = new(guard.MemoryTries)
	}
	o.Throttle = o.Throttle.WithDefaults()
	return o
}

// openAll opens the strategies and routes nothing.
func openAll(ctx context.Context, o Options) (*Registry, core.Problems) {
	r := &Registry{backends: map[string]route.Backend{}, methods: o.Methods}
	r.names = slices.Sorted(maps.Keys(o.Strategies))
	var problems core.Problems
	for _, name := range r.names {
		path := "strategies." + name
		b, err := open(ctx, o, name)
		problems.Merge(path, err)
		checkName(&problems, path, name)
		r.backends[name] = b
	}
	return r, problems
}

func compose(ctx context.Context, o Options) (*Registry, core.Problems) {
	r, problems := openAll(ctx, o)
	redirects, err := core.NewRedirectPolicy(append([]string{o.PublicURL.Scheme + "://" + o.PublicURL.Host}, o.RedirectOrigins...)...)
	problems.Merge("redirects.allowedOrigins", err)
	routes, wrong := o.Methods.Resolve(r.backends, redirects)
	problems = append(problems, wrong...)
	problems.Merge("throttle", o.Throttle.Problems().Err())
	if len(problems) == 0 && o.Sessions != nil {
		problems.Merge("", r.run(routes, redirects, o))
	}
	return r, problems
}

// run starts the flows over resolved routes.
func (r *Registry) run(routes flow.Routes, redirects core.RedirectPolicy, o Options) error {
	for _, link := range routes.Login {
		if s := link.Strategy; o.Once == nil && (s.Redirector != nil || s.TokenAuthenticator != nil) {
			return fmt.Errorf("strategy %q signs in at another site, and for that Options need Once", link.Name)
		}
	}
	sealer, err := o.Sessions.Sealer("logins at other sites")
	if err != nil {
		return err
	}
	pictures, err := o.Sessions.DeriveKey("addresses of pictures")
	if err != nil {
		return err
	}
	r.flows = flow.New(flow.Options{
		Routes: routes, Redirects: redirects, Messages: core.DefaultMessages().With(o.Messages),
		Session: o.Sessions, Tokens: o.Tokens, Sealer: sealer, Once: o.Once, Recovery: o.Recovery, PublicURL: o.PublicURL, PictureKey: pictures,
		Tracer: guard.Witnessed(o.Tracer), Now: o.Now,
	})
	r.Provider, err = guarded(r.flows, o)
	return err
}

// guarded puts the guards around the flows. There is no way to the flows that
// leads past them.
func guarded(p *flow.Provider, o Options) (guard.Provider, error) {
	if o.Throttle.InsecureOff {
		return p, nil
	}
	key, err := o.Sessions.DeriveKey("throttle")
	if err != nil {
		return nil, err
	}
	return guard.NewThrottle(guard.ThrottleOptions{
		ThrottleSettings: o.Throttle, Provider: p, Store: o.Tries, Key: key,
		Caller: func(ctx context.Context, r core.Request) (core.AccountID, error) {
			claims, err := o.Sessions.Verify(ctx, r.AccessToken)
			return claims.Identity.AccountID, err
		},
		FailureTo: map[string]string{
			core.MethodLogin:          p.Routes.LoginFailureTo,
			core.MethodRegister:       p.Routes.Register.FailureRedirectTo,
			core.MethodForgotPassword: p.Routes.ForgotPassword.FailureRedirectTo,
			core.MethodUpdatePassword: p.Routes.UpdatePassword.FailureRedirectTo,
		},
		Messages: p.Messages, Tracer: o.Tracer, Log: o.Log, Now: o.Now,
	}), nil
}

var slug = regexp.MustCompile(`^[a-z][a-z0-9-]*$`)

func checkName(problems *core.Problems, path, name string) {
	switch {
	case name == Session:
		problems.Add(path, `"session" is reserved: in use lists it stands for the backend that signed the caller in`)
	case !slug.MatchString(name):
		problems.Add(path, "a strategy's name is a lower-case letter, then lower-case letters, digits and dashes")
	}
}

// open builds one backend. The house options are checked even if the kind's
// own are wrong, so that one report has it all.
func open(ctx context.Context, o Options, name string) (route.Backend, error) {
	s := o.Strategies[name]
	b, problems := s.House.Backend(name), s.House.Problems()
	out := route.Backend{Backend: b, Kind: s.Kind, Broken: true}
	if s.Config == nil {
		return out, problems.Err()
	}
	if err := s.Config.Validate(); err != nil {
		problems.Merge("", err)
		return out, problems.Err()
	}
	opened, err := s.Config.Open(ctx, core.Env{
		Name: name, Log: o.Log.With("strategy", name), Now: o.Now, Rand: rand.Reader,
		HTTP: o.HTTP, PublicURL: o.PublicURL, Users: o.Users(name), Hashing: o.Hashing,
		RoleKeys: slices.Sorted(maps.Keys(s.Roles.Map)),
	})
	problems.Merge("", err)
	if err == nil {
		b.Strategy, out.Broken = guard.Deadline(opened, b.Timeout, o.Log.With("strategy", name)), false
	}
	return out, problems.Err()
}

// Close delivers what was accepted, until ctx ends, then closes the strategies
// in reverse order. It leaves the session manager and the stores alone: they
// were handed in.
func (r *Registry) Close(ctx context.Context) error {
	var err error
	if r.flows != nil {
		err = r.flows.Close(ctx)
	}
	return errors.Join(err, r.closeStrategies())
}

func (r *Registry) closeStrategies() error {
	var errs []error
	for _, name := range slices.Backward(r.names) {
		if c := r.backends[name].Strategy.Close; c != nil {
			errs = append(errs, c())
		}
	}
	return errors.Join(errs...)
}

// Ready asks every strategy whether its backend answers now. The map has an
// entry for each strategy, nil if it is ready.
func (r *Registry) Ready(ctx context.Context) map[string]error {
	out := make(map[string]error, len(r.names))
	for _, name := range r.names {
		out[name] = nil
		if ready := r.backends[name].Strategy.Ready; ready != nil {
			out[name] = ready(ctx)
		}
	}
	return out
}

// Names lists the strategies, sorted.
func (r *Registry) Names() []string { return slices.Clone(r.names) }

// Capabilities returns what each strategy can do, as it is configured.
func (r *Registry) Capabilities() map[string][]core.Capability {
	out := make(map[string][]core.Capability, len(r.names))
	for _, name := range r.names {
		if b := r.backends[name]; !b.Broken {
			out[name] = b.Strategy.Capabilities()
		}
	}
	return out
}

// ProviderInfo is a backend that a login page may offer.
type ProviderInfo struct {
	Name     string // what a call names as providerName
	Label    string
	Redirect bool // signs in at another site
}

// Providers lists the backends of the login chain, in order.
func (r *Registry) Providers() []ProviderInfo {
	var out []ProviderInfo
	for _, link := range r.flows.Routes.Login {
		out = append(out, ProviderInfo{link.Name, link.Label, link.Strategy.Redirector != nil})
	}
	return out
}

// OnErrorRules returns the onError table.
func (r *Registry) OnErrorRules() onerror.Table { return slices.Clone(r.flows.Routes.OnError) }

// InUse lists the methods that are on, in the order of the contract.
func (r *Registry) InUse() []string {
	out := []string{core.MethodLogin, core.MethodCheck, core.MethodLogout, core.MethodOnError}
	for _, m := range []struct {
		name string
		use  Use
	}{
		{core.MethodRegister, r.methods.Register.Use},
		{core.MethodForgotPassword, r.methods.ForgotPassword.Use},
		{core.MethodUpdatePassword, r.methods.UpdatePassword.Use},
	} {
		if len(m.use) > 0 {
			out = append(out, m.name)
		}
	}
	return append(out, core.MethodGetPermissions, core.MethodGetIdentity)
}
