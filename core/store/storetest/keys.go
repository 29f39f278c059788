package storetest

import (
	"context"
	"fmt"
	"time"

	"github.com/authd-go/authd/core"
	"github.com/authd-go/authd/core/store"
)

func keyRules() []rule {
	return []rule{
		{"keys by activation", "every node must sign with the same key", keysByActivation},
		{"one key per activation", "two nodes that rotate at once must end up with one key", oneKeyPerActivation},
		{"parallel rotation", "two nodes that rotate at once must end up with one key", parallelRotation},
		{"incomplete key", "a key that cannot be named or opened would stop every login", incompleteKey},
		{"purge keys", "a key goes when no token signed with it can be good, and not before", purgeKeys},
		{"keys are copies", "a caller who wipes a key must not wipe the stored one", keyCopies},
	}
}

func key(id string, activeFrom time.Time) core.SigningKey {
	return core.SigningKey{
		ID: id, Algorithm: "EdDSA", Sealed: []byte("sealed\x00" + id), CreatedAt: activeFrom.Add(-time.Hour),
		ActiveFrom: activeFrom, PublishUntil: activeFrom.Add(24 * time.Hour),
	}
}

func addKeys(ctx context.Context, s core.KeyStore, list ...core.SigningKey) error {
	for _, k := range list {
		if err := s.AddSigningKey(ctx, k); err != nil {
			return fmt.Errorf("AddSigningKey(%q): %w", k.ID, err)
		}
	}
	return nil
}

func wantKeys(ctx context.Context, s core.KeyStore, want ...core.SigningKey) error {
	got, err := s.SigningKeys(ctx)
	if err != nil {
		return err
	}
	return equal("SigningKeys", append([]core.SigningKey{}, got...), append([]core.SigningKey{}, want...))
}

func keysByActivation(ctx context.Context, s store.Store) error {
	a, b, c := key("z", start()), key("y", after(time.Hour)), key("x", after(2*time.Hour))
	return all(
		func() error { return wantKeys(ctx, s) },
		func() error { return addKeys(ctx, s, b, c, a) },
		func() error { return wantKeys(ctx, s, a, b, c) },
	)
}

func oneKeyPerActivation(ctx context.Context, s store.Store) error {
	first := key("a", start())
	return all(
		func() error { return addKeys(ctx, s, first) },
		func() error {
			return outcome("same ID", s.AddSigningKey(ctx, key("a", after(time.Hour))), core.Conflict)
		},
		func() error {
			return outcome("same ActiveFrom", s.AddSigningKey(ctx, key("b", start())), core.Conflict)
		},
		func() error { return wantKeys(ctx, s, first) },
	)
}

func parallelRotation(ctx context.Context, s store.Store) error {
	counts := parallel(20, func(i int) core.Code {
		return core.CodeOf(s.AddSigningKey(ctx, key(fmt.Sprint("k", i), start())))
	})
	return equal("outcomes", counts, map[core.Code]int{"": 1, core.Conflict: 19})
}

func incompleteKey(ctx context.Context, s store.Store) error {
	unsealed := key("a", start())
	unsealed.Sealed = nil
	return all(
		func() error {
			return outcome("without an ID", s.AddSigningKey(ctx, key("", start())), core.InvalidInput)
		},
		func() error { return outcome("without a key", s.AddSigningKey(ctx, unsealed), core.InvalidInput) },
	)
}

func purgeKeys(ctx context.Context, s store.Store) error {
	old, current := key("old", start()), key("current", after(time.Hour))
	return all(
		func() error { return addKeys(ctx, s, old, current) },
		func() error { return s.PurgeSigningKeys(ctx, old.PublishUntil) }, // before t, not at t
		func() error { return wantKeys(ctx, s, old, current) },
		func() error { return s.PurgeSigningKeys(ctx, old.PublishUntil.Add(time.Millisecond)) },
		func() error { return wantKeys(ctx, s, current) },
	)
}

func keyCopies(ctx context.Context, s store.Store) error {
	given := key("a", start())
	if err := addKeys(ctx, s, given); err != nil {
		return err
	}
	clear(given.Sealed)
	got, err := s.SigningKeys(ctx)
	if err != nil {
		return err
	}
	if len(got) == 1 {
		clear(got[0].Sealed)
	}
	return wantKeys(ctx, s, key("a", start()))
}
