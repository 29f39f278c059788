package sqlite

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"

	"github.com/authd-go/authd/core"
)

const (
	queueSize = 256 // operations that wait; more wait in their callers
	maxBatch  = 128 // operations per commit
)

// An operation's life: waiting, then either begun by the writer or dropped by
// its caller, whoever is first.
const (
	opWaiting int32 = iota
	opBegun
	opDropped
)

// operation is one write that a caller waits for.
type operation struct {
	run   func(context.Context, *statements) error
	state atomic.Int32
	done  chan error // holds one, so that the writer never waits for a caller
}

func (o *operation) begin() bool { return o.state.CompareAndSwap(opWaiting, opBegun) }
func (o *operation) drop() bool  { return o.state.CompareAndSwap(opWaiting, opDropped) }

// writer is the one goroutine that writes. What queues up while a commit is
// being flushed to the disk goes into the next one, all of it, so that the
// flushes per second do not bound the writes per second.
type writer struct {
	db      *sql.DB
	queue   chan *operation
	closing chan struct{}
	stopped chan struct{}
	once    sync.Once
	commits atomic.Int64 // transactions that were committed

	// The one connection and what is prepared on it; nil after a failure. Only
	// the loop uses them.
	conn  *sql.Conn
	stmts *statements
}

func startWriter(db *sql.DB) *writer {
	w := &writer{
		db:      db,
		queue:   make(chan *operation, queueSize),
		closing: make(chan struct{}),
		stopped: make(chan struct{}),
	}
	go w.loop()
	return w
}

// close stops the writer and waits for it. The batch that runs is finished.
func (w *writer) close() {
	w.once.Do(func() { close(w.closing) })
	<-w.stopped
}

// do runs one write and returns when it has been committed or has failed. If
// ctx ends before it began it does not happen; after that ctx has no say.
func (w *writer) do(ctx context.Context, run func(context.Context, *statements) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	o := &operation{run: run, done: make(chan error, 1)}
	select {
	case <-w.closing:
		return errClosed
	case <-ctx.Done():
		return ctx.Err()
	case w.queue <- o:
	}
	select {
	case err := <-o.done:
		return err
	case <-ctx.Done():
		return o.giveUp(ctx.Err())
	case <-w.stopped:
		return o.giveUp(errClosed)
	}
}

// giveUp drops the operation with this reason, or waits for it if it has begun.
func (o *operation) giveUp(reason error) error {
	if o.drop() {
		return reason
	}
	return <-o.done
}

func (w *writer) loop() {
	defer close(w.stopped)
	defer w.disconnect(false)
	for {
		// Closing wins over waiting work: those callers see w.stopped.
		select {
		case <-w.closing:
			return
		default:
		}
		select {
		case <-w.closing:
			return
		case first := <-w.queue:
			w.runBatch(w.collect(first))
		}
	}
}

// collect takes what waits, without waiting for more.
func (w *writer) collect(first *operation) []*operation {
	batch := []*operation{first}
	for len(batch) < maxBatch {
		select {
		case o := <-w.queue:
			batch = append(batch, o)
		default:
			return batch
		}
	}
	return batch
}

// runBatch runs the operations in one transaction and answers all of them
// after its end: nobody hears of a write that is not on the disk.
func (w *writer) runBatch(batch []*operation) {
	results := make(map[*operation]error, len(batch)) // of those that began
	lost := w.transact(func(ctx context.Context, tx *statements) error {
		for _, o := range batch {
			if !o.begin() {
				continue
			}
			result, err := runInSavepoint(ctx, tx, o.run)
			results[o] = result
			if err != nil {
				return err
			}
		}
		return nil
	})
	for _, o := range batch {
		result, began := results[o]
		switch {
		case lost != nil && (began || o.begin()):
			o.done <- &lostError{lost}
		case began:
			o.done <- result
		}
	}
}

// transact runs f between BEGIN IMMEDIATE and COMMIT. The lock is taken first,
// so that no later statement can find the file busy. The context is nobody's:
// no caller may cut off the transaction of the others.
func (w *writer) transact(f func(context.Context, *statements) error) error {
	ctx := context.Background()
	err := w.connect(ctx)
	if err == nil {
		err = w.within(ctx, f)
	}
	if err != nil {
		w.disconnect(true)
		return err
	}
	w.commits.Add(1)
	return nil
}

func (w *writer) within(ctx context.Context, f func(context.Context, *statements) error) error {
	if _, err := w.stmts.ExecContext(ctx, "BEGIN IMMEDIATE"); err != nil {
		return fmt.Errorf("begin: %w", err)
	}
	if err := f(ctx, w.stmts); err != nil {
		return err
	}
	if _, err := w.stmts.ExecContext(ctx, "COMMIT"); err != nil {
		return fmt.Errorf("commit: %w", err)
	}
	return nil
}

// connect takes the connection out of its pool, where it is not used otherwise.
func (w *writer) connect(ctx context.Context) error {
	if w.conn != nil {
		return nil
	}
	conn, err := w.db.Conn(ctx)
	if err != nil {
		return fmt.Errorf("connect: %w", err)
	}
	w.conn, w.stmts = conn, newStatements(conn.PrepareContext)
	return nil
}

// disconnect gives the connection back. After a failure the pool must throw it
// away, so that a transaction that may still be open on it ends there.
func (w *writer) disconnect(failed bool) {
	if w.conn == nil {
		return
	}
	w.stmts.close()
	if failed {
		_ = w.conn.Raw(func(any) error { return driver.ErrBadConn })
	}
	_ = w.conn.Close() // says ErrConnDone if it was thrown away
	w.conn, w.stmts = nil, nil
}

// runInSavepoint runs one operation so that its failure undoes its own writes
// only. The second error means that the transaction itself is lost.
func runInSavepoint(ctx context.Context, tx *statements, run func(context.Context, *statements) error) (result, lost error) {
	if _, err := tx.ExecContext(ctx, "SAVEPOINT operation"); err != nil {
		return nil, fmt.Errorf("savepoint: %w", err)
	}
	result = run(ctx, tx)
	if result != nil {
		// When the disk is full SQLite may have rolled back everything; then
		// there is no savepoint left, and the whole batch must hear of it.
		if _, err := tx.ExecContext(ctx, "ROLLBACK TO operation"); err != nil {
			return nil, lostCause(result, err)
		}
	}
	if _, err := tx.ExecContext(ctx, "RELEASE operation"); err != nil {
		return nil, fmt.Errorf("release: %w", err)
	}
	return result, nil
}

// lostCause says why a transaction is lost: the driver's error that made SQLite
// give it up, not an outcome that an operation had come to meanwhile.
func lostCause(result, rollback error) error {
	var outcome core.Code
	if errors.As(result, &outcome) {
		return fmt.Errorf("roll back one write: %w", rollback)
	}
	return result
}
