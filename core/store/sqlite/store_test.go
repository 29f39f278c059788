package sqlite_test

import (
	"database/sql"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/authd-go/authd/core"
	"github.com/authd-go/authd/core/store"
	"github.com/authd-go/authd/core/store/sqlite"
	"github.com/authd-go/authd/core/store/storetest"
)

var _ store.Store = (*sqlite.Store)(nil)

func TestMain(m *testing.M) {
	if path := os.Getenv(killedChildEnv); path != "" {
		runKilledChild(path) // does not return
	}
	goleak.VerifyTestMain(m)
}

func TestStoreRules(t *testing.T) {
	storetest.Run(t, func(t *testing.T) store.Store { return open(t, newPath(t)) })
}

func newPath(t testing.TB) string { return filepath.Join(t.TempDir(), "authd.db") }

// open opens a store that the caller closes, or the end of the test.
func open(t testing.TB, path string) *sqlite.Store {
	t.Helper()
	s, err := sqlite.Open(t.Context(), sqlite.Options{Path: path})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { closeStore(t, s) })
	return s
}

func closeStore(t testing.TB, s *sqlite.Store) {
	t.Helper()
	if err := s.Close(); err != nil {
		t.Errorf("Close: %v", err)
	}
}

// rawDB opens the file without any of our code.
func rawDB(t testing.TB, path string) *sql.DB {
	t.Helper()
	db, err := sql.Open("sqlite", (&url.URL{Scheme: "file", Path: path}).String())
	if err != nil {
		t.Fatal(err)
	}
	db.SetMaxOpenConns(1)
	t.Cleanup(func() { _ = db.Close() })
	return db
}

// run runs statements on a database opened with rawDB.
func run(t testing.TB, db *sql.DB, statements ...string) {
	t.Helper()
	for _, statement := range statements {
		if _, err := db.ExecContext(t.Context(), statement); err != nil {
			t.Fatalf("%s: %v", statement, err)
		}
	}
}

// checkIntegrity lets SQLite look at the whole file.
func checkIntegrity(t testing.TB, path string) {
	t.Helper()
	db := rawDB(t, path)
	defer func() { _ = db.Close() }()
	for pragma, want := range map[string]string{"integrity_check": "ok", "journal_mode": "wal"} {
		var got string
		if err := db.QueryRowContext(t.Context(), "PRAGMA "+pragma).Scan(&got); err != nil || got != want {
			t.Fatalf("%s: got %q, %v; want %q", pragma, got, err, want)
		}
	}
	rows, err := db.QueryContext(t.Context(), "PRAGMA foreign_key_check")
	if err != nil {
		t.Fatal(err)
	}
	if rows.Next() {
		t.Error("foreign_key_check found a row without its parent")
	}
	if err := rows.Close(); err != nil {
		t.Fatal(err)
	}
}

func base() time.Time { return time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC) }

func newSession(id string) core.Session {
	return core.Session{
		ID: id, Identity: core.Identity{AccountID: core.AccountID{Strategy: "members", Subject: "u-john"}, Name: "John Doe", Roles: []string{"admin"}},
		AuthAt: base(), CreatedAt: base(), AdvancedAt: base(), IdleExpires: base().Add(time.Hour), Expires: base().Add(time.Hour),
	}
}

func advance(id string, from int64) core.SessionAdvance {
	return core.SessionAdvance{ID: id, From: from, At: base().Add(time.Minute), IdleExpires: base().Add(time.Hour), Identity: newSession(id).Identity}
}

func newUser(i int) core.User {
	return core.User{ID: fmt.Sprintf("u%06d", i), Email: fmt.Sprintf("user%d@mail.com", i), PasswordHash: "hash", CreatedAt: base()}
}
