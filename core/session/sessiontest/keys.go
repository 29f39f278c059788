package sessiontest

import (
	"context"
	"slices"
	"time"

	"github.com/authd-go/authd/core"
)

// SigningKeys implements core.KeyStore.
func (m *Memory) SigningKeys(ctx context.Context) ([]core.SigningKey, error) {
	leave, err := m.enter(ctx, "SigningKeys")
	if err != nil {
		return nil, err
	}
	defer leave()
	return slices.Clone(m.keys), nil
}

// AddSigningKey implements core.KeyStore.
func (m *Memory) AddSigningKey(ctx context.Context, k core.SigningKey) error {
	leave, err := m.enter(ctx, "AddSigningKey")
	if err != nil {
		return err
	}
	defer leave()
	for _, have := range m.keys {
		if have.ID == k.ID || have.ActiveFrom.Equal(k.ActiveFrom) {
			return core.Conflict
		}
	}
	m.keys = append(m.keys, k)
	slices.SortFunc(m.keys, func(a, b core.SigningKey) int { return a.ActiveFrom.Compare(b.ActiveFrom) })
	return nil
}

// PurgeSigningKeys implements core.KeyStore.
func (m *Memory) PurgeSigningKeys(ctx context.Context, t time.Time) error {
	leave, err := m.enter(ctx, "PurgeSigningKeys")
	if err != nil {
		return err
	}
	defer leave()
	m.keys = slices.DeleteFunc(m.keys, func(k core.SigningKey) bool { return k.PublishUntil.Before(t) })
	return nil
}

// PutToken implements core.TokenStore.
func (m *Memory) PutToken(ctx context.Context, t core.OneTimeToken) error {
	leave, err := m.enter(ctx, "PutToken")
	if err != nil {
		return err
	}
	defer leave()
	for hash, have := range m.tokens {
		if have.Purpose == t.Purpose && have.Account == t.Account {
			delete(m.tokens, hash)
		}
	}
	m.tokens[string(t.Hash)] = t
	return nil
}

// TakeToken implements core.TokenStore.
func (m *Memory) TakeToken(ctx context.Context, hash []byte, purpose string, now time.Time) (core.OneTimeToken, error) {
	leave, err := m.enter(ctx, "TakeToken")
	if err != nil {
		return core.OneTimeToken{}, err
	}
	defer leave()
	t, ok := m.tokens[string(hash)]
	if !ok || t.Purpose != purpose || !now.Before(t.ExpiresAt) {
		return core.OneTimeToken{}, core.Expired
	}
	delete(m.tokens, string(hash))
	return t, nil
}

// Once implements core.OnceStore.
func (m *Memory) Once(ctx context.Context, purpose string, key []byte, now, until time.Time) error {
	leave, err := m.enter(ctx, "Once")
	if err != nil {
		return err
	}
	defer leave()
	if purpose == "" || len(key) == 0 || !until.After(now) {
		return core.InvalidInput
	}
	note := purpose + "\x00" + string(key)
	if m.once[note].After(now) {
		return core.Conflict
	}
	m.once[note] = until
	return nil
}
