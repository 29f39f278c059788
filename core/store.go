package core

import (
	"context"
	"time"
)

// The storage contract: what must last, as small interfaces. Obligations
// common to all methods: a write has reached the disk when the method returns;
// an outage is Unavailable; times keep at least millisecond precision and come
// from the caller, never from the store's own clock; all methods are safe for
// concurrent use, from several processes too.

// User is an account whose password we keep.
type User struct {
	ID                string   // the subject: random, never reused
	Email             string   // canonical; may be empty
	Username          string   // canonical; may be empty, but not both
	Name              string   // to show
	Avatar            string   // may be empty
	Roles             []string // role names
	PasswordHash      string   // empty if the user has no password
	PasswordChangedAt time.Time
	CreatedAt         time.Time
	DisabledAt        time.Time // zero while enabled
}

// Identity is the user as the contract shows people.
func (u User) Identity() Identity {
	return Identity{
		AccountID: AccountID{Subject: u.ID},
		Username:  u.Username, Name: u.Name, Email: u.Email, Avatar: u.Avatar,
		Roles: append([]string(nil), u.Roles...),
	}
}

// UserChange names the fields to change; nil fields stay.
type UserChange struct {
	Name         *string
	Roles        *[]string
	PasswordHash *string
	DisabledAt   *time.Time // the zero time enables
	// ChangedAt becomes PasswordChangedAt if it is not zero.
	ChangedAt time.Time
	// IfPasswordHash, if not empty, makes the change conditional: with
	// another hash in place it is Conflict and nothing changes.
	IfPasswordHash string
}

// UserFinder reads the users of one strategy.
type UserFinder interface {
	// User returns the user with this subject, or UnknownUser.
	User(ctx context.Context, id string) (User, error)
	// FindUser returns the user whose email or username this is, in canonical
	// form, or UnknownUser.
	FindUser(ctx context.Context, identifier string) (User, error)
	// Users lists at most limit users with an ID greater than after, by ID.
	Users(ctx context.Context, after string, limit int) ([]User, error)
}

// UserStore keeps the users of one strategy. Emails and usernames share one
// name space, so that no identifier names two users.
type UserStore interface {
	UserFinder
	// CreateUser stores a new user. Conflict means that the ID, the email or
	// the username is taken.
	CreateUser(context.Context, User) error
	// ChangeUser changes some fields, or answers UnknownUser or Conflict.
	ChangeUser(ctx context.Context, id string, c UserChange) error
	// DeleteUser removes the user, or answers UnknownUser.
	DeleteUser(ctx context.Context, id string) error
}

// Session is a session's row. Tokens are derived from it and never stored.
type Session struct {
	ID          string
	Identity    Identity  // as the backend last told it
	Generation  int64     // the newest refresh generation; the first is 0
	AuthAt      time.Time // when the credentials were shown
	CreatedAt   time.Time
	AdvancedAt  time.Time // when Generation became the newest
	IdleExpires time.Time // the refresh token's end unless it is used before
	Expires     time.Time // the absolute end
	Persistent  bool
	Addr        string
	UserAgent   string
	EndedAt     time.Time // zero while alive
	EndReason   string

	ConfirmedAt time.Time // when the backend last said that the account is good
	Kept        []byte    // the strategy's Grant.Keep, sealed; empty if there is none
	RemoteID    string    // Grant.SessionID; may be empty
	LeasedUntil time.Time // until when somebody is asking the backend about Kept; zero if nobody is
}

// SessionAdvance is the one write of a refresh.
type SessionAdvance struct {
	ID          string
	From        int64 // the generation that must be the newest
	At          time.Time
	IdleExpires time.Time
	Identity    Identity
	ConfirmedAt time.Time // the zero time leaves what is there
}

// SessionLease asks for the right to renew a session.
type SessionLease struct {
	ID    string
	At    time.Time
	Until time.Time // names the lease: no two of a session end at the same time
}

// SessionRenewal ends a lease and stores what came of it.
type SessionRenewal struct {
	ID          string
	Lease       time.Time // SessionLease.Until
	At          time.Time
	Identity    Identity
	ConfirmedAt time.Time
	Kept        []byte
}

// SessionEnd says which sessions to end: one by ID, those of an account, except
// perhaps one of them, or those that another site knows by one name.
type SessionEnd struct {
	ID      string
	Account AccountID // used if ID and Remote are empty
	Except  string    // with Account: this one stays
	Remote  RemoteSession
	// NotAfter, if it is not zero, bounds the order: sessions whose AuthAt is
	// later stay, whatever names them. So it can be repeated.
	NotAfter time.Time
	Reason   string
	At       time.Time
}

