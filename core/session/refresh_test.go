package session_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/authd-go/authd/core"
	"github.com/authd-go/authd/core/session"
)

// TestTable walks through every cell of the table of Refresh.
func TestTable(t *testing.T) {
	const again, advance, reused = "again", "advance", "reused"
	for _, c := range []struct {
		rotation session.Rotation
		behind   int
		after    time.Duration // since the last advance
		want     string
	}{
		{session.RotateUntilUsed, 0, 0, advance},
		{session.RotateUntilUsed, 0, time.Hour, advance},
		{session.RotateUntilUsed, 1, 0, again},
		{session.RotateUntilUsed, 1, 63 * time.Hour, again},
		{session.RotateUntilUsed, 2, 10 * time.Second, again},
		{session.RotateUntilUsed, 2, 10*time.Second + time.Millisecond, reused},
		{session.RotateUntilUsed, 3, 0, reused},
		{session.RotateGraceOnly, 0, time.Hour, advance},
		{session.RotateGraceOnly, 1, 10 * time.Second, again},
		{session.RotateGraceOnly, 1, 10*time.Second + time.Millisecond, reused},
		{session.RotateGraceOnly, 2, 10 * time.Second, again},
		{session.RotateGraceOnly, 2, 11 * time.Second, reused},
		{session.RotateGraceOnly, 3, 0, reused},
		{session.RotateNever, 0, 0, again},
		{session.RotateNever, 0, 8 * time.Hour, advance},
		{session.RotateNever, 3, 0, again},
		{session.RotateNever, 3, 8 * time.Hour, advance},
	} {
		t.Run(fmt.Sprintf("%s/n-%d after %v", c.rotation, c.behind, c.after), func(t *testing.T) {
			h := newHouse(t, func(o *session.Options) { o.Rotation = c.rotation })
			all := []session.Issued{h.login()}
			for range 3 {
				h.clock.Advance(8 * time.Hour) // far enough to advance without rotation too
				all = append(all, h.next(all[len(all)-1]))
			}
			newest := all[3]
			h.clock.Advance(c.after)
			before := h.row(newest.SessionID)
			got, err := h.Refresh(t.Context(), all[3-c.behind].Tokens.Refresh.Reveal(), nil)
			after := h.row(newest.SessionID)
			switch c.want {
			case again:
				wantEqual(t, "the refresh token", got.Tokens.Refresh.Reveal(), newest.Tokens.Refresh.Reveal())
				if err != nil || after.Generation != before.Generation || !after.AdvancedAt.Equal(before.AdvancedAt) {
					t.Errorf("%v; generation %d to %d", err, before.Generation, after.Generation)
				}
			case advance:
				if err != nil || after.Generation != before.Generation+1 || got.Tokens.Refresh.Equal(newest.Tokens.Refresh) {
					t.Errorf("%v; generation %d to %d", err, before.Generation, after.Generation)
				}
			case reused:
				wantError(t, err, core.Unauthenticated, session.ReasonReused)
				wantEqual(t, "the end's reason", after.EndReason, session.ReasonReused)
				wantError(t, h.verify(newest), core.Unauthenticated, session.ReasonSessionEnded)
				wantError(t, h.try(newest), core.Unauthenticated, session.ReasonSessionEnded)
			}
		})
	}
}

func TestBurstAdvancesOnce(t *testing.T) {
	const width = 50
	h := newHouse(t)
	first := h.login()
	var issued [width]session.Issued
	var errs [width]error
	var wg sync.WaitGroup
	for i := range width {
		wg.Go(func() { issued[i], errs[i] = h.Refresh(t.Context(), first.Tokens.Refresh.Reveal(), nil) })
	}
	wg.Wait()
	for i := range width {
		if errs[i] != nil {
			t.Fatalf("refresh %d: %v", i, errs[i])
		}
		wantEqual(t, "the refresh token", issued[i].Tokens.Refresh.Reveal(), issued[0].Tokens.Refresh.Reveal())
		if err := h.verify(issued[i]); err != nil {
			t.Errorf("access token %d: %v", i, err)
		}
	}
	if g := h.row(first.SessionID).Generation; g != 1 {
		t.Errorf("the burst advanced %d generations", g)
	}
}

