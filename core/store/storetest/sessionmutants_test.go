package storetest_test

import (
	"context"
	"slices"
	"sync"
	"time"

	"github.com/authd-go/authd/core"
	"github.com/authd-go/authd/core/store"
)

// farAway is later than any time of the rules.
var farAway = time.Date(2100, 1, 1, 0, 0, 0, 0, time.UTC)

// starting changes a session on the way in.
func starting(f func(*core.Session)) func(store.Store, *broken) {
	return func(sound store.Store, b *broken) {
		b.create = func(ctx context.Context, s core.Session) error { f(&s); return sound.CreateSession(ctx, s) }
	}
}

// startingOr takes one refusal of CreateSession for a success.
func startingOr(code core.Code) func(store.Store, *broken) {
	return func(sound store.Store, b *broken) {
		b.create = func(ctx context.Context, s core.Session) error { return silent(sound.CreateSession(ctx, s), code) }
	}
}

func sessionMutants() []mutant {
	return []mutant{
		{"session round trip", "a field is lost", starting(func(s *core.Session) { s.UserAgent = "" })},
		{"session round trip", "times are seconds", starting(func(s *core.Session) { s.IdleExpires = s.IdleExpires.Truncate(time.Second) })},
		{"identity is kept whole", "as clients see it", starting(func(s *core.Session) {
			if s.Identity.Name == "" {
				s.Identity.Name = s.Identity.Username
			}
		})},
		{"identity is kept whole", "claims that look like fields are dropped", starting(func(s *core.Session) {
			s.Identity = s.Identity.Clone()
			delete(s.Identity.Claims, "id")
		})},
		{"unknown session", "it is empty", func(sound store.Store, b *broken) {
			b.session = func(ctx context.Context, id string) (core.Session, error) {
				s, err := sound.Session(ctx, id)
				return s, silent(err, core.Unauthenticated)
			}
		}},
		{"session IDs are unique", "the second is taken for the first", startingOr(core.Conflict)},
		{"incomplete session", "accepted", startingOr(core.InvalidInput)},
		{"list an account's sessions", "oldest first", listing(func(list []core.Session) { slices.Reverse(list) }, 0)},
		{"list an account's sessions", "those that end now are alive", listing(func([]core.Session) {}, -time.Millisecond)},
		{"sessions are copies", "a cache hands out what it holds", func(sound store.Store, b *broken) {
			var cached *core.Session
			b.session = func(ctx context.Context, id string) (core.Session, error) {
				if cached == nil {
					s, err := sound.Session(ctx, id)
					if err != nil {
						return s, err
					}
					cached = &s
				}
				return *cached, nil
			}
		}},
	}
}

func listing(f func([]core.Session), shift time.Duration) func(store.Store, *broken) {
	return func(sound store.Store, b *broken) {
		b.list = func(ctx context.Context, a core.AccountID, now time.Time) ([]core.Session, error) {
			list, err := sound.AccountSessions(ctx, a, now.Add(shift))
			f(list)
			return list, err
		}
	}
}

// advancing replaces AdvanceSession.
func advancing(f func(ctx context.Context, sound store.Store, a core.SessionAdvance) (core.Session, bool, error)) func(store.Store, *broken) {
	return func(sound store.Store, b *broken) {
		b.advance = func(ctx context.Context, a core.SessionAdvance) (core.Session, bool, error) { return f(ctx, sound, a) }
	}
}

