package storetest

import (
	"context"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/authd-go/authd/core"
	"github.com/authd-go/authd/core/store"
)

func advanceRules() []rule {
	return []rule{
		{"advance moves one generation", "refresh hands out a token for exactly the next generation", advanceMoves},
		{"stale advance writes nothing", "a replayed refresh token must not change the session", staleAdvance},
		{"ended session does not advance", "a refresh after the logout would bring the session back", endedDoesNotAdvance},
		{"expired session does not advance", "a refresh after the end would make a session last for ever", expiredDoesNotAdvance},
		{"parallel advance", "two winners of one generation are a forked session, and theft goes unseen", parallelAdvance},
		{"parallel chains", "sessions must not disturb one another", parallelChains},
		{"advance against end", "a logout that was acknowledged ends the session, whatever else is under way", advanceAgainstEnd},
		{"a session stays with its account", "no refresh may turn a session into somebody else's", staysWithAccount},
	}
}

func advance(id string, from int64, at time.Time) core.SessionAdvance {
	identity := session(id, johnID()).Identity
	identity.Roles = []string{fmt.Sprint("role after ", from)}
	return core.SessionAdvance{ID: id, From: from, At: at, IdleExpires: at.Add(time.Hour), Identity: identity}
}

// advanced is the row after an advance.
func advanced(s core.Session, a core.SessionAdvance) core.Session {
	s.Generation, s.AdvancedAt, s.IdleExpires, s.Identity = a.From+1, a.At, a.IdleExpires, a.Identity
	return s
}

// wantAdvance advances and compares the answer and the row.
func wantAdvance(ctx context.Context, s core.SessionStore, a core.SessionAdvance, moved bool, want core.Session) error {
	got, did, err := s.AdvanceSession(ctx, a)
	if err != nil {
		return fmt.Errorf("AdvanceSession: %w", err)
	}
	return all(
		func() error { return equal("moved", did, moved) },
		func() error { return equal("AdvanceSession", got, want) },
		func() error { return wantSession(ctx, s, want) },
	)
}

func advanceMoves(ctx context.Context, s store.Store) error {
	want := session("s1", johnID())
	if err := createSessions(ctx, s, want, session("s2", johnID())); err != nil {
		return err
	}
	for from := range int64(3) {
		a := advance("s1", from, after(time.Duration(from+1)*time.Minute))
		want = advanced(want, a)
		if err := wantAdvance(ctx, s, a, true, want); err != nil {
			return err
		}
	}
	return wantSession(ctx, s, session("s2", johnID()))
}

func staleAdvance(ctx context.Context, s store.Store) error {
	want := session("s1", johnID())
	want.Generation = 5
	if err := createSessions(ctx, s, want); err != nil {
		return err
	}
	for _, from := range []int64{4, 0, 6, -1} {
		if err := wantAdvance(ctx, s, advance("s1", from, after(time.Minute)), false, want); err != nil {
			return fmt.Errorf("from %d: %w", from, err)
		}
	}
	return nil
}

func endedDoesNotAdvance(ctx context.Context, s store.Store) error {
	want := session("s1", johnID())
	if err := createSessions(ctx, s, want); err != nil {
		return err
	}
	if _, err := s.EndSessions(ctx, core.SessionEnd{ID: "s1", Reason: "logout", At: after(time.Second)}); err != nil {
		return err
	}
	want.EndedAt, want.EndReason = after(time.Second), "logout"
	return all(
		func() error { return wantAdvance(ctx, s, advance("s1", 0, after(time.Minute)), false, want) },
		func() error { return wantAdvance(ctx, s, advance("s1", 0, start()), false, want) }, // by a clock that is behind
	)
}

func expiredDoesNotAdvance(ctx context.Context, s store.Store) error {
	idle, absolute := session("idle", johnID()), session("absolute", johnID())
	idle.IdleExpires = after(time.Minute)
	absolute.Expires = after(time.Minute)
	if err := createSessions(ctx, s, idle, absolute); err != nil {
		return err
	}
	for _, want := range []core.Session{idle, absolute} {
		for _, at := range []time.Time{after(time.Minute), after(time.Hour)} {
			if err := wantAdvance(ctx, s, advance(want.ID, 0, at), false, want); err != nil {
				return fmt.Errorf("%s end at %v: %w", want.ID, at, err)
			}
		}
		in := advance(want.ID, 0, after(time.Minute-time.Millisecond))
		if err := wantAdvance(ctx, s, in, true, advanced(want, in)); err != nil {
			return fmt.Errorf("just before the %s end: %w", want.ID, err)
		}
	}
	return nil
}

func parallelAdvance(ctx context.Context, s store.Store) error {
	if err := createSessions(ctx, s, session("s1", johnID())); err != nil {
		return err
	}
	const n = 50
	var moves, stale atomic.Int32
	counts := parallel(n, func(i int) core.Code {
		row, moved, err := s.AdvanceSession(ctx, advance("s1", 0, after(time.Duration(i)*time.Millisecond)))
		if moved {
			moves.Add(1)
		}
		if row.Generation != 1 {
			stale.Add(1)
		}
		return core.CodeOf(err)
	})
	got, err := s.Session(ctx, "s1")
	return all(
		func() error { return err },
		func() error { return equal("outcomes", counts, map[core.Code]int{"": n}) },
		func() error { return equal("winners", moves.Load(), int32(1)) },
		func() error { return equal("answers without the new generation", stale.Load(), int32(0)) },
		func() error { return equal("generation", got.Generation, int64(1)) },
	)
}

func parallelChains(ctx context.Context, s store.Store) error {
	const sessions, steps = 8, 10
	for i := range sessions {
		if err := createSessions(ctx, s, session(fmt.Sprint("s", i), johnID())); err != nil {
			return err
		}
	}
	counts := parallel(sessions, func(i int) core.Code {
		for from := range int64(steps) {
			row, moved, err := s.AdvanceSession(ctx, advance(fmt.Sprint("s", i), from, after(time.Duration(from)*time.Second)))
			if err != nil || !moved || row.Generation != from+1 {
				return core.Internal
			}
		}
		return ""
	})
	return equal("outcomes", counts, map[core.Code]int{"": sessions})
}

func advanceAgainstEnd(ctx context.Context, s store.Store) error {
	if err := createSessions(ctx, s, session("s1", johnID())); err != nil {
		return err
	}
	var ended atomic.Bool
	counts := parallel(12, func(i int) core.Code {
		if i == 0 {
			_, err := s.EndSessions(ctx, core.SessionEnd{ID: "s1", Reason: "logout", At: after(time.Second)})
			ended.Store(true)
			return core.CodeOf(err)
		}
		for from := range int64(20) {
			before := ended.Load()
			_, moved, err := s.AdvanceSession(ctx, advance("s1", from, after(time.Second)))
			if err != nil {
				return core.CodeOf(err)
			}
			if before && moved {
				return core.Conflict // moved although the logout had been acknowledged
			}
		}
		return ""
	})
	return equal("outcomes", counts, map[core.Code]int{"": 12})
}

func staysWithAccount(ctx context.Context, s store.Store) error {
	want := session("s1", johnID())
	if err := createSessions(ctx, s, want); err != nil {
		return err
	}
	a := advance("s1", 0, after(time.Minute))
	want = advanced(want, a)
	a.Identity.AccountID = janeID()
	return wantAdvance(ctx, s, a, true, want)
}
