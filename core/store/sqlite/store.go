// Package sqlite keeps everything in one SQLite file: it is the store for one
// machine, needs no server and no cgo, and several processes, such as the
// daemon and its command line, may use the file at once.
//
// It owns the file, its schema and its mode. It imports core, its driver and
// the migration library, and nothing else of this module.
//
// Reads run in parallel on read-only connections. All writes go through one
// goroutine that puts what waits into one transaction, each write in a
// savepoint of its own, and acknowledges after the commit has been flushed
// (write-ahead log, synchronous=FULL): see writer.go.
//
// The file must be on a local disk. SQLite's locks do not work over network
// file systems.
package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"sync/atomic"
	"time"

	"github.com/authd-go/authd/core"
)

// DefaultBusyTimeout is how long a write waits for another process's write.
const DefaultBusyTimeout = 5 * time.Second

// Options says what to open and how.
type Options struct {
	// Path is the file. It is created, with mode 0600, if it does not exist;
	// its folder must exist. Any character but NUL may be in it.
	Path string
	// Log tells of a file created and of migrations. Nil discards.
	Log *slog.Logger
	// BusyTimeout is how long a write waits for another process's write before
	// it is Unavailable. Zero means DefaultBusyTimeout.
	BusyTimeout time.Duration
}

// Store is an open database file. It implements store.Store of the parent
// package; all methods are safe for concurrent use.
type Store struct {
	readers *sql.DB
	reads   *statements // on the readers
	writes  *sql.DB
	writer  *writer
	path    string
	file    os.FileInfo // the file as it was opened
	closed  atomic.Bool
}

// Open opens the file, creates it if there is none, and brings its schema up
// to date. It refuses, without changing anything, a file that group or others
// can read or write, one that is no database or that of another application,
// and one whose schema is newer than this program. The errors are for the
// operator and say what to do; they carry no code.
func Open(ctx context.Context, o Options) (*Store, error) {
	s, err := open(ctx, o)
	if err != nil {
		return nil, fmt.Errorf("open the SQLite store: %w", err)
	}
	return s, nil
}

func open(ctx context.Context, o Options) (*Store, error) {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.BusyTimeout <= 0 {
		o.BusyTimeout = DefaultBusyTimeout
	}
	path, created, err := prepareFile(o.Path)
	if err != nil {
		return nil, err
	}
	if created {
		o.Log.InfoContext(ctx, "created the database", "path", path)
	}
	s := &Store{path: path}
	if err := s.connect(ctx, o); err != nil {
		return nil, errors.Join(explain(o.Path, err), s.closePools())
	}
	s.writer = startWriter(s.writes)
	return s, nil
}

// Users returns the store of one strategy's users.
func (s *Store) Users(strategy string) core.UserStore { return &users{store: s, strategy: strategy} }

// Ready checks that the file is still in its place, that it can be read, and
// that the writer gets its turn.
func (s *Store) Ready(ctx context.Context) error {
	const op = "check the store"
	err := s.read(op, func(db *statements) error {
		now, err := os.Stat(s.path)
		if err != nil {
			return core.Fail(core.Unavailable, op, err)
		}
		if !os.SameFile(s.file, now) {
			return core.Fail(core.Unavailable, op, errors.New("the file was replaced while it was open"))
		}
		var one int
		return db.QueryRowContext(ctx, "SELECT count(*) FROM goose_db_version").Scan(&one)
	})
	if err != nil {
		return err
	}
	return s.write(ctx, op, func(context.Context, *statements) error { return nil })
}

// Close lets the writes that have begun finish and closes the file.
func (s *Store) Close() error {
	if s.closed.Swap(true) {
		return nil
	}
	s.writer.close()
	return s.closePools()
}

// closePools closes the readers first: the last connection to go, which can
// write, folds the write-ahead log into the file.
func (s *Store) closePools() error {
	var errs []error
	for _, db := range []*sql.DB{s.readers, s.writes} {
		if db != nil {
			errs = append(errs, db.Close())
		}
	}
	return errors.Join(errs...)
}

// read runs a query on the readers.
func (s *Store) read(op string, query func(*statements) error) error {
	if s.closed.Load() {
		return wrap(op, errClosed)
	}
	err := query(s.reads)
	if err != nil && s.closed.Load() {
		err = fmt.Errorf("%w: %w", errClosed, err)
	}
	return wrap(op, err)
}

// write runs statements in the writer and returns when they are on the disk.
func (s *Store) write(ctx context.Context, op string, run func(context.Context, *statements) error) error {
	if s.closed.Load() {
		return wrap(op, errClosed)
	}
	return wrap(op, s.writer.do(ctx, run))
}
