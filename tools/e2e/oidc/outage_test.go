package oidc_test

import (
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/authd-go/authd/core"
	"github.com/authd-go/authd/strategies/oidc"
	"github.com/authd-go/authd/tools/e2e/peers"
)

// TestKeysRotate while people sign in, fifty a second: none is refused, also
// where the provider withdraws the old keys at once. Between two changes lies
// more than the five seconds in which unknown keys make the document be read
// again once.
func TestKeysRotate(t *testing.T) {
	a := reserve(t)
	op := startOP(t, a)
	h := newHouse(t, a, database(t), map[string]*oidc.Config{"basic": op.config("authd"), "es256": op.config("authd-es256")})
	h.person(t).signIn("basic", "alice")
	var wg sync.WaitGroup
	var in atomic.Int64
	tick := time.NewTicker(time.Second / 50)
	defer tick.Stop()
	const logins = 450
	for i := range logins {
		<-tick.C
		switch i {
		case 60:
			op.control(http.MethodPost, "/rotate-keys")
		case 360:
			op.control(http.MethodPost, "/rotate-keys?drop=1")
		}
		wg.Go(func() {
			p := h.person(t)
			p.signIn([]string{"basic", "es256"}[i%2], "alice")
			if p.place.Path != "/" {
				t.Errorf("login %d came to %s: %v", i, p.place, h.last(core.MethodLogin).Err)
				return
			}
			in.Add(1)
		})
	}
	wg.Wait()
	if in.Load() != logins {
		t.Errorf("%d of %d got in", in.Load(), logins)
	}
}

// TestProviderIsDown at the start, comes, goes and comes back.
func TestProviderIsDown(t *testing.T) {
	a := reserve(t)
	port := peers.FreePort(t)
	proxy := peers.Proxy(t, "127.0.0.1:"+port)
	issuer := "http://" + proxy.Listen
	op := startOP(t, a, "OP_PORT="+port, "OP_ISSUER="+issuer)
	proxy.Stop()
	c := op.config("authd")
	c.Issuer = issuer
	h := newHouse(t, a, database(t), map[string]*oidc.Config{"basic": c})

	p := h.person(t)
	if got := p.call("/auth/login", map[string]any{"providerName": "basic"}); got.status != http.StatusServiceUnavailable || got.Code != core.Unavailable {
		t.Errorf("down: %+v", got)
	}
	if err := h.Ready(t.Context())["basic"]; core.CodeOf(err) != core.Unavailable || err == nil {
		t.Errorf("ready: %v", err)
	}
	if err := proxy.Start(); err != nil {
		t.Fatal(err)
	}
	until(t, "the login works again", func() bool { return p.call("/auth/login", map[string]any{"providerName": "basic"}).Success })
	p.signIn("basic", "alice")
	if !p.signedIn() {
		t.Fatalf("not signed in: %v", h.last(core.MethodLogin).Err)
	}

	proxy.Stop()
	if got := p.call("/auth/refresh", nil); !got.Success {
		t.Errorf("a refresh in an outage: %+v", got)
	}
	if steps := h.last(core.MethodRefresh).Steps; len(steps) != 1 || steps[0].Outcome != core.Unavailable {
		t.Errorf("the provider was asked: %+v", steps)
	}
	late := h.person(t)
	begun := late.call("/auth/login", map[string]any{"providerName": "basic", "login_hint": "alice"})
	if err := proxy.Start(); err != nil {
		t.Fatal(err)
	}
	if begun.Success { // what it needs was known
		late.open(begun.RedirectTo)
		if !late.signedIn() {
			t.Errorf("begun in an outage, came to %s", late.place)
		}
	}
	until(t, "the provider's word counts again", func() bool {
		got := p.call("/auth/refresh", nil)
		steps := h.last(core.MethodRefresh).Steps
		return got.Success && len(steps) == 1 && steps[0].Outcome == ""
	})
}

// TestProviderBetweenTheSteps: it dies after the browser has come back and
// before the code is exchanged. The login page says so, and the next try works.
func TestProviderBetweenTheSteps(t *testing.T) {
	a := reserve(t)
	op := startOP(t, a)
	h := newHouse(t, a, database(t), map[string]*oidc.Config{"basic": op.config("authd")})
	for fault, reason := range map[string]string{
		`{"path":"token","status":503}`:                                "provider_trouble",
		`{"path":"token","hangup":true}`:                               "provider_unreachable",
		`{"path":"token","status":302,"headers":{"location":"/else"}}`: "provider_redirects",
		`{"path":"me","status":500}`:                                   "provider_trouble",
	} {
		op.control(http.MethodPost, "/faults", rawJSON(fault))
		p := h.person(t)
		p.signIn("basic", "alice")
		if p.place.Path != "/login" || p.place.Query().Get("error") != "unavailable" || !strings.Contains(p.page, "cannot answer at the moment") {
			t.Errorf("%s: came to %s: %v", fault, p.place, h.last(core.MethodLogin).Err)
		}
		if got := h.last(core.MethodLogin).Reason; got != reason {
			t.Errorf("%s: reason %q, want %q: %v", fault, got, reason, h.last(core.MethodLogin).Err)
		}
		op.control(http.MethodDelete, "/faults")
		p.signIn("basic", "alice")
		if !p.signedIn() {
			t.Errorf("%s: the next try came to %s", fault, p.place)
		}
	}
}

type rawJSON string

func (r rawJSON) MarshalJSON() ([]byte, error) { return []byte(r), nil }

func until(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for deadline := time.Now().Add(20 * time.Second); !ok(); time.Sleep(100 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("not within 20 s: %s", what)
		}
	}
}
