package session

import (
	"context"
	"errors"
	"hash/maphash"
	"sync/atomic"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/authd-go/authd/core"
)

// Manager opens, checks, refreshes and ends sessions. All methods are safe for
// concurrent use. Several managers, in several processes, may share a store.
type Manager struct {
	opts     Options
	sessions core.SessionStore
	keys     *keychain
	kept     Sealer
	rule     rule
	access   accessTokens
	refresh  refreshTokens
	checked  cache
	revoked  *revoked

	// What the background loop last did.
	polled     time.Time    // by the session clock; the loop's own
	lastPoll   atomic.Int64 // unix nanoseconds by the machine's clock
	stop       context.CancelFunc
	background chan struct{} // closed when the loop has ended
}

// Open derives the keys, reads the signing keys (or makes the first one) and
// the revoked sessions, and starts the background loop that keeps both fresh.
// The context is for opening only; Close ends the loop.
//
// Options that do not hold are core.Problems. A store that does not answer is
// Unavailable. A secret that does not open the stored keys is Internal and
// says so; nothing was changed then.
func Open(ctx context.Context, o Options) (*Manager, error) {
	if err := o.Problems().Err(); err != nil {
		return nil, err
	}
	o = o.withDefaults()
	m, err := build(o)
	if err != nil {
		return nil, core.Fail(core.Internal, "derive keys", err)
	}
	if err := m.keys.maintain(ctx, m.now()); err != nil {
		return nil, err
	}
	if err := m.pollRevoked(ctx); err != nil {
		return nil, err
	}
	loop, stop := context.WithCancel(context.WithoutCancel(ctx))
	m.stop = stop
	go m.run(loop)
	return m, nil
}

func build(o Options) (*Manager, error) {
	refreshKey, err := derive(o.Secret, "refresh tokens")
	if err != nil {
		return nil, err
	}
	sealingKey, err := derive(o.Secret, "signing keys")
	if err != nil {
		return nil, err
	}
	v, err := newVault(sealingKey)
	if err != nil {
		return nil, err
	}
	keptKey, err := derive(o.Secret, "what sessions keep")
	if err != nil {
		return nil, err
	}
	kept, err := newSealer(keptKey)
	if err != nil {
		return nil, err
	}
	keys := &keychain{
		store: o.Keys, vault: v, rand: o.Rand, made: o.OnKeyRotated,
		schedule: schedule{rotation: o.KeyRotation, accessTTL: o.Lifetimes.AccessTTL},
	}
	return &Manager{
		opts: o, sessions: o.Sessions, keys: keys, kept: kept,
		rule:    rule{rotation: o.Rotation, idle: o.Lifetimes.IdleTTL, grace: o.Lifetimes.RefreshGrace},
		access:  newAccessTokens(o, keys.public),
		refresh: newRefreshTokens(refreshKey, o.Rotation),
		checked: cache{seed: maphash.MakeSeed()},
		revoked: newRevoked(o.Lifetimes.AccessTTL), background: make(chan struct{}),
	}, nil
}

// Close stops the background loop and waits for it. It may be called twice. A
// closed manager still verifies tokens but learns of nothing new.
func (m *Manager) Close() error {
	m.stop()
	<-m.background
	return nil
}

// Verify says whose session an access token stands for. It touches no storage:
// it checks the signature (once per token) and looks whether the session was
// ended since. A session ended through this manager is refused at once, one
// ended on another node within PollInterval; while the store does not answer,
// sessions ended elsewhere stay good until their access tokens expire, and
// Ready says so.
//
// Every refusal is Unauthenticated with ReasonNoToken, ReasonInvalidToken,
// ReasonTokenExpired or ReasonSessionEnded.
func (m *Manager) Verify(_ context.Context, accessToken string) (Claims, error) {
	const op = "verify"
	if accessToken == "" {
		return Claims{}, refused(op, ReasonNoToken, nil)
	}
	claims, err := m.claims(accessToken)
	switch {
	case err != nil:
		return Claims{}, refused(op, ReasonInvalidToken, err)
	case !m.now().Before(claims.Expires):
		return Claims{}, refused(op, ReasonTokenExpired, nil)
	case m.revoked.has(claims.SessionID):
		return Claims{}, refused(op, ReasonSessionEnded, nil)
	}
	return Claims{claims.SessionID, claims.Identity.Clone(), claims.Expires}, nil
}