// RemoteSession names a session of another site.
type RemoteSession struct {
	Strategy string // that signs in there
	ID       string // Grant.SessionID; empty names none
}

// EndedSession is a session that ended before its time.
type EndedSession struct {
	ID      string
	EndedAt time.Time
}

// SessionReader reads sessions.
type SessionReader interface {
	// Session returns the row, alive or not, or Unauthenticated.
	Session(ctx context.Context, id string) (Session, error)
	// AccountSessions lists the account's sessions that are alive at now,
	// newest first.
	AccountSessions(ctx context.Context, account AccountID, now time.Time) ([]Session, error)
	// EndedSince lists the sessions that ended at or after t.
	EndedSince(ctx context.Context, t time.Time) ([]EndedSession, error)
}

// SessionStore keeps sessions and, per account, since when its sessions count.
type SessionStore interface {
	SessionReader
	// CreateSession stores a new session and notes the account. It answers
	// Unauthenticated if the account's sessions were ended, all at once,
	// at or after the session's AuthAt: the proof is older than the order. An
	// ID that is taken is Conflict.
	CreateSession(context.Context, Session) error
	// AdvanceSession moves the session from generation From to From+1 in one
	// compare-and-swap and returns the row as it is afterwards. moved is false,
	// and nothing was written, if From is not the newest generation or the
	// session has ended, by an order or because its idle or absolute end is not
	// after At. An unknown session is Unauthenticated. The account never
	// changes, whatever Identity names.
	AdvanceSession(context.Context, SessionAdvance) (s Session, moved bool, err error)
	// LeaseSession takes the lease, unless somebody else holds one that ends after
	// At or the session is not alive at At, and returns the row as it is
	// afterwards. An unknown session is Unauthenticated, a lease that does not end
	// after At InvalidInput.
	LeaseSession(context.Context, SessionLease) (s Session, leased bool, err error)
	// RenewSession stores a renewal and gives the lease back. renewed is false, and
	// nothing was written, if the session is not alive at At or this lease is not
	// the session's any more. The account never changes, whatever Identity names.
	RenewSession(context.Context, SessionRenewal) (renewed bool, err error)
	// EndSessions ends sessions and returns the IDs of those that were alive.
	// Ended sessions keep their first reason; expired ones are ended too, and not
	// returned. For an account without Except it also notes the time, At or
	// NotAfter if that is earlier, for CreateSession.
	EndSessions(context.Context, SessionEnd) ([]string, error)
	// PurgeSessions forgets at most limit sessions whose absolute or idle end
	// lies before t, and says how many it forgot.
	PurgeSessions(ctx context.Context, t time.Time, limit int) (int, error)
}

// OneTimeToken is a token that works once. Only its hash is stored.
type OneTimeToken struct {
	Hash      []byte // SHA-256 of the token
	Purpose   string // a token is good for this only
	Account   AccountID
	CreatedAt time.Time
	ExpiresAt time.Time
}

// TokenStore keeps one-time tokens.
type TokenStore interface {
	// PutToken stores a token. Older tokens of the same purpose and account go.
	PutToken(context.Context, OneTimeToken) error
	// TakeToken removes and returns the token, so that of several takers one
	// gets it. Without a token that is good at now the answer is Expired.
	TakeToken(ctx context.Context, hash []byte, purpose string, now time.Time) (OneTimeToken, error)
}

// OnceStore remembers what may happen once only, such as the use of an answer
// that another site gave.
type OnceStore interface {
	// Once notes a key until a time. It is Conflict if the key was noted for this
	// purpose before, and that note's time is not over at now: of several at once
	// one succeeds. An empty purpose or key, or a time that is over already, is
	// InvalidInput. Notes whose time is over are forgotten, some with each call.
	Once(ctx context.Context, purpose string, key []byte, now, until time.Time) error
}

// SigningKey is a key pair for access tokens. The private half is sealed.
type SigningKey struct {
	ID           string    // the JWT kid
	Algorithm    string    // a JWS alg name, such as EdDSA
	Sealed       []byte    // the private key, sealed with the secret
	CreatedAt    time.Time // since when it is published
	ActiveFrom   time.Time // since when it signs
	PublishUntil time.Time // until when tokens signed with it may still be good
}

// KeyStore keeps signing keys.
type KeyStore interface {
	// SigningKeys lists all keys by ActiveFrom.
	SigningKeys(context.Context) ([]SigningKey, error)
	// AddSigningKey stores a new key. Conflict means that a key with the same
	// ID or the same ActiveFrom exists: another node was first.
	AddSigningKey(context.Context, SigningKey) error
	// PurgeSigningKeys forgets the keys whose PublishUntil lies before t.
	PurgeSigningKeys(ctx context.Context, t time.Time) error
}
