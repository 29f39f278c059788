package session

import (
	"context"
	"errors"
	"time"

	"github.com/authd-go/authd/core"
)

// NewSession is a login that succeeded.
type NewSession struct {
	Identity   core.Identity // Strategy and Subject must be set
	AuthAt     time.Time     // when the credentials were shown; default now
	Persistent bool
	Addr       string
	UserAgent  string
	Keep       core.Secret // core.Grant.Keep; may be empty
	RemoteID   string      // core.Grant.SessionID; may be empty
}

// Issued is what a login or refresh gives the caller. Beside an error it may
// still say which session was refused, and whose.
type Issued struct {
	Tokens    core.Tokens
	SessionID string
	Account   core.AccountID
}

// Create opens a session. It is Unauthenticated with ReasonStaleProof if all
// of the account's sessions were ended at or after AuthAt, and Unavailable if
// the store does not answer.
func (m *Manager) Create(ctx context.Context, n NewSession) (Issued, error) {
	const op = "open a session"
	if n.Identity.Strategy == "" || n.Identity.Subject == "" {
		return Issued{}, core.Fail(core.Internal, op, errors.New("the identity names no account"))
	}
	id, err := randomText(m.opts.Rand, 16)
	if err != nil {
		return Issued{}, core.Fail(core.Internal, op, err)
	}
	row := m.newRow(n, id)
	if row.Kept, err = m.sealKept(row, n.Keep); err != nil {
		return Issued{}, core.Fail(core.Internal, op, err)
	}
	issued, err := m.issue(ctx, row, row.Identity, row.CreatedAt)
	if err != nil {
		return Issued{}, err
	}
	err = m.sessions.CreateSession(ctx, row)
	if core.CodeOf(err) == core.Unauthenticated {
		return Issued{}, refused(op, ReasonStaleProof, err)
	}
	if err != nil {
		return Issued{}, core.Fail(core.Unavailable, op, err)
	}
	return issued, nil
}

func (m *Manager) newRow(n NewSession, id string) core.Session {
	now := m.now()
	authAt := n.AuthAt.UTC().Truncate(time.Millisecond)
	if n.AuthAt.IsZero() {
		authAt = now
	}
	life := m.opts.Lifetimes
	return core.Session{
		ID: id, Identity: n.Identity.Clone(), AuthAt: authAt,
		CreatedAt: now, AdvancedAt: now, IdleExpires: now.Add(life.IdleTTL), Expires: now.Add(life.MaxTTL),
		Persistent: n.Persistent, Addr: n.Addr, UserAgent: n.UserAgent, ConfirmedAt: authAt, RemoteID: n.RemoteID,
	}
}

// Refresh exchanges a refresh token for new tokens. With n the newest
// generation of the session:
//
//	presented        untilUsed              graceOnly              none
//	n                advance, answer n+1    advance, answer n+1    answer n
//	n-1              answer n again         n again in the grace   answer n
//	n-2              n again in the grace   n again in the grace   answer n
//	older            reuse                  reuse                  answer n
//	newer            refused, ends          refused, ends          refused, ends
//
// Advancing is one compare-and-swap and the only write. "Again" writes
// nothing and answers the same bytes. The grace is RefreshGrace after the last
// advance. Reuse ends the session (ReasonReused). A generation newer than the
// row means that the store was rolled back; the session ends (ReasonAhead),
// since nobody can tell any more which tokens were used. With RotateNever the
// generation only counts how often the idle end was moved, at most ten times
// per IdleTTL, and tokens carry the absolute end as exp.
//
// Before anything is written the account's Backing, which backing returns, is
// asked, if it is due. UnknownUser, Disabled and Locked end the session
// (ReasonAccountGone); Unavailable keeps the identity that is stored, for as
// long as the Backing bears it; anything else refuses this refresh and keeps
// the session. The new identity is stored with an advance. It must be of the
// same account. A nil backing asks nobody.
//
// Without touching storage: Unauthenticated with ReasonNoToken or
// ReasonInvalidToken, Expired with ReasonSessionExpired. With it: these for
// the row, Unauthenticated with ReasonSessionEnded, and Unavailable, which
// says nothing about the session.
//
// What is not noticed: a thief who presents a token in turn with its owner and
// never falls two generations behind.
func (m *Manager) Refresh(ctx context.Context, refreshToken string, backing Backer) (Issued, error) {
	const op = "refresh"
	if refreshToken == "" {
		return Issued{}, refused(op, ReasonNoToken, nil)
	}
	claims, err := m.refresh.parse(refreshToken)
	if err != nil {
		return Issued{}, refused(op, ReasonInvalidToken, err)
	}
	at := m.now()
	if !at.Before(claims.Expires.Time) {
		return Issued{}, expired(op)
	}
	row, err := m.sessions.Session(ctx, claims.Session)
	if err != nil {
		return Issued{}, storeError(op, err)
	}
	issued, err := m.exchange(ctx, row, claims.Generation, at, backing)
	issued.SessionID, issued.Account = row.ID, row.Identity.AccountID
	return issued, err
}