func advanceMutants() []mutant {
	var busy sync.Mutex
	return []mutant{
		{"advance moves one generation", "two", advancing(func(ctx context.Context, sound store.Store, a core.SessionAdvance) (core.Session, bool, error) {
			if s, moved, err := sound.AdvanceSession(ctx, a); err != nil || !moved {
				return s, moved, err
			}
			a.From++
			return sound.AdvanceSession(ctx, a)
		})},
		{"advance moves one generation", "the answer is the row before", advancing(func(ctx context.Context, sound store.Store, a core.SessionAdvance) (core.Session, bool, error) {
			before, err := sound.Session(ctx, a.ID)
			if err != nil {
				return before, false, err
			}
			_, moved, err := sound.AdvanceSession(ctx, a)
			return before, moved, err
		})},
		{"stale advance writes nothing", "any generation will do", advancing(anyGeneration)},
		{"ended session does not advance", "it says it did", advancing(func(ctx context.Context, sound store.Store, a core.SessionAdvance) (core.Session, bool, error) {
			s, moved, err := sound.AdvanceSession(ctx, a)
			return s, moved || !s.EndedAt.IsZero(), err
		})},
		{"expired session does not advance", "it does, by an older clock", advancing(func(ctx context.Context, sound store.Store, a core.SessionAdvance) (core.Session, bool, error) {
			s, moved, err := sound.AdvanceSession(ctx, a)
			if err == nil && !moved {
				a.At = s.AdvancedAt
				return sound.AdvanceSession(ctx, a)
			}
			return s, moved, err
		})},
		{"parallel advance", "compared first, written later", advancing(func(ctx context.Context, sound store.Store, a core.SessionAdvance) (core.Session, bool, error) {
			s, err := sound.Session(ctx, a.ID)
			if err != nil || s.Generation != a.From {
				return s, false, err
			}
			time.Sleep(10 * time.Millisecond)
			return anyGeneration(ctx, sound, a)
		})},
		{"parallel chains", "one at a time, or none", advancing(func(ctx context.Context, sound store.Store, a core.SessionAdvance) (core.Session, bool, error) {
			if !busy.TryLock() {
				return core.Session{}, false, core.Unavailable
			}
			defer busy.Unlock()
			time.Sleep(time.Millisecond)
			return sound.AdvanceSession(ctx, a)
		})},
		{"advance against end", "acknowledged before it is done", func(_ store.Store, b *broken) {
			b.end = func(context.Context, core.SessionEnd) ([]string, error) { return nil, nil }
		}},
		{"a session stays with its account", "it goes to whoever refreshes", advancing(func(ctx context.Context, sound store.Store, a core.SessionAdvance) (core.Session, bool, error) {
			s, moved, err := sound.AdvanceSession(ctx, a)
			s.Identity.AccountID = a.Identity.AccountID
			return s, moved, err
		})},
	}
}

func anyGeneration(ctx context.Context, sound store.Store, a core.SessionAdvance) (core.Session, bool, error) {
	for {
		s, err := sound.Session(ctx, a.ID)
		if err != nil {
			return s, false, err
		}
		a.From = s.Generation
		if s, moved, err := sound.AdvanceSession(ctx, a); err != nil || moved {
			return s, moved, err
		}
	}
}

// ending replaces EndSessions.
func ending(f func(ctx context.Context, sound store.Store, e core.SessionEnd) ([]string, error)) func(store.Store, *broken) {
	return func(sound store.Store, b *broken) {
		b.end = func(ctx context.Context, e core.SessionEnd) ([]string, error) { return f(ctx, sound, e) }
	}
}

func endMutants() []mutant {
	return append(orderMutants(), []mutant{
		{"end one session", "all of its account", ending(func(ctx context.Context, sound store.Store, e core.SessionEnd) ([]string, error) {
			if s, err := sound.Session(ctx, e.ID); err == nil {
				e.ID, e.Account = "", s.Identity.AccountID
			}
			return sound.EndSessions(ctx, e)
		})},
		{"end keeps the first reason", "the last one is kept", func(sound store.Store, b *broken) {
			var last core.SessionEnd
			b.end = func(ctx context.Context, e core.SessionEnd) ([]string, error) {
				last = e
				return sound.EndSessions(ctx, e)
			}
			b.session = func(ctx context.Context, id string) (core.Session, error) {
				s, err := sound.Session(ctx, id)
				s.EndReason = last.Reason
				return s, err
			}
		}},
		{"end all of an account", "its namesake's too", ending(func(ctx context.Context, sound store.Store, e core.SessionEnd) ([]string, error) {
			if e.ID == "" {
				namesake := e
				namesake.Account.Strategy = "partners"
				_, _ = sound.EndSessions(ctx, namesake)
			}
			return sound.EndSessions(ctx, e)
		})},
		{"end all of an account", "the newest only", ending(func(ctx context.Context, sound store.Store, e core.SessionEnd) ([]string, error) {
			if list, err := sound.AccountSessions(ctx, e.Account, e.At); err == nil && len(list) > 0 {
				e.ID = list[0].ID
			}
			return sound.EndSessions(ctx, e)
		})},
		{"end all but one", "that one too", ending(func(ctx context.Context, sound store.Store, e core.SessionEnd) ([]string, error) {
			e.Except = ""
			return sound.EndSessions(ctx, e)
		})},
		{"end of an expired session", "it is left as it is", ending(func(ctx context.Context, sound store.Store, e core.SessionEnd) ([]string, error) {
			list, err := sound.AccountSessions(ctx, e.Account, e.At)
			var ids []string
			for _, s := range list {
				ids = append(ids, s.ID)
				_, _ = sound.EndSessions(ctx, core.SessionEnd{ID: s.ID, Reason: e.Reason, At: e.At})
			}
			return ids, err
		})},
		{"end needs a target", "nothing is fine too", ending(func(ctx context.Context, sound store.Store, e core.SessionEnd) ([]string, error) {
			ids, err := sound.EndSessions(ctx, e)
			return ids, silent(err, core.InvalidInput)
		})},
		{"parallel end", "everybody reports it", ending(func(ctx context.Context, sound store.Store, e core.SessionEnd) ([]string, error) {
			list, err := sound.AccountSessions(ctx, e.Account, e.At)
			if err != nil {
				return nil, err
			}
			time.Sleep(10 * time.Millisecond)
			var ids []string
			for _, s := range list {
				ids = append(ids, s.ID)
			}
			_, err = sound.EndSessions(ctx, e)
			return ids, err
		})},
		{"ended since", "not at that time", func(sound store.Store, b *broken) {
			b.endedSince = func(ctx context.Context, t time.Time) ([]core.EndedSession, error) {
				return sound.EndedSince(ctx, t.Add(time.Millisecond))
			}
		}},
	}...)
}

