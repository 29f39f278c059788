package main

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/authd-go/authd/core"
	"github.com/authd-go/authd/strategies/local"
)

func (a *app) userCommand() *cobra.Command {
	var strategy string
	cmd := group("user", "Look after the users of a local strategy",
		a.userAdd(&strategy), a.userList(&strategy), a.userShow(&strategy), a.userPasswd(&strategy), a.userReset(&strategy),
		a.userSwitch(&strategy, "disable", "Keep a user out, and end their sessions", true),
		a.userSwitch(&strategy, "enable", "Let a disabled user in again", false),
		a.userDelete(&strategy))
	cmd.PersistentFlags().StringVar(&strategy, "strategy", "", "the strategy that keeps the user (needed only if there are several of type local)")
	return cmd
}

// oneUser is a command on one user, named by e-mail address or user name in
// any spelling.
func (a *app) oneUser(strategy *string, use, short string, do func(context.Context, admin, string) error) *cobra.Command {
	return &cobra.Command{
		Use:   use + " EMAIL|USERNAME",
		Short: short,
		Args:  cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.withAdmin(cmd.Context(), *strategy, func(d admin) error {
				return inWords(args[0], do(cmd.Context(), d, args[0]))
			})
		},
	}
}

// inWords says the outcomes that an operator can do something about.
func inWords(who string, err error) error {
	switch core.CodeOf(err) {
	case core.UnknownUser:
		return fmt.Errorf("there is no user %q", who)
	case core.Conflict:
		return fmt.Errorf("%q or its address is taken", who)
	case core.InvalidInput:
		return fmt.Errorf("%s", core.DefaultMessages().Refuse(err).Message)
	}
	return err
}

func (a *app) userAdd(strategy *string) *cobra.Command {
	var n local.NewUser
	var noPassword bool
	cmd := &cobra.Command{
		Use:   "add EMAIL",
		Short: "Make a user; the password comes from the terminal or standard input",
		Args:  cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) == 1 {
				n.Email = args[0]
			}
			if n.Email == "" && n.Username == "" {
				return usageError{cmd.CommandPath(), fmt.Errorf("name an address, or a --username")}
			}
			return a.withAdmin(cmd.Context(), *strategy, func(d admin) (err error) {
				if !noPassword {
					if n.Password, err = a.readPassword("Password"); err != nil {
						return err
					}
				}
				u, err := d.CreateUser(cmd.Context(), n)
				if err != nil {
					return inWords(n.Email+n.Username, err)
				}
				d.note(cmd.Context(), core.AuditUserAdded, u)
				_, err = fmt.Fprintf(a.stdout, "added %s to %s\n", userName(u), d.strategy)
				return err
			})
		},
	}
	cmd.Flags().StringVar(&n.Username, "username", "", "a user name, beside the address or in place of it")
	cmd.Flags().StringVar(&n.Name, "name", "", "the name to show")
	cmd.Flags().StringSliceVar(&n.Roles, "role", nil, "a role; may be repeated")
	cmd.Flags().BoolVar(&noPassword, "no-password", false, "without a password: nobody can sign in before user passwd or user reset")
	return cmd
}

func (a *app) userPasswd(strategy *string) *cobra.Command {
	return a.oneUser(strategy, "passwd", "Set a password, and end the user's sessions", func(ctx context.Context, d admin, who string) error {
		if _, err := d.User(ctx, who); err != nil {
			return err
		}
		password, err := a.readPassword("New password")
		if err != nil {
			return err
		}
		u, err := d.SetPassword(ctx, who, password)
		if err != nil {
			return err
		}
		d.note(ctx, core.AuditPasswordSet, u)
		return a.changed(ctx, d, u, "password set for", "password_changed")
	})
}

func (a *app) userSwitch(strategy *string, use, short string, disable bool) *cobra.Command {
	return a.oneUser(strategy, use, short, func(ctx context.Context, d admin, who string) error {
		u, err := d.SetDisabled(ctx, who, disable)
		if err != nil {
			return err
		}
		if disable {
			d.note(ctx, core.AuditUserDisabled, u)
			return a.changed(ctx, d, u, "disabled", "account_disabled")
		}
		d.note(ctx, core.AuditUserEnabled, u)
		_, err = fmt.Fprintf(a.stdout, "enabled %s\n", userName(u))
		return err
	})
}

func (a *app) userDelete(strategy *string) *cobra.Command {
	return a.oneUser(strategy, "delete", "Remove a user for good, and end their sessions", func(ctx context.Context, d admin, who string) error {
		u, err := d.DeleteUser(ctx, who)
		if err != nil {
			return err
		}
		d.note(ctx, core.AuditUserDeleted, u)
		return a.changed(ctx, d, u, "deleted", "account_deleted")
	})
}

// changed ends the sessions of an account that was changed, and says so.
func (a *app) changed(ctx context.Context, d admin, u core.User, what, reason string) error {
	ended, err := d.endSessions(ctx, u.ID, reason)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(a.stdout, "%s %s; sessions ended: %d\n", what, userName(u), ended)
	return err
}

func userName(u core.User) string {
	if u.Email != "" {
		return u.Email
	}
	return u.Username
}
