package guard

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/authd-go/authd/core"
)

const (
	auditQueue   = 1024                   // rows that wait to be written
	auditBatch   = 128                    // rows per write
	auditLinger  = 100 * time.Millisecond // how long a row waits for others to be written with
	auditTimeout = 5 * time.Second        // for one write
	cheapPerSec  = 20                     // rows a second, on average, of events that cost their cause nothing
	purgeBatch   = 1000                   // rows that are forgotten at once
	purgeEvery   = time.Hour
	purgeAgain   = time.Second // after a purge that was not the last
	tellEvery    = time.Minute // at most, that rows were lost
)

// AuditOptions are what an Auditor works with.
type AuditOptions struct {
	Store core.AuditStore  // where rows go; nil means lines only
	Log   *slog.Logger     // where lines go; nil means nowhere
	Now   func() time.Time // default time.Now
	Keep  time.Duration    // how long rows are kept; 0 is forever
}

// Auditor writes the audit trail: each event as a line at once, and as a row
// soon after. It is a core.Tracer that picks the decisions that are events.
//
// The lines are the record. A row waits in a bounded queue for one goroutine,
// so that a slow store never slows a caller, and it is lost, and counted, if
// the queue is full, if the store does not take it, if the process is
// killed, or if it is one of a flood: of refusals and of requests to recover a
// password, which cost whoever sends them nothing, cheapPerSec a second become rows.
//
// It is safe for concurrent use.
type Auditor struct {
	AuditOptions
	lost  atomic.Int64 // rows, since the start
	done  chan struct{}
	abort context.CancelFunc

	mu     sync.Mutex // over what follows
	closed bool
	queue  chan core.AuditEvent
	cheap  bucket
}

// NewAuditor starts an auditor. Close ends it; the store must be open until then.
func NewAuditor(o AuditOptions) *Auditor {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	ctx, abort := context.WithCancel(context.Background())
	a := &Auditor{
		AuditOptions: o, done: make(chan struct{}), abort: abort,
		queue: make(chan core.AuditEvent, auditQueue),
		cheap: bucket{size: auditQueue / 2, perSec: cheapPerSec},
	}
	if o.Store == nil {
		close(a.done)
	} else {
		go a.run(ctx)
	}
	return a
}

// Trace implements core.Tracer.
func (a *Auditor) Trace(ctx context.Context, t core.Trace) {
	if e, ok := Event(t); ok {
		a.record(ctx, e, t.Err)
	}
}

// Record writes an event that is no decision of the registry. Its time is now
// unless it has one. It never waits.
func (a *Auditor) Record(ctx context.Context, e core.AuditEvent) { a.record(ctx, e, nil) }

func (a *Auditor) record(ctx context.Context, e core.AuditEvent, cause error) {
	if e.Time.IsZero() {
		e.Time = a.Now()
	}
	e.Time = e.Time.UTC()
	writeLine(ctx, a.Log, e, cause)
	if a.Store != nil && !a.enqueue(e) {
		a.lost.Add(1)
	}
}

func (a *Auditor) enqueue(e core.AuditEvent) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.closed || costsNothing(e) && !a.cheap.take(a.Now()) {
		return false
	}
	select {
	case a.queue <- e:
		return true
	default:
		return false
	}
}

// Lost says how many events since the start did not become rows.
func (a *Auditor) Lost() int64 { return a.lost.Load() }

// Close writes the rows that wait, until ctx ends, and stops. Later events
// become lines only. It may be called twice. The error, Unavailable, says that
// ctx ended first.
func (a *Auditor) Close(ctx context.Context) error {
	a.mu.Lock()
	if !a.closed {
		a.closed = true
		close(a.queue)
	}
	a.mu.Unlock()
	defer a.abort()
	select {
	case <-a.done:
		return nil
	case <-ctx.Done():
	}
	a.abort()
	<-a.done // every write honours its context
	return core.Fail(core.Unavailable, "write the audit trail", errors.Join(ctx.Err(), errRowsLost))
}

var errRowsLost = errors.New("rows were lost; the log has the events")

// run is the one background goroutine.
func (a *Auditor) run(ctx context.Context) {
	defer close(a.done)
	w := auditWriter{Auditor: a}
	purge := time.NewTimer(0)
	defer purge.Stop()
	for {
		select {
		case first, ok := <-a.queue:
			if !ok {
				w.tellLost(ctx)
				return
			}
			w.write(ctx, a.collect(first))
		case <-purge.C:
			purge.Reset(w.purge(ctx))
		}
	}
}

// collect gathers what else comes within auditLinger, up to a batch.
func (a *Auditor) collect(first core.AuditEvent) []core.AuditEvent {
	batch := []core.AuditEvent{first}
	linger := time.NewTimer(auditLinger)
	defer linger.Stop()
	for len(batch) < auditBatch {
		select {
		case e, ok := <-a.queue:
			if !ok {
				return batch
			}
			batch = append(batch, e)
		case <-linger.C:
			return batch
		}
	}
	return batch
}

// bucket lets through size at once and perSec a second.
type bucket struct {
	size, perSec float64
	used         float64
	at           time.Time
}

func (b *bucket) take(now time.Time) bool {
	if passed := now.Sub(b.at); passed > 0 {
		b.used = max(0, b.used-passed.Seconds()*b.perSec)
		b.at = now
	}
	if b.used+1 > b.size {
		return false
	}
	b.used++
	return true
}
