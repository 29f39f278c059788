package storetest_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/authd-go/authd/core"
	"github.com/authd-go/authd/core/store"
)

func userMutants() []mutant {
	var shared sync.Map // what a cache that shares memory holds
	return []mutant{
		{"user round trip", "a field is lost", creating(func(u *core.User) { u.Avatar = "" })},
		{"user round trip", "the address finds nobody", users(func(sound core.UserStore, u *brokenUsers) {
			u.find = func(ctx context.Context, name string) (core.User, error) {
				if strings.Contains(name, "@") {
					return core.User{}, core.UnknownUser
				}
				return sound.FindUser(ctx, name)
			}
		})},
		{"user with little", "it gains an address", creating(func(u *core.User) {
			if u.Email == "" {
				u.Email = u.Username + "@localhost"
			}
		})},
		{"unknown users", "nobody is somebody", users(func(sound core.UserStore, u *brokenUsers) {
			u.find = func(ctx context.Context, name string) (core.User, error) {
				if name == "" {
					return core.User{}, nil
				}
				return sound.FindUser(ctx, name)
			}
		})},
		{"unknown users", "found by the subject", users(func(sound core.UserStore, u *brokenUsers) {
			u.find = func(ctx context.Context, name string) (core.User, error) {
				if got, err := sound.User(ctx, name); err == nil {
					return got, nil
				}
				return sound.FindUser(ctx, name)
			}
		})},
		{"identifiers are unique", "not across the two kinds", creatingOr(core.Conflict, func(u core.User) bool { return strings.Contains(u.Username, "@") })},
		{"refused user leaves nothing", "half of it", users(func(sound core.UserStore, u *brokenUsers) {
			u.create = func(ctx context.Context, user core.User) error {
				err := sound.CreateUser(ctx, user)
				if core.CodeOf(err) == core.Conflict {
					user.Username = ""
					_ = sound.CreateUser(ctx, user)
				}
				return err
			}
		})},
		{"incomplete user", "an ID is made up", creating(func(u *core.User) {
			if u.ID == "" {
				u.ID = "made up"
			}
		})},
		{"incomplete user", "accepted without a name", creatingOr(core.InvalidInput, func(u core.User) bool { return u.ID != "" })},
		{"parallel registration", "looked first, made later", users(func(sound core.UserStore, u *brokenUsers) {
			u.create = func(ctx context.Context, user core.User) error {
				if _, err := sound.FindUser(ctx, user.Email); err == nil {
					return core.Conflict
				}
				time.Sleep(10 * time.Millisecond)
				return silent(sound.CreateUser(ctx, user), core.Conflict)
			}
		})},
		{"strategies are separate", "one table for all", func(sound store.Store, b *broken) {
			b.users = func(string) core.UserStore { return sound.Users("members") }
		}},
		{"text is compared by bytes", "upper case is folded", creating(func(u *core.User) { u.Username = strings.ToLower(u.Username) })},
		{"text is compared by bytes", "trailing spaces are cut", users(func(sound core.UserStore, u *brokenUsers) {
			u.find = func(ctx context.Context, name string) (core.User, error) {
				return sound.FindUser(ctx, strings.TrimRight(name, " "))
			}
		})},
		{"any text is kept", "quotes are dropped", creating(func(u *core.User) { u.Name = strings.ReplaceAll(u.Name, "'", "") })},
		{"any text is kept", "long texts are cut", creating(func(u *core.User) { u.PasswordHash = u.PasswordHash[:min(255, len(u.PasswordHash))] })},
		{"list users", "backwards", users(func(sound core.UserStore, u *brokenUsers) {
			u.list = func(ctx context.Context, after string, limit int) ([]core.User, error) {
				list, err := sound.Users(ctx, after, limit)
				slices.Reverse(list)
				return list, err
			}
		})},
		{"list users", "no limit is no bound", users(func(sound core.UserStore, u *brokenUsers) {
			u.list = func(ctx context.Context, after string, limit int) ([]core.User, error) {
				if limit <= 0 {
					limit = 100
				}
				return sound.Users(ctx, after, limit)
			}
		})},
		{"delete a user", "only disabled", users(func(sound core.UserStore, u *brokenUsers) {
			u.del = func(ctx context.Context, id string) error {
				at := time.Unix(1, 0)
				return sound.ChangeUser(ctx, id, core.UserChange{DisabledAt: &at})
			}
		})},
		{"users are copies", "the caller's is kept", users(func(sound core.UserStore, u *brokenUsers) {
			u.create = func(ctx context.Context, user core.User) error {
				shared.Store(user.ID, user)
				return sound.CreateUser(ctx, user)
			}
			u.user = func(_ context.Context, id string) (core.User, error) {
				if got, ok := shared.Load(id); ok {
					return got.(core.User), nil
				}
				return core.User{}, core.UnknownUser
			}
		})},
		{"users are copies", "the change's is kept", func(_ store.Store, b *broken) {
			var roles *[]string
			b.brokenUsers = func(sound core.UserStore, u *brokenUsers) {
				u.change = func(_ context.Context, _ string, c core.UserChange) error { roles = c.Roles; return nil }
				u.user = func(ctx context.Context, id string) (core.User, error) {
					got, err := sound.User(ctx, id)
					if roles != nil {
						got.Roles = *roles
					}
					return got, err
				}
			}
		}},
	}
}

