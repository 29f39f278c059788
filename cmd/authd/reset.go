package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/authd-go/authd/config"
	"github.com/authd-go/authd/core"
	"github.com/authd-go/authd/core/flow"
	"github.com/authd-go/authd/core/identifier"
	"github.com/authd-go/authd/core/session"
	"github.com/authd-go/authd/core/store/sqlite"
	"github.com/authd-go/authd/strategies/local"
)

// userReset is the one command on users that are kept elsewhere, too: its link
// works with every strategy that can recover a password.
func (a *app) userReset(strategy *string) *cobra.Command {
	return &cobra.Command{
		Use:   "reset EMAIL|USERNAME",
		Short: "Print a link with which the user sets a new password",
		Long: `Print a link with which the user sets a new password: a user of a local
strategy, or of the one that --strategy names, if that can recover a password,
such as a directory with passwords.reset.`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.withTrail(cmd.Context(), func(c *config.Config, store *sqlite.Store, trail operatorTrail) error {
				owner, name, err := a.owner(cmd.Context(), c, store, *strategy, args[0])
				if err != nil {
					return inWords(args[0], err)
				}
				return a.printResetLink(cmd.Context(), c, store, trail, owner, name)
			})
		},
	}
}

func (a *app) printResetLink(ctx context.Context, c *config.Config, store *sqlite.Store, trail operatorTrail, owner core.AccountID, name string) error {
	link, err := flow.ResetLink(ctx, session.NewOneTime(store, time.Now, rand.Reader), c.Server.PublicURL, owner)
	if err != nil {
		return err
	}
	trail.note(ctx, core.AuditEvent{Event: core.AuditResetLinkMade, Account: owner})
	fmt.Fprintf(a.stderr, "Works once, until %s. An older link of %s no longer works.\n", link.Expires.Local().Format(time.DateTime), name)
	_, err = fmt.Fprintln(a.stdout, link.Link.Reveal())
	return err
}

// owner finds the account, and the name to call its owner.
func (a *app) owner(ctx context.Context, c *config.Config, store *sqlite.Store, strategy, who string) (core.AccountID, string, error) {
	if s, ok := c.Strategies[strategy]; ok {
		if _, here := s.Config.(*local.Config); !here {
			return a.ownerElsewhere(ctx, c, store, strategy, who)
		}
	}
	d, err := a.admin(c, store, strategy)
	if err != nil {
		return core.AccountID{}, "", err
	}
	u, err := d.User(ctx, who)
	return d.account(u.ID), userName(u), err
}

func (a *app) ownerElsewhere(ctx context.Context, c *config.Config, store *sqlite.Store, strategy, who string) (owner core.AccountID, name string, err error) {
	options := c.Strategies[strategy]
	ctx, cancel := context.WithTimeout(ctx, options.Backend(strategy).Timeout)
	defer cancel()
	s, err := options.Config.Open(ctx, core.Env{
		Name: strategy, Now: time.Now, Rand: rand.Reader, Users: store.Users(strategy), PublicURL: c.Server.PublicURL, Log: a.logger(c),
	})
	if err != nil {
		return owner, "", err
	}
	if s.Close != nil {
		defer func() { err = errors.Join(err, s.Close()) }()
	}
	if s.Recoverer == nil {
		return owner, "", fmt.Errorf("--strategy %s: it cannot recover a password; authd strategies lists what can", strategy)
	}
	canonical, err := identifier.Canonical(who)
	if err != nil {
		return owner, "", core.Fail(core.UnknownUser, "find an account", err)
	}
	id, err := s.Recoverer.FindAccount(ctx, canonical)
	if err != nil {
		return owner, "", err
	}
	return core.AccountID{Strategy: strategy, Subject: id.Subject}, userName(core.User{Email: id.Email, Username: id.Username}), nil
}
