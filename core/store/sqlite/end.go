package sqlite

import (
	"context"
	"math"
	"slices"
	"time"

	"github.com/authd-go/authd/core"
)

// EndSessions ends sessions and returns, sorted, the IDs of those that were
// alive. Sessions that had expired are ended too and not returned. An
// order that names no session, or no time, is InvalidInput.
func (s *Store) EndSessions(ctx context.Context, e core.SessionEnd) (ids []string, err error) {
	const op = "end sessions"
	if e.At.IsZero() || !targeted(e) {
		return nil, core.Fail(core.InvalidInput, op, nil)
	}
	err = s.write(ctx, op, func(ctx context.Context, tx *statements) error {
		if byAccount(e) && e.Except == "" {
			if err := noteEnd(ctx, tx, e); err != nil {
				return err
			}
		}
		ids, err = endRows(ctx, tx, e)
		return err
	})
	if err != nil {
		return nil, err
	}
	return ids, nil
}

func targeted(e core.SessionEnd) bool {
	return e.ID != "" || e.Remote.ID != "" && e.Remote.Strategy != "" || byAccount(e) && e.Account != core.AccountID{}
}

func byAccount(e core.SessionEnd) bool { return e.ID == "" && e.Remote.ID == "" }

// noteEnd notes since when the account's sessions count. It never goes back.
func noteEnd(ctx context.Context, tx *statements, e core.SessionEnd) error {
	_, err := tx.ExecContext(ctx, `
		INSERT INTO accounts (strategy, subject, sessions_after) VALUES (?, ?, ?)
		ON CONFLICT (strategy, subject) DO UPDATE SET
			sessions_after = max(coalesce(sessions_after, excluded.sessions_after), excluded.sessions_after)`,
		e.Account.Strategy, e.Account.Subject, micros(noted(e)))
	return err
}

// noted is the time of an order: logins that were proved later are not meant.
func noted(e core.SessionEnd) time.Time {
	if !e.NotAfter.IsZero() && e.NotAfter.Before(e.At) {
		return e.NotAfter
	}
	return e.At
}

func endRows(ctx context.Context, tx *statements, e core.SessionEnd) ([]string, error) {
	const end = `UPDATE sessions SET ended_at = ?1, end_reason = ?2 WHERE ended_at IS NULL AND auth_at <= ?3 AND `
	const returning = ` RETURNING id, min(idle_expires, expires) > ?1`
	last := int64(math.MaxInt64)
	if !e.NotAfter.IsZero() {
		last = micros(e.NotAfter)
	}
	var ended []endedRow
	var err error
	switch {
	case e.ID != "":
		ended, err = queryAll(ctx, tx, scanEndedRow, end+`id = ?4`+returning, micros(e.At), e.Reason, last, e.ID)
	case e.Remote.ID != "":
		ended, err = queryAll(ctx, tx, scanEndedRow, end+`strategy = ?4 AND remote_id = ?5 AND remote_id <> ''`+returning,
			micros(e.At), e.Reason, last, e.Remote.Strategy, e.Remote.ID)
	default:
		ended, err = queryAll(ctx, tx, scanEndedRow, end+`strategy = ?4 AND subject = ?5 AND id <> ?6`+returning,
			micros(e.At), e.Reason, last, e.Account.Strategy, e.Account.Subject, e.Except)
	}
	var ids []string
	for _, row := range ended {
		if row.alive {
			ids = append(ids, row.id)
		}
	}
	slices.Sort(ids)
	return ids, err
}

// endedRow is a row that was just ended, and whether it was alive until then.
type endedRow struct {
	id    string
	alive bool
}

func scanEndedRow(r row) (endedRow, error) {
	var e endedRow
	err := r.Scan(&e.id, &e.alive)
	return e, err
}
