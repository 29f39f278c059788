package sqlite

import (
	"context"
	"net/netip"
	"time"

	"github.com/authd-go/authd/core"
)

const auditColumns = `at, event, actor, method, outcome, reason, account_strategy, account_subject, strategy, asked,
	session_id, addr, request_id, object`

// storedAnswer is the JSON of a core.AuditAnswer.
type storedAnswer struct {
	Strategy string    `json:"strategy"`
	Outcome  core.Code `json:"outcome"`
}

// AppendAudit stores events, all of them or none. One without a time or a name is
// InvalidInput.
func (s *Store) AppendAudit(ctx context.Context, events ...core.AuditEvent) error {
	const op = "append to the audit trail"
	for _, e := range events {
		if e.Time.IsZero() || e.Event == "" {
			return core.Fail(core.InvalidInput, op, nil)
		}
	}
	return s.write(ctx, op, func(ctx context.Context, tx *statements) error {
		for _, e := range events {
			if err := insertEvent(ctx, tx, e); err != nil {
				return err
			}
		}
		return nil
	})
}

func insertEvent(ctx context.Context, tx *statements, e core.AuditEvent) error {
	stored := make([]storedAnswer, len(e.Asked))
	for i, a := range e.Asked {
		stored[i] = storedAnswer(a)
	}
	asked, err := encodeJSON(stored)
	if err != nil {
		return err
	}
	addr := ""
	if e.Addr.IsValid() {
		addr = e.Addr.String()
	}
	_, err = tx.ExecContext(ctx, `INSERT INTO audit_events (`+auditColumns+`) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
		micros(e.Time), e.Event, e.Actor, e.Method, string(e.Outcome), e.Reason, e.Account.Strategy, e.Account.Subject, e.Strategy, asked,
		e.SessionID, addr, e.RequestID, e.Object)
	return err
}

func scanEvent(r row) (core.AuditEvent, error) {
	var e core.AuditEvent
	var asked []storedAnswer
	var addr string
	err := r.Scan(&e.ID, timeColumn{&e.Time}, &e.Event, &e.Actor, &e.Method, &e.Outcome, &e.Reason,
		&e.Account.Strategy, &e.Account.Subject, &e.Strategy, jsonColumn{&asked}, &e.SessionID, &addr, &e.RequestID, &e.Object)
	if err != nil {
		return core.AuditEvent{}, err
	}
	for _, a := range asked {
		e.Asked = append(e.Asked, core.AuditAnswer(a))
	}
	if addr != "" {
		e.Addr, err = netip.ParseAddr(addr)
	}
	return e, err
}

// Audit lists rows by ID.
func (s *Store) Audit(ctx context.Context, q core.AuditQuery) (events []core.AuditEvent, err error) {
	// The rows come in the order of their IDs, so the index on the time would
	// only make SQLite sort: the plus signs keep it out.
	text := `SELECT id, ` + auditColumns + ` FROM audit_events WHERE id > ?`
	args := []any{q.After}
	where := func(condition string, values ...any) {
		text += " AND " + condition
		args = append(args, values...)
	}
	if !q.Since.IsZero() {
		where(`+at >= ?`, micros(q.Since))
	}
	if !q.Until.IsZero() {
		where(`+at < ?`, micros(q.Until))
	}
	if q.Account != (core.AccountID{}) {
		where(`account_strategy = ? AND account_subject = ?`, q.Account.Strategy, q.Account.Subject)
	}
	if q.Event != "" {
		where(`event = ?`, q.Event)
	}
	err = s.read("read the audit trail", func(db *statements) error {
		events, err = queryAll(ctx, db, scanEvent, text+` ORDER BY id LIMIT ?`, append(args, max(q.Limit, 0))...)
		return err
	})
	return events, err
}

// PurgeAudit forgets at most limit rows whose Time lies before t.
func (s *Store) PurgeAudit(ctx context.Context, t time.Time, limit int) (int, error) {
	var purged int64
	err := s.write(ctx, "purge the audit trail", func(ctx context.Context, tx *statements) (err error) {
		purged, err = affected(tx.ExecContext(ctx, `DELETE FROM audit_events WHERE id IN
			(SELECT id FROM audit_events WHERE at < ? ORDER BY at LIMIT ?)`, micros(t), max(limit, 0)))
		return err
	})
	if err != nil {
		return 0, err
	}
	return int(purged), nil
}
