package authd_test

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"net/url"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/authd-go/authd"
	"github.com/authd-go/authd/core"
	"github.com/authd-go/authd/core/flow"
	"github.com/authd-go/authd/core/password"
	"github.com/authd-go/authd/core/session"
	"github.com/authd-go/authd/core/store/sqlite"
	"github.com/authd-go/authd/strategies/local"
	"github.com/authd-go/authd/strategies/mock"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func localhost() *url.URL { return &url.URL{Scheme: "http", Host: "localhost:8080"} }

func cheapLocal() *local.Config {
	c := local.NewConfig()
	c.Hash.BcryptCost = 10
	return c
}

// switchable is a user store that can be switched off.
type switchable struct {
	core.UserStore
	off *atomic.Bool
}

func (s switchable) FindUser(ctx context.Context, identifier string) (core.User, error) {
	if s.off.Load() {
		return core.User{}, core.Fail(core.Unavailable, "find a user", nil)
	}
	return s.UserStore.FindUser(ctx, identifier)
}

// house is a registry over a real store, and what a test wants to see of it.
type house struct {
	*authd.Registry
	store    *sqlite.Store
	sessions *session.Manager
	down     map[string]*atomic.Bool
	mu       sync.Mutex // recoveries are traced from a goroutine of their own
	trace    core.Trace
}

func newHouse(t *testing.T, o authd.Options) *house {
	t.Helper()
	h := &house{down: map[string]*atomic.Bool{}}
	var err error
	if h.store, err = sqlite.Open(t.Context(), sqlite.Options{Path: filepath.Join(t.TempDir(), "authd.db")}); err != nil {
		t.Fatal(err)
	}
	o.Sessions, err = session.Open(t.Context(), session.Options{
		Sessions: h.store, Keys: h.store, Secret: core.NewSecret(strings.Repeat("s", 32)), Issuer: localhost().String(),
	})
	if err != nil {
		t.Fatal(err)
	}
	h.sessions = o.Sessions
	for name := range o.Strategies {
		h.down[name] = new(atomic.Bool)
	}
	o.Users = func(name string) core.UserStore { return switchable{h.store.Users(name), h.down[name]} }
	o.Tokens = session.NewOneTime(h.store, time.Now, rand.Reader)
	o.PublicURL = localhost()
	o.Throttle.InsecureOff = true // how often is the question of throttle_test.go
	o.Tracer = core.TracerFunc(func(_ context.Context, trace core.Trace) {
		h.mu.Lock()
		defer h.mu.Unlock()
		h.trace = trace
	})
	if h.Registry, err = authd.New(t.Context(), o); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := h.Close(context.Background()); err != nil {
			t.Error(err)
		}
		_ = o.Sessions.Close()
		_ = h.store.Close()
	})
	return h
}

// hashes are of the passwords below, made once: hashing under the race
// detector is slow.
var hashes = sync.OnceValues(func() (map[string]string, error) {
	hasher, err := password.NewHasher(password.MinCost)
	if err != nil {
		return nil, err
	}
	out := map[string]string{}
	for _, text := range []string{"in the staff", "left in march", "jo the member"} {
		if out[text], err = hasher.Hash(context.Background(), core.NewSecret(text)); err != nil {
			return nil, err
		}
	}
	return out, nil
})

func (h *house) add(t *testing.T, strategy, email, text string, disabled bool) {
	t.Helper()
	known, err := hashes()
	if err != nil {
		t.Fatal(err)
	}
	u := core.User{ID: "id-" + email, Email: email, PasswordHash: known[text], CreatedAt: time.Now()}
	if disabled {
		u.DisabledAt = time.Now()
	}
	if err := h.store.Users(strategy).CreateUser(t.Context(), u); err != nil {
		t.Fatal(err)
	}
}

func login(email, password string) core.Request {
	return core.Request{Params: core.Params{"email": email, "password": password}}
}

