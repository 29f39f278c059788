package storetest_test

import (
	"context"
	"time"

	"github.com/authd-go/authd/core"
	"github.com/authd-go/authd/core/store"
)

// broken is a store with some of its methods replaced. What is nil is the
// sound store's.
type broken struct {
	store.Store
	users       func(strategy string) core.UserStore
	session     func(context.Context, string) (core.Session, error)
	list        func(context.Context, core.AccountID, time.Time) ([]core.Session, error)
	endedSince  func(context.Context, time.Time) ([]core.EndedSession, error)
	create      func(context.Context, core.Session) error
	advance     func(context.Context, core.SessionAdvance) (core.Session, bool, error)
	lease       func(context.Context, core.SessionLease) (core.Session, bool, error)
	renew       func(context.Context, core.SessionRenewal) (bool, error)
	once        func(ctx context.Context, purpose string, key []byte, now, until time.Time) error
	end         func(context.Context, core.SessionEnd) ([]string, error)
	purge       func(context.Context, time.Time, int) (int, error)
	put         func(context.Context, core.OneTimeToken) error
	take        func(context.Context, []byte, string, time.Time) (core.OneTimeToken, error)
	keys        func(context.Context) ([]core.SigningKey, error)
	addKey      func(context.Context, core.SigningKey) error
	purgeKeys   func(context.Context, time.Time) error
	appendAudit func(context.Context, ...core.AuditEvent) error
	audit       func(context.Context, core.AuditQuery) ([]core.AuditEvent, error)
	purgeAudit  func(context.Context, time.Time, int) (int, error)
	tries       func(context.Context, core.TriesChange) error
	ready       func(context.Context) error
	closeStore  func() error
	brokenUsers func(core.UserStore, *brokenUsers)
}

func (b *broken) Users(strategy string) core.UserStore {
	if b.users != nil {
		return b.users(strategy)
	}
	sound := b.Store.Users(strategy)
	if b.brokenUsers == nil {
		return sound
	}
	u := &brokenUsers{UserStore: sound}
	b.brokenUsers(sound, u)
	return u
}

func (b *broken) Session(ctx context.Context, id string) (core.Session, error) {
	if b.session != nil {
		return b.session(ctx, id)
	}
	return b.Store.Session(ctx, id)
}

func (b *broken) AccountSessions(ctx context.Context, a core.AccountID, now time.Time) ([]core.Session, error) {
	if b.list != nil {
		return b.list(ctx, a, now)
	}
	return b.Store.AccountSessions(ctx, a, now)
}

func (b *broken) EndedSince(ctx context.Context, t time.Time) ([]core.EndedSession, error) {
	if b.endedSince != nil {
		return b.endedSince(ctx, t)
	}
	return b.Store.EndedSince(ctx, t)
}

func (b *broken) CreateSession(ctx context.Context, s core.Session) error {
	if b.create != nil {
		return b.create(ctx, s)
	}
	return b.Store.CreateSession(ctx, s)
}

func (b *broken) AdvanceSession(ctx context.Context, a core.SessionAdvance) (core.Session, bool, error) {
	if b.advance != nil {
		return b.advance(ctx, a)
	}
	return b.Store.AdvanceSession(ctx, a)
}

func (b *broken) LeaseSession(ctx context.Context, l core.SessionLease) (core.Session, bool, error) {
	if b.lease != nil {
		return b.lease(ctx, l)
	}
	return b.Store.LeaseSession(ctx, l)
}

func (b *broken) RenewSession(ctx context.Context, r core.SessionRenewal) (bool, error) {
	if b.renew != nil {
		return b.renew(ctx, r)
	}
	return b.Store.RenewSession(ctx, r)
}

func (b *broken) Once(ctx context.Context, purpose string, key []byte, now, until time.Time) error {
	if b.once != nil {
		return b.once(ctx, purpose, key, now, until)
	}
	return b.Store.Once(ctx, purpose, key, now, until)
}

func (b *broken) EndSessions(ctx context.Context, e core.SessionEnd) ([]string, error) {
	if b.end != nil {
		return b.end(ctx, e)
	}
	return b.Store.EndSessions(ctx, e)
}

