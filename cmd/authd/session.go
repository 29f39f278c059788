package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/authd-go/authd/config"
	"github.com/authd-go/authd/core"
	"github.com/authd-go/authd/core/store/sqlite"
)

func (a *app) sessionCommand() *cobra.Command {
	return group("session", "Look after sessions", a.sessionList(), a.sessionRevoke())
}

// account reads a command's ACCOUNT: strategy:subject, or a user of a local
// strategy by address or name.
func (a *app) account(ctx context.Context, c *config.Config, store *sqlite.Store, strategy, who string) (core.AccountID, error) {
	if name, subject, ok := strings.Cut(who, ":"); ok && c.Strategies[name].Config != nil {
		return core.AccountID{Strategy: name, Subject: subject}, nil
	}
	name, options, err := localStrategy(c, strategy)
	if err != nil {
		return core.AccountID{}, err
	}
	accounts, err := options.Admin(core.Env{Name: name, Now: time.Now, Users: store.Users(name)})
	if err != nil {
		return core.AccountID{}, err
	}
	u, err := accounts.User(ctx, who)
	return core.AccountID{Strategy: name, Subject: u.ID}, inWords(who, err)
}

const accountHelp = `ACCOUNT is a user of a local strategy, by address or user name, or the account
of any strategy as strategy:subject, as the log shows it.`

func (a *app) sessionList() *cobra.Command {
	var strategy string
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "list ACCOUNT",
		Short: "List an account's live sessions",
		Long:  "List an account's live sessions, newest first.\n\n" + accountHelp,
		Args:  cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.withStore(cmd.Context(), func(c *config.Config, store *sqlite.Store) error {
				account, err := a.account(cmd.Context(), c, store, strategy, args[0])
				if err != nil {
					return err
				}
				rows, err := store.AccountSessions(cmd.Context(), account, time.Now())
				if err != nil {
					return err
				}
				if asJSON {
					return a.printJSON(sessionViews(rows))
				}
				return a.printSessions(sessionViews(rows))
			})
		},
	}
	cmd.Flags().StringVar(&strategy, "strategy", "", "the strategy of the user (needed only if there are several of type local)")
	cmd.Flags().BoolVar(&asJSON, "json", false, "as JSON")
	return cmd
}

func (a *app) sessionRevoke() *cobra.Command {
	var strategy, who string
	cmd := &cobra.Command{
		Use:   "revoke [SESSION]",
		Short: "End one session, or all sessions of an account",
		Long: `End one session by its id, or with --user all sessions of an account. A running
daemon refuses their access tokens within a second.

` + accountHelp,
		Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if (who == "") == (len(args) == 0) {
				return usageError{cmd.CommandPath(), fmt.Errorf("name either a session or --user ACCOUNT")}
			}
			return a.withTrail(cmd.Context(), func(c *config.Config, store *sqlite.Store, trail operatorTrail) error {
				end := core.SessionEnd{Reason: "revoked", At: time.Now()}
				var err error
				if who == "" {
					end.ID = args[0]
					end.Account, err = accountOf(cmd.Context(), store, end.ID)
				} else {
					end.Account, err = a.account(cmd.Context(), c, store, strategy, who)
				}
				if err != nil {
					return err
				}
				ids, err := store.EndSessions(cmd.Context(), end)
				if err != nil {
					return err
				}
				if len(ids) > 0 {
					trail.note(cmd.Context(), core.AuditEvent{
						Event: core.AuditSessionsEnded, Reason: end.Reason, Account: end.Account, SessionID: end.ID,
					})
				}
				_, err = fmt.Fprintf(a.stdout, "sessions ended: %d\n", len(ids))
				return err
			})
		},
	}
	cmd.Flags().StringVar(&who, "user", "", "end all sessions of this ACCOUNT")
	cmd.Flags().StringVar(&strategy, "strategy", "", "the strategy of the user (needed only if there are several of type local)")
	return cmd
}

// accountOf says whose a session is. Of one that is unknown it is nobody's.
func accountOf(ctx context.Context, store *sqlite.Store, sessionID string) (core.AccountID, error) {
	row, err := store.Session(ctx, sessionID)
	if err != nil && !errors.Is(err, core.Unauthenticated) {
		return core.AccountID{}, err
	}
	return row.Identity.AccountID, nil
}

func sessionViews(rows []core.Session) []core.SessionInfo {
	views := make([]core.SessionInfo, len(rows))
	for i, s := range rows {
		views[i] = s.Info()
	}
	return views
}

func (a *app) printSessions(views []core.SessionInfo) error {
	w := tabwriter.NewWriter(a.stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "ID\tCREATED\tLAST USED\tEXPIRES\tADDRESS\tUSER AGENT")
	for _, v := range views {
		fmt.Fprintln(w, strings.Join([]string{
			v.ID, v.CreatedAt.Local().Format(time.DateTime), v.LastUsed.Local().Format(time.DateTime),
			v.ExpiresAt.Local().Format(time.DateTime), dash(v.Addr), dash(printable(v.UserAgent)),
		}, "\t"))
	}
	return w.Flush()
}