// exchange applies the table to a row that was read after at.
func (m *Manager) exchange(ctx context.Context, row core.Session, generation int64, at time.Time, backing Backer) (Issued, error) {
	v := m.rule.judge(row, generation, at)
	if v != advance && v != again {
		return Issued{}, m.refuse(ctx, row, v)
	}
	c, err := m.confirm(ctx, row, backing)
	if err != nil {
		return Issued{}, err
	}
	if v == advance {
		at = m.now()
		if row, err = m.advance(ctx, row, generation, c, at); err != nil {
			return Issued{}, err
		}
	}
	return m.issue(ctx, row, c.identity, at)
}

// advance moves the row on. If another request did so first, the table is
// applied to the row that this one left.
func (m *Manager) advance(ctx context.Context, row core.Session, generation int64, c confirmation, at time.Time) (core.Session, error) {
	const op = "advance the session"
	next, moved, err := m.sessions.AdvanceSession(ctx, core.SessionAdvance{
		ID: row.ID, From: row.Generation, At: at, IdleExpires: at.Add(m.opts.Lifetimes.IdleTTL), Identity: c.identity, ConfirmedAt: c.at,
	})
	if err != nil {
		return core.Session{}, storeError(op, err)
	}
	if moved {
		return next, nil
	}
	switch v := m.rule.judge(next, generation, at); v {
	case again:
		return next, nil
	case advance:
		return core.Session{}, core.Fail(core.Unavailable, op, errors.New("the store neither moved the session nor says who did"))
	default:
		return core.Session{}, m.refuse(ctx, next, v)
	}
}

// refuse says why a session gives no tokens, and ends it where the table says so.
func (m *Manager) refuse(ctx context.Context, row core.Session, v verdict) error {
	const op = "refresh"
	switch v {
	case reused:
		return m.endFor(ctx, row, ReasonReused, refused(op, ReasonReused, nil))
	case ahead:
		return m.endFor(ctx, row, ReasonAhead, refused(op, ReasonAhead, nil))
	case timedOut:
		return expired(op)
	default:
		return refused(op, ReasonSessionEnded, errors.New("it ended: "+row.EndReason))
	}
}

// endFor ends the session for a reason found in it, and returns why. A caller
// who hangs up does not prevent it.
func (m *Manager) endFor(ctx context.Context, row core.Session, reason string, why error) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), storeTimeout)
	defer cancel()
	if _, err := m.End(ctx, core.SessionEnd{ID: row.ID, Reason: reason}); err != nil {
		return err
	}
	return why
}

// issue derives the tokens of a row that was alive at the time at.
func (m *Manager) issue(ctx context.Context, row core.Session, id core.Identity, at time.Time) (Issued, error) {
	const op = "sign tokens"
	key, err := m.keys.signer(ctx, at)
	if err != nil {
		return Issued{}, err
	}
	access, accessExpires, err := m.access.mint(key, row, id, at, m.opts.Rand)
	if err != nil {
		return Issued{}, core.Fail(core.Internal, op, err)
	}
	refresh, refreshExpires, err := m.refresh.mint(row)
	if err != nil {
		return Issued{}, core.Fail(core.Internal, op, err)
	}
	return Issued{SessionID: row.ID, Account: row.Identity.AccountID, Tokens: core.Tokens{
		Access: core.NewSecret(access), AccessExpires: accessExpires,
		Refresh: core.NewSecret(refresh), RefreshExpires: refreshExpires,
		IssuedAt: at, Persistent: row.Persistent, User: id.Clone(),
	}}, nil
}
