package local

import (
	"context"
	"iter"
	"time"

	"github.com/authd-go/authd/core"
	"github.com/authd-go/authd/core/identifier"
)

// Admin does an operator's work on the accounts, under the same rules as the
// strategy. Identifiers are taken in any spelling. It asks for no permission
// and ends no sessions: whoever calls it does both, the latter after
// SetPassword, SetDisabled and DeleteUser. Safe for concurrent use.
//
// The users it returns carry their password hash, which must not be shown.
type Admin struct{ accounts accounts }

// Admin returns the administration of the accounts in env.Users. It needs
// env.Users, env.Now and env.Rand, and touches no store yet.
func (c *Config) Admin(env core.Env) (*Admin, error) {
	a, err := c.accounts(env)
	if err != nil {
		return nil, err
	}
	return &Admin{a}, nil
}

// NewUser describes an account to be made.
type NewUser struct {
	Email    string // in any spelling; may be empty
	Username string // in any spelling; may be empty, but not both
	Name     string
	Avatar   string
	Roles    []string
	Password core.Secret // if empty, nobody can sign in before SetPassword or a reset
}

// CreateUser makes an account. It answers InvalidInput with the field that was
// refused, Conflict if a name is taken, and Unavailable.
func (a *Admin) CreateUser(ctx context.Context, n NewUser) (core.User, error) {
	u := core.User{Name: n.Name, Avatar: n.Avatar, Roles: append([]string(nil), n.Roles...)}
	var err error
	if u.Email, err = canonical("email", n.Email, identifier.Email); err != nil {
		return core.User{}, err
	}
	if u.Username, err = canonical("username", n.Username, identifier.Canonical); err != nil {
		return core.User{}, err
	}
	return a.accounts.create(ctx, u, n.Password)
}

func canonical(field, typed string, form func(string) (string, error)) (string, error) {
	if typed == "" {
		return "", nil
	}
	c, err := form(typed)
	if err != nil {
		return "", core.InvalidField(field, err.Error())
	}
	return c, nil
}

// User returns the user an identifier names, or UnknownUser.
func (a *Admin) User(ctx context.Context, typed string) (core.User, error) {
	c, err := identifier.Canonical(typed)
	if err != nil {
		c = "" // names nobody
	}
	return a.accounts.find(ctx, "find a user", c)
}

// Users yields all users by ID, page by page. An error ends it.
func (a *Admin) Users(ctx context.Context) iter.Seq2[core.User, error] {
	return func(yield func(core.User, error) bool) {
		after := ""
		for {
			page, err := a.accounts.users.Users(ctx, after, pageSize)
			if err != nil {
				yield(core.User{}, storeError("list users", err))
				return
			}
			for _, u := range page {
				if !yield(u, nil) {
					return
				}
			}
			if len(page) < pageSize {
				return
			}
			after = page[len(page)-1].ID
		}
	}
}

const pageSize = 200

// SetPassword sets a password without asking for the old one, of a disabled
// user too. It returns the user as it was before, or UnknownUser, InvalidInput
// for a password that the policy refuses, or Unavailable.
func (a *Admin) SetPassword(ctx context.Context, typed string, pw core.Secret) (core.User, error) {
	u, err := a.User(ctx, typed)
	if err != nil {
		return core.User{}, err
	}
	return u, a.accounts.setPassword(ctx, u, pw)
}

// SetDisabled disables or enables a user and returns it as it is afterwards,
// or UnknownUser or Unavailable. A user that is disabled already keeps the
// time since when.
func (a *Admin) SetDisabled(ctx context.Context, typed string, disable bool) (core.User, error) {
	u, err := a.User(ctx, typed)
	if err != nil || disabled(u) == disable {
		return u, err
	}
	u.DisabledAt = time.Time{}
	if disable {
		u.DisabledAt = a.accounts.now()
	}
	change := core.UserChange{DisabledAt: &u.DisabledAt}
	return u, storeError("change a user", a.accounts.users.ChangeUser(ctx, u.ID, change))
}

// DeleteUser removes a user and returns what it was, or UnknownUser or Unavailable.
func (a *Admin) DeleteUser(ctx context.Context, typed string) (core.User, error) {
	u, err := a.User(ctx, typed)
	if err != nil {
		return core.User{}, err
	}
	return u, storeError("delete a user", a.accounts.users.DeleteUser(ctx, u.ID))
}
