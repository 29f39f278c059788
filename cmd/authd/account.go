package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/authd-go/authd/config"
	"github.com/authd-go/authd/core"
	"github.com/authd-go/authd/core/store/sqlite"
	"github.com/authd-go/authd/strategies/local"
)

// admin is what the user and session commands work on: one local backend's
// accounts and the store beside them. A running daemon may use the same store;
// it notices ended sessions within a second.
type admin struct {
	*local.Admin
	config   *config.Config
	store    *sqlite.Store
	strategy string
	trail    operatorTrail
}

// account names one of the backend's accounts.
func (d admin) account(subject string) core.AccountID {
	return core.AccountID{Strategy: d.strategy, Subject: subject}
}

// note records what the operator did to a user.
func (d admin) note(ctx context.Context, event string, u core.User) {
	d.trail.note(ctx, core.AuditEvent{Event: event, Account: d.account(u.ID)})
}

// withTrail runs a command that changes something on the open store, and
// waits until what it did is in the audit trail.
func (a *app) withTrail(ctx context.Context, do func(*config.Config, *sqlite.Store, operatorTrail) error) error {
	return a.withStore(ctx, func(c *config.Config, store *sqlite.Store) error {
		trail := newOperatorTrail(store, a.logger(c))
		return errors.Join(do(c, store, trail), trail.close(context.WithoutCancel(ctx)))
	})
}

// withStore runs a command on the open store.
func (a *app) withStore(ctx context.Context, do func(*config.Config, *sqlite.Store) error) (err error) {
	c, _, err := a.load(ctx)
	if err != nil {
		return err
	}
	store, err := openStore(ctx, c, a.logger(c))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, store.Close()) }()
	return do(c, store)
}

// withAdmin runs a command on the accounts of one local backend: the named
// one, or the only one there is.
func (a *app) withAdmin(ctx context.Context, strategy string, do func(admin) error) error {
	return a.withTrail(ctx, func(c *config.Config, store *sqlite.Store, trail operatorTrail) error {
		d, err := a.admin(c, store, strategy)
		if err != nil {
			return err
		}
		d.trail = trail
		return do(d)
	})
}

// admin has no trail.
func (a *app) admin(c *config.Config, store *sqlite.Store, strategy string) (admin, error) {
	name, options, err := localStrategy(c, strategy)
	if err != nil {
		return admin{}, err
	}
	accounts, err := options.Admin(core.Env{
		Name: name, Now: time.Now, Rand: rand.Reader, Users: store.Users(name), Log: a.logger(c),
	})
	return admin{Admin: accounts, config: c, store: store, strategy: name}, err
}

func localStrategy(c *config.Config, wanted string) (string, *local.Config, error) {
	var names []string
	for _, name := range slices.Sorted(maps.Keys(c.Strategies)) {
		if _, ok := c.Strategies[name].Config.(*local.Config); ok {
			names = append(names, name)
		}
	}
	switch {
	case len(names) == 0:
		return "", nil, errors.New("the configuration has no strategy of type local; only these keep users here")
	case wanted == "" && len(names) > 1:
		return "", nil, fmt.Errorf("choose one with --strategy: %s", strings.Join(names, ", "))
	case wanted == "":
		wanted = names[0]
	case !slices.Contains(names, wanted):
		return "", nil, fmt.Errorf("--strategy %s: no such strategy of type local; there are: %s", wanted, strings.Join(names, ", "))
	}
	return wanted, c.Strategies[wanted].Config.(*local.Config), nil
}

// endSessions ends every session of an account and says how many there were.
func (d admin) endSessions(ctx context.Context, subject, reason string) (int, error) {
	ids, err := d.store.EndSessions(ctx, core.SessionEnd{
		Account: d.account(subject), Reason: reason, At: time.Now(),
	})
	if len(ids) > 0 {
		d.trail.note(ctx, core.AuditEvent{Event: core.AuditSessionsEnded, Reason: reason, Account: d.account(subject)})
	}
	if err != nil {
		return 0, fmt.Errorf("the account was changed, but its sessions were not ended: %w; try authd session revoke --user", err)
	}
	return len(ids), nil
}