// claims returns what a token with a good signature says, whatever the time.
// Others hold it too, so it must not be changed.
func (m *Manager) claims(token string) (*Claims, error) {
	if len(token) > maxAccessBytes {
		return nil, jwt.ErrTokenMalformed // not worth a hash
	}
	key := m.checked.key(token)
	if claims, ok := m.checked.get(key); ok {
		return claims, nil
	}
	claims, err := m.access.parse(token)
	if err != nil {
		return nil, err
	}
	m.checked.put(key, &claims)
	return &claims, nil
}

// Owner says which session tokens belong to, for logging out: the signature
// counts and the lifetime does not. The access token is asked first. It
// touches no storage; the session may have ended long ago.
func (m *Manager) Owner(accessToken, refreshToken string) (sessionID string, ok bool) {
	if claims, err := m.claims(accessToken); err == nil {
		return claims.SessionID, true
	}
	if claims, err := m.refresh.parse(refreshToken); err == nil {
		return claims.Session, true
	}
	return "", false
}

// End ends sessions and returns how many of them were alive. Their access
// tokens are refused here at once; those of sessions that stay because of
// NotAfter are not. At defaults to now. An error is Unavailable,
// or Internal for an order that names neither session nor account.
func (m *Manager) End(ctx context.Context, e core.SessionEnd) (int, error) {
	const op = "end sessions"
	if e.ID == "" && e.Remote.ID == "" && (e.Account.Strategy == "" || e.Account.Subject == "") {
		return 0, core.Fail(core.Internal, op, errors.New("neither a session nor an account is named"))
	}
	now := m.now()
	if e.At.IsZero() {
		e.At = now
	}
	e.At = e.At.UTC().Truncate(time.Millisecond)
	ids, err := m.sessions.EndSessions(ctx, e)
	if err != nil {
		return 0, core.Fail(core.Unavailable, op, err)
	}
	at := later(e.At, now)
	if e.ID != "" && e.NotAfter.IsZero() { // also if another node ended it a moment ago
		m.revoked.add(core.EndedSession{ID: e.ID, EndedAt: at})
	}
	for _, id := range ids {
		m.revoked.add(core.EndedSession{ID: id, EndedAt: at})
	}
	return len(ids), nil
}

// List returns the account's live sessions, newest first. An error is Unavailable.
func (m *Manager) List(ctx context.Context, account core.AccountID) ([]core.Session, error) {
	list, err := m.sessions.AccountSessions(ctx, account, m.now())
	if err != nil {
		return nil, core.Fail(core.Unavailable, "list sessions", err)
	}
	return list, nil
}

// Session returns a live session's row, or Unauthenticated with
// ReasonSessionEnded or ReasonSessionExpired, or Unavailable.
func (m *Manager) Session(ctx context.Context, id string) (core.Session, error) {
	const op = "read the session"
	row, err := m.sessions.Session(ctx, id)
	switch {
	case err != nil:
		return core.Session{}, storeError(op, err)
	case !row.EndedAt.IsZero():
		return core.Session{}, refused(op, ReasonSessionEnded, errors.New("it ended: "+row.EndReason))
	case !m.now().Before(endOf(row)):
		return core.Session{}, refused(op, ReasonSessionExpired, nil)
	}
	return row, nil
}

// JWKS returns the published keys as a JWK set (RFC 7517), and how long a
// verifier may keep it. A key is in the set before it signs anything and until
// everything it signed has expired.
func (m *Manager) JWKS() (set []byte, maxAge time.Duration) {
	return append([]byte(nil), m.keys.ring.Load().jwks...), m.keys.schedule.maxAge()
}

// now is the session clock in the precision that every store keeps, so that a
// row gives the same tokens before and after it was stored.
func (m *Manager) now() time.Time { return m.opts.Now().UTC().Truncate(time.Millisecond) }

func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}