// chainOf is two local backends and a mock, with the same policy on each link.
func chainOf(t *testing.T, policy authd.Link) *house {
	t.Helper()
	methods := authd.DefaultMethods()
	for _, name := range []string{"staff", "members", "demo"} {
		policy.Strategy = name
		methods.Login.Use = append(methods.Login.Use, policy)
	}
	h := newHouse(t, authd.Options{
		Methods: methods,
		Strategies: map[string]authd.StrategyOptions{
			"staff":   {Kind: "local", Config: cheapLocal()},
			"members": {Kind: "local", Config: cheapLocal()},
			"demo": {Kind: "mock", Config: &mock.Config{
				Users: []mock.User{
					{Email: "demo@mail.com", Password: core.NewSecret("demo")},
					{Email: "both@mail.com", Password: core.NewSecret("in the demo")},
				},
				Outcomes: map[string]string{"down@mail.com": "unavailable"},
			}},
		},
	})
	h.add(t, "staff", "both@mail.com", "in the staff", false)
	h.add(t, "staff", "left@mail.com", "left in march", true)
	h.add(t, "members", "left@mail.com", "left in march", false)
	h.add(t, "members", "jo@mail.com", "jo the member", false)
	return h
}

// way writes a trace's steps as "staff next, members accept".
func way(trace core.Trace) string {
	steps := make([]string, len(trace.Steps))
	for i, s := range trace.Steps {
		steps[i] = s.Strategy + " " + string(s.Verdict)
	}
	return strings.Join(steps, ", ")
}

// TestLoginChain sends each outcome of real backends where the policy says.
func TestLoginChain(top *testing.T) {
	chains := map[authd.Link]*house{} // by policy
	for _, c := range []struct {
		name, email, password string
		policy                authd.Link
		down                  []string
		want                  core.Code
		way                   string
	}{
		{"first accepts", "both@mail.com", "in the staff", authd.Link{}, nil, "", "staff accept"},
		{"unknown goes on", "jo@mail.com", "jo the member", authd.Link{}, nil, "", "staff next, members accept"},
		{"unknown stops", "jo@mail.com", "jo the member", authd.Link{OnUnknown: flow.StepStop}, nil, core.InvalidCredentials, "staff stop"},
		{"wrong goes on", "both@mail.com", "in the demo", authd.Link{}, nil, "", "staff next, members next, demo accept"},
		{"wrong stops", "both@mail.com", "in the demo", authd.Link{OnRejected: flow.StepStop}, nil, core.InvalidCredentials, "staff stop"},
		{"disabled bars", "left@mail.com", "left in march", authd.Link{}, nil, core.InvalidCredentials, "staff next, members stop"},
		{"disabled, wrong", "left@mail.com", "wrong", authd.Link{}, nil, core.InvalidCredentials, "staff next, members next, demo next"},
		{"disabled, and an outage", "left@mail.com", "wrong", authd.Link{}, []string{"members"}, core.Unavailable, "staff next, members next, demo next"},
		{"outage goes on", "jo@mail.com", "jo the member", authd.Link{}, []string{"staff"}, "", "staff next, members accept"},
		{"outage stops", "jo@mail.com", "jo the member", authd.Link{OnUnavailable: flow.StepStop}, []string{"staff"}, core.Unavailable, "staff stop"},
		{"outage is no wrong password", "jo@mail.com", "wrong", authd.Link{}, []string{"staff"}, core.Unavailable, "staff next, members next, demo next"},
		{"outage of the last", "down@mail.com", "any", authd.Link{}, nil, core.Unavailable, "staff next, members next, demo next"},
		{"all down", "down@mail.com", "any", authd.Link{}, []string{"staff", "members"}, core.Unavailable, "staff next, members next, demo next"},
		{"nobody knows", "nobody@mail.com", "any", authd.Link{}, nil, core.InvalidCredentials, "staff next, members next, demo next"},
	} {
		top.Run(c.name, func(t *testing.T) {
			h := chains[c.policy]
			if h == nil {
				h = chainOf(top, c.policy)
				chains[c.policy] = h
			}
			for name, down := range h.down {
				down.Store(slices.Contains(c.down, name))
			}
			got := h.Login(t.Context(), login(c.email, c.password))
			code := core.Code("")
			if got.Error != nil {
				code = got.Error.Code
			}
			if code != c.want || way(h.trace) != c.way {
				t.Errorf("answer %q by way of %q, want %q by way of %q", code, way(h.trace), c.want, c.way)
			}
		})
	}
}

