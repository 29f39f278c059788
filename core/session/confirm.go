package session

import (
	"context"
	"errors"
	"time"

	"github.com/authd-go/authd/core"
)

// Backing is how the backend behind an account is asked, at refresh, whether a
// session is still good.
type Backing struct {
	// Ask asks about the account, as core.Revalidator does. Nil means that
	// nobody can be asked.
	Ask func(context.Context, core.Identity) (core.Identity, error)
	// Renew asks about what the session keeps, as core.Renewer does. It is
	// preferred to Ask for sessions that keep something, and called by one
	// caller at a time on all nodes together; who comes meanwhile is treated as
	// if the backend did not answer. Its context ends with Limit, and not with the
	// caller's. The Keep of a grant beside Unavailable is stored. May be nil.
	Renew func(context.Context, core.Grant) (core.Grant, error)
	Limit time.Duration // within which Renew answers; default 30s
	Every time.Duration // how long an answer is good for; 0 means that each refresh asks
	// Grace is how long after its last answer a backend may be out of reach. Then
	// refreshes are Unavailable, and the session goes on when the backend answers
	// again. 0 means for as long as the session lasts.
	Grace time.Duration
}

// Backer returns the Backing of an account.
type Backer = func(core.AccountID) Backing

const (
	opConfirm = "revalidate"
	// leaseMargin is for what surrounds a Renew: the store, and a call that
	// notices late that its time is over.
	leaseMargin  = 10 * time.Second
	defaultLimit = 30 * time.Second
)

// confirmation is what a session goes on with.
type confirmation struct {
	identity core.Identity
	at       time.Time // when the backend said so; zero if it did not just now
}

// confirm asks the backend, if it is due.
func (m *Manager) confirm(ctx context.Context, row core.Session, backing Backer) (confirmation, error) {
	stored := confirmation{identity: row.Identity}
	if backing == nil {
		return stored, nil
	}
	b := backing(row.Identity.AccountID)
	renews := b.Renew != nil && len(row.Kept) > 0
	switch {
	case !renews && b.Ask == nil, b.fresh(row, m.now()):
		return stored, nil
	case renews:
		return m.renew(ctx, row, b)
	}
	at := m.now()
	fresh, err := b.Ask(ctx, row.Identity.Clone())
	return m.judge(ctx, row, b, confirmation{fresh, at}, err)
}

// fresh says whether the last answer is still good.
func (b Backing) fresh(row core.Session, now time.Time) bool {
	return b.Every > 0 && now.Sub(confirmedAt(row)) < b.Every
}

// confirmedAt is when the backend last answered. Rows of older versions do not
// say; each of their advances asked.
func confirmedAt(row core.Session) time.Time {
	if row.ConfirmedAt.IsZero() {
		return row.AdvancedAt
	}
	return row.ConfirmedAt
}

// judge turns the backend's word into what follows for the session.
func (m *Manager) judge(ctx context.Context, row core.Session, b Backing, c confirmation, err error) (confirmation, error) {
	switch code := core.CodeOf(err); code {
	case "":
	case core.Unavailable:
		return m.bear(row, b, err)
	case core.UnknownUser, core.Disabled, core.Locked:
		return confirmation{}, m.endFor(ctx, row, endReasonAccount+string(code), refused(opConfirm, ReasonAccountGone, err))
	default:
		return confirmation{}, core.Fail(core.Internal, opConfirm, err)
	}
	if c.identity.Strategy == "" {
		c.identity.Strategy = row.Identity.Strategy
	}
	if c.identity.AccountID != row.Identity.AccountID {
		return confirmation{}, core.Fail(core.Internal, opConfirm, errors.New("the backend answered for another account"))
	}
	return c, nil
}

// bear goes on without an answer, for a while.
func (m *Manager) bear(row core.Session, b Backing, cause error) (confirmation, error) {
	if b.Grace > 0 && m.now().Sub(confirmedAt(row)) > b.Grace {
		return confirmation{}, &core.Error{Code: core.Unavailable, Op: opConfirm, Reason: ReasonUnconfirmed, Err: cause}
	}
	return confirmation{identity: row.Identity}, nil
}

var errElsewhere = errors.New("somebody else is asking at this moment")

