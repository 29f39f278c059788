package storetest

import (
	"context"
	"slices"
	"sync"
	"time"

	"github.com/authd-go/authd/core"
	"github.com/authd-go/authd/core/store"
)

func endRules() []rule {
	return []rule{
		{"end one session", "logging out here must not log out elsewhere", endOne},
		{"end keeps the first reason", "the answer to a stolen token must not be overwritten by a later logout", endFirstReason},
		{"end all of an account", "a new password must end every older session, and nobody else's", endAccount},
		{"end all but one", "who changes the password stays signed in where that was done", endExcept},
		{"end by another site's name", "signing out there must sign out here, of that session and no other", endRemote},
		{"end what is older than the order", "an order that is repeated must not log out who has signed in since", endOlder},
		{"older proof is refused", "a login with the old password, under way during the reset, must not survive it", olderProof},
		{"the order never goes back", "a late order with an earlier time must not let older logins in", orderNeverGoesBack},
		{"end of an expired session", "a node whose clock is behind must not revive it; nobody was logged out either", endExpired},
		{"end needs a target", "an order that names nothing must not look as if it had worked", endNeedsTarget},
		{"parallel end", "each ended session is audited once", parallelEnd},
		{"ended since", "the other nodes learn of a logout from this list", endedSince},
	}
}

// wantEnd ends sessions and compares the IDs, in any order.
func wantEnd(ctx context.Context, s core.SessionStore, e core.SessionEnd, want ...string) error {
	ids, err := s.EndSessions(ctx, e)
	if err != nil {
		return err
	}
	slices.Sort(ids)
	return equal("ended IDs", append([]string{}, ids...), append([]string{}, want...))
}

func endOne(ctx context.Context, s store.Store) error {
	want := session("s1", johnID())
	if err := createSessions(ctx, s, want, session("s2", johnID())); err != nil {
		return err
	}
	want.EndedAt, want.EndReason = after(time.Second), "logout"
	return all(
		func() error {
			return wantEnd(ctx, s, core.SessionEnd{ID: "s1", Reason: "logout", At: after(time.Second)}, "s1")
		},
		func() error { return wantSession(ctx, s, want) },
		func() error { return wantSession(ctx, s, session("s2", johnID())) },
		func() error { return wantEnd(ctx, s, core.SessionEnd{ID: "nowhere", Reason: "logout", At: start()}) },
		func() error { // the account counts only without an ID
			order := core.SessionEnd{ID: "s1", Account: johnID(), Reason: "logout", At: after(time.Second)}
			return wantEnd(ctx, s, order)
		},
		func() error { // an order for one session notes nothing for its account
			late := session("s3", johnID())
			late.AuthAt = after(-time.Hour)
			return createSessions(ctx, s, late)
		},
	)
}

func endFirstReason(ctx context.Context, s store.Store) error {
	want := session("s1", johnID())
	if err := createSessions(ctx, s, want); err != nil {
		return err
	}
	want.EndedAt, want.EndReason = after(time.Second), "reuse"
	return all(
		func() error {
			return wantEnd(ctx, s, core.SessionEnd{ID: "s1", Reason: "reuse", At: after(time.Second)}, "s1")
		},
		func() error {
			return wantEnd(ctx, s, core.SessionEnd{ID: "s1", Reason: "logout", At: after(time.Minute)})
		},
		func() error {
			return wantEnd(ctx, s, core.SessionEnd{Account: johnID(), Reason: "password", At: after(time.Minute)})
		},
		func() error { return wantSession(ctx, s, want) },
	)
}

func endAccount(ctx context.Context, s store.Store) error {
	other := core.AccountID{Strategy: "partners", Subject: "u-john"}
	ended := session("s3", johnID())
	ended.EndedAt, ended.EndReason = start(), "logout"
	if err := createSessions(ctx, s, session("s1", johnID()), session("s2", johnID()), ended, session("s4", janeID()), session("s5", other)); err != nil {
		return err
	}
	return all(
		func() error {
			return wantEnd(ctx, s, core.SessionEnd{Account: johnID(), Reason: "password", At: after(time.Second)}, "s1", "s2")
		},
		func() error { return wantSession(ctx, s, ended) },
		func() error { return wantSession(ctx, s, session("s4", janeID())) },
		func() error { return wantSession(ctx, s, session("s5", other)) },
		func() error {
			left, err := s.AccountSessions(ctx, johnID(), after(time.Second))
			return all(func() error { return err }, func() error { return equal("sessions left", len(left), 0) })
		},
	)
}

