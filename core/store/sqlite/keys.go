package sqlite

import (
	"context"
	"time"

	"github.com/authd-go/authd/core"
)

const keyColumns = `id, algorithm, sealed, created_at, active_from, publish_until`

func scanKey(r row) (core.SigningKey, error) {
	var k core.SigningKey
	err := r.Scan(&k.ID, &k.Algorithm, &k.Sealed,
		timeColumn{&k.CreatedAt}, timeColumn{&k.ActiveFrom}, timeColumn{&k.PublishUntil})
	return k, err
}

// SigningKeys lists all keys by ActiveFrom.
func (s *Store) SigningKeys(ctx context.Context) (keys []core.SigningKey, err error) {
	err = s.read("list signing keys", func(db *statements) error {
		keys, err = queryAll(ctx, db, scanKey, `SELECT `+keyColumns+` FROM signing_keys ORDER BY active_from`)
		return err
	})
	return keys, err
}

// AddSigningKey stores a new key, or answers Conflict. A key without an ID or
// a sealed half is InvalidInput.
func (s *Store) AddSigningKey(ctx context.Context, k core.SigningKey) error {
	const op = "add a signing key"
	if k.ID == "" || len(k.Sealed) == 0 {
		return core.Fail(core.InvalidInput, op, nil)
	}
	return s.write(ctx, op, func(ctx context.Context, tx *statements) error {
		_, err := tx.ExecContext(ctx, `INSERT INTO signing_keys (`+keyColumns+`) VALUES (?, ?, ?, ?, ?, ?)`,
			k.ID, k.Algorithm, k.Sealed, micros(k.CreatedAt), micros(k.ActiveFrom), micros(k.PublishUntil))
		return err
	})
}

// PurgeSigningKeys forgets the keys whose PublishUntil lies before t.
func (s *Store) PurgeSigningKeys(ctx context.Context, t time.Time) error {
	return s.write(ctx, "purge signing keys", func(ctx context.Context, tx *statements) error {
		_, err := tx.ExecContext(ctx, `DELETE FROM signing_keys WHERE publish_until < ?`, micros(t))
		return err
	})
}
