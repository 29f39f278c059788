// Package sessiontest is test support for core/session: a store in memory
// that counts and fails on demand, a clock to be set by hand, and the model
// that every store's sessions are measured by. It imports core and
// core/session only, and no production code imports it.
package sessiontest

import (
	"context"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/authd-go/authd/core"
)

// Memory keeps sessions, signing keys and one-time tokens in memory. Its zero
// value is empty and ready. It is safe for concurrent use and loses everything.
type Memory struct {
	calls  atomic.Int64
	broken atomic.Bool
	// Before, if it is set before the store is used, runs at the start of each
	// method with the method's name, outside of any lock.
	Before func(method string)

	mu       sync.Mutex
	sessions map[string]core.Session
	cutoffs  map[core.AccountID]time.Time
	keys     []core.SigningKey
	tokens   map[string]core.OneTimeToken
	once     map[string]time.Time
}

// Calls says how many methods were called, failed ones too.
func (m *Memory) Calls() int64 { return m.calls.Load() }

// Break makes every method answer Unavailable, until it is called with false.
func (m *Memory) Break(broken bool) { m.broken.Store(broken) }

// enter begins a method. The returned function ends it.
func (m *Memory) enter(ctx context.Context, method string) (func(), error) {
	m.calls.Add(1)
	if m.Before != nil {
		m.Before(method)
	}
	if err := ctx.Err(); err != nil {
		return nil, core.Fail(core.Unavailable, method, err)
	}
	if m.broken.Load() {
		return nil, core.Fail(core.Unavailable, method, nil)
	}
	m.mu.Lock()
	if m.sessions == nil {
		m.sessions = map[string]core.Session{}
		m.cutoffs = map[core.AccountID]time.Time{}
		m.tokens = map[string]core.OneTimeToken{}
		m.once = map[string]time.Time{}
	}
	return m.mu.Unlock, nil
}

// Session implements core.SessionStore.
func (m *Memory) Session(ctx context.Context, id string) (core.Session, error) {
	leave, err := m.enter(ctx, "Session")
	if err != nil {
		return core.Session{}, err
	}
	defer leave()
	s, ok := m.sessions[id]
	if !ok {
		return core.Session{}, core.Unauthenticated
	}
	return clone(s), nil
}

// AccountSessions implements core.SessionStore.
func (m *Memory) AccountSessions(ctx context.Context, account core.AccountID, now time.Time) ([]core.Session, error) {
	leave, err := m.enter(ctx, "AccountSessions")
	if err != nil {
		return nil, err
	}
	defer leave()
	var list []core.Session
	for _, s := range m.sessions {
		if s.Identity.AccountID == account && alive(s, now) {
			list = append(list, clone(s))
		}
	}
	slices.SortFunc(list, func(a, b core.Session) int {
		if c := b.CreatedAt.Compare(a.CreatedAt); c != 0 {
			return c
		}
		return strings.Compare(a.ID, b.ID)
	})
	return list, nil
}

// EndedSince implements core.SessionStore.
func (m *Memory) EndedSince(ctx context.Context, t time.Time) ([]core.EndedSession, error) {
	leave, err := m.enter(ctx, "EndedSince")
	if err != nil {
		return nil, err
	}
	defer leave()
	var list []core.EndedSession
	for _, s := range m.sessions {
		if !s.EndedAt.IsZero() && !s.EndedAt.Before(t) {
			list = append(list, core.EndedSession{ID: s.ID, EndedAt: s.EndedAt})
		}
	}
	return list, nil
}

// CreateSession implements core.SessionStore.
func (m *Memory) CreateSession(ctx context.Context, s core.Session) error {
	leave, err := m.enter(ctx, "CreateSession")
	if err != nil {
		return err
	}
	defer leave()
	if cutoff, ok := m.cutoffs[s.Identity.AccountID]; ok && !cutoff.Before(s.AuthAt) {
		return core.Unauthenticated
	}
	if _, taken := m.sessions[s.ID]; taken {
		return core.Conflict
	}
	m.sessions[s.ID] = clone(s)
	return nil
}

// AdvanceSession implements core.SessionStore.
func (m *Memory) AdvanceSession(ctx context.Context, a core.SessionAdvance) (core.Session, bool, error) {
	leave, err := m.enter(ctx, "AdvanceSession")
	if err != nil {
		return core.Session{}, false, err
	}
	defer leave()
	s, ok := m.sessions[a.ID]
	if !ok {
		return core.Session{}, false, core.Unauthenticated
	}
	if s.Generation != a.From || !alive(s, a.At) {
		return clone(s), false, nil
	}
	s.Generation++
	s.AdvancedAt, s.IdleExpires, s.Identity = a.At, a.IdleExpires, owned(a.Identity, s)
	if !a.ConfirmedAt.IsZero() {
		s.ConfirmedAt = a.ConfirmedAt
	}
	m.sessions[a.ID] = s
	return clone(s), true, nil
}