// noting refuses logins whose proof is not later than f of the last order with a
// bound.
func noting(f func(core.SessionEnd) time.Time) func(store.Store, *broken) {
	return func(sound store.Store, b *broken) {
		var noted time.Time
		b.end = func(ctx context.Context, e core.SessionEnd) ([]string, error) {
			if e.Account != (core.AccountID{}) && !e.NotAfter.IsZero() {
				noted = f(e)
			}
			return sound.EndSessions(ctx, e)
		}
		b.create = func(ctx context.Context, s core.Session) error {
			if !s.AuthAt.After(noted) {
				return core.Unauthenticated
			}
			return sound.CreateSession(ctx, s)
		}
	}
}

// orderMutants are about what an order to end an account's sessions means for
// logins that come later.
func orderMutants() []mutant {
	return []mutant{
		{"end what is older than the order", "and what is later", ending(func(ctx context.Context, sound store.Store, e core.SessionEnd) ([]string, error) {
			e.NotAfter = time.Time{}
			return sound.EndSessions(ctx, e)
		})},
		{"end what is older than the order", "not what is as old", ending(func(ctx context.Context, sound store.Store, e core.SessionEnd) ([]string, error) {
			if !e.NotAfter.IsZero() {
				e.NotAfter = e.NotAfter.Add(-time.Millisecond)
			}
			return sound.EndSessions(ctx, e)
		})},
		{"end what is older than the order", "an ID is an ID", ending(func(ctx context.Context, sound store.Store, e core.SessionEnd) ([]string, error) {
			if e.ID != "" {
				e.NotAfter = time.Time{}
			}
			return sound.EndSessions(ctx, e)
		})},
		{"end what is older than the order", "logins until now are refused", noting(func(e core.SessionEnd) time.Time { return e.At })},
		{"end what is older than the order", "logins to come are refused", noting(func(e core.SessionEnd) time.Time { return e.NotAfter })},
		{"older proof is refused", "it is not", func(sound store.Store, b *broken) {
			b.create = func(ctx context.Context, s core.Session) error {
				if err := sound.CreateSession(ctx, s); core.CodeOf(err) != core.Unauthenticated {
					return err
				}
				s.AuthAt = farAway
				return sound.CreateSession(ctx, s)
			}
		}},
		{"the order never goes back", "the last order counts", func(sound store.Store, b *broken) {
			var last time.Time
			b.end = func(ctx context.Context, e core.SessionEnd) ([]string, error) {
				last = e.At
				return sound.EndSessions(ctx, e)
			}
			b.create = func(ctx context.Context, s core.Session) error {
				if !last.IsZero() && s.AuthAt.After(last) {
					s.AuthAt = farAway
				}
				return sound.CreateSession(ctx, s)
			}
		}},
	}
}

func purgeMutants() []mutant {
	purging := func(f func(t *time.Time, limit *int)) func(store.Store, *broken) {
		return func(sound store.Store, b *broken) {
			b.purge = func(ctx context.Context, t time.Time, limit int) (int, error) {
				f(&t, &limit)
				return sound.PurgeSessions(ctx, t, limit)
			}
		}
	}
	return []mutant{
		{"purge keeps what may matter", "what ends at that time goes", purging(func(t *time.Time, _ *int) { *t = t.Add(time.Millisecond) })},
		{"purge is bounded", "it is not", purging(func(_ *time.Time, limit *int) { *limit = 1000 })},
		{"purge is bounded", "nothing is everything", purging(func(_ *time.Time, limit *int) {
			if *limit <= 0 {
				*limit = 1000
			}
		})},
	}
}
