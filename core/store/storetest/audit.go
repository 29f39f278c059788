package storetest

import (
	"context"
	"fmt"
	"net/netip"
	"time"

	"github.com/authd-go/authd/core"
	"github.com/authd-go/authd/core/store"
)

func auditRules() []rule {
	return []rule{
		{"audit round trip", "an investigator reads what happened, in every field", auditRoundTrip},
		{"audit in order", "whoever follows the trail goes on after the last row that was shown", auditInOrder},
		{"audit all or none", "a batch of which half is missing tells a story that did not happen", auditAllOrNone},
		{"audit questions", "one account's day must not be searched for among everybody's", auditQuestions},
		{"audit times are half open", "two neighbouring days must not share an event, nor lose one", auditTimes},
		{"audit purge", "rows go when their time is over, and not before", auditPurge},
		{"audit purge is bounded", "forgetting a million rows at once would stop every login meanwhile", auditPurgeBounded},
		{"audit ids are not used again", "a follower that was asleep during a purge would skip what came after", auditIDsGrow},
		{"parallel audit", "several nodes append at once, and no event may be lost", parallelAudit},
	}
}

func auditCalls() []call {
	return []call{
		{"AppendAudit", true, func(ctx context.Context, s store.Store) error { return s.AppendAudit(ctx, event("logout", start())) }},
		{"Audit", false, func(ctx context.Context, s store.Store) error { _, err := s.Audit(ctx, everything()); return err }},
		{"PurgeAudit", true, func(ctx context.Context, s store.Store) error {
			_, err := s.PurgeAudit(ctx, after(1000*time.Hour), 10)
			return err
		}},
	}
}

func event(name string, at time.Time) core.AuditEvent {
	return core.AuditEvent{Time: at, Event: name, Actor: core.ActorUser, Account: johnID()}
}

// fullEvent has something in every field.
func fullEvent() core.AuditEvent {
	return core.AuditEvent{
		Time: start(), Event: "login", Actor: core.ActorUser, Method: core.MethodLogin,
		Outcome: core.Disabled, Reason: "left", Account: johnID(), Strategy: "partners",
		Asked: []core.AuditAnswer{
			{Strategy: "staff", Outcome: core.UnknownUser}, {Strategy: `partners",\'`, Outcome: core.Disabled}, {Strategy: "members"},
		},
		SessionID: "s1", Addr: netip.MustParseAddr("2001:db8::1"), RequestID: "r\x001", Object: "über/authd.yaml",
	}
}

func everything() core.AuditQuery { return core.AuditQuery{Limit: 1000} }

// wantEvents compares rows, whose IDs must grow and are else left out.
func wantEvents(ctx context.Context, s core.AuditStore, q core.AuditQuery, want ...core.AuditEvent) error {
	got, err := s.Audit(ctx, q)
	if err != nil {
		return err
	}
	last := q.After
	for i := range got {
		if got[i].ID <= last {
			return fmt.Errorf("Audit(%+v): ID %d comes after %d", q, got[i].ID, last)
		}
		last, got[i].ID = got[i].ID, 0
	}
	return equal(fmt.Sprintf("Audit(%+v)", q), append([]core.AuditEvent{}, got...), append([]core.AuditEvent{}, want...))
}

func auditRoundTrip(ctx context.Context, s store.Store) error {
	bare := core.AuditEvent{Time: after(time.Millisecond), Event: "config_loaded"}
	mapped := fullEvent()
	mapped.ID, mapped.Addr = 77, netip.MustParseAddr("192.0.2.1")
	stored := mapped
	stored.ID = 0
	return all(
		func() error { return wantEvents(ctx, s, everything()) },
		func() error { return s.AppendAudit(ctx, fullEvent(), bare) },
		func() error { return s.AppendAudit(ctx, mapped) },
		func() error { return s.AppendAudit(ctx) },
		func() error { return wantEvents(ctx, s, everything(), fullEvent(), bare, stored) },
	)
}

func auditInOrder(ctx context.Context, s store.Store) error {
	// A clock that goes back does not change the order.
	a, b, c := event("login", after(time.Hour)), event("logout", start()), event("register", after(time.Minute))
	if err := all(
		func() error { return s.AppendAudit(ctx, a, b) },
		func() error { return s.AppendAudit(ctx, c) },
		func() error { return wantEvents(ctx, s, everything(), a, b, c) },
		func() error { return wantEvents(ctx, s, core.AuditQuery{Limit: 2}, a, b) },
		func() error { return wantEvents(ctx, s, core.AuditQuery{}) },
		func() error { return wantEvents(ctx, s, core.AuditQuery{Limit: -1}) },
	); err != nil {
		return err
	}
	rows, err := s.Audit(ctx, everything())
	if err != nil {
		return err
	}
	return all(
		func() error { return wantEvents(ctx, s, core.AuditQuery{After: rows[0].ID, Limit: 1}, b) },
		func() error { return wantEvents(ctx, s, core.AuditQuery{After: rows[1].ID, Limit: 9}, c) },
		func() error { return wantEvents(ctx, s, core.AuditQuery{After: rows[2].ID, Limit: 9}) },
	)
}

