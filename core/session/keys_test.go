package session_test

import (
	"encoding/json"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/authd-go/authd/core"
	"github.com/authd-go/authd/core/session"
	"github.com/authd-go/authd/core/session/sessiontest"
)

// bubbleOptions are for tests in a synctest bubble, where time.Now is the clock.
func bubbleOptions(store *sessiontest.Memory) session.Options {
	return session.Options{
		Sessions: store, Keys: store, Secret: core.NewSecret(testSecret), Issuer: "https://auth.example.com",
		Now: time.Now,
	}
}

// TestKeysRotate runs two nodes for ten weeks. Whatever one signs the other
// must take, and every verifier that honours maxAge must know the key.
func TestKeysRotate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := new(sessiontest.Memory)
		o := bubbleOptions(store)
		o.KeyRotation, o.PollInterval = 7*24*time.Hour, time.Hour
		o.Lifetimes = session.DefaultLifetimes()
		o.Lifetimes.AccessTTL = 12 * time.Hour
		nodes := []*session.Manager{open(t, o), open(t, o)}
		var verifier struct {
			set    string
			expiry time.Time
		}
		signers := map[string]bool{}
		var held []string // the signers of tokens that are still good
		for hour := range 10 * 7 * 24 {
			signer, other := nodes[hour%2], nodes[1-hour%2]
			if set, maxAge := other.JWKS(); time.Now().After(verifier.expiry) {
				verifier.set, verifier.expiry = string(set), time.Now().Add(maxAge)
			}
			issued, err := signer.Create(t.Context(), session.NewSession{Identity: core.Identity{AccountID: john}})
			if err != nil {
				t.Fatal(err)
			}
			header, _ := parts(t, issued.Tokens.Access.Reveal())
			kid, _ := header["kid"].(string)
			signers[kid] = true
			if !strings.Contains(verifier.set, kid) {
				t.Fatalf("hour %d: a verifier with keys of at most maxAge does not know the signer", hour)
			}
			if _, err := other.Verify(t.Context(), issued.Tokens.Access.Reveal()); err != nil {
				t.Fatalf("hour %d: %v", hour, err)
			}
			held = append(held, kid)
			held = held[max(0, len(held)-12):] // as many hours as a token lives
			for _, kid := range held {
				if set, _ := other.JWKS(); !strings.Contains(string(set), kid) {
					t.Fatalf("hour %d: a key is gone before its last token", hour)
				}
			}
			time.Sleep(time.Hour)
		}
		if n := len(signers); n < 10 || n > 11 {
			t.Errorf("%d keys signed in ten weeks, want 10 or 11", n)
		}
		if keys, _ := store.SigningKeys(t.Context()); len(keys) > 3 {
			t.Errorf("%d keys are stored; old ones are not forgotten", len(keys))
		}
		closeAll(nodes)
	})
}

func closeAll(nodes []*session.Manager) {
	for _, n := range nodes {
		_ = n.Close()
	}
}

// TestLongSleep finds no key that may sign: one is made at once, and the other
// node, which knows nothing of it, learns of it within a poll.
func TestLongSleep(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := new(sessiontest.Memory)
		o := bubbleOptions(store)
		o.PollInterval = time.Hour
		o.Lifetimes = session.DefaultLifetimes()
		o.Lifetimes.AccessTTL = 2 * time.Hour
		nodes := []*session.Manager{open(t, o), open(t, o)}
		store.Break(true)
		time.Sleep(100*24*time.Hour + time.Minute)
		store.Break(false)
		issued, err := nodes[0].Create(t.Context(), session.NewSession{Identity: core.Identity{AccountID: john}})
		if err != nil {
			t.Fatal(err)
		}
		_, err = nodes[1].Verify(t.Context(), issued.Tokens.Access.Reveal())
		wantError(t, err, core.Unauthenticated, session.ReasonInvalidToken)
		time.Sleep(time.Hour)
		if _, err := nodes[1].Verify(t.Context(), issued.Tokens.Access.Reveal()); err != nil {
			t.Errorf("after a poll: %v", err)
		}
		closeAll(nodes)
	})
}

