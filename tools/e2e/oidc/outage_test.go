package oidc_test

import (
	"context"
	"net"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/authd-go/authd"
	"github.com/authd-go/authd/core"
	"github.com/authd-go/authd/core/session"
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
	underWay := make(chan struct{}, 50) // a machine that is too slow for the rate lowers it, and is not buried
	began := time.Now()
	for i := range logins {
		<-tick.C
		switch i {
		case 60:
			op.control(http.MethodPost, "/rotate-keys")
		case 360:
			op.control(http.MethodPost, "/rotate-keys?drop=1")
		}
		underWay <- struct{}{}
		wg.Go(func() {
			defer func() { <-underWay }()
			p := h.person(t)
			p.network(i)
			p.signIn([]string{"basic", "es256"}[i%2], "alice")
			if p.place.Path != "/" {
				t.Errorf("login %d came to %s: %v", i, p.place, h.last(core.MethodLogin).Err)
				return
			}
			in.Add(1)
		})
	}
	wg.Wait()
	t.Logf("%d logins, %.0f a second", in.Load(), logins/time.Since(began).Seconds())
	if in.Load() != logins {
		t.Errorf("%d of %d got in", in.Load(), logins)
	}
}

// network puts somebody into a network of their own: many who finish a login in
// one network at a time wait for each other, which is not what this is about.
func (p *person) network(i int) {
	from := &net.TCPAddr{IP: net.IPv4(127, 0, byte(1+i/250), byte(1+i%250))}
	transport := &http.Transport{DialContext: (&net.Dialer{LocalAddr: from}).DialContext, DisableKeepAlives: true}
	p.http.Transport = transport
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
	if body := p.read("/readyz", http.StatusServiceUnavailable); !strings.Contains(body, `{"name":"basic","status":"unavailable","reason":"provider_unreachable"}`) {
		t.Errorf("ready: %s", body)
	}
	p.read("/healthz", http.StatusOK)
	if err := proxy.Start(); err != nil {
		t.Fatal(err)
	}
	until(t, "the login works again", func() bool { return p.call("/auth/login", map[string]any{"providerName": "basic"}).Success })
	p.signIn("basic", "alice")
	if !p.signedIn() {
		t.Fatalf("not signed in: %v", h.last(core.MethodLogin).Err)
	}
	p.read("/readyz", http.StatusOK)

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

// TestProviderStaysAway: sessions go on for outageGrace, then no further, and
// again when the provider answers.
func TestProviderStaysAway(t *testing.T) {
	a := reserve(t)
	port := peers.FreePort(t)
	proxy := peers.Proxy(t, "127.0.0.1:"+port)
	issuer := "http://" + proxy.Listen
	op := startOP(t, a, "OP_PORT="+port, "OP_ISSUER="+issuer)
	c := op.config("authd")
	c.Issuer = issuer
	const grace = 3 * time.Second
	h := newHouse(t, a, database(t), map[string]*oidc.Config{"basic": c}, func(o *authd.Options) {
		s := o.Strategies["basic"]
		s.OutageGrace = grace
		o.Strategies["basic"] = s
	})
	p := h.person(t)
	p.signIn("basic", "alice")
	proxy.Stop()
	gone := time.Now()
	if got := p.call("/auth/refresh", nil); !got.Success && time.Since(gone) < grace {
		t.Errorf("within the grace: %+v", got)
	}
	time.Sleep(time.Until(gone.Add(grace + 100*time.Millisecond)))
	if got := p.call("/auth/refresh", nil); got.status != http.StatusServiceUnavailable || got.Error.Reason != session.ReasonUnconfirmed {
		t.Errorf("past the grace: %+v", got)
	}
	if err := proxy.Start(); err != nil {
		t.Fatal(err)
	}
	until(t, "the session goes on", func() bool { return p.call("/auth/refresh", nil).Success })
	if !p.signedIn() {
		t.Error("the session has ended")
	}
}

// TestPageLeftInTheMiddle: a page that is left while it refreshes takes the
// request with it, and not the refresh token that the provider is just about to rotate.
func TestPageLeftInTheMiddle(t *testing.T) {
	a := reserve(t)
	op := startOP(t, a)
	h := newHouse(t, a, database(t), map[string]*oidc.Config{"basic": op.config("authd")})
	p := h.person(t)
	p.signIn("basic", "alice")
	// By then it has rotated the token, and only its answer is late.
	op.control(http.MethodPost, "/faults", rawJSON(`{"path":"token","hold":500,"status":0}`))
	ctx, leave := context.WithTimeout(t.Context(), 250*time.Millisecond)
	defer leave()
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, h.url+"/auth/refresh", strings.NewReader("{}"))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/json")
	if response, err := p.http.Do(r); err == nil {
		_ = response.Body.Close()
		t.Fatal("the page was not left before the answer came")
	}
	until(t, "the provider is asked again, and says yes", func() bool {
		got := p.call("/auth/refresh", nil)
		steps := h.last(core.MethodRefresh).Steps
		if !got.Success {
			t.Fatalf("the next refresh: %+v, %v", got, h.last(core.MethodRefresh).Err)
		}
		return len(steps) == 1 && steps[0].Outcome == ""
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
