package storetest

import (
	"context"
	"fmt"
	"time"

	"github.com/authd-go/authd/core"
	"github.com/authd-go/authd/core/store"
)

func renewalRules() []rule {
	return []rule{
		{"an advance confirms", "how long an outage is borne is counted from here", advanceConfirms},
		{"a lease has one holder", "two who show one refresh token to another site end the session there", leaseOnce},
		{"parallel leases", "of all nodes that want to ask, one may", parallelLeases},
		{"a lease ends", "a node that died while it asked must not keep the others from asking", leaseEnds},
		{"a lease needs a live session", "nobody asks about a session that is over", leaseNeedsSession},
		{"a renewal is stored", "what another site keeps is lost otherwise, and with it the session", renewalStored},
		{"a renewal needs its lease", "a late answer must not overwrite a newer one", renewalNeedsLease},
		{"a renewal keeps the account", "an answer about somebody else must not hand over the session", renewalKeepsAccount},
	}
}

// lease is one that begins at a time and lasts for a minute.
func lease(id string, at time.Time) core.SessionLease {
	return core.SessionLease{ID: id, At: at, Until: at.Add(time.Minute)}
}

// renewal is one of session s1 within a lease that began at a time.
func renewal(at time.Time) core.SessionRenewal {
	n := session("s1", johnID())
	n.Identity.Name, n.Identity.Roles = "John Renamed", []string{"editor"}
	return core.SessionRenewal{
		ID: n.ID, Lease: at.Add(time.Minute), At: at.Add(time.Second), Identity: n.Identity,
		ConfirmedAt: at.Add(time.Second), Kept: []byte("second"),
	}
}

func wantLease(ctx context.Context, s core.SessionStore, l core.SessionLease, leased bool, want core.Session) error {
	got, did, err := s.LeaseSession(ctx, l)
	if err != nil {
		return fmt.Errorf("LeaseSession: %w", err)
	}
	return all(
		func() error { return equal("leased", did, leased) },
		func() error { return equal("LeaseSession", got, want) },
		func() error { return wantSession(ctx, s, want) },
	)
}

func wantRenewal(ctx context.Context, s core.SessionStore, r core.SessionRenewal, renewed bool, want core.Session) error {
	did, err := s.RenewSession(ctx, r)
	if err != nil {
		return fmt.Errorf("RenewSession: %w", err)
	}
	return all(
		func() error { return equal("renewed", did, renewed) },
		func() error { return wantSession(ctx, s, want) },
	)
}

func leased(s core.Session, l core.SessionLease) core.Session {
	s.LeasedUntil = l.Until
	return s
}

func advanceConfirms(ctx context.Context, s store.Store) error {
	want := session("s1", johnID())
	want.ConfirmedAt = start()
	if err := createSessions(ctx, s, want); err != nil {
		return err
	}
	silent := advance("s1", 0, after(time.Minute))
	want = advanced(want, silent)
	if err := wantAdvance(ctx, s, silent, true, want); err != nil {
		return err
	}
	telling := advance("s1", 1, after(2*time.Minute))
	telling.ConfirmedAt = after(2 * time.Minute)
	want = advanced(want, telling)
	want.ConfirmedAt = telling.ConfirmedAt
	return wantAdvance(ctx, s, telling, true, want)
}

func leaseOnce(ctx context.Context, s store.Store) error {
	row, other := session("s1", johnID()), session("s2", johnID())
	if err := createSessions(ctx, s, row, other); err != nil {
		return err
	}
	first := lease("s1", start())
	late := lease("s1", after(time.Minute-time.Millisecond))
	return all(
		func() error { return wantLease(ctx, s, first, true, leased(row, first)) },
		func() error { return wantLease(ctx, s, lease("s1", after(time.Second)), false, leased(row, first)) },
		func() error { return wantLease(ctx, s, late, false, leased(row, first)) },
		func() error { return wantSession(ctx, s, other) },
	)
}

