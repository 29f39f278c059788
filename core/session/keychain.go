package session

import (
	"context"
	"crypto/ed25519"
	"io"
	"sync"
	"sync/atomic"
	"time"

	"github.com/authd-go/authd/core"
)

// keychain is this node's copy of the signing keys, and what keeps the store's
// keys rotating.
type keychain struct {
	store    core.KeyStore
	vault    vault
	schedule schedule
	rand     io.Reader
	made     func(ctx context.Context, keyID string, activeFrom time.Time)

	ring   atomic.Pointer[keyRing]
	wanted atomic.Bool // a token named a key that is not in the ring
	mu     sync.Mutex  // one maintenance at a time
}

// public finds a published key. An unknown one makes the background loop read
// the keys at its next turn, never the request: whoever forges tokens must not
// drive the store.
func (k *keychain) public(id string) (ed25519.PublicKey, bool) {
	key, ok := k.ring.Load().byID[id]
	if !ok {
		k.wanted.Store(true)
	}
	return key, ok
}

// signer returns the key to sign with. If there is none (the machine slept for
// weeks) it does the maintenance that the background loop has not come to.
func (k *keychain) signer(ctx context.Context, now time.Time) (signingKey, error) {
	if key, ok := k.schedule.signer(k.ring.Load().keys, now); ok {
		return key, nil
	}
	if err := k.maintain(ctx, now); err != nil {
		return signingKey{}, err
	}
	if key, ok := k.schedule.signer(k.ring.Load().keys, now); ok {
		return key, nil
	}
	return signingKey{}, core.Fail(core.Unavailable, "find a signing key", nil)
}

// maintain reads the keys, adds the successor when one is due, and forgets
// keys that no good token names.
func (k *keychain) maintain(ctx context.Context, now time.Time) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.wanted.Store(false)
	stale, err := k.load(ctx, now)
	if err != nil {
		return err
	}
	if start, due := k.schedule.next(k.ring.Load().keys, now); due {
		if err := k.add(ctx, start, now); err != nil {
			return err
		}
		if _, err := k.load(ctx, now); err != nil {
			return err
		}
	}
	if !stale {
		return nil
	}
	if err := k.store.PurgeSigningKeys(ctx, now); err != nil {
		return core.Fail(core.Unavailable, "purge signing keys", err)
	}
	return nil
}

// load replaces the ring, and says whether the store holds keys to forget.
func (k *keychain) load(ctx context.Context, now time.Time) (stale bool, err error) {
	stored, err := k.store.SigningKeys(ctx)
	if err != nil {
		return false, core.Fail(core.Unavailable, "read signing keys", err)
	}
	keys := make([]signingKey, 0, len(stored))
	for _, s := range stored {
		if s.PublishUntil.Before(now) {
			stale = true
			continue
		}
		key, err := k.vault.openKey(s)
		if err != nil {
			return false, core.Fail(core.Internal, "open signing keys", err)
		}
		keys = append(keys, key)
	}
	ring, err := newKeyRing(keys)
	if err != nil {
		return false, core.Fail(core.Internal, "publish signing keys", err)
	}
	k.ring.Store(ring)
	return stale, nil
}

// add makes the key that signs from start on. Conflict means that another node
// was first, which is as good.
func (k *keychain) add(ctx context.Context, start, now time.Time) error {
	key, err := k.vault.newKey(k.rand)
	if err != nil {
		return core.Fail(core.Internal, "make a signing key", err)
	}
	key.CreatedAt, key.ActiveFrom, key.PublishUntil = now, start, k.schedule.publishUntil(start)
	switch err := k.store.AddSigningKey(ctx, key); core.CodeOf(err) {
	case "":
		k.made(ctx, key.ID, start)
	case core.Conflict:
	default:
		return core.Fail(core.Unavailable, "add a signing key", err)
	}
	return nil
}
