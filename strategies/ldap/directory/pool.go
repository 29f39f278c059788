package directory

import (
	"context"
	"slices"
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
	sweeps *time.Timer
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
	if p.sweeps == nil {
		p.sweeps = time.AfterFunc(p.opts.IdleTimeout, p.sweep)
	}
}

// sweep closes what is not to be used again, and comes back as long as there is
// something: also where nobody signs in any more, the servers get their
// connections back.
func (p *pool) sweep() {
	p.mu.Lock()
	defer p.mu.Unlock()
	now := p.opts.Now()
	p.idle = slices.DeleteFunc(p.idle, func(c *conn) bool {
		fit := c.fit(p.opts, now)
		if !fit {
			go c.close()
		}
		return !fit
	})
	p.sweeps = nil
	if len(p.idle) > 0 {
		p.sweeps = time.AfterFunc(p.opts.IdleTimeout, p.sweep)
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
	if p.sweeps != nil {
		p.sweeps.Stop()
	}
	p.mu.Unlock()
	p.flush()
}