// renew asks about what the session keeps, under the session's lease: what is
// kept may be good for one question only.
func (m *Manager) renew(ctx context.Context, row core.Session, b Backing) (confirmation, error) {
	if b.Limit <= 0 {
		b.Limit = defaultLimit
	}
	at := m.now()
	l := core.SessionLease{ID: row.ID, At: at, Until: at.Add(b.Limit + leaseMargin)}
	row, leased, err := m.sessions.LeaseSession(ctx, l)
	switch {
	case err != nil:
		return confirmation{}, storeError(opConfirm, err)
	case !row.EndedAt.IsZero():
		return confirmation{}, m.refuse(ctx, row, ended)
	case !leased:
		return m.bear(row, b, errElsewhere)
	case b.fresh(row, at) || len(row.Kept) == 0: // somebody else has just asked
		return confirmation{identity: row.Identity}, m.giveBack(ctx, row, l)
	}
	return m.renewLeased(ctx, row, b, l)
}

// renewLeased asks to the end, also for a caller who has hung up: by then the
// other site may have rotated what is kept, and only its answer has the new one.
func (m *Manager) renewLeased(ctx context.Context, row core.Session, b Backing, l core.SessionLease) (confirmation, error) {
	grant, err := m.Grant(row)
	if err != nil {
		return confirmation{}, errors.Join(err, m.giveBack(ctx, row, l))
	}
	asking, cancel := context.WithTimeout(context.WithoutCancel(ctx), b.Limit)
	defer cancel()
	next, err := b.Renew(asking, grant)
	c, judged := m.judge(ctx, row, b, confirmation{next.Identity, l.At}, err)
	if err != nil || judged != nil {
		if core.CodeOf(err) == core.Unavailable && !next.Keep.Empty() {
			if row.Kept, err = m.sealKept(row, next.Keep); err != nil {
				return confirmation{}, core.Fail(core.Internal, opConfirm, err)
			}
		}
		// The lease of a session that has just ended goes with it.
		return c, errors.Join(judged, m.giveBack(ctx, row, l))
	}
	row.Identity, row.ConfirmedAt = c.identity, c.at
	if row.Kept, err = m.sealKept(row, next.Keep); err != nil {
		return confirmation{}, core.Fail(core.Internal, opConfirm, err)
	}
	return c, m.giveBack(ctx, row, l)
}

// giveBack stores the row as it is now and ends the lease, also for a caller
// who has hung up meanwhile. A session that has ended, or a lease that somebody
// else holds by now, is left as it is.
func (m *Manager) giveBack(ctx context.Context, row core.Session, l core.SessionLease) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), storeTimeout)
	defer cancel()
	_, err := m.sessions.RenewSession(ctx, core.SessionRenewal{
		ID: row.ID, Lease: l.Until, At: m.now(), Identity: row.Identity, ConfirmedAt: row.ConfirmedAt, Kept: row.Kept,
	})
	if err != nil {
		return core.Fail(core.Unavailable, "store a renewal", err)
	}
	return nil
}

// Grant returns what a session keeps, opened. A secret that does not open it is
// Internal.
func (m *Manager) Grant(row core.Session) (core.Grant, error) {
	g := core.Grant{Identity: row.Identity.Clone(), SessionID: row.RemoteID}
	if len(row.Kept) == 0 {
		return g, nil
	}
	keep, err := m.kept.Open(row.Kept, keptBinding(row))
	if err != nil {
		return core.Grant{}, core.Fail(core.Internal, "open what a session keeps", err)
	}
	g.Keep = core.NewSecret(string(keep))
	return g, nil
}

func (m *Manager) sealKept(row core.Session, keep core.Secret) ([]byte, error) {
	text := keep.Reveal()
	switch {
	case text == "":
		return nil, nil
	case len(text) > core.MaxKeep:
		return nil, errors.New("the strategy wants to keep more than core.MaxKeep bytes")
	}
	return m.kept.Seal([]byte(text), keptBinding(row)), nil
}

// keptBinding ties what is kept to its session and its strategy.
func keptBinding(row core.Session) string { return row.ID + " " + row.Identity.Strategy }

// Issue returns the tokens of a session that nobody has refreshed yet, for
// whoever proved to be the one it was opened for. A session that was refreshed
// is Unauthenticated with ReasonSessionEnded, one that is over as in Session.
func (m *Manager) Issue(ctx context.Context, id string) (Issued, error) {
	row, err := m.Session(ctx, id)
	if err != nil {
		return Issued{}, err
	}
	if row.Generation != 0 {
		return Issued{}, refused("issue tokens", ReasonSessionEnded, errors.New("the session was refreshed already"))
	}
	return m.issue(ctx, row, row.Identity, m.now())
}
