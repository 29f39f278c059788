package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"runtime"
	"time"

	driverlib "modernc.org/sqlite"
)

// connect opens the pools, in this order: nothing that could write before the
// file has been recognised, nothing that reads before its schema is there.
func (s *Store) connect(ctx context.Context, o Options) (err error) {
	busy := fmt.Sprintf("busy_timeout(%d)", o.BusyTimeout.Milliseconds())
	if s.writes, err = openPool(1, sourceName(s.path, "rw", busy, "foreign_keys(1)", "synchronous(FULL)",
		"journal_size_limit(67108864)")); err != nil {
		return err
	}
	if err := s.prepareSchema(ctx, o, busy); err != nil {
		return err
	}
	readers := max(4, runtime.GOMAXPROCS(0))
	if s.readers, err = openPool(readers, sourceName(s.path, "ro", busy, "query_only(1)")); err != nil {
		return err
	}
	if err := s.readers.PingContext(ctx); err != nil {
		return err
	}
	s.reads = newStatements(s.readers.PrepareContext)
	s.file, err = os.Stat(s.path)
	return err
}

// prepareSchema recognises the file, turns the write-ahead log on and migrates.
func (s *Store) prepareSchema(ctx context.Context, o Options, busy string) error {
	provider, err := newProvider(s.writes)
	if err != nil {
		return err
	}
	newest := newestVersion(provider)
	state, err := s.inspect(ctx, busy)
	if err != nil {
		return err
	}
	if err := state.check(o.Path, newest); err != nil {
		return err
	}
	if err := useWAL(ctx, s.writes, o.BusyTimeout); err != nil {
		return err
	}
	if state.version == newest {
		return nil
	}
	steps, err := migrate(ctx, provider)
	if err != nil {
		return err
	}
	o.Log.InfoContext(ctx, "migrated the database", "path", s.path, "from", state.version, "to", newest, "steps", steps)
	return nil
}

func (s *Store) inspect(ctx context.Context, busy string) (state fileState, err error) {
	db, err := openPool(1, sourceName(s.path, "rw", busy, "query_only(1)"))
	if err != nil {
		return state, err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	return inspect(ctx, db)
}

// useWAL turns the write-ahead log on, which the file then remembers. SQLite
// does not wait for other processes here, so we do.
func useWAL(ctx context.Context, db *sql.DB, patience time.Duration) error {
	for deadline := time.Now().Add(patience); ; {
		var mode string
		err := db.QueryRowContext(ctx, "PRAGMA journal_mode = WAL").Scan(&mode)
		switch {
		case err == nil && mode == "wal":
			return nil
		case err == nil:
			return fmt.Errorf("the file system does not support a write-ahead log (journal mode stays %q)", mode)
		case !isBusy(err) || time.Now().After(deadline):
			return err
		}
		if err := pause(ctx, 5*time.Millisecond); err != nil {
			return err
		}
	}
}

// openPool opens at most n connections, as they are needed, and keeps them.
func openPool(n int, source string) (*sql.DB, error) {
	connector, err := driverlib.NewConnector(source)
	if err != nil {
		return nil, err
	}
	db := sql.OpenDB(connector)
	db.SetMaxOpenConns(n)
	db.SetMaxIdleConns(n)
	return db, nil
}