func auditAllOrNone(ctx context.Context, s store.Store) error {
	good := event("login", start())
	for what, bad := range map[string]core.AuditEvent{"without a time": {Event: "login"}, "without a name": {Time: start()}} {
		if err := outcome(what, s.AppendAudit(ctx, good, bad), core.InvalidInput); err != nil {
			return err
		}
	}
	return wantEvents(ctx, s, everything())
}

func auditQuestions(ctx context.Context, s store.Store) error {
	john, jane, nobody := event("login", start()), event("login", start()), event("logout", start())
	jane.Account, nobody.Account = janeID(), core.AccountID{}
	elsewhere := event("logout", start())
	elsewhere.Account.Strategy = "partners"
	ask := func(q core.AuditQuery, want ...core.AuditEvent) func() error {
		q.Limit = 10
		return func() error { return wantEvents(ctx, s, q, want...) }
	}
	return all(
		func() error { return s.AppendAudit(ctx, john, jane, nobody, elsewhere) },
		ask(core.AuditQuery{}, john, jane, nobody, elsewhere),
		ask(core.AuditQuery{Account: johnID()}, john),
		ask(core.AuditQuery{Account: elsewhere.Account}, elsewhere),
		ask(core.AuditQuery{Account: core.AccountID{Strategy: "nowhere", Subject: "u-john"}}),
		ask(core.AuditQuery{Event: "logout"}, nobody, elsewhere),
		ask(core.AuditQuery{Event: "login", Account: janeID()}, jane),
		ask(core.AuditQuery{Event: "nothing"}),
	)
}

func auditTimes(ctx context.Context, s store.Store) error {
	a, b, c := event("login", start()), event("login", after(time.Millisecond)), event("login", after(2*time.Millisecond))
	ask := func(since, until time.Time, want ...core.AuditEvent) func() error {
		return func() error {
			return wantEvents(ctx, s, core.AuditQuery{Since: since, Until: until, Limit: 10}, want...)
		}
	}
	return all(
		func() error { return s.AppendAudit(ctx, a, b, c) },
		ask(b.Time, time.Time{}, b, c),
		ask(time.Time{}, b.Time, a),
		ask(a.Time, c.Time, a, b),
		ask(b.Time, b.Time),
	)
}

func auditPurge(ctx context.Context, s store.Store) error {
	old, young := event("login", start()), event("login", after(time.Hour))
	return all(
		func() error { return s.AppendAudit(ctx, young, old) },
		func() error { return wantAuditPurge(ctx, s, start(), 10, 0) }, // before t, not at t
		func() error { return wantEvents(ctx, s, everything(), young, old) },
		func() error { return wantAuditPurge(ctx, s, after(time.Millisecond), 10, 1) },
		func() error { return wantEvents(ctx, s, everything(), young) },
	)
}

func auditPurgeBounded(ctx context.Context, s store.Store) error {
	for range 7 {
		if err := s.AppendAudit(ctx, event("login", start())); err != nil {
			return err
		}
	}
	late := after(time.Hour)
	return all(
		func() error { return wantAuditPurge(ctx, s, late, 0, 0) },
		func() error { return wantAuditPurge(ctx, s, late, -1, 0) },
		func() error { return wantAuditPurge(ctx, s, late, 5, 5) },
		func() error { return wantAuditPurge(ctx, s, late, 5, 2) },
		func() error { return wantAuditPurge(ctx, s, late, 5, 0) },
	)
}

func wantAuditPurge(ctx context.Context, s core.AuditStore, t time.Time, limit, want int) error {
	got, err := s.PurgeAudit(ctx, t, limit)
	if err != nil {
		return err
	}
	return equal(fmt.Sprintf("PurgeAudit(%v, %d)", t, limit), got, want)
}

func auditIDsGrow(ctx context.Context, s store.Store) error {
	first, second := event("login", start()), event("logout", after(time.Hour))
	if err := s.AppendAudit(ctx, first); err != nil {
		return err
	}
	rows, err := s.Audit(ctx, everything())
	if err != nil || len(rows) != 1 {
		return fmt.Errorf("Audit: %d rows, %w", len(rows), orNone(err))
	}
	return all(
		func() error { return wantAuditPurge(ctx, s, after(time.Minute), 10, 1) },
		func() error { return s.AppendAudit(ctx, second) },
		func() error { return wantEvents(ctx, s, core.AuditQuery{After: rows[0].ID, Limit: 10}, second) },
	)
}

func parallelAudit(ctx context.Context, s store.Store) error {
	const writers, each = 10, 7
	counts := parallel(writers, func(i int) core.Code {
		e := event("login", after(time.Duration(i)*time.Second))
		batch := make([]core.AuditEvent, each)
		for k := range batch {
			batch[k] = e
		}
		return core.CodeOf(s.AppendAudit(ctx, batch...))
	})
	rows, err := s.Audit(ctx, everything())
	return all(
		func() error { return err },
		func() error { return equal("outcomes", counts, map[core.Code]int{"": writers}) },
		func() error { return equal("rows", len(rows), writers*each) },
	)
}