// LeaseSession implements core.SessionStore.
func (m *Memory) LeaseSession(ctx context.Context, l core.SessionLease) (core.Session, bool, error) {
	leave, err := m.enter(ctx, "LeaseSession")
	if err != nil {
		return core.Session{}, false, err
	}
	defer leave()
	if !l.Until.After(l.At) {
		return core.Session{}, false, core.InvalidInput
	}
	s, ok := m.sessions[l.ID]
	if !ok {
		return core.Session{}, false, core.Unauthenticated
	}
	if !alive(s, l.At) || s.LeasedUntil.After(l.At) {
		return clone(s), false, nil
	}
	s.LeasedUntil = l.Until
	m.sessions[l.ID] = s
	return clone(s), true, nil
}

// RenewSession implements core.SessionStore.
func (m *Memory) RenewSession(ctx context.Context, r core.SessionRenewal) (bool, error) {
	leave, err := m.enter(ctx, "RenewSession")
	if err != nil {
		return false, err
	}
	defer leave()
	s := m.sessions[r.ID]
	if !alive(s, r.At) || s.LeasedUntil.IsZero() || !s.LeasedUntil.Equal(r.Lease) {
		return false, nil
	}
	s.Identity, s.ConfirmedAt, s.Kept, s.LeasedUntil = owned(r.Identity, s), r.ConfirmedAt, nil, time.Time{}
	if len(r.Kept) > 0 {
		s.Kept = slices.Clone(r.Kept)
	}
	m.sessions[r.ID] = s
	return true, nil
}

// EndSessions implements core.SessionStore.
func (m *Memory) EndSessions(ctx context.Context, e core.SessionEnd) ([]string, error) {
	leave, err := m.enter(ctx, "EndSessions")
	if err != nil {
		return nil, err
	}
	defer leave()
	if e.At.IsZero() || e.ID == "" && e.Remote.ID == "" && e.Account == (core.AccountID{}) {
		return nil, core.InvalidInput
	}
	if e.ID == "" && e.Remote.ID == "" && e.Except == "" {
		noted := e.At
		if !e.NotAfter.IsZero() && e.NotAfter.Before(noted) {
			noted = e.NotAfter
		}
		m.cutoffs[e.Account] = later(m.cutoffs[e.Account], noted)
	}
	var ids []string
	for id, s := range m.sessions {
		if !s.EndedAt.IsZero() || !meant(e, s) {
			continue
		}
		if alive(s, e.At) {
			ids = append(ids, id)
		}
		s.EndedAt, s.EndReason = e.At, e.Reason
		m.sessions[id] = s
	}
	return ids, nil
}

// PurgeSessions implements core.SessionStore.
func (m *Memory) PurgeSessions(ctx context.Context, t time.Time, limit int) (int, error) {
	leave, err := m.enter(ctx, "PurgeSessions")
	if err != nil {
		return 0, err
	}
	defer leave()
	n := 0
	for id, s := range m.sessions {
		if n < limit && (s.IdleExpires.Before(t) || s.Expires.Before(t)) {
			delete(m.sessions, id)
			n++
		}
	}
	return n, nil
}

func meant(e core.SessionEnd, s core.Session) bool {
	if !e.NotAfter.IsZero() && s.AuthAt.After(e.NotAfter) {
		return false
	}
	if e.ID != "" {
		return s.ID == e.ID
	}
	if e.Remote.ID != "" {
		return s.RemoteID == e.Remote.ID && s.Identity.Strategy == e.Remote.Strategy
	}
	return s.Identity.AccountID == e.Account && s.ID != e.Except
}

func alive(s core.Session, now time.Time) bool {
	return s.EndedAt.IsZero() && now.Before(s.IdleExpires) && now.Before(s.Expires)
}

func clone(s core.Session) core.Session {
	s.Identity = s.Identity.Clone()
	s.Kept = slices.Clone(s.Kept)
	return s
}

// owned is what a backend told, of the account that the session has.
func owned(told core.Identity, s core.Session) core.Identity {
	told = told.Clone()
	told.AccountID = s.Identity.AccountID
	return told
}

func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}
