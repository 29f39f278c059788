package sqlite

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/authd-go/authd/core"
)

func openStore(t testing.TB) *Store {
	t.Helper()
	s, err := Open(t.Context(), Options{Path: filepath.Join(t.TempDir(), "authd.db"), BusyTimeout: 100 * time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

// hold stops the writer inside an operation until release is called, so that
// what comes meanwhile queues up.
func hold(t testing.TB, s *Store) (release func()) {
	t.Helper()
	begun, go_ := make(chan struct{}), make(chan struct{})
	done := make(chan error, 1)
	go func() {
		done <- s.write(context.Background(), "hold", func(context.Context, *statements) error {
			close(begun)
			<-go_
			return nil
		})
	}()
	<-begun
	return sync.OnceFunc(func() {
		close(go_)
		if err := <-done; err != nil {
			t.Errorf("hold: %v", err)
		}
	})
}

// queued waits until n operations wait in the queue.
func queued(t testing.TB, s *Store, n int) {
	t.Helper()
	for deadline := time.Now().Add(10 * time.Second); len(s.writer.queue) < n; time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("%d operations wait, want %d", len(s.writer.queue), n)
		}
	}
}

func user(i int) core.User { return core.User{ID: fmt.Sprint("u", i), Username: fmt.Sprint("name", i)} }

func TestWaitingWritesShareACommit(t *testing.T) {
	s := openStore(t)
	release := hold(t, s)
	const n = 64
	errs := make(chan error, n)
	for i := range n {
		go func() { errs <- s.Users("members").CreateUser(t.Context(), user(i)) }()
	}
	queued(t, s, n)
	before := s.writer.commits.Load()
	release()
	for range n {
		if err := <-errs; err != nil {
			t.Error(err)
		}
	}
	if commits := s.writer.commits.Load() - before; commits != 2 { // the one held, and one for all the others
		t.Errorf("%d writes took %d commits, want 2", n, commits)
	}
}

func TestBatchIsBounded(t *testing.T) {
	s := openStore(t)
	release := hold(t, s)
	const n = queueSize
	errs := make(chan error, n)
	for i := range n {
		go func() { errs <- s.Users("members").CreateUser(t.Context(), user(i)) }()
	}
	queued(t, s, n)
	before := s.writer.commits.Load()
	release()
	for range n {
		if err := <-errs; err != nil {
			t.Error(err)
		}
	}
	if commits := s.writer.commits.Load() - before; commits != 1+n/maxBatch {
		t.Errorf("%d commits, want %d", commits, 1+n/maxBatch)
	}
}

func TestFailedWriteUndoesItselfOnly(t *testing.T) {
	s := openStore(t)
	insert := func(ctx context.Context, tx *statements, subject string) error {
		_, err := tx.ExecContext(ctx, `INSERT INTO accounts (strategy, subject) VALUES ('members', ?)`, subject)
		return err
	}
	release := hold(t, s)
	errs := make(chan error, 3)
	for i, result := range []error{nil, core.Forbidden, nil} {
		go func() {
			errs <- s.write(t.Context(), "test", func(ctx context.Context, tx *statements) error {
				return errors.Join(insert(ctx, tx, fmt.Sprint("a", i)), result)
			})
		}()
		queued(t, s, i+1)
	}
	release()
	codes := map[core.Code]int{}
	for range 3 {
		codes[core.CodeOf(<-errs)]++
	}
	if codes[""] != 2 || codes[core.Forbidden] != 1 {
		t.Errorf("outcomes %v", codes)
	}
	var subjects string
	err := s.readers.QueryRowContext(t.Context(), `SELECT group_concat(subject, ' ' ORDER BY subject) FROM accounts`).Scan(&subjects)
	if err != nil || subjects != "a0 a2" {
		t.Errorf("stored %q, %v; want a0 a2", subjects, err)
	}
}

// When the transaction is lost, everybody in it hears of an outage: those
// whose own part had worked, and those who had been refused by what they saw.
func TestLostTransactionIsAnOutageForAll(t *testing.T) {
	s := openStore(t)
	release := hold(t, s)
	errs := make(chan error, 3)
	for i, run := range []func(context.Context, *statements) error{
		func(ctx context.Context, tx *statements) error {
			_, err := tx.ExecContext(ctx, `INSERT INTO accounts (strategy, subject) VALUES ('members', 'a')`)
			return err
		},
		func(context.Context, *statements) error { return core.Conflict },
		func(ctx context.Context, tx *statements) error { // SQLite does this by itself when a disk is full
			_, err := tx.ExecContext(ctx, "ROLLBACK")
			return errors.Join(err, core.Conflict)
		},
	} {
		go func() { errs <- s.write(t.Context(), "test", run) }()
		queued(t, s, i+1)
	}
	release()
	for range 3 {
		if err := <-errs; core.CodeOf(err) != core.Unavailable || errors.Is(err, core.Conflict) {
			t.Errorf("outcome %q, want unavailable only: %v", core.CodeOf(err), err)
		}
	}
	var n int
	if err := s.readers.QueryRowContext(t.Context(), `SELECT count(*) FROM accounts`).Scan(&n); err != nil || n != 0 {
		t.Errorf("%d rows, %v; want none", n, err)
	}
	if err := s.Users("members").CreateUser(t.Context(), user(1)); err != nil {
		t.Errorf("the next write: %v", err)
	}
}

func TestContextBeforeAndAfterTheBeginning(t *testing.T) {
	s := openStore(t)
	release := hold(t, s)
	ctx, cancel := context.WithCancel(t.Context())
	waiting := make(chan error, 1)
	go func() { waiting <- s.Users("members").CreateUser(ctx, user(1)) }()
	queued(t, s, 1)
	cancel()
	if err := <-waiting; core.CodeOf(err) != core.Unavailable || !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled while waiting: %v", err)
	}
	release()

	ctx, cancel = context.WithCancel(t.Context())
	err := s.write(ctx, "test", func(inner context.Context, tx *statements) error {
		cancel() // too late: the write has begun
		_, err := tx.ExecContext(inner, `INSERT INTO accounts (strategy, subject) VALUES ('members', 'begun')`)
		return err
	})
	if err != nil {
		t.Errorf("cancelled after it began: %v, want its true result", err)
	}
	if _, err := s.Users("members").User(t.Context(), "u1"); core.CodeOf(err) != core.UnknownUser {
		t.Errorf("the dropped write: %v", err)
	}
	var n int
	if err := s.readers.QueryRowContext(t.Context(), `SELECT count(*) FROM accounts`).Scan(&n); err != nil || n != 1 {
		t.Errorf("%d accounts, %v; want 1", n, err)
	}
}

