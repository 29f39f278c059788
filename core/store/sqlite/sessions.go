package sqlite

import (
	"context"
	"errors"
	"time"

	"github.com/authd-go/authd/core"
)

const sessionColumns = `id, strategy, subject, identity, generation, auth_at, created_at, advanced_at,
	idle_expires, expires, persistent, addr, user_agent, ended_at, end_reason,
	confirmed_at, kept, remote_id, leased_until`

func scanSession(r row) (core.Session, error) {
	var s core.Session
	var account core.AccountID
	var identity storedIdentity
	err := r.Scan(&s.ID, &account.Strategy, &account.Subject, jsonColumn{&identity}, &s.Generation,
		timeColumn{&s.AuthAt}, timeColumn{&s.CreatedAt}, timeColumn{&s.AdvancedAt}, timeColumn{&s.IdleExpires},
		timeColumn{&s.Expires}, &s.Persistent, &s.Addr, &s.UserAgent, timeColumn{&s.EndedAt}, &s.EndReason,
		timeColumn{&s.ConfirmedAt}, &s.Kept, &s.RemoteID, timeColumn{&s.LeasedUntil})
	if err != nil {
		return core.Session{}, none(err, core.Unauthenticated)
	}
	s.Identity = identity.identity(account)
	return s, nil
}

// Session returns the row, alive or not, or Unauthenticated.
func (s *Store) Session(ctx context.Context, id string) (found core.Session, err error) {
	err = s.read("read a session", func(db *statements) error {
		found, err = session(ctx, db, id)
		return err
	})
	return found, err
}

func session(ctx context.Context, q *statements, id string) (core.Session, error) {
	return scanSession(q.QueryRowContext(ctx, `SELECT `+sessionColumns+` FROM sessions WHERE id = ?`, id))
}

// AccountSessions lists the account's sessions that are alive at now, newest first.
func (s *Store) AccountSessions(ctx context.Context, a core.AccountID, now time.Time) (list []core.Session, err error) {
	err = s.read("list an account's sessions", func(db *statements) error {
		list, err = queryAll(ctx, db, scanSession, `SELECT `+sessionColumns+` FROM sessions
			WHERE strategy = ? AND subject = ? AND ended_at IS NULL AND min(idle_expires, expires) > ?
			ORDER BY created_at DESC, id`, a.Strategy, a.Subject, micros(now))
		return err
	})
	return list, err
}

// EndedSince lists the sessions that ended at or after t, in that order.
func (s *Store) EndedSince(ctx context.Context, t time.Time) (list []core.EndedSession, err error) {
	err = s.read("list ended sessions", func(db *statements) error {
		list, err = queryAll(ctx, db, scanEnded, `SELECT id, ended_at FROM sessions
			WHERE ended_at >= ? ORDER BY ended_at, id`, micros(t))
		return err
	})
	return list, err
}

func scanEnded(r row) (core.EndedSession, error) {
	var e core.EndedSession
	err := r.Scan(&e.ID, timeColumn{&e.EndedAt})
	return e, err
}

// CreateSession stores a new session and notes the account. Unauthenticated
// means that the account's sessions were ended at or after its AuthAt,
// Conflict that the ID is taken.
func (s *Store) CreateSession(ctx context.Context, n core.Session) error {
	const op = "create a session"
	if n.ID == "" || n.Identity.Strategy == "" || n.Identity.Subject == "" {
		return core.Fail(core.InvalidInput, op, nil)
	}
	identity, err := encodeIdentity(n.Identity)
	if err != nil {
		return wrap(op, err)
	}
	return s.write(ctx, op, func(ctx context.Context, tx *statements) error {
		if err := noteLogin(ctx, tx, n); err != nil {
			return err
		}
		_, err := tx.ExecContext(ctx, `INSERT INTO sessions (`+sessionColumns+`) VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)`,
			n.ID, n.Identity.Strategy, n.Identity.Subject, identity, n.Generation, micros(n.AuthAt), micros(n.CreatedAt),
			micros(n.AdvancedAt), micros(n.IdleExpires), micros(n.Expires), n.Persistent, n.Addr, n.UserAgent,
			nullMicros(n.EndedAt), n.EndReason, nullMicros(n.ConfirmedAt), nullBytes(n.Kept), n.RemoteID, nullMicros(n.LeasedUntil))
		return err
	})
}

// noteLogin notes the account, unless its sessions were ended after the proof.
func noteLogin(ctx context.Context, tx *statements, n core.Session) error {
	noted, err := affected(tx.ExecContext(ctx, `
		INSERT INTO accounts (strategy, subject, first_seen_at, last_login_at) VALUES (?1, ?2, ?3, ?4)
		ON CONFLICT (strategy, subject) DO UPDATE SET
			first_seen_at = coalesce(first_seen_at, excluded.first_seen_at),
			last_login_at = max(coalesce(last_login_at, excluded.last_login_at), excluded.last_login_at)
		WHERE sessions_after IS NULL OR sessions_after < ?4`,
		n.Identity.Strategy, n.Identity.Subject, micros(n.CreatedAt), micros(n.AuthAt)))
	if err == nil && noted == 0 {
		return core.Unauthenticated
	}
	return err
}

// AdvanceSession moves the session one generation on in one compare-and-swap.
// A session past its idle or absolute end at a.At does not move either.
func (s *Store) AdvanceSession(ctx context.Context, a core.SessionAdvance) (core.Session, bool, error) {
	const op = "advance a session"
	identity, err := encodeIdentity(a.Identity)
	if err != nil {
		return core.Session{}, false, wrap(op, err)
	}
	var after core.Session
	var moved bool
	err = s.write(ctx, op, func(ctx context.Context, tx *statements) error {
		after, err = scanSession(tx.QueryRowContext(ctx, `UPDATE sessions
			SET generation = generation + 1, advanced_at = ?1, idle_expires = ?2, identity = ?3,
				confirmed_at = coalesce(?6, confirmed_at)
			WHERE id = ?4 AND generation = ?5 AND ended_at IS NULL AND min(idle_expires, expires) > ?1
			RETURNING `+sessionColumns,
			micros(a.At), micros(a.IdleExpires), identity, a.ID, a.From, nullMicros(a.ConfirmedAt)))
		if moved = err == nil; !moved && errors.Is(err, core.Unauthenticated) { // no such row
			after, err = session(ctx, tx, a.ID)
		}
		return err
	})
	if err != nil {
		return core.Session{}, false, err
	}
	return after, moved, nil
}

// PurgeSessions forgets at most limit sessions whose absolute or idle end lies
// before t, and says how many it forgot.
func (s *Store) PurgeSessions(ctx context.Context, t time.Time, limit int) (int, error) {
	var purged int64
	err := s.write(ctx, "purge sessions", func(ctx context.Context, tx *statements) (err error) {
		purged, err = affected(tx.ExecContext(ctx, `DELETE FROM sessions WHERE rowid IN
			(SELECT rowid FROM sessions WHERE min(idle_expires, expires) < ?
			 ORDER BY min(idle_expires, expires) LIMIT ?)`, micros(t), max(limit, 0)))
		return err
	})
	if err != nil {
		return 0, err
	}
	return int(purged), nil
}
