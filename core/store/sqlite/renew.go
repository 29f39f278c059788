package sqlite

import (
	"context"
	"time"

	"github.com/authd-go/authd/core"
)

// LeaseSession takes the right to renew a session.
func (s *Store) LeaseSession(ctx context.Context, l core.SessionLease) (core.Session, bool, error) {
	const op = "lease a session"
	if !l.Until.After(l.At) {
		return core.Session{}, false, core.Fail(core.InvalidInput, op, nil)
	}
	var after core.Session
	var leased bool
	err := s.write(ctx, op, func(ctx context.Context, tx *statements) error {
		changed, err := affected(tx.ExecContext(ctx, `UPDATE sessions SET leased_until = ?1
			WHERE id = ?2 AND ended_at IS NULL AND min(idle_expires, expires) > ?3
				AND coalesce(leased_until, ?3) <= ?3`, micros(l.Until), l.ID, micros(l.At)))
		if err != nil {
			return err
		}
		leased = changed == 1
		after, err = session(ctx, tx, l.ID)
		return err
	})
	if err != nil {
		return core.Session{}, false, err
	}
	return after, leased, nil
}

// RenewSession stores a renewal and gives the lease back.
func (s *Store) RenewSession(ctx context.Context, r core.SessionRenewal) (renewed bool, err error) {
	const op = "renew a session"
	identity, err := encodeIdentity(r.Identity)
	if err != nil {
		return false, wrap(op, err)
	}
	err = s.write(ctx, op, func(ctx context.Context, tx *statements) error {
		changed, err := affected(tx.ExecContext(ctx, `UPDATE sessions
			SET leased_until = NULL, identity = ?1, confirmed_at = ?2, kept = ?3
			WHERE id = ?4 AND leased_until = ?5 AND ended_at IS NULL AND min(idle_expires, expires) > ?6`,
			identity, nullMicros(r.ConfirmedAt), nullBytes(r.Kept), r.ID, micros(r.Lease), micros(r.At)))
		renewed = changed == 1
		return err
	})
	return renewed && err == nil, err
}

// sweepOnce is how many notes whose time is over go with each new one.
const sweepOnce = 16

// Once notes a key until a time, or answers Conflict.
func (s *Store) Once(ctx context.Context, purpose string, key []byte, now, until time.Time) error {
	const op = "note what may happen once"
	if purpose == "" || len(key) == 0 || !until.After(now) {
		return core.Fail(core.InvalidInput, op, nil)
	}
	return s.write(ctx, op, func(ctx context.Context, tx *statements) error {
		_, err := tx.ExecContext(ctx, `DELETE FROM once WHERE (purpose, key) IN
			(SELECT purpose, key FROM once WHERE until <= ? ORDER BY until LIMIT ?)`, micros(now), sweepOnce)
		if err != nil {
			return err
		}
		noted, err := affected(tx.ExecContext(ctx, `INSERT INTO once (purpose, key, until) VALUES (?1, ?2, ?3)
			ON CONFLICT (purpose, key) DO UPDATE SET until = excluded.until WHERE until <= ?4`,
			purpose, key, micros(until), micros(now)))
		if err == nil && noted == 0 {
			return core.Conflict
		}
		return err
	})
}
