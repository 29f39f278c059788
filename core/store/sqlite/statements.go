package sqlite

import (
	"context"
	"database/sql"
	"fmt"
	"sync"
)

// statements runs SQL, and keeps what it has run prepared: SQLite takes longer
// to parse most of our statements than to run them. Their texts are few and all
// our own. It is safe for concurrent use where what it prepares with is.
type statements struct {
	prepare func(context.Context, string) (*sql.Stmt, error)

	mu     sync.RWMutex
	byText map[string]*sql.Stmt
}

func newStatements(prepare func(context.Context, string) (*sql.Stmt, error)) *statements {
	return &statements{prepare: prepare, byText: map[string]*sql.Stmt{}}
}

// get returns the prepared statement.
func (s *statements) get(ctx context.Context, text string) (*sql.Stmt, error) {
	s.mu.RLock()
	stmt := s.byText[text]
	s.mu.RUnlock()
	if stmt != nil {
		return stmt, nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if stmt := s.byText[text]; stmt != nil {
		return stmt, nil
	}
	// Prepared for everybody, so no caller's context may cut it off.
	stmt, err := s.prepare(context.WithoutCancel(ctx), text) //nolint:sqlclosecheck // it is kept; close ends it
	if err != nil {
		return nil, fmt.Errorf("prepare: %w", err)
	}
	s.byText[text] = stmt
	return stmt, nil
}

// close ends them all. What is prepared on a pool ends with the pool; what is
// prepared on one connection has to be closed before it, or the connection's
// file stays open.
func (s *statements) close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, stmt := range s.byText {
		_ = stmt.Close() // says again what its last use said
	}
	s.byText = nil
}

// ExecContext runs a statement that returns no rows.
func (s *statements) ExecContext(ctx context.Context, text string, args ...any) (sql.Result, error) {
	stmt, err := s.get(ctx, text) //nolint:sqlclosecheck // it is kept; close ends it
	if err != nil {
		return nil, err
	}
	return stmt.ExecContext(ctx, args...)
}

// QueryContext runs a statement that returns rows.
func (s *statements) QueryContext(ctx context.Context, text string, args ...any) (*sql.Rows, error) {
	stmt, err := s.get(ctx, text) //nolint:sqlclosecheck // it is kept; close ends it
	if err != nil {
		return nil, err
	}
	return stmt.QueryContext(ctx, args...)
}

// QueryRowContext runs a statement that returns one row at most. An error waits
// for Scan.
func (s *statements) QueryRowContext(ctx context.Context, text string, args ...any) row {
	stmt, err := s.get(ctx, text) //nolint:sqlclosecheck // it is kept; close ends it
	if err != nil {
		return failed{err}
	}
	return stmt.QueryRowContext(ctx, args...)
}

// row is what Scan works on: one row of many, or the only one.
type row interface{ Scan(dest ...any) error }

type failed struct{ err error }

// Scan returns why there is no row.
func (f failed) Scan(...any) error { return f.err }
