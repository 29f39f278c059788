package sqlite_test

import (
	"encoding/binary"
	"testing"
	"time"

	"github.com/authd-go/authd/core"
	"github.com/authd-go/authd/core/store/sqlite"
)

func countTries(t testing.TB, path string) (n int) {
	t.Helper()
	db := rawDB(t, path)
	defer func() { _ = db.Close() }()
	if err := db.QueryRowContext(t.Context(), "SELECT count(*) FROM tries").Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

// keep makes tries that fade at a time, at four keys that nobody else uses.
func keep(t testing.TB, s *sqlite.Store, n int, now, fade time.Time) {
	t.Helper()
	keys := make([]core.ThrottleKey, 4)
	for i := range keys {
		binary.BigEndian.PutUint64(keys[i][:], uint64(4*n+i))
	}
	err := s.ChangeTries(t.Context(), core.TriesChange{Now: now, Keys: keys, Change: func(tries []core.Tries) {
		for i := range tries {
			tries[i] = core.Tries{FadeAt: fade, LastAt: now}
		}
	}})
	if err != nil {
		t.Fatal(err)
	}
}

func TestTriesDoNotPileUp(t *testing.T) {
	path := newPath(t)
	s := open(t, path)
	for n := range 100 {
		keep(t, s, n, base(), base().Add(time.Minute))
	}
	if got := countTries(t, path); got != 400 {
		t.Fatalf("%d rows, want 400", got)
	}
	for n := range 100 { // each brings four and takes away up to sixteen
		keep(t, s, 1000+n, base().Add(time.Minute), base().Add(time.Hour))
	}
	if got := countTries(t, path); got != 400 {
		t.Errorf("%d rows, want the 400 that matter", got)
	}
}

func TestTriesOutlastTheProcess(t *testing.T) {
	path := newPath(t)
	first := open(t, path)
	keep(t, first, 1, base(), base().Add(time.Hour))
	closeStore(t, first)
	var key core.ThrottleKey
	binary.BigEndian.PutUint64(key[:], 4)
	var got core.Tries
	err := open(t, path).ChangeTries(t.Context(), core.TriesChange{Now: base(), Keys: []core.ThrottleKey{key}, Change: func(tries []core.Tries) { got = tries[0] }})
	if want := (core.Tries{FadeAt: base().Add(time.Hour), LastAt: base()}); err != nil || got != want {
		t.Errorf("after a restart: %+v, %v", got, err)
	}
}

// TestARefusedTryDoesNotWaitForTheWriter holds the file locked meanwhile.
func TestARefusedTryDoesNotWaitForTheWriter(t *testing.T) {
	path := newPath(t)
	s := open(t, path)
	keep(t, s, 0, base(), base().Add(time.Hour))
	db := rawDB(t, path)
	run(t, db, "BEGIN IMMEDIATE")
	err := s.ChangeTries(t.Context(), core.TriesChange{Now: base(), Keys: []core.ThrottleKey{{}}, Change: func([]core.Tries) {}})
	if err != nil {
		t.Errorf("a change that changes nothing: %v", err)
	}
	run(t, db, "ROLLBACK")
}
