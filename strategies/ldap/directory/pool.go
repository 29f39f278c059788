package directory

import (
	"context"
	"sync"
	"time"
)

// pool keeps connections to one server for one use. Whoever holds a slot may
// hold one connection; a slot without an idle connection dials.
type pool struct {
	opts  *Options
	slots chan struct{}
	open  func(context.Context) (*conn, error)

	mu     sync.Mutex
	idle   []*conn // the one used last is taken first, so that the others can grow old
	closed bool
}

func newPool(o *Options, open func(context.Context) (*conn, error)) *pool {
	return &pool{opts: o, slots: make(chan struct{}, o.Size), open: open}
}

// enter waits for a slot. Every enter that succeeds needs a leave.
func (p *pool) enter(ctx context.Context) error {
	select {
	case p.slots <- struct{}{}:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (p *pool) leave() { <-p.slots }

// take returns an idle connection that is fit for use, or nil.
func (p *pool) take() *conn {
	now := p.opts.Now()
	p.mu.Lock()
	defer p.mu.Unlock()
	for len(p.idle) > 0 {
		last := len(p.idle) - 1
		c := p.idle[last]
		p.idle = p.idle[:last]
		if c.fit(p.opts, now) {
			return c
		}
		go c.close()
	}
	return nil
}

// keep puts a connection back that answered as it should.
func (p *pool) keep(c *conn) {
	c.lastUse = p.opts.Now()
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed || c.IsClosing() {
		go c.close()
		return
	}
	p.idle = append(p.idle, c)
	p.sweep(c.lastUse)
}

// sweep closes what has been idle for too long, the oldest first.
func (p *pool) sweep(now time.Time) {
	for len(p.idle) > 1 && !p.idle[0].fit(p.opts, now) {
		go p.idle[0].close()
		p.idle = p.idle[1:]
	}
}

// flush closes all idle connections: one of them was found dead.
func (p *pool) flush() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, c := range p.idle {
		go c.close()
	}
	p.idle = nil
}

func (p *pool) close() {
	p.mu.Lock()
	p.closed = true
	p.mu.Unlock()
	p.flush()
}
