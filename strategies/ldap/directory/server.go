package directory

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/go-ldap/ldap/v3"
)

// The back-off of a server that failed doubles from the first to the second.
const (
	firstBackoff    = time.Second
	greatestBackoff = 30 * time.Second
)

// server is one of the directory's servers: its two pools and its health.
type server struct {
	Address
	opts     *Options
	searches *pool // bound as the service, and never as anybody else
	binds    *pool // for users to bind on

	mu       sync.Mutex
	failures int
	retryAt  time.Time
	probing  bool // somebody asks whether it is well again; until retryAt nobody else does
	last     error
}

func newServer(o *Options, a Address) *server {
	s := &server{Address: a, opts: o}
	s.searches = newPool(o, s.openService)
	s.binds = newPool(o, func(ctx context.Context) (*conn, error) { return o.dial(ctx, a) })
	return s
}

// openService dials and binds as the service.
func (s *server) openService(ctx context.Context) (*conn, error) {
	c, err := s.opts.dial(ctx, s.Address)
	if err != nil || s.opts.BindDN == "" {
		return c, err
	}
	err = c.within(ctx, s.opts, func(l *ldap.Conn) error { return l.Bind(s.opts.BindDN, s.opts.BindPassword.Reveal()) })
	if err != nil {
		c.close()
		return nil, &ServiceBindError{Server: s.String(), Err: err}
	}
	return c, nil
}

// ServiceBindError says that a server refuses the service's own identity. It
// is the operator's to mend and counts as an outage.
type ServiceBindError struct {
	Server string
	Err    error
}

// Error implements error.
func (e *ServiceBindError) Error() string {
	return fmt.Sprintf("bind as the service at %s: %v", e.Server, e.Err)
}

// Unwrap returns the server's answer.
func (e *ServiceBindError) Unwrap() error { return e.Err }

// close closes the idle connections, and those in use when they come back.
func (s *server) close() {
	s.searches.close()
	s.binds.close()
}

// resting says until when the server is left alone, and whether that is still to come.
func (s *server) resting(now time.Time) (until time.Time, yes bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.retryAt, now.Before(s.retryAt)
}

// admit says whether a question may be put to the server. After a rest the first
// one is a probe: if the server still hangs, one caller waits and not all.
func (s *server) admit(now time.Time) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if now.Before(s.retryAt) {
		return false
	}
	if s.failures > 0 {
		s.probing, s.retryAt = true, now.Add(2*s.opts.Timeout) // to connect, and to ask
	}
	return true
}

func (s *server) succeeded() {
	s.mu.Lock()
	was := s.failures
	s.failures, s.retryAt, s.probing, s.last = 0, time.Time{}, false, nil
	s.mu.Unlock()
	if was > 0 {
		s.opts.Log.Info("directory server answers again", "server", s.String())
	}
}

// failed begins the next back-off, unless one has begun already: many callers
// that meet the same outage are one failure.
func (s *server) failed(err error) {
	now := s.opts.Now()
	s.mu.Lock()
	s.last = err
	if now.Before(s.retryAt) && !s.probing {
		s.mu.Unlock()
		return
	}
	wait := greatestBackoff
	if s.failures < 5 {
		wait = firstBackoff << s.failures
	}
	s.failures++
	s.probing = false
	s.retryAt = now.Add(wait)
	s.mu.Unlock()
	s.searches.flush()
	s.binds.flush()
	s.opts.Log.Warn("directory server failed", "server", s.String(), "error", err, "retryIn", wait)
}

// errResting says that the server failed while the caller waited for a slot, or
// that somebody else asks whether it is well again.
var errResting = errors.New("the server failed a moment ago")

// turn says how a server is asked.
type turn struct {
	insist bool // although it is resting
	last   bool // nobody else will be asked after it
}

// ask runs one question on a connection of the pool. One that was idle may
// have died unnoticed; then the question is asked once more on a fresh one. One
// that does not answer in time is taken for a sign that the server does not,
// unless there is no other.
func (s *server) ask(ctx context.Context, p *pool, t turn, question func(*ldap.Conn) error) error {
	if err := p.enter(ctx); err != nil {
		return fmt.Errorf("wait for a connection: %w", err)
	}
	defer p.leave()
	if !t.insist && !s.admit(s.opts.Now()) {
		return errResting
	}
	if c := p.take(); c != nil {
		err := s.run(ctx, p, c, question)
		if !broken(err) || errors.Is(err, ErrTooMuch) || ctx.Err() != nil || errors.Is(err, errUnsure) {
			return err
		}
		if errors.Is(err, context.DeadlineExceeded) && !t.last {
			return err
		}
		p.flush()
	}
	c, err := p.open(ctx)
	if err != nil {
		return err
	}
	return s.run(ctx, p, c, question)
}

func (s *server) run(ctx context.Context, p *pool, c *conn, question func(*ldap.Conn) error) error {
	err := c.within(ctx, s.opts, question)
	if Outage(err) {
		c.close()
		return err
	}
	p.keep(c)
	return err
}
