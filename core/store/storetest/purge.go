package storetest

import (
	"context"
	"fmt"
	"time"

	"github.com/authd-go/authd/core"
	"github.com/authd-go/authd/core/store"
)

func purgeRules() []rule {
	return []rule{
		{"purge keeps what may matter", "an ended session must be known until no token of it can be good", purgeKeeps},
		{"purge is bounded", "forgetting a million rows at once would stop every login meanwhile", purgeBounded},
	}
}

func purgeKeeps(ctx context.Context, s store.Store) error {
	alive, ended := session("alive", johnID()), session("ended", johnID())
	ended.EndedAt, ended.EndReason = after(-time.Hour), "logout"
	idle, absolute := session("idle", johnID()), session("absolute", johnID())
	idle.IdleExpires, absolute.Expires = after(time.Minute), after(time.Minute)
	if err := createSessions(ctx, s, alive, ended, idle, absolute); err != nil {
		return err
	}
	return all(
		func() error { return wantPurge(ctx, s, after(time.Minute), 10, 0) }, // before t, not at t
		func() error { return wantPurge(ctx, s, after(time.Minute+time.Millisecond), 10, 2) },
		func() error { return wantSession(ctx, s, alive) },
		func() error { return wantSession(ctx, s, ended) },
		func() error { _, err := s.Session(ctx, "idle"); return outcome("idle", err, core.Unauthenticated) },
		func() error {
			_, err := s.Session(ctx, "absolute")
			return outcome("absolute", err, core.Unauthenticated)
		},
	)
}

func purgeBounded(ctx context.Context, s store.Store) error {
	for i := range 7 {
		if err := createSessions(ctx, s, session(fmt.Sprint("s", i), johnID())); err != nil {
			return err
		}
	}
	late := after(48 * time.Hour)
	return all(
		func() error { return wantPurge(ctx, s, late, 0, 0) },
		func() error { return wantPurge(ctx, s, late, -1, 0) },
		func() error { return wantPurge(ctx, s, late, 5, 5) },
		func() error { return wantPurge(ctx, s, late, 5, 2) },
		func() error { return wantPurge(ctx, s, late, 5, 0) },
	)
}

func wantPurge(ctx context.Context, s core.SessionStore, t time.Time, limit, want int) error {
	got, err := s.PurgeSessions(ctx, t, limit)
	if err != nil {
		return err
	}
	return equal(fmt.Sprintf("PurgeSessions(%v, %d)", t, limit), got, want)
}