func endExcept(ctx context.Context, s store.Store) error {
	if err := createSessions(ctx, s, session("s1", johnID()), session("s2", johnID()), session("s3", johnID())); err != nil {
		return err
	}
	order := core.SessionEnd{Account: johnID(), Except: "s2", Reason: "password", At: after(time.Second)}
	return all(
		func() error { return wantEnd(ctx, s, order, "s1", "s3") },
		func() error { return wantSession(ctx, s, session("s2", johnID())) },
		func() error { return createSessions(ctx, s, session("s4", johnID())) }, // no time was noted
	)
}

func endRemote(ctx context.Context, s store.Store) error {
	first, second, elsewhere := session("s1", johnID()), session("s2", janeID()), session("s3", johnID())
	first.RemoteID, second.RemoteID, elsewhere.RemoteID = "sid", "sid", "other"
	partner := session("s4", core.AccountID{Strategy: "partners", Subject: "u-john"})
	partner.RemoteID = "sid"
	if err := createSessions(ctx, s, first, second, elsewhere, partner, session("s5", johnID())); err != nil {
		return err
	}
	order := core.SessionEnd{Remote: core.RemoteSession{Strategy: "members", ID: "sid"}, Account: janeID(), Reason: "remote", At: after(time.Second)}
	return all(
		func() error { return wantEnd(ctx, s, order, "s1", "s2") },
		func() error { return wantSession(ctx, s, elsewhere) },
		func() error { return wantSession(ctx, s, partner) },
		func() error { return wantSession(ctx, s, session("s5", johnID())) },
		func() error { return createSessions(ctx, s, session("s6", janeID())) }, // no time was noted
		func() error {
			_, err := s.EndSessions(ctx, core.SessionEnd{Remote: core.RemoteSession{Strategy: "members"}, Reason: "remote", At: start()})
			return outcome("without a name", err, core.InvalidInput)
		},
	)
}

func endOlder(ctx context.Context, s store.Store) error {
	var named []core.Session
	for i, id := range []string{"s1", "s2", "s3"} { // before the order, with it, and after it
		one := session(id, johnID())
		one.AuthAt, one.CreatedAt = after(time.Duration(i-1)*time.Millisecond), after(time.Second)
		one.RemoteID = "sid"
		named = append(named, one)
	}
	other := session("other", johnID())
	other.AuthAt = after(-time.Hour)
	if err := createSessions(ctx, s, append(named, other)...); err != nil {
		return err
	}
	at := after(time.Minute) // when the order is carried out
	byName := core.SessionEnd{Remote: core.RemoteSession{Strategy: "members", ID: "sid"}, NotAfter: start(), Reason: "remote", At: at}
	byID := core.SessionEnd{ID: "s3", NotAfter: start(), Reason: "remote", At: at}
	byAccount := core.SessionEnd{Account: johnID(), NotAfter: start(), Reason: "remote", At: at}
	proved := func(id string, at time.Time) error {
		one := session(id, johnID())
		one.AuthAt = at
		return s.CreateSession(ctx, one)
	}
	return all(
		func() error { return wantEnd(ctx, s, byName, "s1", "s2") },
		func() error { return wantEnd(ctx, s, byName) },
		func() error { return wantEnd(ctx, s, byID) },
		func() error { return wantEnd(ctx, s, byAccount, "other") },
		func() error { return wantSession(ctx, s, named[2]) },
		func() error { // of logins under way it refuses those that are as old
			return outcome("proof of the order's time", proved("s4", start()), core.Unauthenticated)
		},
		func() error { return outcome("later proof", proved("s5", after(time.Millisecond)), "") },
		func() error { // what is yet to come is not refused, even if the order were of then
			byAccount.NotAfter = after(2 * time.Minute)
			return wantEnd(ctx, s, byAccount, "s3", "s5")
		},
		func() error { return outcome("proof after the end", proved("s6", at.Add(time.Millisecond)), "") },
	)
}

