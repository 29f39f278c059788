package mock_test

import (
	"context"
	"testing"

	"github.com/authd-go/authd/core"
	"github.com/authd-go/authd/strategies/mock"
	"github.com/authd-go/authd/strategies/strategytest"
)

// The mock has no backend that could break, no hashes and no way to disable
// an account; all else holds for it as for any other.
func TestConformance(t *testing.T) {
	const password = "eleven mice in a barn"
	strategytest.Run(t, strategytest.Harness{
		Want: []core.Capability{
			core.CanLogin, core.CanRegister, core.CanRecover, core.CanChangePassword, core.CanRevalidate,
			core.CanPermissions, core.CanIdentity,
		},
		Open: func(ctx context.Context, env core.Env) (*strategytest.Backend, error) {
			config := &mock.Config{Users: []mock.User{{
				Email: "john@mail.com", Username: "john", Name: "John Doe", Roles: []string{"admin"}, Password: core.NewSecret(password),
			}}}
			s, err := config.Open(ctx, env)
			return &strategytest.Backend{
				Strategy:  s,
				Account:   strategytest.Account{Identifier: "john@mail.com", Password: password},
				Spellings: []string{"john"},
				Seed: func(ctx context.Context, a strategytest.Account) error {
					_, err := s.Registrar.Register(ctx, core.Registration{Email: a.Identifier, Password: core.NewSecret(a.Password)})
					return err
				},
				Reopen: func(ctx context.Context) (core.Strategy, error) { return config.Open(ctx, env) },
			}, err
		},
	})
}
