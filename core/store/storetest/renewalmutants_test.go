package storetest_test

import (
	"context"
	"strings"
	"sync"
	"time"

	"github.com/authd-go/authd/core"
	"github.com/authd-go/authd/core/store"
)

// leasing replaces LeaseSession.
func leasing(f func(ctx context.Context, sound store.Store, l core.SessionLease) (core.Session, bool, error)) func(store.Store, *broken) {
	return func(sound store.Store, b *broken) {
		b.lease = func(ctx context.Context, l core.SessionLease) (core.Session, bool, error) { return f(ctx, sound, l) }
	}
}

// renewing changes a renewal on the way in.
func renewing(f func(*core.SessionRenewal)) func(store.Store, *broken) {
	return func(sound store.Store, b *broken) {
		b.renew = func(ctx context.Context, r core.SessionRenewal) (bool, error) {
			f(&r)
			return sound.RenewSession(ctx, r)
		}
	}
}

func renewalMutants() []mutant {
	return []mutant{
		{"an advance confirms", "always", advancing(func(ctx context.Context, sound store.Store, a core.SessionAdvance) (core.Session, bool, error) {
			a.ConfirmedAt = a.At
			return sound.AdvanceSession(ctx, a)
		})},
		{"an advance confirms", "never", advancing(func(ctx context.Context, sound store.Store, a core.SessionAdvance) (core.Session, bool, error) {
			a.ConfirmedAt = time.Time{}
			return sound.AdvanceSession(ctx, a)
		})},
		{"a lease has one holder", "everybody gets one", leasing(func(ctx context.Context, sound store.Store, l core.SessionLease) (core.Session, bool, error) {
			s, _, err := sound.LeaseSession(ctx, l)
			return s, true, err
		})},
		{"a lease has one holder", "a moment short", leasing(func(ctx context.Context, sound store.Store, l core.SessionLease) (core.Session, bool, error) {
			l.At = l.At.Add(time.Millisecond)
			return sound.LeaseSession(ctx, l)
		})},
		{"parallel leases", "looked first, taken later", parallelLeases()},
		{"a lease ends", "never", leasing(func(ctx context.Context, sound store.Store, l core.SessionLease) (core.Session, bool, error) {
			s, err := sound.Session(ctx, l.ID)
			if err != nil || !s.LeasedUntil.IsZero() {
				return s, false, err
			}
			return sound.LeaseSession(ctx, l)
		})},
		{"a lease ends", "of any length", leasing(func(ctx context.Context, sound store.Store, l core.SessionLease) (core.Session, bool, error) {
			s, leased, err := sound.LeaseSession(ctx, l)
			return s, leased, silent(err, core.InvalidInput)
		})},
		{"a lease needs a live session", "any row will do", leasing(func(ctx context.Context, sound store.Store, l core.SessionLease) (core.Session, bool, error) {
			s, leased, err := sound.LeaseSession(ctx, l)
			return s, err == nil && (leased || s.LeasedUntil.IsZero()), err
		})},
		{"a renewal is stored", "but for what is kept", renewing(func(r *core.SessionRenewal) { r.Kept = []byte("first") })},
		{"a renewal is stored", "without its time", renewing(func(r *core.SessionRenewal) { r.ConfirmedAt = time.Time{} })},
		{"a renewal needs its lease", "anybody's will do", func(sound store.Store, b *broken) {
			b.renew = func(ctx context.Context, r core.SessionRenewal) (bool, error) {
				if s, err := sound.Session(ctx, r.ID); err == nil {
					r.Lease = s.LeasedUntil
				}
				return sound.RenewSession(ctx, r)
			}
		}},
		{"a renewal needs its lease", "late is well", func(sound store.Store, b *broken) {
			b.renew = func(ctx context.Context, r core.SessionRenewal) (bool, error) {
				_, err := sound.RenewSession(ctx, r)
				return true, err
			}
		}},
		{"a renewal keeps the account", "it goes to whom the answer names", func(sound store.Store, b *broken) {
			var named core.AccountID
			b.renew = func(ctx context.Context, r core.SessionRenewal) (bool, error) {
				named = r.Identity.AccountID
				return sound.RenewSession(ctx, r)
			}
			b.session = func(ctx context.Context, id string) (core.Session, error) {
				s, err := sound.Session(ctx, id)
				s.Identity.AccountID = named
				return s, err
			}
		}},
		{"end by another site's name", "whoever else has the name too", ending(func(ctx context.Context, sound store.Store, e core.SessionEnd) ([]string, error) {
			if e.Remote.ID != "" {
				other := e
				other.Remote.Strategy = "partners"
				_, _ = sound.EndSessions(ctx, other)
			}
			return sound.EndSessions(ctx, e)
		})},
		{"end by another site's name", "and of the account", ending(func(ctx context.Context, sound store.Store, e core.SessionEnd) ([]string, error) {
			ids, err := sound.EndSessions(ctx, e)
			if e.Remote.ID != "" && err == nil {
				e.Remote = core.RemoteSession{}
				_, err = sound.EndSessions(ctx, e)
			}
			return ids, err
		})},
	}
}