// TestRefusedLoginsLookAlike compares the whole answers.
func TestRefusedLoginsLookAlike(t *testing.T) {
	h := chainOf(t, authd.Link{})
	bodies := map[string]string{}
	for name, r := range map[string]core.Request{
		"unknown":        login("nobody@mail.com", "any"),
		"wrong":          login("jo@mail.com", "wrong"),
		"disabled":       login("left@mail.com", "left in march"),
		"disabled wrong": login("left@mail.com", "wrong"),
		"no identifier":  login("a b", "any"),
	} {
		body, err := json.Marshal(h.Login(t.Context(), r))
		if err != nil {
			t.Fatal(err)
		}
		bodies[name] = string(body)
	}
	for name, body := range bodies {
		if body != bodies["wrong"] {
			t.Errorf("%s:\n%s\nwrong:\n%s", name, body, bodies["wrong"])
		}
	}
}

func TestCheckReportsEverythingAtOnce(t *testing.T) {
	closed := cheapLocal()
	closed.Registration = false
	costly := local.NewConfig()
	costly.Hash.BcryptCost = 31
	methods := authd.DefaultMethods()
	methods.Login.Use = authd.Names("closed", "costly", "gone")
	methods.Register.Use = authd.Names("closed")
	err := authd.Check(t.Context(), authd.Options{
		Methods: methods, PublicURL: localhost(), RedirectOrigins: []string{"app.example.com"},
		Strategies: map[string]authd.StrategyOptions{
			"closed":  {Kind: "local", Config: closed, House: authd.House{Timeout: -1}},
			"costly":  {Kind: "local", Config: costly},
			"session": {Kind: "local", Config: cheapLocal()},
			"Bad.One": {Kind: "local", Config: cheapLocal()},
			"unknown": {Kind: "nosuch"}, // could not be decoded
		},
	})
	if err == nil {
		t.Fatal("nothing is wrong")
	}
	for _, want := range []string{
		`strategies.closed.timeout: must not be negative`,
		`strategies.costly.hash.bcryptCost: is 31, must be from 10 to 16`,
		`strategies.session: "session" is reserved`,
		`strategies.Bad.One: a strategy's name is`,
		`methods.login.use[2]: no strategy is named "gone"`,
		`methods.register.use: strategy "closed" (local) cannot register; these can:`,
		`redirects.allowedOrigins: origin must be`,
	} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("the report lacks %q", want)
		}
	}
	if strings.Contains(err.Error(), "unknown") {
		t.Error("the report speaks of a strategy that was reported elsewhere")
	}
	if t.Failed() {
		t.Log(err)
	}
}

func TestMockStaysOnLoopback(t *testing.T) {
	methods := authd.DefaultMethods()
	methods.Login.Use = authd.Names("demo")
	o := authd.Options{
		Methods: methods, PublicURL: &url.URL{Scheme: "https", Host: "auth.example.com"},
		Strategies: map[string]authd.StrategyOptions{"demo": {Kind: "mock", Config: &mock.Config{}}},
	}
	if err := authd.Check(t.Context(), o); err == nil || !strings.Contains(err.Error(), "insecureAllowMock") {
		t.Errorf("mock users on the open network: %v", err)
	}
	o.Strategies["demo"] = authd.StrategyOptions{Kind: "mock", Config: &mock.Config{InsecureAllowMock: true}}
	if err := authd.Check(t.Context(), o); err != nil {
		t.Error(err)
	}
}

func TestDescription(t *testing.T) {
	methods := authd.DefaultMethods()
	methods.Login.Use = authd.Names("members", "demo")
	methods.Register.Use = authd.Names("members")
	h := newHouse(t, authd.Options{
		Methods: methods,
		Strategies: map[string]authd.StrategyOptions{
			"members": {Kind: "local", Config: cheapLocal(), House: authd.House{Label: "Members"}},
			"demo":    {Kind: "mock", Config: &mock.Config{}},
		},
	})
	providers := h.Providers()
	if len(providers) != 2 || providers[0] != (authd.ProviderInfo{Name: "members", Label: "Members"}) || providers[1].Label != "demo" {
		t.Errorf("providers %+v", providers)
	}
	if got := strings.Join(h.InUse(), " "); got != "login check logout onError register getPermissions getIdentity" {
		t.Errorf("in use: %s", got)
	}
	if ready := h.Ready(t.Context()); len(ready) != 2 || ready["members"] != nil {
		t.Errorf("ready: %v", ready)
	}
	if h.Capabilities()["members"][0] != core.CanLogin || h.Names()[0] != "demo" {
		t.Errorf("capabilities %v", h.Capabilities())
	}
}
