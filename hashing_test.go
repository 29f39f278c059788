package authd_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/authd-go/authd"
	"github.com/authd-go/authd/core"
	"github.com/authd-go/authd/core/guard"
	"github.com/authd-go/authd/core/httpapi"
	"github.com/authd-go/authd/core/password"
	"github.com/authd-go/authd/strategies/local"
)

// fullPool is a hash pool without room.
type fullPool struct{ retry time.Duration }

func (p fullPool) Run(context.Context, func()) error {
	return &core.Error{Code: core.Unavailable, Reason: password.ReasonQueueFull, RetryAfter: p.retry}
}

// fakeBackend is a backend that signs in by a function.
type fakeBackend func(context.Context, core.Credentials) (core.Identity, error)

func (fakeBackend) Validate() error { return nil }

func (b fakeBackend) Open(context.Context, core.Env) (core.Strategy, error) {
	return core.Strategy{Authenticator: b}, nil
}

func (b fakeBackend) Authenticate(ctx context.Context, c core.Credentials) (core.Identity, error) {
	return b(ctx, c)
}

func unknownToIt(context.Context, core.Credentials) (core.Identity, error) {
	return core.Identity{}, core.UnknownUser
}

// refusedLogin is what a client sees of a login that nobody accepts.
type refusedLogin struct {
	status     int
	retryAfter string
	code       core.Code
	reason     string
}

// refuse signs in over HTTP to a chain of the given backends, each with the
// time limit, or the default one for 0.
func refuse(t *testing.T, hashing core.Runner, limit time.Duration, backends ...core.StrategyConfig) refusedLogin {
	t.Helper()
	o := authd.Options{Methods: authd.DefaultMethods(), Strategies: map[string]authd.StrategyOptions{}, Hashing: hashing}
	for i, b := range backends {
		name := string(rune('a' + i))
		o.Strategies[name] = authd.StrategyOptions{Config: b, House: authd.House{Timeout: limit}}
		o.Methods.Login.Use = append(o.Methods.Login.Use, authd.Link{Strategy: name})
	}
	h := newHouse(t, o)
	handler, err := httpapi.New(httpapi.Options{Backend: h.Registry, Keys: h.sessions, PublicURL: localhost()})
	if err != nil {
		t.Fatal(err)
	}
	body := strings.NewReader(`{"email": "jo@mail.com", "password": "jo the member"}`)
	r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "http://localhost:8080/auth/login", body)
	r.Header.Set("Content-Type", "application/json")
	w := httptest.NewRecorder()
	handler.ServeHTTP(w, r)
	var answer struct{ Error core.Refusal }
	if err := json.Unmarshal(w.Body.Bytes(), &answer); err != nil {
		t.Fatal(err)
	}
	return refusedLogin{w.Code, w.Header().Get("Retry-After"), answer.Error.Code, answer.Error.Reason}
}

// A full hash pool is told as such, with the time to wait, wherever in the
// chain it is met, and it is asked no more often than there are links.
func TestAFullHashPoolIsToldToTheClient(t *testing.T) {
	want := refusedLogin{503, "7", core.Unavailable, password.ReasonQueueFull}
	full := fullPool{7 * time.Second}
	busy := fakeBackend(func(context.Context, core.Credentials) (core.Identity, error) {
		return core.Identity{}, &core.Error{Code: core.Unavailable, RetryAfter: 3 * time.Second}
	})
	for name, chain := range map[string][]core.StrategyConfig{
		"alone":              {local.NewConfig()},
		"twice":              {local.NewConfig(), local.NewConfig()},
		"before an unknown":  {local.NewConfig(), fakeBackend(unknownToIt)},
		"behind an unknown":  {fakeBackend(unknownToIt), local.NewConfig()},
		"behind less a wait": {busy, local.NewConfig()},
		"before less a wait": {local.NewConfig(), busy},
	} {
		counted := &countedJobs{Runner: full}
		if got := refuse(t, counted, 0, chain...); got != want {
			t.Errorf("%s: %+v, want %+v", name, got, want)
		}
		if jobs := counted.jobs.Load(); jobs > uint64(len(chain)) {
			t.Errorf("%s: the pool was asked %d times", name, jobs)
		}
	}
}

func TestABackendThatIgnoresItsDeadlineIsUnavailable(t *testing.T) {
	release := make(chan struct{})
	defer close(release)
	hanging := fakeBackend(func(context.Context, core.Credentials) (core.Identity, error) {
		<-release
		return core.Identity{AccountID: core.AccountID{Subject: "late"}}, nil
	})
	want := refusedLogin{status: 503, code: core.Unavailable}
	for range 2 {
		if got := refuse(t, nil, 50*time.Millisecond, hanging, fakeBackend(unknownToIt)); got != want {
			t.Errorf("got %+v, want %+v", got, want)
		}
	}
}

func TestABackendWithTooManyHangingCallsSaysSo(t *testing.T) {
	release := make(chan struct{})
	hanging := fakeBackend(func(context.Context, core.Credentials) (core.Identity, error) {
		<-release
		return core.Identity{}, core.UnknownUser
	})
	methods := authd.DefaultMethods()
	methods.Login.Use = authd.Names("a")
	h := newHouse(t, authd.Options{Methods: methods, Strategies: map[string]authd.StrategyOptions{
		"a": {Config: hanging, House: authd.House{Timeout: 500 * time.Millisecond}},
	}})
	calls := make(chan core.ActionResult)
	somebody := func(i int) core.Request { // each somebody else, so that nobody is throttled
		r := login(fmt.Sprintf("user%d@mail.com", i), "x")
		r.Client.Addr = netip.AddrFrom4([4]byte{192, 0, 2, byte(i)})
		return r
	}
	for i := range guard.MaxAbandoned {
		go func() { calls <- h.Login(context.Background(), somebody(i)) }()
	}
	for range guard.MaxAbandoned {
		if got := <-calls; got.Error.Code != core.Unavailable {
			t.Errorf("got %+v", got.Error)
		}
	}
	if got := h.Login(t.Context(), somebody(guard.MaxAbandoned)).Error; got.Code != core.Unavailable || got.Reason != guard.ReasonHanging {
		t.Errorf("got %+v", got)
	}
	close(release)
}

func TestAPanicInABackendIsInternal(t *testing.T) {
	broken := fakeBackend(func(context.Context, core.Credentials) (core.Identity, error) { panic("out of order") })
	if got, want := refuse(t, nil, 0, broken), (refusedLogin{status: 500, code: core.Internal}); got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
}
