package storetest_test

import (
	"context"
	"net/netip"
	"slices"
	"sync"
	"time"

	"github.com/authd-go/authd/core"
	"github.com/authd-go/authd/core/store"
)

// appending replaces AppendAudit.
func appending(f func(ctx context.Context, sound store.Store, list []core.AuditEvent) error) func(store.Store, *broken) {
	return func(sound store.Store, b *broken) {
		b.appendAudit = func(ctx context.Context, list ...core.AuditEvent) error { return f(ctx, sound, slices.Clone(list)) }
	}
}

// asking changes a question on the way in.
func asking(f func(*core.AuditQuery)) func(store.Store, *broken) {
	return func(sound store.Store, b *broken) {
		b.audit = func(ctx context.Context, q core.AuditQuery) ([]core.AuditEvent, error) {
			f(&q)
			return sound.Audit(ctx, q)
		}
	}
}

// purgingAudit changes an order to forget on the way in.
func purgingAudit(f func(t *time.Time, limit *int)) func(store.Store, *broken) {
	return func(sound store.Store, b *broken) {
		b.purgeAudit = func(ctx context.Context, t time.Time, limit int) (int, error) {
			f(&t, &limit)
			return sound.PurgeAudit(ctx, t, limit)
		}
	}
}

func auditMutants() []mutant {
	var busy sync.Mutex
	return []mutant{
		{"audit round trip", "the address is lost", appending(func(ctx context.Context, sound store.Store, list []core.AuditEvent) error {
			for i := range list {
				list[i].Addr = netip.Addr{}
			}
			return sound.AppendAudit(ctx, list...)
		})},
		{"audit in order", "by time", func(sound store.Store, b *broken) {
			b.audit = func(ctx context.Context, q core.AuditQuery) ([]core.AuditEvent, error) {
				list, err := sound.Audit(ctx, q)
				slices.SortFunc(list, func(x, y core.AuditEvent) int { return x.Time.Compare(y.Time) })
				return list, err
			}
		}},
		{"audit in order", "the last row is shown again", asking(func(q *core.AuditQuery) { q.After = max(0, q.After-1) })},
		{"audit all or none", "one by one", appending(func(ctx context.Context, sound store.Store, list []core.AuditEvent) error {
			for _, e := range list {
				if err := sound.AppendAudit(ctx, e); err != nil {
					return err
				}
			}
			return nil
		})},
		{"audit questions", "everybody of that event", asking(func(q *core.AuditQuery) {
			if q.Event != "" {
				q.Account = core.AccountID{}
			}
		})},
		{"audit questions", "every event of that account", asking(func(q *core.AuditQuery) { q.Event = "" })},
		{"audit times are half open", "closed", asking(func(q *core.AuditQuery) {
			if !q.Until.IsZero() {
				q.Until = q.Until.Add(time.Millisecond)
			}
		})},
		{"audit times are half open", "open", asking(func(q *core.AuditQuery) {
			if !q.Since.IsZero() {
				q.Since = q.Since.Add(time.Millisecond)
			}
		})},
		{"audit purge", "a moment early", purgingAudit(func(t *time.Time, _ *int) { *t = t.Add(time.Millisecond) })},
		{"audit purge is bounded", "it is not", purgingAudit(func(_ *time.Time, limit *int) { *limit = 1000 })},
		{"audit ids are not used again", "they are", reusedIDs},
		{"parallel audit", "what comes meanwhile is dropped", appending(func(ctx context.Context, sound store.Store, list []core.AuditEvent) error {
			if !busy.TryLock() {
				return nil
			}
			defer busy.Unlock()
			time.Sleep(5 * time.Millisecond)
			return sound.AppendAudit(ctx, list...)
		})},
	}
}

// reusedIDs counts the rows that are there, as a table without a sequence does.
func reusedIDs(sound store.Store, b *broken) {
	b.audit = func(ctx context.Context, q core.AuditQuery) ([]core.AuditEvent, error) {
		after := q.After
		q.After = 0
		list, err := sound.Audit(ctx, q)
		var out []core.AuditEvent
		for i, e := range list {
			if e.ID = int64(i + 1); e.ID > after {
				out = append(out, e)
			}
		}
		return out, err
	}
}

// counting replaces ChangeTries.
func counting(f func(ctx context.Context, sound store.Store, c core.TriesChange) error) func(store.Store, *broken) {
	return func(sound store.Store, b *broken) {
		b.tries = func(ctx context.Context, c core.TriesChange) error { return f(ctx, sound, c) }
	}
}

// split reads in one step and writes in another. What was read may be old by then.
func split(ctx context.Context, sound store.Store, c core.TriesChange) error {
	var read []core.Tries
	look := c
	look.Change = func(t []core.Tries) { read = slices.Clone(t) }
	if err := sound.ChangeTries(ctx, look); err != nil {
		return err
	}
	time.Sleep(5 * time.Millisecond)
	c.Change(read)
	write := c
	write.Change = func(t []core.Tries) { copy(t, read) }
	return sound.ChangeTries(ctx, write)
}

func triesMutants() []mutant {
	return []mutant{
		{"tries are kept", "a time is lost", counting(func(ctx context.Context, sound store.Store, c core.TriesChange) error {
			change := c.Change
			c.Change = func(t []core.Tries) {
				change(t)
				for i := range t {
					t[i].TrustedUntil = time.Time{}
				}
			}
			return sound.ChangeTries(ctx, c)
		})},
		{"tries have their own key", "the order of the answers is the store's", counting(func(ctx context.Context, sound store.Store, c core.TriesChange) error {
			c.Keys = slices.Clone(c.Keys)
			slices.SortFunc(c.Keys, func(x, y core.ThrottleKey) int { return int(x[1]) - int(y[1]) })
			return sound.ChangeTries(ctx, c)
		})},
		{"tries unchanged", "they are touched", counting(func(ctx context.Context, sound store.Store, c core.TriesChange) error {
			change := c.Change
			c.Change = func(t []core.Tries) {
				change(t)
				if !t[0].LastAt.IsZero() {
					t[0].LastAt = c.Now.Add(time.Second)
				}
			}
			return sound.ChangeTries(ctx, c)
		})},
		{"parallel tries", "read first, written later", counting(split)},
		{"parallel tries at many keys", "one after the other", counting(func(ctx context.Context, sound store.Store, c core.TriesChange) error {
			if len(c.Keys) < 2 {
				return sound.ChangeTries(ctx, c)
			}
			return split(ctx, sound, c)
		})},
		{"tries over are harmless", "trust is forgotten with the tries", counting(func(ctx context.Context, sound store.Store, c core.TriesChange) error {
			change := c.Change
			c.Change = func(t []core.Tries) {
				change(t)
				for i := range t {
					if !t[i].FadeAt.After(c.Now) {
						t[i] = core.Tries{}
					}
				}
			}
			return sound.ChangeTries(ctx, c)
		})},
		{"broken change of tries", "accepted", counting(func(ctx context.Context, sound store.Store, c core.TriesChange) error {
			return silent(sound.ChangeTries(ctx, c), core.InvalidInput)
		})},
	}
}
