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
	s.AdvancedAt, s.IdleExpires, s.Identity = a.At, a.IdleExpires, a.Identity.Clone()
	m.sessions[a.ID] = s
	return clone(s), true, nil
}

// EndSessions implements core.SessionStore.
func (m *Memory) EndSessions(ctx context.Context, e core.SessionEnd) ([]string, error) {
	leave, err := m.enter(ctx, "EndSessions")
	if err != nil {
		return nil, err
	}
	defer leave()
	if e.ID == "" && e.Except == "" {
		m.cutoffs[e.Account] = later(m.cutoffs[e.Account], e.At)
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

// SigningKeys implements core.KeyStore.
func (m *Memory) SigningKeys(ctx context.Context) ([]core.SigningKey, error) {
	leave, err := m.enter(ctx, "SigningKeys")
	if err != nil {
		return nil, err
	}
	defer leave()
	return slices.Clone(m.keys), nil
}

// AddSigningKey implements core.KeyStore.
func (m *Memory) AddSigningKey(ctx context.Context, k core.SigningKey) error {
	leave, err := m.enter(ctx, "AddSigningKey")
	if err != nil {
		return err
	}
	defer leave()
	for _, have := range m.keys {
		if have.ID == k.ID || have.ActiveFrom.Equal(k.ActiveFrom) {
			return core.Conflict
		}
	}
	m.keys = append(m.keys, k)
	slices.SortFunc(m.keys, func(a, b core.SigningKey) int { return a.ActiveFrom.Compare(b.ActiveFrom) })
	return nil
}

// PurgeSigningKeys implements core.KeyStore.
func (m *Memory) PurgeSigningKeys(ctx context.Context, t time.Time) error {
	leave, err := m.enter(ctx, "PurgeSigningKeys")
	if err != nil {
		return err
	}
	defer leave()
	m.keys = slices.DeleteFunc(m.keys, func(k core.SigningKey) bool { return k.PublishUntil.Before(t) })
	return nil
}

// PutToken implements core.TokenStore.
func (m *Memory) PutToken(ctx context.Context, t core.OneTimeToken) error {
	leave, err := m.enter(ctx, "PutToken")
	if err != nil {
		return err
	}
	defer leave()
	for hash, have := range m.tokens {
		if have.Purpose == t.Purpose && have.Account == t.Account {
			delete(m.tokens, hash)
		}
	}
	m.tokens[string(t.Hash)] = t
	return nil
}

// TakeToken implements core.TokenStore.
func (m *Memory) TakeToken(ctx context.Context, hash []byte, purpose string, now time.Time) (core.OneTimeToken, error) {
	leave, err := m.enter(ctx, "TakeToken")
	if err != nil {
		return core.OneTimeToken{}, err
	}
	defer leave()
	t, ok := m.tokens[string(hash)]
	if !ok || t.Purpose != purpose || !now.Before(t.ExpiresAt) {
		return core.OneTimeToken{}, core.Expired
	}
	delete(m.tokens, string(hash))
	return t, nil
}

func meant(e core.SessionEnd, s core.Session) bool {
	if e.ID != "" {
		return s.ID == e.ID
	}
	return s.Identity.AccountID == e.Account && s.ID != e.Except
}

func alive(s core.Session, now time.Time) bool {
	return s.EndedAt.IsZero() && now.Before(s.IdleExpires) && now.Before(s.Expires)
}

func clone(s core.Session) core.Session {
	s.Identity = s.Identity.Clone()
	return s
}

func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}