// creatingOr takes one refusal of CreateUser for a success.
func creatingOr(code core.Code, when func(core.User) bool) func(store.Store, *broken) {
	return users(func(sound core.UserStore, u *brokenUsers) {
		u.create = func(ctx context.Context, user core.User) error {
			err := sound.CreateUser(ctx, user)
			if when(user) {
				return silent(err, code)
			}
			return err
		}
	})
}

func changeMutants() []mutant {
	return []mutant{
		{"change one field", "the name takes the password with it", changing(func(c *core.UserChange) {
			if c.Name != nil && c.PasswordHash == nil {
				c.PasswordHash = new(string)
			}
		})},
		{"change one field", "everybody is changed", users(func(sound core.UserStore, u *brokenUsers) {
			u.change = func(ctx context.Context, id string, c core.UserChange) error {
				_ = sound.ChangeUser(ctx, "u-jane", core.UserChange{Name: c.Name})
				return sound.ChangeUser(ctx, id, c)
			}
		})},
		{"change to empty", "the last role stays", changing(func(c *core.UserChange) {
			if c.Roles != nil && len(*c.Roles) == 0 {
				c.Roles = nil
			}
		})},
		{"disable and enable", "any change enables", changing(func(c *core.UserChange) {
			if c.DisabledAt == nil {
				c.DisabledAt = &time.Time{}
			}
		})},
		{"disable and enable", "nobody is enabled", changing(func(c *core.UserChange) {
			if c.DisabledAt != nil && c.DisabledAt.IsZero() {
				c.DisabledAt = nil
			}
		})},
		{"conditional change", "the condition is not looked at", changing(func(c *core.UserChange) { c.IfPasswordHash = "" })},
		{"conditional change", "half of it is done all the same", users(func(sound core.UserStore, u *brokenUsers) {
			u.change = func(ctx context.Context, id string, c core.UserChange) error {
				err := sound.ChangeUser(ctx, id, c)
				if core.CodeOf(err) == core.Conflict {
					_ = sound.ChangeUser(ctx, id, core.UserChange{Name: c.Name})
				}
				return err
			}
		})},
		{"parallel conditional change", "compared first, written later", users(func(sound core.UserStore, u *brokenUsers) {
			u.change = func(ctx context.Context, id string, c core.UserChange) error {
				if got, err := sound.User(ctx, id); err != nil || got.PasswordHash != c.IfPasswordHash {
					return core.Conflict
				}
				time.Sleep(10 * time.Millisecond)
				c.IfPasswordHash = ""
				return sound.ChangeUser(ctx, id, c)
			}
		})},
	}
}

func commonMutants() []mutant {
	return []mutant{
		{"ready", "never", func(_ store.Store, b *broken) { b.ready = func(context.Context) error { return core.Unavailable } }},
		{"ready", "it tries by writing", func(sound store.Store, b *broken) {
			b.ready = func(ctx context.Context) error {
				_ = sound.Users("members").CreateUser(ctx, core.User{ID: "probe", Username: "probe"})
				return sound.Ready(ctx)
			}
		}},
		{"a context that has ended", "a token is written all the same", func(sound store.Store, b *broken) {
			b.put = func(ctx context.Context, t core.OneTimeToken) error {
				return sound.PutToken(context.WithoutCancel(ctx), t)
			}
		}},
		{"a context that has ended", "refused, and written all the same", func(sound store.Store, b *broken) {
			b.create = func(ctx context.Context, s core.Session) error {
				if err := sound.CreateSession(context.WithoutCancel(ctx), s); err != nil || ctx.Err() == nil {
					return err
				}
				return core.Unavailable
			}
		}},
		{"closed store", "nobody is known any more", users(func(sound core.UserStore, u *brokenUsers) {
			u.find = func(ctx context.Context, name string) (core.User, error) {
				got, err := sound.FindUser(ctx, name)
				if err != nil {
					err = core.UnknownUser
				}
				return got, err
			}
		})},
		{"closed store", "the second close fails", func(sound store.Store, b *broken) {
			closed := false
			b.closeStore = func() error {
				if closed {
					return core.Unavailable
				}
				closed = true
				return sound.Close()
			}
		}},
		{"errors hold no secret", "what was asked for", users(func(sound core.UserStore, u *brokenUsers) {
			u.find = func(ctx context.Context, name string) (core.User, error) {
				got, err := sound.FindUser(ctx, name)
				if err != nil {
					err = fmt.Errorf("find %q: %w", name, err)
				}
				return got, err
			}
		})},
		{"milliseconds count", "seconds do", func(sound store.Store, b *broken) {
			b.endedSince = func(ctx context.Context, t time.Time) ([]core.EndedSession, error) {
				return sound.EndedSince(ctx, t.Truncate(time.Second))
			}
		}},
	}
}
