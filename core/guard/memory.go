package guard

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"github.com/authd-go/authd/core"
)

// MemoryKeys is how many keys a MemoryTries holds, about 30 MB of them.
const MemoryKeys = 200_000

// MemoryTries is a core.ThrottleStore for one process, which forgets
// everything when it ends. It holds MemoryKeys keys at most; when it is full,
// those go that would be forgotten first. The zero value is ready.
type MemoryTries struct {
	mu    sync.Mutex
	tries map[core.ThrottleKey]core.Tries
}

// ChangeTries implements core.ThrottleStore.
func (m *MemoryTries) ChangeTries(ctx context.Context, c core.TriesChange) error {
	const op = "count tries"
	if err := ctx.Err(); err != nil {
		return core.Fail(core.Unavailable, op, err)
	}
	for i, key := range c.Keys {
		if slices.Contains(c.Keys[:i], key) {
			return core.Fail(core.InvalidInput, op, errors.New("a key is there twice"))
		}
	}
	if len(c.Keys) == 0 {
		return core.Fail(core.InvalidInput, op, errors.New("no key"))
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	tries := make([]core.Tries, len(c.Keys))
	for i, key := range c.Keys {
		tries[i] = m.tries[key]
	}
	c.Change(tries)
	m.makeRoom(c.Now, len(c.Keys))
	for i, key := range c.Keys {
		if tries[i].End().After(c.Now) {
			m.tries[key] = tries[i]
		} else {
			delete(m.tries, key)
		}
	}
	return nil
}

// makeRoom forgets what is over if there is no room for n more, and if that is
// not much, the eighth that would be over first.
func (m *MemoryTries) makeRoom(now time.Time, n int) {
	if m.tries == nil {
		m.tries = map[core.ThrottleKey]core.Tries{}
	}
	if len(m.tries)+n <= MemoryKeys {
		return
	}
	ends := make([]time.Time, 0, len(m.tries))
	for _, t := range m.tries {
		ends = append(ends, t.End())
	}
	slices.SortFunc(ends, time.Time.Compare)
	over := ends[len(ends)/8]
	if over.Before(now) {
		over = now
	}
	for key, t := range m.tries {
		if !t.End().After(over) {
			delete(m.tries, key)
		}
	}
}