func parallelLeases(ctx context.Context, s store.Store) error {
	if err := createSessions(ctx, s, session("s1", johnID())); err != nil {
		return err
	}
	counts := parallel(20, func(i int) core.Code {
		_, leased, err := s.LeaseSession(ctx, lease("s1", after(time.Duration(i)*time.Millisecond)))
		if err == nil && !leased {
			return core.Conflict
		}
		return core.CodeOf(err)
	})
	return equal("outcomes", counts, map[core.Code]int{"": 1, core.Conflict: 19})
}

func leaseEnds(ctx context.Context, s store.Store) error {
	row := session("s1", johnID())
	if err := createSessions(ctx, s, row); err != nil {
		return err
	}
	first, second := lease("s1", start()), lease("s1", after(time.Minute))
	renewed := renewal(after(time.Minute))
	row2 := row
	row2.Identity, row2.ConfirmedAt, row2.Kept = renewed.Identity, renewed.ConfirmedAt, renewed.Kept
	third := lease("s1", after(time.Minute+2*time.Second))
	return all(
		func() error { return wantLease(ctx, s, first, true, leased(row, first)) },
		func() error { return wantLease(ctx, s, second, true, leased(row, second)) },
		func() error { return wantRenewal(ctx, s, renewed, true, row2) },
		func() error { return wantLease(ctx, s, third, true, leased(row2, third)) }, // it was given back
		func() error {
			_, _, err := s.LeaseSession(ctx, core.SessionLease{ID: "s1", At: start(), Until: start()})
			return outcome("a lease of no length", err, core.InvalidInput)
		},
	)
}

func leaseNeedsSession(ctx context.Context, s store.Store) error {
	idle, ended := session("s1", johnID()), session("s2", johnID())
	idle.IdleExpires = after(time.Minute)
	ended.EndedAt, ended.EndReason = start(), "logout"
	if err := createSessions(ctx, s, idle, ended); err != nil {
		return err
	}
	return all(
		func() error { return wantLease(ctx, s, lease("s1", after(time.Minute)), false, idle) },
		func() error { return wantLease(ctx, s, lease("s2", after(time.Second)), false, ended) },
		func() error {
			_, _, err := s.LeaseSession(ctx, lease("nowhere", start()))
			return outcome("an unknown session", err, core.Unauthenticated)
		},
	)
}

func renewalStored(ctx context.Context, s store.Store) error {
	row, other := session("s1", johnID()), session("s2", johnID())
	row.Kept = []byte("first")
	if err := createSessions(ctx, s, row, other); err != nil {
		return err
	}
	first, again := renewal(start()), renewal(after(time.Minute))
	again.Kept = nil
	row.Identity, row.ConfirmedAt, row.Kept = first.Identity, first.ConfirmedAt, first.Kept
	emptied := row
	emptied.Kept, emptied.ConfirmedAt = nil, again.ConfirmedAt
	return all(
		func() error { _, _, err := s.LeaseSession(ctx, lease("s1", start())); return err },
		func() error { return wantRenewal(ctx, s, first, true, row) },
		func() error { return wantSession(ctx, s, other) },
		func() error { _, _, err := s.LeaseSession(ctx, lease("s1", after(time.Minute))); return err },
		func() error { return wantRenewal(ctx, s, again, true, emptied) },
	)
}

func renewalNeedsLease(ctx context.Context, s store.Store) error {
	row := session("s1", johnID())
	row.Kept = []byte("first")
	if err := createSessions(ctx, s, row); err != nil {
		return err
	}
	second := lease("s1", after(time.Minute))
	ended := leased(row, second)
	ended.EndedAt, ended.EndReason = after(2*time.Minute), "logout"
	inTime := renewal(after(time.Minute))
	inTime.At = after(2 * time.Minute)
	return all(
		func() error { return wantRenewal(ctx, s, renewal(start()), false, row) }, // nobody has one
		func() error { _, _, err := s.LeaseSession(ctx, lease("s1", start())); return err },
		func() error { return wantLease(ctx, s, second, true, leased(row, second)) },
		func() error { return wantRenewal(ctx, s, renewal(start()), false, leased(row, second)) }, // somebody else has
		func() error {
			return wantEnd(ctx, s, core.SessionEnd{ID: "s1", Reason: "logout", At: after(2 * time.Minute)}, "s1")
		},
		func() error { return wantRenewal(ctx, s, inTime, false, ended) },
	)
}

