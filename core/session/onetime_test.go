package session_test

import (
	"crypto/rand"
	"regexp"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/authd-go/authd/core"
	"github.com/authd-go/authd/core/session"
	"github.com/authd-go/authd/core/session/sessiontest"
)

func newOneTime() (*session.OneTime, *sessiontest.Memory, *sessiontest.Clock) {
	store, clock := new(sessiontest.Memory), sessiontest.NewClock(start)
	return session.NewOneTime(store, clock.Now, rand.Reader), store, clock
}

func issueOne(t *testing.T, o *session.OneTime) string {
	t.Helper()
	token, until, err := o.Issue(t.Context(), "reset", john, time.Hour)
	if err != nil || !until.Equal(start.Add(time.Hour)) {
		t.Fatal(until, err)
	}
	if !regexp.MustCompile(`^[A-Za-z0-9_-]{43}$`).MatchString(token.Reveal()) {
		t.Fatalf("the token has another form: %d characters", len(token.Reveal()))
	}
	return token.Reveal()
}

func TestOneTimeWorksOnce(t *testing.T) {
	o, _, _ := newOneTime()
	token := issueOne(t, o)
	_, err := o.Redeem(t.Context(), token, "another purpose")
	wantError(t, err, core.Expired, session.ReasonInvalidToken)
	var won atomic.Int64
	var wg sync.WaitGroup
	for range 20 {
		wg.Go(func() {
			got, err := o.Redeem(t.Context(), token, "reset")
			if err == nil && got.Account == john {
				won.Add(1)
			} else {
				wantError(t, err, core.Expired, session.ReasonInvalidToken)
			}
		})
	}
	wg.Wait()
	if n := won.Load(); n != 1 {
		t.Errorf("%d takers got the token", n)
	}
}

func TestOneTimeEnds(t *testing.T) {
	o, _, clock := newOneTime()
	replaced := issueOne(t, o)
	token := issueOne(t, o)
	_, err := o.Redeem(t.Context(), replaced, "reset")
	wantError(t, err, core.Expired, session.ReasonInvalidToken)
	clock.Advance(time.Hour)
	_, err = o.Redeem(t.Context(), token, "reset")
	wantError(t, err, core.Expired, session.ReasonInvalidToken)
}

func TestOneTimeRestore(t *testing.T) {
	o, _, clock := newOneTime()
	token := issueOne(t, o)
	got, err := o.Redeem(t.Context(), token, "reset")
	if err != nil {
		t.Fatal(err)
	}
	if err := o.Restore(t.Context(), got); err != nil {
		t.Fatal(err)
	}
	if _, err := o.Redeem(t.Context(), token, "reset"); err != nil {
		t.Errorf("a restored token does not work: %v", err)
	}
	if err := o.Restore(t.Context(), got); err != nil {
		t.Fatal(err)
	}
	clock.Advance(time.Hour)
	_, err = o.Redeem(t.Context(), token, "reset")
	wantError(t, err, core.Expired, session.ReasonInvalidToken)
	wantError(t, o.Restore(t.Context(), core.OneTimeToken{}), core.Internal, "")
}

func TestOneTimeJunkTouchesNoStore(t *testing.T) {
	o, store, _ := newOneTime()
	for _, token := range []string{
		"", "x", strings.Repeat("a", 42), strings.Repeat("a", 44), strings.Repeat("a", 42) + ".",
		strings.Repeat("a", 42) + "\n", strings.Repeat("a", 42) + "=", strings.Repeat("a", 1<<20),
	} {
		_, err := o.Redeem(t.Context(), token, "reset")
		wantError(t, err, core.Expired, session.ReasonInvalidToken)
	}
	if n := store.Calls(); n != 0 {
		t.Errorf("junk made %d calls", n)
	}
	if _, err := o.Redeem(t.Context(), strings.Repeat("a", 43), "reset"); core.CodeOf(err) != core.Expired || store.Calls() != 1 {
		t.Errorf("an unknown token: %v", err)
	}
}

func TestOneTimeOutage(t *testing.T) {
	o, store, _ := newOneTime()
	token := issueOne(t, o)
	store.Break(true)
	_, err := o.Redeem(t.Context(), token, "reset")
	wantError(t, err, core.Unavailable, "")
	_, _, err = o.Issue(t.Context(), "reset", john, time.Hour)
	wantError(t, err, core.Unavailable, "")
	store.Break(false)
	for _, bad := range []func() error{
		func() error { _, _, err := o.Issue(t.Context(), "", john, time.Hour); return err },
		func() error { _, _, err := o.Issue(t.Context(), "reset", john, 0); return err },
	} {
		wantError(t, bad(), core.Internal, "")
	}
	if _, err := o.Redeem(t.Context(), token, "reset"); err != nil {
		t.Errorf("an outage used the token up: %v", err)
	}
}

// TestOneTimeStoreHoldsNothingUsable looks into the store for the token.
func TestOneTimeStoreHoldsNothingUsable(t *testing.T) {
	o, _, _ := newOneTime()
	token := issueOne(t, o)
	got, err := o.Redeem(t.Context(), token, "reset")
	if err != nil || len(got.Hash) != 32 || strings.Contains(string(got.Hash), token) {
		t.Errorf("stored %d bytes, %v", len(got.Hash), err)
	}
}