func TestFullQueueHonoursTheContext(t *testing.T) {
	s := openStore(t)
	release := hold(t, s)
	defer release()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	errs := make(chan error, queueSize)
	for i := range queueSize {
		go func() { errs <- s.Users("members").CreateUser(ctx, user(i)) }()
	}
	queued(t, s, queueSize)
	late, stop := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer stop()
	if err := s.Users("members").CreateUser(late, user(-1)); core.CodeOf(err) != core.Unavailable {
		t.Errorf("with a full queue: %v", err)
	}
	cancel()
	for range queueSize {
		<-errs //nolint:errcheck // that each write returns is all that matters here
	}
}

func TestCloseWhileWritesWait(t *testing.T) {
	s := openStore(t)
	release := hold(t, s)
	const n = 40
	errs := make(chan error, n)
	for i := range n {
		go func() { errs <- s.Users("members").CreateUser(t.Context(), user(i)) }()
	}
	queued(t, s, n)
	closed := make(chan error, 1)
	go func() { closed <- s.Close() }()
	for !s.closed.Load() {
		time.Sleep(time.Millisecond)
	}
	<-s.writer.closing
	release() // what had begun ends well
	if err := <-closed; err != nil {
		t.Errorf("Close: %v", err)
	}
	for range n {
		if err := <-errs; core.CodeOf(err) != core.Unavailable || !errors.Is(err, errClosed) {
			t.Errorf("a waiting write after Close: %v", err)
		}
	}
}

// Whatever a caller was told, it is what is in the file.
func TestCloseUnderLoad(t *testing.T) {
	for range 5 {
		path := filepath.Join(t.TempDir(), "authd.db")
		s, err := Open(t.Context(), Options{Path: path})
		if err != nil {
			t.Fatal(err)
		}
		var mu sync.Mutex
		created := map[string]bool{}
		var group sync.WaitGroup
		for g := range 8 {
			group.Go(func() {
				for i := 0; ; i++ {
					u := user(g*100_000 + i)
					err := s.Users("members").CreateUser(t.Context(), u)
					if code := core.CodeOf(err); code == core.Unavailable {
						return
					} else if code != "" {
						t.Errorf("under load: %v", err)
						return
					}
					mu.Lock()
					created[u.ID] = true
					mu.Unlock()
				}
			})
			group.Go(func() {
				for {
					if _, err := s.Users("members").Users(t.Context(), "", 5); err != nil {
						if core.CodeOf(err) != core.Unavailable {
							t.Errorf("a read under load: %v", err)
						}
						return
					}
				}
			})
		}
		time.Sleep(20 * time.Millisecond)
		if err := s.Close(); err != nil {
			t.Errorf("Close: %v", err)
		}
		group.Wait()
		wantExactly(t, path, created)
	}
}

func wantExactly(t *testing.T, path string, created map[string]bool) {
	t.Helper()
	s, err := Open(t.Context(), Options{Path: path})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = s.Close() }()
	list, err := s.Users("members").Users(t.Context(), "", 1_000_000)
	if err != nil {
		t.Fatal(err)
	}
	for _, u := range list {
		if !created[u.ID] {
			t.Errorf("user %s was refused and is there", u.ID)
		}
		delete(created, u.ID)
	}
	if len(created) != 0 {
		t.Errorf("%d acknowledged users are missing", len(created))
	}
}