// TestRotationShortened gives verifiers their notice when the operator
// shortens the rotation.
func TestRotationShortened(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := new(sessiontest.Memory)
		o := bubbleOptions(store)
		_ = open(t, o).Close()
		time.Sleep(20 * 24 * time.Hour)
		o.KeyRotation = 48 * time.Hour
		m := open(t, o)
		keys, err := store.SigningKeys(t.Context())
		if err != nil || len(keys) != 2 {
			t.Fatalf("%d keys, %v", len(keys), err)
		}
		if notice := time.Until(keys[1].ActiveFrom); notice < 12*time.Hour || notice > 24*time.Hour {
			t.Errorf("the new key signs in %v", notice)
		}
		_ = m.Close()
	})
}

// TestUnknownKeysDoNotDriveTheStore floods a manager with tokens under keys
// that nobody has.
func TestUnknownKeysDoNotDriveTheStore(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store, foreign := new(sessiontest.Memory), new(sessiontest.Memory)
		m := open(t, bubbleOptions(store))
		stranger := open(t, bubbleOptions(foreign))
		issued, err := stranger.Create(t.Context(), session.NewSession{Identity: core.Identity{AccountID: john}})
		if err != nil {
			t.Fatal(err)
		}
		before := store.Calls()
		for range 10 {
			for range 100 {
				_, err := m.Verify(t.Context(), issued.Tokens.Access.Reveal())
				wantError(t, err, core.Unauthenticated, session.ReasonInvalidToken)
			}
			time.Sleep(time.Second)
		}
		if n := store.Calls() - before; n > 20 { // each second one poll of revocations and one of keys
			t.Errorf("1000 forged tokens made %d calls in ten seconds", n)
		}
		closeAll([]*session.Manager{m, stranger})
	})
}

// TestRevocationReachesOtherNodes ends sessions on one node.
func TestRevocationReachesOtherNodes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := new(sessiontest.Memory)
		nodes := []*session.Manager{open(t, bubbleOptions(store)), open(t, bubbleOptions(store))}
		issued, err := nodes[0].Create(t.Context(), session.NewSession{Identity: core.Identity{AccountID: john}})
		if err != nil {
			t.Fatal(err)
		}
		check := func(n int) error {
			_, err := nodes[n].Verify(t.Context(), issued.Tokens.Access.Reveal())
			return err
		}
		time.Sleep(100 * time.Millisecond)
		if err := check(1); err != nil {
			t.Fatal(err)
		}
		if _, err := nodes[0].End(t.Context(), core.SessionEnd{ID: issued.SessionID, Reason: "logout"}); err != nil {
			t.Fatal(err)
		}
		wantError(t, check(0), core.Unauthenticated, session.ReasonSessionEnded)
		time.Sleep(time.Second)
		wantError(t, check(1), core.Unauthenticated, session.ReasonSessionEnded)
		late := open(t, bubbleOptions(store)) // and one that starts afterwards
		_, err = late.Verify(t.Context(), issued.Tokens.Access.Reveal())
		wantError(t, err, core.Unauthenticated, session.ReasonSessionEnded)
		time.Sleep(9 * time.Minute) // as long as the token lives
		wantError(t, check(1), core.Unauthenticated, session.ReasonSessionEnded)
		closeAll(append(nodes, late))
	})
}

