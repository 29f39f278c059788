package session

import (
	"sync"
	"time"

	"github.com/authd-go/authd/core"
)

// skew is how far the clocks of two nodes, and the moments at which one
// command is stamped and written, may lie apart.
const skew = 30 * time.Second

// revoked is the set of ended sessions whose access tokens have not expired yet.
type revoked struct {
	ttl time.Duration // of an access token

	mu    sync.RWMutex
	until map[string]time.Time
}

func newRevoked(ttl time.Duration) *revoked {
	return &revoked{ttl: ttl + skew, until: map[string]time.Time{}}
}

func (r *revoked) add(ended ...core.EndedSession) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, e := range ended {
		if until := e.EndedAt.Add(r.ttl); until.After(r.until[e.ID]) {
			r.until[e.ID] = until
		}
	}
}

func (r *revoked) has(id string) bool {
	r.mu.RLock()
	defer r.mu.RUnlock()
	_, ok := r.until[id]
	return ok
}

func (r *revoked) prune(now time.Time) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for id, until := range r.until {
		if until.Before(now) {
			delete(r.until, id)
		}
	}
}
