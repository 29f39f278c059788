package sqlite_test

import (
	"fmt"
	"os"
	"sync"
	"testing"

	"github.com/authd-go/authd/core/store/sqlite"
)

func TestNewerSchemaIsRefused(t *testing.T) {
	path := newPath(t)
	closeStore(t, open(t, path))
	db := rawDB(t, path)
	run(t, db, "INSERT INTO goose_db_version (version_id, is_applied) VALUES (1000, 1)", "PRAGMA wal_checkpoint(TRUNCATE)")
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	wantRefusal(t, path, "store: "+path+" has schema version 1000, this authd knows up to ", "; use a newer authd")
}

func TestForeignDatabaseIsRefused(t *testing.T) {
	for what, statements := range map[string][]string{
		"tables of its own":    {"CREATE TABLE notes (text TEXT)"},
		"our table names":      {"CREATE TABLE users (id TEXT)", "CREATE TABLE sessions (id TEXT)"},
		"goose and tables":     {"CREATE TABLE goose_db_version (id INTEGER, version_id INTEGER, is_applied INTEGER)", "CREATE TABLE notes (text TEXT)"},
		"a mark of its own":    {"PRAGMA application_id = 252006674"},
		"its own mark, tables": {"PRAGMA application_id = 1", "CREATE TABLE notes (text TEXT)"},
	} {
		t.Run(what, func(t *testing.T) {
			path := newPath(t)
			db := rawDB(t, path)
			run(t, db, statements...)
			if err := db.Close(); err != nil {
				t.Fatal(err)
			}
			if err := os.Chmod(path, 0o600); err != nil {
				t.Fatal(err)
			}
			wantRefusal(t, path, path, "another application")
		})
	}
}

// A crash between the first steps of goose leaves its table and nothing else.
func TestInterruptedFirstStart(t *testing.T) {
	path := newPath(t)
	db := rawDB(t, path)
	run(t, db, `CREATE TABLE goose_db_version (id INTEGER PRIMARY KEY AUTOINCREMENT, version_id INTEGER NOT NULL,
		is_applied INTEGER NOT NULL, tstamp TIMESTAMP DEFAULT (datetime('now')))`,
		"INSERT INTO goose_db_version (version_id, is_applied) VALUES (0, 1)")
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(path, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := open(t, path).CreateSession(t.Context(), newSession("s1")); err != nil {
		t.Fatal(err)
	}
}

func TestEmptyFileIsANewDatabase(t *testing.T) {
	path := newPath(t)
	if err := os.WriteFile(path, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := open(t, path).Ready(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// Several processes may start for the first time at once.
func TestParallelFirstOpen(t *testing.T) {
	for round := range 5 {
		path := newPath(t)
		const n = 8
		stores := make([]*sqlite.Store, n)
		errs := make([]error, n)
		var group sync.WaitGroup
		for i := range n {
			group.Go(func() {
				stores[i], errs[i] = sqlite.Open(t.Context(), sqlite.Options{Path: path})
			})
		}
		group.Wait()
		for i := range n {
			if errs[i] != nil {
				t.Errorf("round %d, opener %d: %v", round, i, errs[i])
				continue
			}
			if err := stores[i].CreateSession(t.Context(), newSession(fmt.Sprint("s", i))); err != nil {
				t.Errorf("round %d, opener %d: %v", round, i, err)
			}
		}
		for _, s := range stores {
			if s != nil {
				closeStore(t, s)
			}
		}
		checkIntegrity(t, path)
	}
}