func olderProof(ctx context.Context, s store.Store) error {
	order := core.SessionEnd{Account: johnID(), Reason: "reset", At: start()}
	if err := wantEnd(ctx, s, order); err != nil { // an account that nobody has signed in to yet
		return err
	}
	late, same, fresh := session("late", johnID()), session("same", johnID()), session("fresh", johnID())
	late.AuthAt, same.AuthAt, fresh.AuthAt = after(-time.Millisecond), start(), after(time.Millisecond)
	other := session("other", janeID())
	other.AuthAt = after(-time.Hour)
	return all(
		func() error { return outcome("older proof", s.CreateSession(ctx, late), core.Unauthenticated) },
		func() error {
			return outcome("proof of the same time", s.CreateSession(ctx, same), core.Unauthenticated)
		},
		func() error { _, err := s.Session(ctx, "late"); return outcome("its row", err, core.Unauthenticated) },
		func() error { return createSessions(ctx, s, fresh, other) },
	)
}

func orderNeverGoesBack(ctx context.Context, s store.Store) error {
	between := session("s1", johnID())
	between.AuthAt = after(time.Minute)
	return all(
		func() error { return createSessions(ctx, s, session("s0", johnID())) },
		func() error {
			return wantEnd(ctx, s, core.SessionEnd{Account: johnID(), Reason: "reset", At: after(2 * time.Minute)}, "s0")
		},
		func() error { return wantEnd(ctx, s, core.SessionEnd{Account: johnID(), Reason: "reset", At: start()}) },
		func() error { return outcome("proof in between", s.CreateSession(ctx, between), core.Unauthenticated) },
	)
}

func endExpired(ctx context.Context, s store.Store) error {
	idle, absolute := session("s1", johnID()), session("s2", johnID())
	idle.IdleExpires, absolute.Expires = after(time.Minute), after(time.Minute)
	if err := createSessions(ctx, s, idle, absolute); err != nil {
		return err
	}
	order := core.SessionEnd{Account: johnID(), Reason: "password", At: after(time.Minute)}
	if err := wantEnd(ctx, s, order); err != nil {
		return err
	}
	for _, id := range []string{"s1", "s2"} {
		_, moved, err := s.AdvanceSession(ctx, advance(id, 0, after(30*time.Second)))
		if err != nil {
			return err
		}
		if err := equal(id+" moved", moved, false); err != nil {
			return err
		}
	}
	return nil
}

func endNeedsTarget(ctx context.Context, s store.Store) error {
	_, noTarget := s.EndSessions(ctx, core.SessionEnd{Reason: "logout", At: start()})
	_, noTime := s.EndSessions(ctx, core.SessionEnd{ID: "s1", Reason: "logout"})
	return all(
		func() error { return outcome("without ID and account", noTarget, core.InvalidInput) },
		func() error { return outcome("without a time", noTime, core.InvalidInput) },
	)
}

func parallelEnd(ctx context.Context, s store.Store) error {
	if err := createSessions(ctx, s, session("s1", johnID()), session("s2", johnID())); err != nil {
		return err
	}
	var mu sync.Mutex
	var reported []string
	counts := parallel(20, func(i int) core.Code {
		order := core.SessionEnd{Account: johnID(), Reason: "password", At: after(time.Second)}
		if i%2 == 0 {
			order.ID = "s1"
		}
		ids, err := s.EndSessions(ctx, order)
		mu.Lock()
		defer mu.Unlock()
		reported = append(reported, ids...)
		return core.CodeOf(err)
	})
	slices.Sort(reported)
	return all(
		func() error { return equal("outcomes", counts, map[core.Code]int{"": 20}) },
		func() error { return equal("reported as ended", reported, []string{"s1", "s2"}) },
	)
}

func endedSince(ctx context.Context, s store.Store) error {
	var all4 []core.Session
	for _, id := range []string{"s1", "s2", "s3", "s4"} {
		all4 = append(all4, session(id, johnID()))
	}
	if err := createSessions(ctx, s, all4...); err != nil {
		return err
	}
	for i, id := range []string{"s3", "s1", "s2"} {
		order := core.SessionEnd{ID: id, Reason: "logout", At: after(time.Duration(i) * time.Second)}
		if err := wantEnd(ctx, s, order, id); err != nil {
			return err
		}
	}
	got, err := s.EndedSince(ctx, after(time.Second))
	if err != nil {
		return err
	}
	slices.SortFunc(got, func(a, b core.EndedSession) int { return a.EndedAt.Compare(b.EndedAt) })
	return equal("ended since", got, []core.EndedSession{{ID: "s1", EndedAt: after(time.Second)}, {ID: "s2", EndedAt: after(2 * time.Second)}})
}
