package htpasswd_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/crypto/bcrypt"

	"example.com/htpasswd"

	"github.com/authd-go/authd/core"
	"github.com/authd-go/authd/strategies/strategytest"
)

func TestConformance(t *testing.T) {
	strategytest.Run(t, strategytest.Harness{
		Want: []core.Capability{core.CanLogin, core.CanRevalidate, core.CanIdentity},
		Open: func(ctx context.Context, env core.Env) (*strategytest.Backend, error) {
			return open(ctx, env, filepath.Join(t.TempDir(), "users"))
		},
	})
}

// open makes a file with two accounts, so that there is still a file when one
// of them is taken out, and opens the strategy over it.
func open(ctx context.Context, env core.Env, path string) (*strategytest.Backend, error) {
	john := strategytest.Account{Identifier: "john@mail.com", Password: "Fourteen sheep 4 sale"}
	jane := strategytest.Account{Identifier: "jane", Password: "Fifteen goats 4 free"}
	if err := errors.Join(add(path, john), add(path, jane)); err != nil {
		return nil, err
	}
	config := htpasswd.Config{File: path}
	s, err := config.Open(ctx, env)
	if err != nil {
		return nil, err
	}
	return &strategytest.Backend{
		Strategy: s,
		Account:  john,
		Seed:     func(_ context.Context, a strategytest.Account) error { return add(path, a) },
		Disable:  func(_ context.Context, name string) error { return remove(path, name) },
		Break:    func() { _ = os.Remove(path) },
		Reopen:   func(ctx context.Context) (core.Strategy, error) { return config.Open(ctx, env) },
		Work:     func() uint64 { return htpasswd.Work(s) },
	}, nil
}

// add appends a line, as htpasswd -B does. The cost is the least there is:
// these tests are not about hashing.
func add(path string, a strategytest.Account) error {
	hash, err := bcrypt.GenerateFromPassword([]byte(a.Password), bcrypt.MinCost)
	if err != nil {
		return err
	}
	f, err := os.OpenFile(path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	if _, err := f.WriteString(a.Identifier + ":" + string(hash) + "\n"); err != nil {
		return err
	}
	return f.Close()
}

// remove comments a line out, which is how an account is disabled here.
func remove(path, name string) error {
	text, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	return os.WriteFile(path, []byte(strings.ReplaceAll(string(text), name+":", "#"+name+":")), 0o600)
}