func (b *broken) PurgeSessions(ctx context.Context, t time.Time, limit int) (int, error) {
	if b.purge != nil {
		return b.purge(ctx, t, limit)
	}
	return b.Store.PurgeSessions(ctx, t, limit)
}

func (b *broken) PutToken(ctx context.Context, t core.OneTimeToken) error {
	if b.put != nil {
		return b.put(ctx, t)
	}
	return b.Store.PutToken(ctx, t)
}

func (b *broken) TakeToken(ctx context.Context, hash []byte, purpose string, now time.Time) (core.OneTimeToken, error) {
	if b.take != nil {
		return b.take(ctx, hash, purpose, now)
	}
	return b.Store.TakeToken(ctx, hash, purpose, now)
}

func (b *broken) SigningKeys(ctx context.Context) ([]core.SigningKey, error) {
	if b.keys != nil {
		return b.keys(ctx)
	}
	return b.Store.SigningKeys(ctx)
}

func (b *broken) AddSigningKey(ctx context.Context, k core.SigningKey) error {
	if b.addKey != nil {
		return b.addKey(ctx, k)
	}
	return b.Store.AddSigningKey(ctx, k)
}

func (b *broken) PurgeSigningKeys(ctx context.Context, t time.Time) error {
	if b.purgeKeys != nil {
		return b.purgeKeys(ctx, t)
	}
	return b.Store.PurgeSigningKeys(ctx, t)
}

func (b *broken) AppendAudit(ctx context.Context, list ...core.AuditEvent) error {
	if b.appendAudit != nil {
		return b.appendAudit(ctx, list...)
	}
	return b.Store.AppendAudit(ctx, list...)
}

func (b *broken) Audit(ctx context.Context, q core.AuditQuery) ([]core.AuditEvent, error) {
	if b.audit != nil {
		return b.audit(ctx, q)
	}
	return b.Store.Audit(ctx, q)
}

func (b *broken) PurgeAudit(ctx context.Context, t time.Time, limit int) (int, error) {
	if b.purgeAudit != nil {
		return b.purgeAudit(ctx, t, limit)
	}
	return b.Store.PurgeAudit(ctx, t, limit)
}

func (b *broken) ChangeTries(ctx context.Context, c core.TriesChange) error {
	if b.tries != nil {
		return b.tries(ctx, c)
	}
	return b.Store.ChangeTries(ctx, c)
}

func (b *broken) Ready(ctx context.Context) error {
	if b.ready != nil {
		return b.ready(ctx)
	}
	return b.Store.Ready(ctx)
}

func (b *broken) Close() error {
	if b.closeStore != nil {
		return b.closeStore()
	}
	return b.Store.Close()
}

// brokenUsers is the same for the users.
type brokenUsers struct {
	core.UserStore
	user   func(context.Context, string) (core.User, error)
	find   func(context.Context, string) (core.User, error)
	list   func(context.Context, string, int) ([]core.User, error)
	create func(context.Context, core.User) error
	change func(context.Context, string, core.UserChange) error
	del    func(context.Context, string) error
}

func (b *brokenUsers) User(ctx context.Context, id string) (core.User, error) {
	if b.user != nil {
		return b.user(ctx, id)
	}
	return b.UserStore.User(ctx, id)
}

func (b *brokenUsers) FindUser(ctx context.Context, name string) (core.User, error) {
	if b.find != nil {
		return b.find(ctx, name)
	}
	return b.UserStore.FindUser(ctx, name)
}

func (b *brokenUsers) Users(ctx context.Context, after string, limit int) ([]core.User, error) {
	if b.list != nil {
		return b.list(ctx, after, limit)
	}
	return b.UserStore.Users(ctx, after, limit)
}

func (b *brokenUsers) CreateUser(ctx context.Context, u core.User) error {
	if b.create != nil {
		return b.create(ctx, u)
	}
	return b.UserStore.CreateUser(ctx, u)
}

func (b *brokenUsers) ChangeUser(ctx context.Context, id string, c core.UserChange) error {
	if b.change != nil {
		return b.change(ctx, id, c)
	}
	return b.UserStore.ChangeUser(ctx, id, c)
}

func (b *brokenUsers) DeleteUser(ctx context.Context, id string) error {
	if b.del != nil {
		return b.del(ctx, id)
	}
	return b.UserStore.DeleteUser(ctx, id)
}
