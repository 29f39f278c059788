package oidc_test

import (
	"context"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/authd-go/authd/core"
	"github.com/authd-go/authd/strategies/oidc"
	"github.com/authd-go/authd/strategies/oidc/authcode"
	"github.com/authd-go/authd/strategies/oidc/oidctest"
)

// clock is one that tests move.
type clock struct{ ahead atomic.Int64 }

func (c *clock) now() time.Time           { return time.Now().Add(time.Duration(c.ahead.Load())) }
func (c *clock) advance(by time.Duration) { c.ahead.Add(int64(by)) }

const discovery = "/.well-known/openid-configuration"

func ask(t *testing.T, s core.Strategy) error {
	t.Helper()
	_, _, err := begin(t.Context(), s, nil)
	return err
}

// A provider that is down is not asked by each who comes, and comes back by
// itself.
func TestAProviderThatIsDownAtFirst(t *testing.T) {
	p := provider(t)
	var c clock
	s := open(t, config(p), func(e *core.Env) { e.Now = c.now })
	down := oidctest.Faults{Handle: map[string]http.HandlerFunc{discovery: status(503, "")}}
	p.Set(down)
	var group sync.WaitGroup
	for range 20 {
		group.Go(func() {
			_, _, err := begin(t.Context(), s, nil)
			if core.CodeOf(err) != core.Unavailable {
				t.Errorf("got %v", err)
			}
		})
	}
	group.Wait()
	if n := p.Seen(discovery); n != 1 {
		t.Errorf("it was asked %d times", n)
	}
	err := ask(t, s)
	refused(t, err, core.Unavailable, authcode.ReasonTrouble)
	if e := core.AsError(err); e.RetryAfter <= 0 || e.RetryAfter > time.Second {
		t.Errorf("retry after %v", e.RetryAfter)
	}
	refused(t, s.Ready(t.Context()), core.Unavailable, authcode.ReasonTrouble)
	for i, wait := range []time.Duration{time.Second, 2 * time.Second, 4 * time.Second} {
		c.advance(wait)
		if err := ask(t, s); err == nil || p.Seen(discovery) != i+2 {
			t.Errorf("try %d: %v, asked %d times", i, err, p.Seen(discovery))
		}
	}
	c.advance(4 * time.Second)
	if ask(t, s) == nil || p.Seen(discovery) != 4 {
		t.Error("the waits do not grow")
	}
	p.Set(oidctest.Faults{})
	c.advance(4 * time.Second)
	if err := ask(t, s); err != nil {
		t.Error(err)
	}
	if err := s.Ready(t.Context()); err != nil {
		t.Error(err)
	}
}

// A provider whose keys cannot be had lets nobody in, whatever else it answers.
func TestReadinessLooksAtTheKeysToo(t *testing.T) {
	p := provider(t)
	p.Set(oidctest.Faults{Handle: map[string]http.HandlerFunc{"/keys": status(503, "")}})
	s := open(t, config(p))
	refused(t, s.Ready(t.Context()), core.Unavailable, authcode.ReasonTrouble)
}

// What is known serves on while newer cannot be had, for a day.
func TestAProviderThatGoesDownLater(t *testing.T) {
	p := provider(t)
	var c clock
	s := open(t, config(p), func(e *core.Env) { e.Now = c.now })
	if err := ask(t, s); err != nil {
		t.Fatal(err)
	}
	p.Set(oidctest.Faults{Handle: map[string]http.HandlerFunc{discovery: status(503, "")}})
	for _, age := range []time.Duration{30 * time.Minute, time.Hour, 20 * time.Hour} {
		c.advance(age)
		if err := ask(t, s); err != nil {
			t.Errorf("after %v more: %v", age, err)
		}
	}
	if s.Ready(t.Context()) == nil {
		t.Error("an old copy is taken for a provider that is well")
	}
	c.advance(3 * time.Hour)
	refused(t, ask(t, s), core.Unavailable, authcode.ReasonTrouble)
}

