package httpapi

import (
	"context"
	"net/http"
	"net/netip"
	"sync"
	"time"
)

// facts are what is known of a request before it is looked at.
type facts struct {
	id    string
	addr  netip.Addr
	start time.Time
}

func factsOf(r *http.Request) facts {
	s, _ := r.Context().Value(scopeKey{}).(*scope)
	if s == nil {
		return facts{}
	}
	return s.facts
}

// scope is the context of one request: its facts, and the end of its time. Most
// requests are answered before anybody asks how they would learn of that end,
// so the timer is made when somebody does.
type scope struct {
	context.Context // net/http's
	facts
	deadline time.Time

	mu     sync.Mutex
	timed  context.Context // that with the timer, once it is made
	cancel context.CancelFunc
	over   bool
}

type scopeKey struct{}

// begin makes s the scope of a request that is no older than its facts.
func (s *scope) begin(ctx context.Context, f facts, limit time.Duration) {
	s.Context, s.facts, s.deadline = ctx, f, f.start.Add(limit)
}

// end ends what was derived from the scope, as a CancelFunc does.
func (s *scope) end() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.over = true
	if s.cancel != nil {
		s.cancel()
	}
}

// timer returns the context with the timer. After end it has ended too.
func (s *scope) timer() context.Context {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.timed == nil {
		s.timed, s.cancel = context.WithDeadline(s.Context, s.deadline)
		if s.over {
			s.cancel()
		}
	}
	return s.timed
}

func (s *scope) Deadline() (time.Time, bool) { return s.deadline, true }

func (s *scope) Done() <-chan struct{} { return s.timer().Done() }

func (s *scope) Err() error { return s.timer().Err() }

// Value leads contexts that are derived from the scope to the timer, which
// tells them of its end without a goroutine for each.
func (s *scope) Value(key any) any {
	if key == (scopeKey{}) {
		return s
	}
	s.mu.Lock()
	timed := s.timed
	s.mu.Unlock()
	if timed != nil {
		return timed.Value(key)
	}
	return s.Context.Value(key)
}
