package local_test

import (
	"context"
	"errors"
	"path/filepath"
	"testing"

	"github.com/authd-go/authd/core"
	"github.com/authd-go/authd/core/store/sqlite"
	"github.com/authd-go/authd/strategies/local"
	"github.com/authd-go/authd/strategies/strategytest"
)

// TestConformance runs the suite over a SQLite store. Hashes are cheap, since
// core/password's own tests are about those.
func TestConformance(t *testing.T) {
	strategytest.Run(t, strategytest.Harness{
		Want: []core.Capability{
			core.CanLogin, core.CanRegister, core.CanRecover, core.CanChangePassword, core.CanRevalidate,
			core.CanPermissions, core.CanIdentity,
		},
		Weak: "password1",
		Open: func(ctx context.Context, env core.Env) (*strategytest.Backend, error) {
			store, err := sqlite.Open(ctx, sqlite.Options{Path: filepath.Join(t.TempDir(), "authd.db")})
			if err != nil {
				return nil, err
			}
			env.Users = store.Users(env.Name)
			b, err := openConformance(ctx, env)
			if err != nil {
				return nil, errors.Join(err, store.Close())
			}
			b.Break = func() { _ = store.Close() }
			b.Close = store.Close
			return b, nil
		},
	})
}

func openConformance(ctx context.Context, env core.Env) (*strategytest.Backend, error) {
	config, hasher := local.NewConfig(), &cheap{}
	s, admin, _, err := local.OpenWith(config, env, hasher)
	if err != nil {
		return nil, err
	}
	john := local.NewUser{
		Email: "john@mail.com", Username: "john", Name: "John Doe", Roles: []string{"editor"}, Password: core.NewSecret(johns),
	}
	if _, err := admin.CreateUser(ctx, john); err != nil {
		return nil, err
	}
	return &strategytest.Backend{
		Strategy:  s,
		Account:   strategytest.Account{Identifier: john.Email, Password: johns},
		Spellings: []string{john.Username},
		Seed: func(ctx context.Context, a strategytest.Account) error {
			_, err := admin.CreateUser(ctx, local.NewUser{Email: a.Identifier, Password: core.NewSecret(a.Password)})
			return err
		},
		Disable: func(ctx context.Context, identifier string) error {
			_, err := admin.SetDisabled(ctx, identifier, true)
			return err
		},
		Reopen: func(context.Context) (core.Strategy, error) {
			s, _, _, err := local.OpenWith(config, env, hasher)
			return s, err
		},
		Work: hasher.units.Load,
	}, nil
}
