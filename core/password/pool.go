package password

import (
	"context"
	"errors"
	"log/slog"
	"runtime"
	"sync"
	"time"

	"github.com/authd-go/authd/core"
)

// DefaultQueue is how many jobs may wait for a worker.
const DefaultQueue = 1024

// ReasonQueueFull is the reason of a refusal by a Pool without room or time.
const ReasonQueueFull = "hash_queue_full"

// The bounds of what a refused caller is told to wait.
const (
	leastRetry    = time.Second
	greatestRetry = 30 * time.Second
)

const opHash = "wait for a hash worker"

var (
	errQueueFull  = errors.New("the hash queue is full")
	errTooLate    = errors.New("the hash queue is so long that the deadline would pass during the work")
	errPoolClosed = errors.New("the hash pool is closed")
)

// PoolOptions say how much of the machine hashing may have.
type PoolOptions struct {
	Workers int          // jobs at the same time; 0 is GOMAXPROCS
	Queue   int          // jobs that may wait; 0 is DefaultQueue
	Log     *slog.Logger // default slog.Default
}

// Pool is a core.Runner for password hashing: a bounded number of workers
// behind a bounded queue. It is meant to be one per process. Safe for
// concurrent use.
//
// Callers take turns by network, so that one of them with many requests delays
// the others by one job each. If the queue is full, the newest job of the
// longest line makes way for a caller with a shorter one; who has the longest
// is refused at once. Jobs whose context ends leave the queue, and those that
// would hardly be done before it ends are not begun: with more logins than the
// machine can hash, the oldest in line are all about to give up, and workers
// that took them would work for nobody.
//
// On Linux each worker is a thread with a raised nice value, so that the
// kernel prefers everything else. That only helps if the Go scheduler does not
// stand in the way: a worker holds one of the GOMAXPROCS places while it
// hashes. Give the process that many more than it has processors, as cmd/authd
// does, or fewer workers; a library does not change a setting of the process.
type Pool struct {
	workers int
	log     *slog.Logger
	done    sync.WaitGroup

	mu     sync.Mutex
	wake   *sync.Cond // work or the end has come
	line   turns
	closed bool
	mean   time.Duration // of a job, lately
}

// NewPool starts the workers. Close ends them.
func NewPool(o PoolOptions) *Pool {
	if o.Workers <= 0 {
		o.Workers = runtime.GOMAXPROCS(0)
	}
	if o.Queue <= 0 {
		o.Queue = DefaultQueue
	}
	if o.Log == nil {
		o.Log = slog.Default()
	}
	p := &Pool{workers: o.Workers, log: o.Log, line: newTurns(o.Queue)}
	p.wake = sync.NewCond(&p.mu)
	var told sync.Once
	for range p.workers {
		p.start(&told, func() {})
	}
	return p
}

// Run implements core.Runner. It returns Unavailable if the queue is full
// or too long for ctx's deadline (ReasonQueueFull, with RetryAfter), when ctx
// ends, and after Close. A panic in work is raised again here.
func (p *Pool) Run(ctx context.Context, work func()) error {
	if err := ctx.Err(); err != nil {
		return core.Fail(core.Unavailable, opHash, err)
	}
	j := &job{work: work, network: core.ClientFrom(ctx).Network(), ended: make(chan struct{})}
	j.deadline, _ = ctx.Deadline()
	if err := p.join(j); err != nil {
		return err
	}
	select {
	case <-j.ended:
	case <-ctx.Done():
		return p.leave(j, ctx.Err())
	}
	if j.panicked != nil {
		panic(j.panicked)
	}
	return j.refused
}

// join puts a job into the queue, in the place of another if it must.
func (p *Pool) join(j *job) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		return core.Fail(core.Unavailable, opHash, errPoolClosed)
	}
	evicted, ok := p.line.push(j)
	if !ok {
		return p.full(errQueueFull)
	}
	if evicted != nil {
		evicted.refuse(p.full(errQueueFull))
	}
	p.wake.Signal()
	return nil
}

// leave takes a job out of the queue, unless a worker has it already.
func (p *Pool) leave(j *job, cause error) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.line.remove(j)
	return &core.Error{Code: core.Unavailable, Op: opHash, RetryAfter: p.backlog(), Err: cause}
}

func (p *Pool) full(cause error) error {
	return &core.Error{Code: core.Unavailable, Op: opHash, Reason: ReasonQueueFull, RetryAfter: p.backlog(), Err: cause}
}

// tooLate says whether a job would probably not be done before its deadline
// and another may be. The last in line is always taken, so that an estimate
// that has become wrong is put right.
func (p *Pool) tooLate(j *job) bool {
	return p.line.waiting > 0 && !j.deadline.IsZero() && time.Until(j.deadline) < 2*p.mean
}

// backlog is how long the workers need for what waits, within bounds.
func (p *Pool) backlog() time.Duration {
	need := p.mean * time.Duration(p.line.waiting) / time.Duration(p.workers)
	return min(max(need, leastRetry), greatestRetry)
}

// start starts a worker on any thread but the process's first, and then calls begun.
func (p *Pool) start(told *sync.Once, begun func()) {
	p.done.Go(func() {
		runtime.LockOSThread()
		if onMainThread() {
			// Locked to this thread, nobody else can get it.
			elsewhere := make(chan struct{})
			p.start(told, func() { close(elsewhere) })
			<-elsewhere
			runtime.UnlockOSThread()
			return
		}
		begun()
		p.worker(told)
	})
}

// worker hashes on its thread, and ends without unlocking it, so that the
// thread dies with it: one with a raised nice value must never go back to the
// scheduler. (New threads do not inherit the value either: the runtime starts
// none from a locked one.)
func (p *Pool) worker(told *sync.Once) {
	if err := lowerPriority(); err != nil {
		told.Do(func() { p.log.Debug("hash workers run at the usual priority", "error", err) })
	}
	for {
		j := p.next()
		if j == nil {
			return
		}
		start := time.Now()
		j.run()
		p.took(time.Since(start))
	}
}

// next waits for a job. It returns nil after Close.
func (p *Pool) next() *job {
	p.mu.Lock()
	defer p.mu.Unlock()
	for {
		if p.closed {
			return nil
		}
		j := p.line.pop()
		switch {
		case j == nil:
			p.wake.Wait()
		case p.tooLate(j):
			j.refuse(p.full(errTooLate))
		default:
			return j
		}
	}
}

func (p *Pool) took(d time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.mean == 0 {
		p.mean = d
	}
	p.mean += (d - p.mean) / 8
}

// Waiting returns how many jobs wait for a worker.
func (p *Pool) Waiting() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.line.waiting
}

// Close refuses what waits, finishes what was begun, and waits for the workers
// to end. It may be called again.
func (p *Pool) Close() error {
	p.mu.Lock()
	p.closed = true
	for j := p.line.pop(); j != nil; j = p.line.pop() {
		j.refuse(core.Fail(core.Unavailable, opHash, errPoolClosed))
	}
	p.wake.Broadcast()
	p.mu.Unlock()
	p.done.Wait()
	return nil
}
