package oidc

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/authd-go/authd/core"
	"github.com/authd-go/authd/strategies/oidc/authcode"
)

// The waits after a document could not be had: the first, and the longest.
const (
	firstRetry = time.Second
	lastRetry  = 30 * time.Second
)

const opWait = "wait for the provider"

// fetchTimeout bounds one fetch, which belongs to no caller.
const fetchTimeout = 10 * time.Second

// document is a copy of something that the provider publishes. It is fetched
// when it is first asked for, once for all who ask meanwhile, and again behind
// the answer when it has become old. While it cannot be had, nobody waits: the
// failure is the answer until it is time to try again.
type document[T any] struct {
	fetch  func(context.Context) (T, error)
	now    func() time.Time
	fresh  time.Duration // older than this, it is fetched again, behind the answer
	usable time.Duration // older than this, it is not used any more
	life   *life

	mu       sync.Mutex
	value    T
	at       time.Time // of value; zero if there is none
	failure  error     // of the last fetch
	failures int
	retryAt  time.Time
	running  *fetch
}

// fetch is one that is under way. The document's fields hold what came of it.
type fetch struct{ done chan struct{} }

// get returns the copy, a new one if there is none.
func (d *document[T]) get(ctx context.Context) (T, error) {
	if err := ctx.Err(); err != nil {
		var none T
		return none, err
	}
	d.mu.Lock()
	now := d.now()
	if !d.at.IsZero() && now.Sub(d.at) < d.usable {
		defer d.mu.Unlock()
		if now.Sub(d.at) >= d.fresh && !now.Before(d.retryAt) {
			d.start()
		}
		return d.value, nil
	}
	d.mu.Unlock()
	return d.renew(ctx)
}

// renew returns a copy that was fetched now, or with somebody else's fetch that
// is under way. It does not try before it is time to.
func (d *document[T]) renew(ctx context.Context) (T, error) {
	var none T
	if err := ctx.Err(); err != nil {
		return none, err
	}
	d.mu.Lock()
	if wait := d.retryAt.Sub(d.now()); d.running == nil && d.failure != nil && wait > 0 {
		defer d.mu.Unlock()
		return none, retryAfter(d.failure, wait)
	}
	running := d.start()
	d.mu.Unlock()
	select {
	case <-ctx.Done():
		return none, tired(ctx)
	case <-running.done:
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.value, d.failure
}

// last returns the copy there is, however old.
func (d *document[T]) last() T {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.value
}

// settled waits for a fetch that is under way.
func (d *document[T]) settled(ctx context.Context) error {
	d.mu.Lock()
	running := d.running
	d.mu.Unlock()
	if running == nil {
		return ctx.Err()
	}
	select {
	case <-ctx.Done():
		return tired(ctx)
	case <-running.done:
		return nil
	}
}

// tired is the answer for somebody who has waited for the provider in vain.
func tired(ctx context.Context) error {
	return &core.Error{Code: core.Unavailable, Op: opWait, Reason: authcode.ReasonUnreachable, Err: ctx.Err()}
}

// start fetches, unless somebody does. The lock is held.
func (d *document[T]) start() *fetch {
	if d.running != nil {
		return d.running
	}
	running := &fetch{done: make(chan struct{})}
	d.running = running
	d.life.run(func(ctx context.Context) {
		ctx, cancel := context.WithTimeout(ctx, fetchTimeout)
		defer cancel()
		value, err := d.fetch(ctx)
		d.mu.Lock()
		defer d.mu.Unlock()
		d.settle(value, err)
		d.running = nil
		close(running.done)
	})
	return running
}

func (d *document[T]) settle(value T, err error) {
	d.failure = err
	if err == nil {
		d.value, d.at, d.failures, d.retryAt = value, d.now(), 0, time.Time{}
		return
	}
	wait := min(firstRetry<<min(d.failures, 10), lastRetry)
	d.failures++
	d.retryAt = d.now().Add(wait)
}

// retryAfter is a failure with the time to try again.
func retryAfter(failure error, wait time.Duration) error {
	var e *core.Error
	if !errors.As(failure, &e) {
		return failure
	}
	out := *e
	out.RetryAfter = wait
	return &out
}

// life ends what runs behind the answers when the strategy is closed.
type life struct {
	ctx    context.Context // it is the strategy's life, and no call's
	cancel context.CancelFunc
	mu     sync.Mutex
	ended  bool
	group  sync.WaitGroup
}

func newLife() *life {
	ctx, cancel := context.WithCancel(context.Background())
	return &life{ctx: ctx, cancel: cancel}
}

// run runs f behind its caller's back. After the end, f has a context that has
// ended, and nobody waits for it.
func (l *life) run(f func(context.Context)) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.ended {
		go f(l.ctx)
		return
	}
	l.group.Go(func() { f(l.ctx) })
}

// end waits for what runs. It may be called twice.
func (l *life) end() {
	l.cancel()
	l.mu.Lock()
	l.ended = true
	l.mu.Unlock() // what runs may be waiting for whoever waits for this lock
	l.group.Wait()
}
