package storetest_test

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/authd-go/authd/core"
	"github.com/authd-go/authd/core/store"
)

// taking replaces TakeToken.
func taking(f func(ctx context.Context, sound store.Store, hash []byte, purpose string, now time.Time) (core.OneTimeToken, error)) func(store.Store, *broken) {
	return func(sound store.Store, b *broken) {
		b.take = func(ctx context.Context, hash []byte, purpose string, now time.Time) (core.OneTimeToken, error) {
			return f(ctx, sound, hash, purpose, now)
		}
	}
}

func tokenMutants() []mutant {
	return []mutant{
		{"token works once", "it is left", taking(func(ctx context.Context, sound store.Store, hash []byte, purpose string, now time.Time) (core.OneTimeToken, error) {
			t, err := sound.TakeToken(ctx, hash, purpose, now)
			if err == nil {
				err = sound.PutToken(ctx, t)
			}
			return t, err
		})},
		{"parallel takers", "read first, removed later", parallelTakers},
		{"token is bound to its purpose", "any will do", taking(func(ctx context.Context, sound store.Store, hash []byte, _ string, now time.Time) (core.OneTimeToken, error) {
			return sound.TakeToken(ctx, hash, "reset", now)
		})},
		{"token is bound to its purpose", "a try uses it up", taking(func(ctx context.Context, sound store.Store, hash []byte, purpose string, now time.Time) (core.OneTimeToken, error) {
			t, err := sound.TakeToken(ctx, hash, purpose, now)
			if err != nil {
				_, _ = sound.TakeToken(ctx, hash, "reset", now)
			}
			return t, err
		})},
		{"token expires", "a moment late", taking(func(ctx context.Context, sound store.Store, hash []byte, purpose string, now time.Time) (core.OneTimeToken, error) {
			return sound.TakeToken(ctx, hash, purpose, now.Add(-time.Millisecond))
		})},
		{"token expires", "a moment early", taking(func(ctx context.Context, sound store.Store, hash []byte, purpose string, now time.Time) (core.OneTimeToken, error) {
			return sound.TakeToken(ctx, hash, purpose, now.Add(time.Second))
		})},
		{"new token replaces", "the older ones stay", func(sound store.Store, b *broken) {
			var count atomic.Int64
			b.put = func(ctx context.Context, t core.OneTimeToken) error {
				t.Account.Subject += fmt.Sprint("#", count.Add(1))
				return sound.PutToken(ctx, t)
			}
			b.take = func(ctx context.Context, hash []byte, purpose string, now time.Time) (core.OneTimeToken, error) {
				t, err := sound.TakeToken(ctx, hash, purpose, now)
				t.Account.Subject, _, _ = strings.Cut(t.Account.Subject, "#")
				return t, err
			}
		}},
		{"new token replaces", "other people's go", func(sound store.Store, b *broken) {
			b.put = func(ctx context.Context, t core.OneTimeToken) error {
				for _, strategy := range []string{"members", "partners"} {
					other := t
					other.Account.Strategy, other.Hash = strategy, bytes.Repeat([]byte{1}, 32)
					_ = sound.PutToken(ctx, other)
					_, _ = sound.TakeToken(ctx, other.Hash, other.Purpose, t.CreatedAt)
				}
				return sound.PutToken(ctx, t)
			}
		}},
		{"incomplete token", "accepted", func(sound store.Store, b *broken) {
			b.put = func(ctx context.Context, t core.OneTimeToken) error {
				return silent(sound.PutToken(ctx, t), core.InvalidInput)
			}
		}},
		{"tokens are copies", "the caller's is kept", func(sound store.Store, b *broken) {
			var kept []core.OneTimeToken
			b.put = func(_ context.Context, t core.OneTimeToken) error { kept = append(kept, t); return nil }
			b.take = func(ctx context.Context, hash []byte, purpose string, now time.Time) (core.OneTimeToken, error) {
				for _, t := range kept {
					if bytes.Equal(t.Hash, hash) {
						_ = sound.PutToken(ctx, t)
					}
				}
				return sound.TakeToken(ctx, hash, purpose, now)
			}
		}},
	}
}

// parallelTakers lets others take a token that is being taken.
func parallelTakers(sound store.Store, b *broken) {
	var mu sync.Mutex
	taken := map[string]core.OneTimeToken{}
	b.take = func(ctx context.Context, hash []byte, purpose string, now time.Time) (core.OneTimeToken, error) {
		t, err := sound.TakeToken(ctx, hash, purpose, now)
		mu.Lock()
		if err == nil {
			taken[string(hash)] = t
		}
		mu.Unlock()
		time.Sleep(20 * time.Millisecond)
		mu.Lock()
		defer mu.Unlock()
		if before, ok := taken[string(hash)]; ok {
			return before, nil
		}
		return t, err
	}
}

// adding replaces AddSigningKey.
func adding(f func(ctx context.Context, sound store.Store, k core.SigningKey) error) func(store.Store, *broken) {
	return func(sound store.Store, b *broken) {
		b.addKey = func(ctx context.Context, k core.SigningKey) error { return f(ctx, sound, k) }
	}
}

// nudged adds a key a moment later if another one is first.
func nudged(ctx context.Context, sound store.Store, k core.SigningKey) error {
	for range 100 {
		err := sound.AddSigningKey(ctx, k)
		if core.CodeOf(err) != core.Conflict {
			return err
		}
		k.ActiveFrom = k.ActiveFrom.Add(time.Millisecond)
	}
	return core.Conflict
}

func keyMutants() []mutant {
	return []mutant{
		{"keys by activation", "the newest first", func(sound store.Store, b *broken) {
			b.keys = func(ctx context.Context) ([]core.SigningKey, error) {
				list, err := sound.SigningKeys(ctx)
				slices.Reverse(list)
				return list, err
			}
		}},
		{"one key per activation", "the second a moment later", adding(nudged)},
		{"parallel rotation", "looked first, added later", adding(func(ctx context.Context, sound store.Store, k core.SigningKey) error {
			list, err := sound.SigningKeys(ctx)
			if err != nil || slices.ContainsFunc(list, func(have core.SigningKey) bool { return have.ID == k.ID || have.ActiveFrom.Equal(k.ActiveFrom) }) {
				return core.Conflict
			}
			time.Sleep(10 * time.Millisecond)
			return nudged(ctx, sound, k)
		})},
		{"incomplete key", "accepted", adding(func(ctx context.Context, sound store.Store, k core.SigningKey) error {
			return silent(sound.AddSigningKey(ctx, k), core.InvalidInput)
		})},
		{"purge keys", "a moment early", func(sound store.Store, b *broken) {
			b.purgeKeys = func(ctx context.Context, t time.Time) error {
				return sound.PurgeSigningKeys(ctx, t.Add(time.Millisecond))
			}
		}},
		{"purge keys", "not at all", func(_ store.Store, b *broken) {
			b.purgeKeys = func(context.Context, time.Time) error { return nil }
		}},
		{"keys are copies", "a cache hands out what it holds", func(sound store.Store, b *broken) {
			var cached []core.SigningKey
			b.keys = func(ctx context.Context) ([]core.SigningKey, error) {
				if cached != nil {
					return slices.Clone(cached), nil
				}
				list, err := sound.SigningKeys(ctx)
				cached = list
				return slices.Clone(list), err
			}
		}},
	}
}
