package sqlite_test

import (
	"bufio"
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/authd-go/authd/core"
	"github.com/authd-go/authd/core/store/sqlite"
)

const (
	killedChildEnv = "AUTHD_TEST_KILLED_CHILD" // the database; makes the test binary the child
	killedSessions = 4
	kills          = 20
)

// runKilledChild advances each session in a goroutine of its own, for ever,
// and prints every generation after the store has acknowledged it.
func runKilledChild(path string) {
	ctx := context.Background()
	fail := func(err error) {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	s, err := sqlite.Open(ctx, sqlite.Options{Path: path})
	if err != nil {
		fail(err)
	}
	for i := range killedSessions {
		go func() {
			id := fmt.Sprint("s", i)
			row, err := s.Session(ctx, id)
			for err == nil {
				row, _, err = s.AdvanceSession(ctx, advance(id, row.Generation))
				if err == nil {
					fmt.Printf("%d %d\n", i, row.Generation) // one write, one line
				}
			}
			fail(err)
		}()
	}
	select {}
}

// A generation that was acknowledged survives kill -9, and no session is ahead
// of what its one caller could have had under way.
func TestKillLosesNothing(t *testing.T) {
	path := newPath(t)
	s := open(t, path)
	for i := range killedSessions {
		if err := s.CreateSession(t.Context(), newSession(fmt.Sprint("s", i))); err != nil {
			t.Fatal(err)
		}
	}
	closeStore(t, s)
	var acknowledged [killedSessions]int64
	for round := range kills {
		killOne(t, path, &acknowledged)
		s := open(t, path)
		for i, least := range acknowledged {
			row, err := s.Session(t.Context(), fmt.Sprint("s", i))
			if err != nil {
				t.Fatal(err)
			}
			if row.Generation < least || row.Generation > least+1 {
				t.Errorf("round %d, session %d: generation %d, acknowledged %d", round, i, row.Generation, least)
			}
			acknowledged[i] = row.Generation
		}
		closeStore(t, s)
		checkIntegrity(t, path)
	}
	t.Logf("generations after %d kills: %v", kills, acknowledged)
}

// killOne runs a child, kills it at some moment, and notes what it printed.
func killOne(t *testing.T, path string, acknowledged *[killedSessions]int64) {
	t.Helper()
	child := exec.Command(os.Args[0])
	child.Env = append(os.Environ(), killedChildEnv+"="+path)
	child.Stderr = os.Stderr
	out, err := child.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	lines, kill := bufio.NewScanner(out), sync.OnceFunc(func() {
		time.AfterFunc(time.Duration(rand.IntN(60_000))*time.Microsecond, func() { _ = child.Process.Kill() })
	})
	seen := 0
	for lines.Scan() {
		kill() // the first line says that it is at work
		var session int
		var generation int64
		if _, err := fmt.Sscanf(lines.Text(), "%d %d", &session, &generation); err != nil {
			t.Fatalf("the child said %q", lines.Text())
		}
		if generation < acknowledged[session] {
			t.Errorf("session %d went back from %d to %d", session, acknowledged[session], generation)
		}
		acknowledged[session] = generation
		seen++
	}
	if err := child.Wait(); err == nil || seen == 0 {
		t.Fatalf("the child ended by itself after %d lines: %v", seen, err)
	}
}

// The command line may use the file beside the daemon.
func TestTwoStoresOneFile(t *testing.T) {
	path := newPath(t)
	stores := []*sqlite.Store{open(t, path), open(t, path)}
	if err := stores[0].CreateSession(t.Context(), newSession("s1")); err != nil {
		t.Fatal(err)
	}
	var moves atomic.Int64
	var group sync.WaitGroup
	for i := range 8 {
		group.Go(func() {
			s := stores[i%2]
			for range 25 {
				row, err := s.Session(t.Context(), "s1")
				if err != nil {
					t.Error(err)
					return
				}
				_, moved, err := s.AdvanceSession(t.Context(), advance("s1", row.Generation))
				if err != nil {
					t.Error(err)
					return
				}
				if moved {
					moves.Add(1)
				}
			}
		})
	}
	group.Wait()
	for _, s := range stores {
		row, err := s.Session(t.Context(), "s1")
		if err != nil || row.Generation != moves.Load() {
			t.Errorf("generation %d, %v; %d advances were won", row.Generation, err, moves.Load())
		}
	}
}

func TestOtherProcessHoldsTheLock(t *testing.T) {
	path := newPath(t)
	s, err := sqlite.Open(t.Context(), sqlite.Options{Path: path, BusyTimeout: 50 * time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	defer closeStore(t, s)
	other := rawDB(t, path)
	run(t, other, "BEGIN IMMEDIATE")
	if err := s.CreateSession(t.Context(), newSession("s1")); core.CodeOf(err) != core.Unavailable {
		t.Errorf("while locked: %v", err)
	}
	if err := s.Ready(t.Context()); core.CodeOf(err) != core.Unavailable {
		t.Errorf("Ready while locked: %v", err)
	}
	if _, err := s.Session(t.Context(), "s1"); core.CodeOf(err) != core.Unauthenticated {
		t.Errorf("a read while locked: %v", err)
	}
	run(t, other, "ROLLBACK")
	if err := s.CreateSession(t.Context(), newSession("s1")); err != nil {
		t.Errorf("after the lock: %v", err)
	}
}
