package oidc_test

import (
	"context"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/authd-go/authd/core"
	"github.com/authd-go/authd/strategies/oidc"
	"github.com/authd-go/authd/strategies/oidc/oidctest"
)

// The provider rotates its key, and withdraws the one before, while people sign
// in. Nobody notices.
func TestKeyRotationWhileLoginsRun(t *testing.T) {
	t.Parallel()
	p := provider(t)
	s := open(t, config(p))
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	var group sync.WaitGroup
	var done, failed atomic.Int32
	for i := range 60 { // one every 20 ms
		time.Sleep(20 * time.Millisecond)
		if i == 20 || i == 40 { // the second within the pause after the first
			p.Rotate(true)
		}
		group.Go(func() {
			done.Add(1)
			if _, err := login(ctx, s, p); err != nil {
				failed.Add(1)
				t.Error(err)
			}
		})
	}
	group.Wait()
	if done.Load() != 60 || failed.Load() != 0 {
		t.Errorf("%d of %d failed", failed.Load(), done.Load())
	}
	if n := p.Seen("/keys"); n != 3 {
		t.Errorf("the keys were fetched %d times, want at first and once after each rotation", n)
	}
}

// A token that was signed before the key was withdrawn is believed for a while,
// and no longer.
func TestWithdrawnKeys(t *testing.T) {
	p := provider(t)
	var ahead atomic.Int64
	s := open(t, config(p), func(e *core.Env) {
		e.Now = func() time.Time { return time.Now().Add(time.Duration(ahead.Load())) }
	})
	before := p.IDToken(clientID, nil)
	if _, err := byToken(t.Context(), s, before, ""); err != nil {
		t.Fatal(err)
	}
	p.Rotate(true)
	if _, err := byToken(t.Context(), s, p.IDToken(clientID, nil), ""); err != nil {
		t.Fatal(err)
	}
	if _, err := byToken(t.Context(), s, before, ""); err != nil {
		t.Errorf("just after: %v", err)
	}
	ahead.Store(int64(61 * time.Second))
	_, err := byToken(t.Context(), s, before, "")
	refused(t, err, core.InvalidCredentials, oidc.ReasonUnknownKey)
}

// Tokens with made-up keys make the provider be asked once, and the next ones
// once more when it is time to.
func TestUnknownKeysAreAskedForTogether(t *testing.T) {
	t.Parallel()
	p := provider(t)
	s := open(t, config(p))
	if _, err := byToken(t.Context(), s, p.IDToken(clientID, nil), ""); err != nil {
		t.Fatal(err)
	}
	storm := func(ctx context.Context) (outcomes map[string]int) {
		var group sync.WaitGroup
		var mu sync.Mutex
		outcomes = map[string]int{}
		for range 300 {
			group.Go(func() {
				_, err := byToken(ctx, s, p.SignUnder("made-up", map[string]any{"sub": "john-1"}), "")
				mu.Lock()
				defer mu.Unlock()
				outcomes[string(core.CodeOf(err))+" "+core.AsError(err).Reason]++
			})
		}
		group.Wait()
		return outcomes
	}
	if got := storm(t.Context()); got["invalid_credentials key_unknown"]+got["unavailable key_unknown"] != 300 {
		t.Errorf("got %v", got)
	}
	// The first were answered by one fetch; those who came while it ran wait for
	// the next, which is not before its time.
	if n := p.Seen("/keys"); n > 3 {
		t.Errorf("the keys were fetched %d times", n)
	}
	brief, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	_, err := byToken(brief, s, p.SignUnder("made-up", map[string]any{"sub": "john-1"}), "")
	if core.CodeOf(err) != core.Unavailable {
		t.Errorf("while it is not time to ask: %v", err)
	}
	if _, err := byToken(t.Context(), s, p.IDToken(clientID, nil), ""); err != nil {
		t.Errorf("a right one meanwhile: %v", err)
	}
}

// Keys of no use are left out; the others are used.
func TestOddKeySets(t *testing.T) {
	t.Parallel()
	odd := `{"keys": [{"kty": "oct", "kid": "key-1", "k": "c2VjcmV0"}, {"kty": "OKP", "crv": "Ed448", "kid": "a", "x": "AA"}, 7, {"kty": "RSA", "kid": "b",
		"n": "AQAB", "e": "AQAB"}, {}]}`
	p := provider(t)
	p.Set(oidctest.Faults{Handle: map[string]http.HandlerFunc{"/keys": status(200, odd)}})
	_, err := byToken(t.Context(), open(t, config(p)), p.IDToken(clientID, nil), "")
	refused(t, err, core.InvalidCredentials, oidc.ReasonUnknownKey)
}
