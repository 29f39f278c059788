package sqlite

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"

	sqlite3 "modernc.org/sqlite/lib"

	"github.com/authd-go/authd/core"
)

// limitPages makes the writer's connection believe that the disk ends here.
func limitPages(t *testing.T, s *Store, more int) {
	t.Helper()
	err := s.write(t.Context(), "test", func(ctx context.Context, tx *statements) error {
		var pages, limit int
		if err := tx.QueryRowContext(ctx, "PRAGMA page_count").Scan(&pages); err != nil {
			return err
		}
		return tx.QueryRowContext(ctx, fmt.Sprintf("PRAGMA max_page_count = %d", pages+more)).Scan(&limit)
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestFullDiskIsAnOutage(t *testing.T) {
	s := openStore(t)
	users := s.Users("members")
	if err := users.CreateUser(t.Context(), user(0)); err != nil {
		t.Fatal(err)
	}
	limitPages(t, s, 1)
	big := user(1)
	big.Name = strings.Repeat("x", 1<<20)
	err := users.CreateUser(t.Context(), big)
	if core.CodeOf(err) != core.Unavailable || !isResult(err, sqlite3.SQLITE_FULL) {
		t.Errorf("on a full disk: %v", err)
	}
	if _, err := users.User(t.Context(), "u0"); err != nil {
		t.Errorf("a read on a full disk: %v", err)
	}
	if _, err := users.User(t.Context(), "u1"); core.CodeOf(err) != core.UnknownUser {
		t.Errorf("the refused user: %v", err)
	}
	limitPages(t, s, 1_000_000) // somebody made room
	if err := users.CreateUser(t.Context(), big); err != nil {
		t.Errorf("with room again: %v", err)
	}
}

func TestReplacedFileIsNotReady(t *testing.T) {
	s := openStore(t)
	if err := s.Ready(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(s.path, s.path+".moved"); err != nil {
		t.Fatal(err)
	}
	if err := s.Ready(t.Context()); core.CodeOf(err) != core.Unavailable {
		t.Errorf("after the file was moved away: %v", err)
	}
	if err := os.WriteFile(s.path, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := s.Ready(t.Context()); core.CodeOf(err) != core.Unavailable {
		t.Errorf("after the file was replaced: %v", err)
	}
}

func TestResultCodes(t *testing.T) {
	for result, want := range map[int]core.Code{
		sqlite3.SQLITE_CONSTRAINT_UNIQUE:     core.Conflict,
		sqlite3.SQLITE_CONSTRAINT_PRIMARYKEY: core.Conflict,
		sqlite3.SQLITE_CONSTRAINT_NOTNULL:    core.Internal,
		sqlite3.SQLITE_CONSTRAINT_FOREIGNKEY: core.Internal,
		sqlite3.SQLITE_ERROR:                 core.Internal,
		sqlite3.SQLITE_MISUSE:                core.Internal,
		sqlite3.SQLITE_BUSY:                  core.Unavailable,
		sqlite3.SQLITE_BUSY_SNAPSHOT:         core.Unavailable,
		sqlite3.SQLITE_LOCKED:                core.Unavailable,
		sqlite3.SQLITE_FULL:                  core.Unavailable,
		sqlite3.SQLITE_IOERR_FSYNC:           core.Unavailable,
		sqlite3.SQLITE_CANTOPEN:              core.Unavailable,
		sqlite3.SQLITE_READONLY:              core.Unavailable,
		sqlite3.SQLITE_CORRUPT:               core.Unavailable,
		sqlite3.SQLITE_NOTADB:                core.Unavailable,
		sqlite3.SQLITE_NOMEM:                 core.Unavailable,
		sqlite3.SQLITE_INTERRUPT:             core.Unavailable,
	} {
		if got := codeOfResult(result); got != want {
			t.Errorf("result %d: %q, want %q", result, got, want)
		}
	}
}

// The registry stamps errors: two callers must never share one.
func TestEachCallerHasItsOwnError(t *testing.T) {
	lost := &lostError{errors.New("the disk is gone")}
	for _, cause := range []error{core.Conflict, lost, errClosed, context.Canceled} {
		var a, b *core.Error
		if !errors.As(wrap("one", cause), &a) || !errors.As(wrap("two", cause), &b) || a == b || a.Op == b.Op {
			t.Errorf("%v: errors %v and %v", cause, a, b)
		}
	}
}
