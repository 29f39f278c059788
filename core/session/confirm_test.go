package session_test

import (
	"bytes"
	"context"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/authd-go/authd/core"
	"github.com/authd-go/authd/core/session"
)

// remote is another site that hands out a new text at each renewal and takes
// each text once, as providers do that rotate refresh tokens.
type remote struct {
	mu     sync.Mutex
	good   string
	asked  atomic.Int64
	reused atomic.Int64
	answer func(core.Grant) error // nil is yes
	slow   time.Duration
}

func (r *remote) renew(ctx context.Context, g core.Grant) (core.Grant, error) {
	r.asked.Add(1)
	time.Sleep(r.slow)
	if r.answer != nil {
		if err := r.answer(g); err != nil {
			return core.Grant{}, err
		}
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if g.Keep.Reveal() != r.good {
		r.reused.Add(1)
		return core.Grant{}, core.UnknownUser
	}
	r.good += "+"
	if ctx.Err() != nil { // the answer is on its way, and nobody reads it
		return core.Grant{}, core.Unavailable
	}
	g.Keep, g.Identity.Name = core.NewSecret(r.good), "Renewed"
	return g, nil
}

func (r *remote) backing(b session.Backing) session.Backer {
	b.Renew = r.renew
	return func(core.AccountID) session.Backing { return b }
}

// keeping signs in with something to keep.
func (h *house) keeping(text string) session.Issued {
	h.t.Helper()
	issued, err := h.Create(h.t.Context(), session.NewSession{
		Identity: core.Identity{AccountID: john, Name: "John"}, Keep: core.NewSecret(text), RemoteID: "sid-1",
	})
	if err != nil {
		h.t.Fatal(err)
	}
	return issued
}

func (h *house) refreshed(from session.Issued, backing session.Backer) session.Issued {
	h.t.Helper()
	next, err := h.Refresh(h.t.Context(), from.Tokens.Refresh.Reveal(), backing)
	if err != nil {
		h.t.Fatal(err)
	}
	return next
}

func TestRenewal(t *testing.T) {
	h, r := newHouse(t), &remote{good: "first secret"}
	var seen core.Grant
	r.answer = func(g core.Grant) error { seen = g; return nil }
	issued := h.keeping("first secret")
	if row := h.row(issued.SessionID); len(row.Kept) == 0 || bytes.Contains(row.Kept, []byte("first secret")) {
		t.Errorf("what is kept is stored as %q", row.Kept)
	}
	for range 3 {
		h.clock.Advance(time.Minute)
		issued = h.refreshed(issued, r.backing(session.Backing{}))
		row := h.row(issued.SessionID)
		wantEqual(t, "the token's name", issued.Tokens.User.Name, "Renewed")
		wantEqual(t, "confirmed", row.ConfirmedAt.String(), h.clock.Now().UTC().Truncate(time.Millisecond).String())
		if !row.LeasedUntil.IsZero() {
			t.Error("the lease was not given back")
		}
	}
	wantEqual(t, "the other site's name", seen.SessionID, "sid-1")
	wantEqual(t, "what was shown last", seen.Keep.Reveal(), "first secret++")
	grant, err := h.Grant(h.row(issued.SessionID))
	if err != nil || grant.Keep.Reveal() != "first secret+++" {
		t.Errorf("it keeps %q, %v", grant.Keep.Reveal(), err)
	}
}

// TestParallelRenewals: of many refreshes at once, on two nodes, each text that
// the other site takes once is shown once, and everybody is served.
func TestParallelRenewals(t *testing.T) {
	h, r := newHouse(t), &remote{good: "x", slow: 5 * time.Millisecond}
	other := open(t, h.opts)
	issued := h.keeping("x")
	for range 5 {
		var wg sync.WaitGroup
		for i := range 20 {
			node := h.Manager
			if i%2 == 0 {
				node = other
			}
			wg.Go(func() {
				if _, err := node.Refresh(t.Context(), issued.Tokens.Refresh.Reveal(), r.backing(session.Backing{})); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		h.clock.Advance(time.Minute)
		issued = h.refreshed(issued, r.backing(session.Backing{}))
	}
	if r.reused.Load() != 0 {
		t.Errorf("%d of %d questions showed a text a second time", r.reused.Load(), r.asked.Load())
	}
}

func TestRenewalRefused(t *testing.T) {
	h, r := newHouse(t), &remote{good: "x"}
	issued := h.keeping("x")
	r.answer = func(core.Grant) error { return core.Disabled }
	_, err := h.Refresh(t.Context(), issued.Tokens.Refresh.Reveal(), r.backing(session.Backing{}))
	wantError(t, err, core.Unauthenticated, session.ReasonAccountGone)
	wantEqual(t, "the end's reason", h.row(issued.SessionID).EndReason, "account_disabled")
}

// TestOutage: what is kept stays, somebody else may ask, and after the grace
// nothing is given until the backend answers again.
func TestOutage(t *testing.T) {
	h, r := newHouse(t), &remote{good: "x"}
	backing := r.backing(session.Backing{Grace: time.Hour})
	issued := h.keeping("x")
	r.answer = func(core.Grant) error { return core.Unavailable }
	h.clock.Advance(time.Hour)
	issued = h.refreshed(issued, backing)
	if row := h.row(issued.SessionID); !row.LeasedUntil.IsZero() || !row.ConfirmedAt.Equal(row.AuthAt) {
		t.Errorf("leased until %v, confirmed at %v", row.LeasedUntil, row.ConfirmedAt)
	}
	h.clock.Advance(time.Millisecond)
	_, err := h.Refresh(t.Context(), issued.Tokens.Refresh.Reveal(), backing)
	wantError(t, err, core.Unavailable, session.ReasonUnconfirmed)
	r.answer = nil
	wantEqual(t, "the name", h.refreshed(issued, backing).Tokens.User.Name, "Renewed")
}

// TestHalfAnAnswer: what the other site has changed before it failed is kept,
// and its word has not been given.
func TestHalfAnAnswer(t *testing.T) {
	h := newHouse(t)
	keep, answer := "first", error(core.Unavailable)
	backing := func(core.AccountID) session.Backing {
		return session.Backing{Grace: time.Hour, Renew: func(_ context.Context, g core.Grant) (core.Grant, error) {
			wantEqual(t, "what is shown", g.Keep.Reveal(), keep)
			keep += "+"
			g.Keep, g.Identity.Name = core.NewSecret(keep), "Half"
			return g, answer
		}}
	}
	issued := h.keeping("first")
	for range 3 {
		h.clock.Advance(time.Minute)
		issued = h.refreshed(issued, backing)
		row := h.row(issued.SessionID)
		wantEqual(t, "the name", issued.Tokens.User.Name, "John")
		if !row.ConfirmedAt.Equal(row.AuthAt) || !row.LeasedUntil.IsZero() {
			t.Errorf("confirmed at %v, leased until %v", row.ConfirmedAt, row.LeasedUntil)
		}
	}
	h.clock.Advance(time.Hour)
	_, err := h.Refresh(t.Context(), issued.Tokens.Refresh.Reveal(), backing)
	wantError(t, err, core.Unavailable, session.ReasonUnconfirmed)
	answer = nil
	wantEqual(t, "the name", h.refreshed(issued, backing).Tokens.User.Name, "Half")
}

// TestAskedNoSoonerThan: an answer is good for a while, and an outage is borne
// by whoever keeps nothing, too.
func TestAskedNoSoonerThan(t *testing.T) {
	h := newHouse(t)
	asked, answer := 0, error(nil)
	backing := func(core.AccountID) session.Backing {
		return session.Backing{Every: 10 * time.Minute, Grace: time.Hour, Ask: func(_ context.Context, id core.Identity) (core.Identity, error) {
			asked++
			return id, answer
		}}
	}
	issued := h.login()
	for i, want := range []int{0, 1, 1, 2} {
		h.clock.Advance([]time.Duration{10*time.Minute - time.Millisecond, time.Millisecond, 9 * time.Minute, time.Minute}[i])
		issued = h.refreshed(issued, backing)
		if asked != want {
			t.Errorf("after step %d it was asked %d times, want %d", i, asked, want)
		}
	}
	answer = core.Unavailable
	h.clock.Advance(time.Hour)
	issued = h.refreshed(issued, backing)
	h.clock.Advance(time.Millisecond)
	_, err := h.Refresh(t.Context(), issued.Tokens.Refresh.Reveal(), backing)
	wantError(t, err, core.Unavailable, session.ReasonUnconfirmed)
}

// TestRenewalOutlivesItsCaller: a caller who hangs up, such as a page that is
// left, neither cuts the question short nor loses the answer.
func TestRenewalOutlivesItsCaller(t *testing.T) {
	h, r := newHouse(t), &remote{good: "x"}
	issued := h.keeping("x")
	ctx, hangUp := context.WithCancel(t.Context())
	r.answer = func(core.Grant) error { hangUp(); return nil }
	if _, err := h.Refresh(ctx, issued.Tokens.Refresh.Reveal(), r.backing(session.Backing{})); core.CodeOf(err) != core.Unavailable {
		t.Errorf("a caller who has hung up got %v", err)
	}
	r.answer = nil
	wantEqual(t, "the name", h.refreshed(issued, r.backing(session.Backing{})).Tokens.User.Name, "Renewed")
	if r.reused.Load() != 0 {
		t.Error("the answer was lost")
	}
}

// TestDeadAsker: a node that died while it asked does not keep others from it
// for longer than it might have asked.
func TestDeadAsker(t *testing.T) {
	h, r := newHouse(t), &remote{good: "x"}
	issued := h.keeping("x")
	now := h.clock.Now()
	_, leased, err := h.store.LeaseSession(t.Context(), core.SessionLease{ID: issued.SessionID, At: now, Until: now.Add(40 * time.Second)})
	if !leased || err != nil {
		t.Fatal(leased, err)
	}
	h.clock.Advance(39 * time.Second)
	issued = h.refreshed(issued, r.backing(session.Backing{}))
	if n := r.asked.Load(); n != 0 {
		t.Errorf("it was asked %d times, want 0", n)
	}
	h.clock.Advance(time.Second)
	h.refreshed(issued, r.backing(session.Backing{}))
	if n := r.asked.Load(); n != 1 {
		t.Errorf("it was asked %d times, want 1", n)
	}
}

func TestKeepIsBounded(t *testing.T) {
	h := newHouse(t)
	_, err := h.Create(t.Context(), session.NewSession{
		Identity: core.Identity{AccountID: john}, Keep: core.NewSecret(string(make([]byte, core.MaxKeep+1))),
	})
	wantError(t, err, core.Internal, "")
}

func TestIssue(t *testing.T) {
	h := newHouse(t)
	issued := h.login()
	again, err := h.Issue(t.Context(), issued.SessionID)
	if err != nil {
		t.Fatal(err)
	}
	wantEqual(t, "the refresh token", again.Tokens.Refresh.Reveal(), issued.Tokens.Refresh.Reveal())
	h.next(issued)
	_, err = h.Issue(t.Context(), issued.SessionID)
	wantError(t, err, core.Unauthenticated, session.ReasonSessionEnded)
	_, err = h.Issue(t.Context(), "nowhere")
	wantError(t, err, core.Unauthenticated, session.ReasonSessionEnded)
}

func TestEndRemote(t *testing.T) {
	h := newHouse(t)
	issued, other := h.keeping("x"), h.login()
	n, err := h.End(t.Context(), core.SessionEnd{Remote: core.RemoteSession{Strategy: john.Strategy, ID: "sid-1"}, Reason: "remote_logout"})
	if n != 1 || err != nil {
		t.Fatal(n, err)
	}
	wantError(t, h.verify(issued), core.Unauthenticated, session.ReasonSessionEnded)
	if err := h.verify(other); err != nil {
		t.Error(err)
	}
}

// A session that stays is not refused either, whatever names it.
func TestEndNotAfter(t *testing.T) {
	h := newHouse(t)
	older := h.keeping("x")
	issued := h.clock.Now()
	h.clock.Advance(time.Minute)
	later := h.keeping("x")
	for name, e := range map[string]core.SessionEnd{
		"by ID":         {ID: later.SessionID},
		"by its name":   {Remote: core.RemoteSession{Strategy: john.Strategy, ID: "sid-1"}},
		"by account":    {Account: john},
		"the older one": {ID: older.SessionID},
	} {
		e.NotAfter, e.Reason = issued, "remote_logout"
		if _, err := h.End(t.Context(), e); err != nil || h.verify(later) != nil {
			t.Errorf("%s: %v; the later session: %v", name, err, h.verify(later))
		}
	}
	wantError(t, h.verify(older), core.Unauthenticated, session.ReasonSessionEnded)
	h.login() // one under way is let in
}

func TestSealer(t *testing.T) {
	h := newHouse(t)
	one, err := h.Sealer("one")
	if err != nil {
		t.Fatal(err)
	}
	two, err := h.Sealer("two")
	if err != nil {
		t.Fatal(err)
	}
	sealed := one.Seal([]byte("text"), "john")
	if got, err := one.Open(sealed, "john"); err != nil || string(got) != "text" {
		t.Errorf("%q, %v", got, err)
	}
	if bytes.Equal(sealed, one.Seal([]byte("text"), "john")) {
		t.Error("the same text is sealed to the same bytes")
	}
	if _, err := one.Open(sealed, "jane"); err == nil {
		t.Error("opened for something else")
	}
	if _, err := two.Open(sealed, "john"); err == nil {
		t.Error("opened with another key")
	}
	if _, err := one.Open(sealed[:5], "john"); err == nil {
		t.Error("opened a piece")
	}
}