// parallelLeases lets others take a lease that is being taken.
func parallelLeases() func(store.Store, *broken) {
	var mu sync.Mutex
	taken := 0
	return leasing(func(ctx context.Context, sound store.Store, l core.SessionLease) (core.Session, bool, error) {
		mu.Lock()
		free := taken == 0
		mu.Unlock()
		time.Sleep(20 * time.Millisecond)
		s, _, err := sound.LeaseSession(ctx, l)
		mu.Lock()
		defer mu.Unlock()
		taken++
		return s, free, err
	})
}

// onceing replaces Once.
func onceing(f func(ctx context.Context, sound store.Store, purpose string, key []byte, now, until time.Time) error) func(store.Store, *broken) {
	return func(sound store.Store, b *broken) {
		b.once = func(ctx context.Context, purpose string, key []byte, now, until time.Time) error {
			return f(ctx, sound, purpose, key, now, until)
		}
	}
}

func onceMutants() []mutant {
	var mu sync.Mutex
	seen := map[string]bool{}
	return []mutant{
		{"once is once", "it is only noted", onceing(func(ctx context.Context, sound store.Store, purpose string, key []byte, now, until time.Time) error {
			return silent(sound.Once(ctx, purpose, key, now, until), core.Conflict)
		})},
		{"parallel once", "looked first, noted later", onceing(func(ctx context.Context, sound store.Store, purpose string, key []byte, now, until time.Time) error {
			mu.Lock()
			known := seen[string(key)]
			mu.Unlock()
			time.Sleep(20 * time.Millisecond)
			mu.Lock()
			defer mu.Unlock()
			seen[string(key)] = true
			if known {
				return core.Conflict
			}
			return silent(sound.Once(ctx, purpose, key, now, until), core.Conflict)
		})},
		{"once by purpose", "for all of them", onceing(func(ctx context.Context, sound store.Store, _ string, key []byte, now, until time.Time) error {
			return sound.Once(ctx, "any", key, now, until)
		})},
		{"once until its end", "a moment short", onceing(func(ctx context.Context, sound store.Store, purpose string, key []byte, now, until time.Time) error {
			return sound.Once(ctx, purpose, key, now.Add(time.Millisecond), until)
		})},
		{"once until its end", "for good", onceing(func(ctx context.Context, sound store.Store, purpose string, key []byte, now, until time.Time) error {
			return sound.Once(ctx, purpose, key, now, until.AddDate(100, 0, 0))
		})},
		{"incomplete once", "accepted", onceing(func(ctx context.Context, sound store.Store, purpose string, key []byte, now, until time.Time) error {
			return silent(sound.Once(ctx, strings.TrimSpace(purpose), key, now, until), core.InvalidInput)
		})},
	}
}
