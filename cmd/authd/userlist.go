package main

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/authd-go/authd/core"
)

// userView is what the commands show of a user. The hash is not among it.
type userView struct {
	ID          string     `json:"id"`
	Email       string     `json:"email,omitempty"`
	Username    string     `json:"username,omitempty"`
	Name        string     `json:"name,omitempty"`
	Roles       []string   `json:"roles"`
	HasPassword bool       `json:"hasPassword"`
	CreatedAt   time.Time  `json:"createdAt"`
	DisabledAt  *time.Time `json:"disabledAt,omitempty"`
}

func viewUser(u core.User) userView {
	v := userView{
		ID: u.ID, Email: u.Email, Username: u.Username, Name: u.Name, Roles: append([]string{}, u.Roles...),
		HasPassword: u.PasswordHash != "", CreatedAt: u.CreatedAt,
	}
	if !u.DisabledAt.IsZero() {
		v.DisabledAt = &u.DisabledAt
	}
	return v
}

func (v userView) state() string {
	switch {
	case v.DisabledAt != nil:
		return "disabled"
	case !v.HasPassword:
		return "no password"
	}
	return "enabled"
}

func (a *app) userList(strategy *string) *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "list",
		Short: "List the users",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return a.withAdmin(cmd.Context(), *strategy, func(d admin) error {
				views := []userView{}
				for u, err := range d.Users(cmd.Context()) {
					if err != nil {
						return err
					}
					views = append(views, viewUser(u))
				}
				if asJSON {
					return a.printJSON(views)
				}
				return a.printUsers(views)
			})
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "as JSON")
	return cmd
}

func (a *app) userShow(strategy *string) *cobra.Command {
	var asJSON bool
	cmd := a.oneUser(strategy, "show", "Show a user", func(ctx context.Context, d admin, who string) error {
		u, err := d.User(ctx, who)
		if err != nil {
			return err
		}
		if asJSON {
			return a.printJSON(viewUser(u))
		}
		return a.printUsers([]userView{viewUser(u)})
	})
	cmd.Flags().BoolVar(&asJSON, "json", false, "as JSON")
	return cmd
}

func (a *app) printUsers(views []userView) error {
	w := tabwriter.NewWriter(a.stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "EMAIL\tUSERNAME\tNAME\tROLES\tSTATE\tCREATED\tID")
	for _, v := range views {
		fmt.Fprintln(w, strings.Join([]string{
			dash(v.Email), dash(v.Username), dash(printable(v.Name)), dash(strings.Join(v.Roles, ",")), v.state(),
			v.CreatedAt.Local().Format(time.DateOnly), v.ID,
		}, "\t"))
	}
	return w.Flush()
}

func (a *app) printJSON(v any) error {
	out := json.NewEncoder(a.stdout)
	out.SetIndent("", "  ")
	return out.Encode(v)
}

func dash(s string) string {
	if s == "" {
		return "-"
	}
	return s
}

// printable keeps what people typed as their name from steering a terminal.
func printable(s string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r >= 0x7f && r < 0xa0 || r >= 0x200b && r <= 0x200f || r >= 0x202a && r <= 0x202e || r >= 0x2066 && r <= 0x2069 {
			return '?'
		}
		return r
	}, s)
}
