package sqlite

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"time"

	"github.com/pressly/goose/v3"
	sqlite3 "modernc.org/sqlite/lib"
)

//go:embed migrations/*.sql
var migrations embed.FS

// applicationID marks authd's files; the first migration sets it.
const applicationID = 1635018852

// fileState is what a file says about itself.
type fileState struct {
	application int64
	tables      int   // those that are neither SQLite's nor goose's
	version     int64 // of the schema; 0 before the first migration
}

// inspect reads what is in the file and changes nothing. The transaction makes
// it one moment, for another process may just be making the schema.
func inspect(ctx context.Context, db *sql.DB) (fileState, error) {
	var state fileState
	tx, err := db.BeginTx(ctx, &sql.TxOptions{ReadOnly: true})
	if err != nil {
		return state, err
	}
	defer func() { _ = tx.Rollback() }() // it has read only
	if err := tx.QueryRowContext(ctx, "PRAGMA application_id").Scan(&state.application); err != nil {
		return state, err
	}
	var versioned bool
	err = tx.QueryRowContext(ctx, `
		SELECT count(*) FILTER (WHERE name NOT LIKE 'sqlite\_%' ESCAPE '\' AND name <> 'goose_db_version'),
		       count(*) FILTER (WHERE name = 'goose_db_version') > 0
		FROM sqlite_schema WHERE type = 'table'`).Scan(&state.tables, &versioned)
	if err != nil || !versioned {
		return state, err
	}
	err = tx.QueryRowContext(ctx, "SELECT coalesce(max(version_id), 0) FROM goose_db_version WHERE is_applied").Scan(&state.version)
	return state, err
}

// refusal says in whole words why a file is not opened.
type refusal string

// Error is the text.
func (r refusal) Error() string { return string(r) }

// check refuses a file that is not ours or that a newer authd has changed.
func (f fileState) check(path string, newest int64) error {
	empty := f.application == 0 && f.tables == 0
	if f.application != applicationID && !empty {
		return refusal(fmt.Sprintf("%s is the database of another application (application_id %d)", path, f.application))
	}
	if f.version > newest {
		return refusal(fmt.Sprintf("%s has schema version %d, this authd knows up to %d; use a newer authd", path, f.version, newest))
	}
	return nil
}

// explain puts the failures that an operator can do something about into words.
func explain(path string, err error) error {
	var whole refusal
	switch {
	case errors.As(err, &whole):
		return whole
	case isResult(err, sqlite3.SQLITE_NOTADB):
		return fmt.Errorf("%s is not a SQLite database: %w", path, err)
	case isResult(err, sqlite3.SQLITE_CORRUPT):
		return fmt.Errorf("%s is damaged; restore it from a backup: %w", path, err)
	case isBusy(err):
		return fmt.Errorf("%s is locked by another process: %w", path, err)
	}
	return fmt.Errorf("%s: %w", path, err)
}

// newProvider returns goose's view of the migrations. It is never closed: that
// would close db.
func newProvider(db *sql.DB) (*goose.Provider, error) {
	files, err := fs.Sub(migrations, "migrations")
	if err != nil {
		return nil, err
	}
	return goose.NewProvider(goose.DialectSQLite3, db, files, goose.WithDisableGlobalRegistry(true))
}

// newestVersion is the schema this binary knows.
func newestVersion(p *goose.Provider) int64 {
	var newest int64
	for _, source := range p.ListSources() {
		newest = max(newest, source.Version)
	}
	return newest
}

// migrateTries bounds how often a process that lost the race for a migration
// looks again. Every loss means that another process got one step further.
const migrateTries = 20

// migrate brings the schema to the newest version and returns how many steps
// that took. Each step is one transaction. Two processes may try at once: the
// one that comes second fails on what the first has made, and looks again.
func migrate(ctx context.Context, p *goose.Provider) (steps int, err error) {
	for try := range migrateTries {
		if try > 0 {
			if err := pause(ctx, time.Duration(try)*5*time.Millisecond); err != nil {
				return 0, err
			}
		}
		results, upErr := p.Up(ctx)
		if upErr == nil {
			return len(results), nil
		}
		err = upErr
	}
	return 0, fmt.Errorf("migrate: %w", err)
}

func pause(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}
