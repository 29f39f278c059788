package guard

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/authd-go/authd/core"
)

const (
	slotPatience = 5 * time.Second // how long a try waits for others to be settled
	slotWaiters  = 16              // that many times the slots may wait
)

var errNoSlot = errors.New("too many tries are under way")

// slots bound how many tries are under way at one key in this process, so that
// people who sign in at the same moment wait for each other: a try that is not
// settled counts, and would have the sixth right password refused. Only keys
// of the caller's own network have slots, for nobody may wait for strangers.
// The zero value is ready.
type slots struct {
	mu   sync.Mutex
	keys map[core.ThrottleKey]*slot
}

type slot struct {
	room  chan struct{}
	users int // those inside and those who wait
}

// enter waits for a place at each line of the caller's network, in their
// order, which is the same for all. It returns what leaves them again.
func (s *slots) enter(ctx context.Context, p plan) (leave func(), err error) {
	ctx, cancel := context.WithTimeout(ctx, slotPatience)
	defer cancel()
	var inside []line
	leave = func() {
		for _, l := range inside {
			s.leave(l.key)
		}
	}
	for _, l := range p.lines {
		if !l.own {
			continue
		}
		if err := s.wait(ctx, l); err != nil {
			leave()
			return nil, err
		}
		inside = append(inside, l)
	}
	return leave, nil
}

func (s *slots) wait(ctx context.Context, l line) error {
	one := s.join(l)
	if one == nil {
		return errNoSlot
	}
	select {
	case one.room <- struct{}{}:
		return nil
	case <-ctx.Done():
		s.quit(l.key, one)
		return errNoSlot
	}
}

// join counts the caller in, or returns nil if too many wait already.
func (s *slots) join(l line) *slot {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.keys == nil {
		s.keys = map[core.ThrottleKey]*slot{}
	}
	one := s.keys[l.key]
	if one == nil {
		one = &slot{room: make(chan struct{}, l.free)}
		s.keys[l.key] = one
	}
	if one.users >= l.free*slotWaiters {
		return nil
	}
	one.users++
	return one
}

func (s *slots) quit(key core.ThrottleKey, one *slot) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if one.users--; one.users == 0 {
		delete(s.keys, key)
	}
}

func (s *slots) leave(key core.ThrottleKey) {
	s.mu.Lock()
	one := s.keys[key]
	s.mu.Unlock()
	<-one.room
	s.quit(key, one)
}