// TestLostRace lets another request win between the read and the
// compare-and-swap.
func TestLostRace(t *testing.T) {
	for _, c := range []struct {
		name  string
		other func(h *house, first session.Issued)
		want  string // the reason, or "" for success
	}{
		{"another refresh", func(h *house, first session.Issued) { h.next(first) }, ""},
		{"two other refreshes, in the grace", func(h *house, first session.Issued) { h.next(h.next(first)) }, ""},
		{"three other refreshes", func(h *house, first session.Issued) { h.next(h.next(h.next(first))) }, session.ReasonReused},
		{"a logout", func(h *house, first session.Issued) {
			_, _ = h.End(context.Background(), core.SessionEnd{ID: first.SessionID, Reason: "logout"})
		}, session.ReasonSessionEnded},
	} {
		t.Run(c.name, func(t *testing.T) {
			h := newHouse(t)
			first := h.login()
			var once sync.Once
			ask := func(_ context.Context, id core.Identity) (core.Identity, error) {
				once.Do(func() { c.other(h, first) })
				return id, nil
			}
			got, err := h.Refresh(t.Context(), first.Tokens.Refresh.Reveal(), asking(ask))
			if c.want != "" {
				wantError(t, err, core.Unauthenticated, c.want)
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if err := h.verify(got); err != nil {
				t.Error(err)
			}
			h.next(got)
		})
	}
}

// TestRolledBackStore presents a generation that the store has forgotten.
func TestRolledBackStore(t *testing.T) {
	h := newHouse(t)
	first := h.login()
	old := h.row(first.SessionID)
	ahead := h.next(h.next(first))
	old.ID, ahead.SessionID = first.SessionID, first.SessionID
	if n, err := h.store.PurgeSessions(t.Context(), start.Add(10_000*time.Hour), 1); n != 1 || err != nil {
		t.Fatal(n, err)
	}
	if err := h.store.CreateSession(t.Context(), old); err != nil {
		t.Fatal(err)
	}
	wantError(t, h.try(ahead), core.Unauthenticated, session.ReasonAhead)
	wantEqual(t, "the end's reason", h.row(first.SessionID).EndReason, session.ReasonAhead)
	wantError(t, h.try(first), core.Unauthenticated, session.ReasonSessionEnded)
}

func TestRevalidate(t *testing.T) {
	for _, c := range []struct {
		name   string
		answer func(core.Identity) (core.Identity, error)
		code   core.Code
		reason string
		ends   string
	}{
		{"fresh", func(id core.Identity) (core.Identity, error) { id.Name = "Johnny"; return id, nil }, "", "", ""},
		{"not stamped", func(id core.Identity) (core.Identity, error) { id.Strategy, id.Name = "", "Johnny"; return id, nil }, "", "", ""},
		{"unavailable", fails(core.Unavailable), "", "", ""},
		{"timed out", fails(context.DeadlineExceeded), "", "", ""},
		{"unknown", fails(core.UnknownUser), core.Unauthenticated, session.ReasonAccountGone, "account_unknown_user"},
		{"disabled", fails(fmt.Errorf("ldap: %w", core.Disabled)), core.Unauthenticated, session.ReasonAccountGone, "account_disabled"},
		{"locked", fails(core.Locked), core.Unauthenticated, session.ReasonAccountGone, "account_locked"},
		{"broken", fails(errors.New("boom")), core.Internal, "", ""},
		{"nonsense", fails(core.InvalidCredentials), core.Internal, "", ""},
		{"another subject", func(id core.Identity) (core.Identity, error) { id.Subject = "jane"; return id, nil }, core.Internal, "", ""},
		{"another strategy", func(id core.Identity) (core.Identity, error) { id.Strategy = "staff"; return id, nil }, core.Internal, "", ""},
	} {
		for _, again := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s/again=%v", c.name, again), func(t *testing.T) {
				h := newHouse(t)
				first := h.login()
				if again {
					h.next(first)
				}
				before := h.row(first.SessionID)
				got, err := h.Refresh(t.Context(), first.Tokens.Refresh.Reveal(), asking(func(_ context.Context, id core.Identity) (core.Identity, error) {
					return c.answer(id)
				}))
				row := h.row(first.SessionID)
				wantEqual(t, "the end's reason", row.EndReason, c.ends)
				if c.code != "" {
					wantError(t, err, c.code, c.reason)
					if row.Generation != before.Generation {
						t.Error("a refused refresh advanced the session")
					}
					return
				}
				checkFresh(t, h, got, err, row, c.name, again)
			})
		}
	}
}

func checkFresh(t *testing.T, h *house, got session.Issued, err error, row core.Session, name string, again bool) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	want := "Johnny"
	if name == "unavailable" || name == "timed out" {
		want = "John"
	}
	claims, err := h.Verify(t.Context(), got.Tokens.Access.Reveal())
	if err != nil {
		t.Fatal(err)
	}
	wantEqual(t, "the token's name", claims.Identity.Name, want)
	wantEqual(t, "the answer's name", got.Tokens.User.Name, want)
	wantEqual(t, "the account", claims.Identity.AccountID.String(), john.String())
	if !again {
		wantEqual(t, "the stored name", row.Identity.Name, want)
	}
}

