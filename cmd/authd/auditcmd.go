package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/authd-go/authd/config"
	"github.com/authd-go/authd/core"
	"github.com/authd-go/authd/core/guard"
	"github.com/authd-go/authd/core/store/sqlite"
)

const (
	auditPage   = 500 // rows that are read at once
	followEvery = time.Second
)

// auditFlags are what the command line chooses rows by.
type auditFlags struct {
	since, until, user, strategy, event string
	json, follow                        bool
}

func (a *app) auditCommand() *cobra.Command {
	var f auditFlags
	cmd := &cobra.Command{
		Use:   "audit",
		Short: "List the audit trail: who was let in, who was not, what was changed",
		Long: `List the rows of the audit trail in the order in which they were written. A
running daemon writes them behind its answers, a moment later; its log has the
same events.

A TIME is a date such as 2026-11-20, with a time "2026-11-20 12:00", an RFC 3339
time, or how long ago: 90m, 24h, 7d. ` + accountHelp + `

The events: ` + strings.Join(core.AuditEvents(), ", ") + `.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			q, err := f.query(time.Now())
			if err = cmp.Or(notEmpty(cmd, "user", "event"), err); err != nil {
				return usageError{cmd.CommandPath(), err}
			}
			return a.withStore(cmd.Context(), func(c *config.Config, store *sqlite.Store) error {
				if f.user != "" {
					if q.Account, err = a.account(cmd.Context(), c, store, f.strategy, f.user); err != nil {
						return err
					}
				}
				return a.listAudit(cmd.Context(), store, q, f)
			})
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&f.since, "since", "24h", "what happened at this TIME or later")
	flags.StringVar(&f.until, "until", "", "what happened before this TIME")
	flags.StringVar(&f.user, "user", "", "what is about this ACCOUNT")
	flags.StringVar(&f.strategy, "strategy", "", "the strategy of the user (needed only if there are several of type local)")
	flags.StringVar(&f.event, "event", "", "one kind of event, such as login")
	flags.BoolVar(&f.json, "json", false, "as JSON, one object per line")
	flags.BoolVarP(&f.follow, "follow", "f", false, "go on with what comes, until interrupted")
	return cmd
}

func (f auditFlags) query(now time.Time) (core.AuditQuery, error) {
	q := core.AuditQuery{Event: f.event, Limit: auditPage}
	if f.event != "" && !slices.Contains(core.AuditEvents(), f.event) {
		return q, fmt.Errorf("--event %q: there is no such event", f.event)
	}
	if f.strategy != "" && f.user == "" {
		return q, errors.New("--strategy says whose --user is meant, and there is none")
	}
	var err error
	if q.Since, err = readTime(f.since, now); err != nil {
		return q, fmt.Errorf("--since: %w", err)
	}
	if q.Until, err = readTime(f.until, now); err != nil {
		return q, fmt.Errorf("--until: %w", err)
	}
	if !q.Until.IsZero() && !q.Since.Before(q.Until) {
		return q, fmt.Errorf("--until %s is not after --since %s", f.until, f.since)
	}
	return q, nil
}

// notEmpty refuses flags that were given without a value, as by a script whose
// variable is not set: what they leave out would be shown.
func notEmpty(cmd *cobra.Command, names ...string) error {
	for _, name := range names {
		if f := cmd.Flags().Lookup(name); f.Changed && f.Value.String() == "" {
			return fmt.Errorf("--%s has no value", name)
		}
	}
	return nil
}

// maxDays keeps a count of days from reaching beyond what times can hold.
const maxDays = 36500

// readTime reads a time, or how long ago it was.
func readTime(text string, now time.Time) (time.Time, error) {
	if text == "" {
		return time.Time{}, nil
	}
	if days, err := strconv.Atoi(strings.TrimSuffix(text, "d")); err == nil && strings.HasSuffix(text, "d") && days >= 0 && days <= maxDays {
		return now.AddDate(0, 0, -days), nil
	}
	if d, err := time.ParseDuration(text); err == nil && d >= 0 {
		return now.Add(-d), nil
	}
	for _, layout := range []string{time.DateOnly, "2006-01-02 15:04", time.DateTime, time.RFC3339} {
		if t, err := time.ParseInLocation(layout, text, now.Location()); err == nil {
			return t, nil
		}
	}
	return time.Time{}, fmt.Errorf(`%q is neither a time such as 2026-11-20 or "2026-11-20 12:00", nor how long ago, such as 90m, 24h or 7d`, text)
}

// listAudit prints page after page, and then waits for more if it shall follow.
func (a *app) listAudit(ctx context.Context, store core.AuditStore, q core.AuditQuery, f auditFlags) error {
	show := a.printAudit
	if f.json {
		show = a.printAuditJSON
	}
	for first := true; ; first = false {
		rows, err := store.Audit(ctx, q)
		switch {
		case ctx.Err() != nil:
			return nil //nolint:nilerr // interrupted, which is how to stop following
		case err != nil:
			return err
		}
		if first || len(rows) > 0 {
			if err := show(rows, first); err != nil {
				return err
			}
		}
		if len(rows) > 0 {
			q.After = rows[len(rows)-1].ID
		}
		switch {
		case len(rows) == q.Limit:
		case !f.follow, !q.Until.IsZero() && time.Since(q.Until) > followEvery: // what is decided is written a moment later
			return nil
		default:
			pause(ctx, followEvery)
		}
	}
}

func pause(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-timer.C:
	}
}

// auditView is what the command shows of a row. Its names are those of the log lines.
type auditView struct {
	ID      int64     `json:"id"`
	Time    time.Time `json:"time"`
	Event   string    `json:"event"`
	Outcome string    `json:"outcome"`
	Reason  string    `json:"reason,omitempty"`
	Account string    `json:"account,omitempty"`
	Backend string    `json:"backend,omitempty"`
	Asked   string    `json:"asked,omitempty"`
	Session string    `json:"session,omitempty"`
	Address string    `json:"address,omitempty"`
	Request string    `json:"requestId,omitempty"`
	Actor   string    `json:"actor,omitempty"`
	Method  string    `json:"method,omitempty"`
	Object  string    `json:"object,omitempty"`
}

func viewAudit(e core.AuditEvent) auditView {
	v := auditView{
		ID: e.ID, Time: e.Time, Event: e.Event, Outcome: outcome(e.Outcome), Reason: e.Reason, Backend: e.Strategy,
		Asked: guard.AskedWords(e.Asked), Session: e.SessionID, Request: e.RequestID, Actor: e.Actor, Method: e.Method, Object: e.Object,
	}
	if e.Account != (core.AccountID{}) {
		v.Account = e.Account.String()
	}
	if e.Addr.IsValid() {
		v.Address = e.Addr.String()
	}
	return v
}

func (a *app) printAuditJSON(rows []core.AuditEvent, _ bool) error {
	out := json.NewEncoder(a.stdout)
	for _, e := range rows {
		if err := out.Encode(viewAudit(e)); err != nil {
			return err
		}
	}
	return nil
}

// printAudit keeps its columns from page to page, so that what is followed
// stays in line.
func (a *app) printAudit(rows []core.AuditEvent, first bool) error {
	const line = "%-19s  %-24s  %-32s  %-36s  %-12s  %s\n"
	if first {
		fmt.Fprintf(a.stdout, line, "TIME", "EVENT", "OUTCOME", "ACCOUNT", "BACKEND", "ADDRESS")
	}
	for _, e := range rows {
		v := viewAudit(e)
		result := v.Outcome
		if v.Reason != "" {
			result += " (" + v.Reason + ")"
		}
		_, err := fmt.Fprintf(a.stdout, line, v.Time.Local().Format(time.DateTime), v.Event, result,
			dash(printable(v.Account)), dash(v.Backend), dash(v.Address))
		if err != nil {
			return err
		}
	}
	return nil
}