func renewalKeepsAccount(ctx context.Context, s store.Store) error {
	row := session("s1", johnID())
	if err := createSessions(ctx, s, row); err != nil {
		return err
	}
	r := renewal(start())
	row.Identity, row.ConfirmedAt, row.Kept = r.Identity, r.ConfirmedAt, r.Kept
	r.Identity.AccountID = janeID()
	return all(
		func() error { _, _, err := s.LeaseSession(ctx, lease("s1", start())); return err },
		func() error { return wantRenewal(ctx, s, r, true, row) },
	)
}

func onceRules() []rule {
	return []rule{
		{"once is once", "an answer that is taken twice signs in whoever overheard it", onceIsOnce},
		{"parallel once", "of many who show one answer at once, one is believed", parallelOnce},
		{"once by purpose", "what was used for one thing may still be new for another", onceByPurpose},
		{"once until its end", "a note must last as long as what it is about could be shown again", onceEnds},
		{"incomplete once", "a note of nothing would stand in everybody's way, or in nobody's", incompleteOnce},
	}
}

func wantOnce(ctx context.Context, s core.OnceStore, purpose, key string, now, until time.Time, want core.Code) error {
	return outcome("Once("+purpose+", "+key+")", s.Once(ctx, purpose, []byte(key), now, until), want)
}

func onceIsOnce(ctx context.Context, s store.Store) error {
	end := after(time.Hour)
	return all(
		func() error { return wantOnce(ctx, s, "state", "a", start(), end, "") },
		func() error { return wantOnce(ctx, s, "state", "a", start(), end, core.Conflict) },
		func() error {
			return wantOnce(ctx, s, "state", "a", after(time.Minute), after(2*time.Hour), core.Conflict)
		},
		func() error { return wantOnce(ctx, s, "state", "b", start(), end, "") },
	)
}

func parallelOnce(ctx context.Context, s store.Store) error {
	counts := parallel(20, func(int) core.Code {
		return core.CodeOf(s.Once(ctx, "state", []byte("a"), start(), after(time.Hour)))
	})
	return equal("outcomes", counts, map[core.Code]int{"": 1, core.Conflict: 19})
}

func onceByPurpose(ctx context.Context, s store.Store) error {
	return all(
		func() error { return wantOnce(ctx, s, "state", "a", start(), after(time.Hour), "") },
		func() error { return wantOnce(ctx, s, "nonce", "a", start(), after(time.Hour), "") },
		func() error { return wantOnce(ctx, s, "state", "a", start(), after(time.Hour), core.Conflict) },
	)
}

func onceEnds(ctx context.Context, s store.Store) error {
	for i := range 100 { // room for any way of forgetting a little each time
		if err := wantOnce(ctx, s, "state", fmt.Sprint(i), start(), after(time.Minute+time.Duration(i%2)*time.Millisecond), ""); err != nil {
			return err
		}
	}
	for i := range 100 {
		want := core.Code("")
		if i%2 == 1 {
			want = core.Conflict
		}
		if err := wantOnce(ctx, s, "state", fmt.Sprint(i), after(time.Minute), after(time.Hour), want); err != nil {
			return err
		}
	}
	return nil
}

func incompleteOnce(ctx context.Context, s store.Store) error {
	return all(
		func() error { return wantOnce(ctx, s, "", "a", start(), after(time.Hour), core.InvalidInput) },
		func() error { return wantOnce(ctx, s, "state", "", start(), after(time.Hour), core.InvalidInput) },
		func() error { return wantOnce(ctx, s, "state", "a", start(), start(), core.InvalidInput) },
	)
}

func renewalCalls() []call {
	return []call{
		{"LeaseSession", true, func(ctx context.Context, s store.Store) error {
			_, _, err := s.LeaseSession(ctx, lease("s1", start()))
			return err
		}},
		{"RenewSession", true, func(ctx context.Context, s store.Store) error {
			_, err := s.RenewSession(ctx, renewal(start()))
			return err
		}},
		{"Once", true, func(ctx context.Context, s store.Store) error {
			return s.Once(ctx, "state", []byte("key"), start(), after(time.Hour))
		}},
	}
}