// asking is the backing that is asked at each refresh.
func asking(ask func(context.Context, core.Identity) (core.Identity, error)) session.Backer {
	return func(core.AccountID) session.Backing { return session.Backing{Ask: ask} }
}

func fails(err error) func(core.Identity) (core.Identity, error) {
	return func(core.Identity) (core.Identity, error) { return core.Identity{}, err }
}

func TestLimits(t *testing.T) {
	t.Run("idle", func(t *testing.T) {
		h := newHouse(t)
		first := h.login()
		h.clock.Advance(72*time.Hour - 250*time.Millisecond - time.Millisecond) // the last moment of the last whole second
		second := h.next(first)
		h.clock.Advance(72 * time.Hour)
		h.untouched(func() { wantError(t, h.try(second), core.Expired, session.ReasonSessionExpired) })
		_, err := h.Session(t.Context(), first.SessionID)
		wantError(t, err, core.Unauthenticated, session.ReasonSessionExpired)
	})
	t.Run("absolute", func(t *testing.T) {
		h := newHouse(t)
		last := h.login()
		for range 10 {
			h.clock.Advance(71*time.Hour + 54*time.Minute)
			last = h.next(last)
		}
		end := start.Add(720 * time.Hour).Truncate(time.Second)
		if got := last.Tokens.RefreshExpires; !got.Equal(end) {
			t.Errorf("the refresh token ends at %v, want %v", got, end)
		}
		h.clock.Advance(end.Sub(h.clock.Now()) - time.Minute)
		last = h.next(last)
		if got := last.Tokens.AccessExpires; !got.Equal(end) {
			t.Errorf("the access token ends at %v, past its session at %v", got, end)
		}
		h.clock.Advance(time.Minute)
		wantError(t, h.try(last), core.Expired, session.ReasonSessionExpired)
		wantError(t, h.verify(last), core.Unauthenticated, session.ReasonTokenExpired)
	})
	t.Run("idle without rotation is judged by the row", func(t *testing.T) {
		h := newHouse(t, func(o *session.Options) { o.Rotation = session.RotateNever })
		first := h.login()
		h.clock.Advance(71 * time.Hour)
		h.next(first)
		h.clock.Advance(71 * time.Hour)
		h.next(first)
		h.clock.Advance(73 * time.Hour)
		wantError(t, h.try(first), core.Expired, session.ReasonSessionExpired)
	})
}

func TestStoreOutageSaysNothingAboutTheSession(t *testing.T) {
	h := newHouse(t)
	first := h.login()
	h.store.Break(true)
	wantError(t, h.try(first), core.Unavailable, "")
	_, err := h.Create(t.Context(), session.NewSession{Identity: core.Identity{AccountID: john}})
	wantError(t, err, core.Unavailable, "")
	_, err = h.End(t.Context(), core.SessionEnd{ID: first.SessionID})
	wantError(t, err, core.Unavailable, "")
	_, err = h.List(t.Context(), john)
	wantError(t, err, core.Unavailable, "")
	_, err = h.Session(t.Context(), first.SessionID)
	wantError(t, err, core.Unavailable, "")
	wantError(t, h.Ready(t.Context()), core.Unavailable, "")
	if err := h.verify(first); err != nil {
		t.Errorf("check needs no store: %v", err)
	}
	h.store.Break(false)
	if err := h.Ready(t.Context()); err != nil {
		t.Error(err)
	}
	h.next(first)
}

// TestReuseEndsDespiteHangUp cancels the thief's request at the worst moment.
func TestReuseEndsDespiteHangUp(t *testing.T) {
	h := newHouse(t)
	first := h.login()
	last := h.next(h.next(h.next(first)))
	ctx, cancel := context.WithCancel(t.Context())
	h.store.Before = func(method string) {
		if method == "EndSessions" {
			cancel()
		}
	}
	_, err := h.Refresh(ctx, first.Tokens.Refresh.Reveal(), nil)
	wantError(t, err, core.Unauthenticated, session.ReasonReused)
	wantError(t, h.verify(last), core.Unauthenticated, session.ReasonSessionEnded)
}

func TestLoginAfterTheOrderToEnd(t *testing.T) {
	h := newHouse(t)
	proof := h.clock.Now()
	h.clock.Advance(time.Second)
	if _, err := h.End(t.Context(), core.SessionEnd{Account: john, Reason: "password_changed"}); err != nil {
		t.Fatal(err)
	}
	h.clock.Advance(time.Second)
	_, err := h.Create(t.Context(), session.NewSession{Identity: core.Identity{AccountID: john}, AuthAt: proof})
	wantError(t, err, core.Unauthenticated, session.ReasonStaleProof)
	h.login()
}