// TestPollsFail lets the store be away: one line in the log, readiness says
// so, and what was missed is made up for.
func TestPollsFail(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := new(sessiontest.Memory)
		var log strings.Builder
		o := bubbleOptions(store)
		o.Log = logged(&log)
		m, other := open(t, o), open(t, bubbleOptions(store))
		issued, err := m.Create(t.Context(), session.NewSession{Identity: core.Identity{AccountID: john}})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := other.End(t.Context(), core.SessionEnd{ID: issued.SessionID}); err != nil {
			t.Fatal(err)
		}
		store.Break(true)
		time.Sleep(5 * time.Minute)
		wantError(t, m.Ready(t.Context()), core.Unavailable, "")
		store.Break(false)
		wantError(t, m.Ready(t.Context()), core.Unavailable, "") // not polled yet
		time.Sleep(2 * time.Second)
		if err := m.Ready(t.Context()); err != nil {
			t.Error(err)
		}
		_, err = m.Verify(t.Context(), issued.Tokens.Access.Reveal())
		wantError(t, err, core.Unauthenticated, session.ReasonSessionEnded)
		time.Sleep(2 * time.Minute)
		closeAll([]*session.Manager{m, other})
		if n := strings.Count(log.String(), "revoked sessions cannot be read"); n != 1 {
			t.Errorf("logged %d times:\n%s", n, log.String())
		}
		if !strings.Contains(log.String(), "read again") {
			t.Errorf("the recovery is not logged:\n%s", log.String())
		}
	})
}

// TestOldSessionsGo leaves the house to itself until everything is over.
func TestOldSessionsGo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := new(sessiontest.Memory)
		o := bubbleOptions(store)
		o.PollInterval = 30 * time.Second
		m := open(t, o)
		issued, err := m.Create(t.Context(), session.NewSession{Identity: core.Identity{AccountID: john}})
		if err != nil {
			t.Fatal(err)
		}
		time.Sleep(72*time.Hour - time.Minute)
		if _, err := store.Session(t.Context(), issued.SessionID); err != nil {
			t.Errorf("a live session was forgotten: %v", err)
		}
		time.Sleep(5 * time.Minute)
		if _, err := store.Session(t.Context(), issued.SessionID); core.CodeOf(err) != core.Unauthenticated {
			t.Errorf("an old session is kept: %v", err)
		}
		_ = m.Close()
	})
}

func TestWrongSecret(t *testing.T) {
	h := newHouse(t)
	h.login()
	o := h.opts
	o.Secret = core.NewSecret(strings.Repeat("another", 8))
	m, err := session.Open(t.Context(), o)
	if m != nil || core.CodeOf(err) != core.Internal || !strings.Contains(err.Error(), "was secretFile replaced?") {
		t.Errorf("got %v", err)
	}
	if strings.Contains(err.Error(), "another") {
		t.Error("the error shows the secret")
	}
	h.clock.Advance(10_000 * time.Hour) // nothing that the old secret sealed is published any more
	open(t, o)
}

func TestOpenWithoutStore(t *testing.T) {
	store := new(sessiontest.Memory)
	store.Break(true)
	_, err := session.Open(t.Context(), bubbleOptions(store))
	wantError(t, err, core.Unavailable, "")
}

func TestJWKS(t *testing.T) {
	h := newHouse(t)
	set, maxAge := h.JWKS()
	if maxAge != time.Hour {
		t.Errorf("max age is %v", maxAge)
	}
	var s struct{ Keys []map[string]string }
	if err := json.Unmarshal(set, &s); err != nil || len(s.Keys) != 1 {
		t.Fatalf("%s: %v", set, err)
	}
	k := s.Keys[0]
	if len(k) != 6 || k["kty"] != "OKP" || k["crv"] != "Ed25519" || k["alg"] != "EdDSA" || k["use"] != "sig" || len(k["x"]) != 43 || k["kid"] == "" {
		t.Errorf("key is %v", k)
	}
	header, _ := parts(t, h.login().Tokens.Access.Reveal())
	wantEqual(t, "the signer", k["kid"], header["kid"].(string))
	set[0] = 'x'
	if again, _ := h.JWKS(); again[0] != '{' {
		t.Error("callers share the bytes")
	}
}

func TestCloseTwice(t *testing.T) {
	h := newHouse(t)
	if err := h.Close(); err != nil {
		t.Fatal(err)
	}
	if err := h.Close(); err != nil {
		t.Fatal(err)
	}
}