// Metadata are renewed behind the answer.
func TestMetadataRefreshThemselves(t *testing.T) {
	p := provider(t)
	var c clock
	s := open(t, config(p), func(e *core.Env) { e.Now = c.now })
	if err := ask(t, s); err != nil {
		t.Fatal(err)
	}
	p.Set(oidctest.Faults{Metadata: set("authorization_endpoint", p.URL+"/moved")})
	c.advance(61 * time.Minute)
	deadline := time.Now().Add(5 * time.Second)
	for {
		r, _, err := begin(t.Context(), s, nil)
		if err != nil {
			t.Fatal(err)
		}
		if strings.HasPrefix(r.URL, p.URL+"/moved?") {
			break
		}
		if time.Now().After(deadline) {
			t.Fatal("the new address is never used")
		}
		time.Sleep(5 * time.Millisecond)
	}
	if n := p.Seen(discovery); n != 2 {
		t.Errorf("it was asked %d times", n)
	}
}

func TestMetadataThatAreNotToBeBelieved(t *testing.T) {
	for name, c := range map[string]struct {
		faults oidctest.Faults
		reason string
	}{
		"another issuer":    {oidctest.Faults{Metadata: set("issuer", "https://other.example.com")}, oidc.ReasonMetadataIssuer},
		"no issuer":         {oidctest.Faults{Metadata: set("issuer", nil)}, oidc.ReasonMetadataIssuer},
		"no token endpoint": {oidctest.Faults{Metadata: set("token_endpoint", nil)}, authcode.ReasonMalformed},
		"plain endpoint":    {oidctest.Faults{Metadata: set("token_endpoint", "http://id.example.com/token")}, authcode.ReasonMalformed},
		"plain keys":        {oidctest.Faults{Metadata: set("jwks_uri", "http://id.example.com/keys")}, authcode.ReasonMalformed},
		"a script":          {oidctest.Faults{Metadata: set("authorization_endpoint", "javascript:alert(1)")}, authcode.ReasonMalformed},
		"a user name":       {oidctest.Faults{Metadata: set("token_endpoint", "https://a:b@id.example.com/")}, authcode.ReasonMalformed},
		"no JSON":           {oidctest.Faults{Handle: map[string]http.HandlerFunc{discovery: status(200, "<html>")}}, authcode.ReasonMalformed},
		"oversize":          {oidctest.Faults{Handle: map[string]http.HandlerFunc{discovery: oversize}}, authcode.ReasonTooLarge},
		"endless":           {oidctest.Faults{Handle: map[string]http.HandlerFunc{discovery: endless}}, authcode.ReasonUnreachable},
		"not there":         {oidctest.Faults{Handle: map[string]http.HandlerFunc{discovery: status(404, "")}}, authcode.ReasonTrouble},
		"somewhere else": {oidctest.Faults{Handle: map[string]http.HandlerFunc{discovery: func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "https://other.example.com/", http.StatusFound)
		}}}, authcode.ReasonRedirected},
	} {
		t.Run(name, func(t *testing.T) {
			p := provider(t)
			p.Set(c.faults)
			s := open(t, config(p), func(e *core.Env) { e.HTTP = &http.Client{Timeout: 400 * time.Millisecond} })
			refused(t, ask(t, s), core.Unavailable, c.reason)
		})
	}
	p := provider(t)
	c := config(p)
	c.Issuer += "/"
	refused(t, ask(t, open(t, c)), core.Unavailable, oidc.ReasonMetadataIssuer)
}

// Documents cannot lead into the operator's network.
func TestPrivateAddresses(t *testing.T) {
	p := provider(t)
	for _, address := range []string{"https://10.255.255.1:1", "https://169.254.169.254"} {
		p.Set(oidctest.Faults{Metadata: set("jwks_uri", address+"/keys")})
		s := open(t, config(p))
		_, err := byToken(t.Context(), s, p.IDToken(clientID, nil), "")
		refused(t, err, core.Unavailable, authcode.ReasonAddress)
	}
}

// Whoever waits for the provider stops when the caller does, and closing does
// not wait for it at all.
func TestClosingWhileTheProviderHangs(t *testing.T) {
	p := provider(t)
	p.Hang()
	s := open(t, config(p))
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if _, _, err := begin(ctx, s, nil); core.CodeOf(err) != core.Unavailable {
		t.Errorf("got %v", err)
	}
	began := time.Now()
	if err := s.Close(); err != nil || time.Since(began) > time.Second {
		t.Errorf("closing took %v, %v", time.Since(began), err)
	}
	if core.CodeOf(ask(t, s)) != core.Unavailable {
		t.Error("a closed strategy asks")
	}
}
