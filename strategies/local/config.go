// Package local keeps users and their passwords in authd's own store.
//
// It owns what a local account is: which names it may have, when its password
// is right and when it may be changed. It depends on core, core/password and
// core/identifier only. Sessions, one-time tokens, mails and limits on tries
// belong to the house; after a password was set or an account disabled, ending
// the account's sessions is the caller's part.
package local

import (
	"context"
	"fmt"

	"github.com/authd-go/authd/core"
	"github.com/authd-go/authd/core/password"
)

// Kind returns the strategy type "local" for strategies.All.
func Kind() core.Kind {
	return core.Kind{Name: "local", New: func() core.StrategyConfig { return NewConfig() }}
}

// Config holds the options. NewConfig fills in the defaults.
type Config struct {
	Hash         Hash     `koanf:"hash" doc:"how passwords are stored"`
	Password     Password `koanf:"password" doc:"which new passwords are taken; a change concerns nobody who has one already"`
	Registration bool     `koanf:"registration" doc:"whether people may make accounts themselves"`
}

// Hash says how passwords are stored.
type Hash struct {
	BcryptCost int `koanf:"bcryptCost" doc:"from 10 to 16; each step doubles the work of a login"`
}

// Password says which new passwords are taken. A change concerns nobody who
// has a password already.
type Password struct {
	MinLength int `koanf:"minLength" doc:"characters a new password must have, from 8 to 64"`
	MaxBytes  int `koanf:"maxBytes" doc:"bytes a new password may have, from 64 to 256"`
}

// The bounds of the password options. Nobody may go below the 8 characters of
// NIST SP 800-63B-4, and 64 must always be possible.
const (
	leastMinLength, greatestMinLength = 8, 64
	leastMaxBytes, greatestMaxBytes   = 64, 256
)

// NewConfig returns the defaults: bcrypt cost 12, passwords of 8 characters to
// 256 bytes, registration open.
func NewConfig() *Config {
	policy := password.DefaultPolicy()
	return &Config{
		Hash:         Hash{BcryptCost: password.DefaultCost},
		Password:     Password{MinLength: policy.MinLength, MaxBytes: policy.MaxBytes},
		Registration: true,
	}
}

// Validate returns core.Problems for options out of their bounds.
func (c *Config) Validate() error {
	var problems core.Problems
	between(&problems, "hash.bcryptCost", c.Hash.BcryptCost, password.MinCost, password.MaxCost)
	between(&problems, "password.minLength", c.Password.MinLength, leastMinLength, greatestMinLength)
	between(&problems, "password.maxBytes", c.Password.MaxBytes, leastMaxBytes, greatestMaxBytes)
	return problems.Err()
}

func between(problems *core.Problems, path string, value, least, greatest int) {
	if value < least || value > greatest {
		problems.Add(path, fmt.Sprintf("is %d, must be from %d to %d", value, least, greatest))
	}
}

// Open builds the strategy over env.Users. It touches no store. Options that
// Validate refuses are refused here too.
func (c *Config) Open(_ context.Context, env core.Env) (core.Strategy, error) {
	a, err := c.accounts(env)
	if err != nil {
		return core.Strategy{}, err
	}
	return newStrategy(a, env, c.Registration), nil
}

// WithHasher returns the same options over another hasher than bcrypt of
// Hash.BcryptCost, for embedders. The house's Env.Hashing is then the hasher's
// own affair; see password.NewHasherOn.
func (c *Config) WithHasher(h Hasher) core.StrategyConfig { return withHasher{c, h} }

type withHasher struct {
	*Config
	hasher Hasher
}

// Open builds the strategy as Config.Open does.
func (w withHasher) Open(_ context.Context, env core.Env) (core.Strategy, error) {
	a, err := w.accounts(env)
	if err != nil {
		return core.Strategy{}, err
	}
	a.hasher = w.hasher
	return newStrategy(a, env, w.Registration), nil
}

func (c *Config) accounts(env core.Env) (accounts, error) {
	if err := c.Validate(); err != nil {
		return accounts{}, err
	}
	if env.Users == nil {
		return accounts{}, core.Problem{Message: "needs a store for its users, and none is configured"}
	}
	hasher, err := password.NewHasherOn(env.Hashing, c.Hash.BcryptCost)
	if err != nil {
		return accounts{}, core.Problem{Path: "hash.bcryptCost", Message: err.Error()}
	}
	return accounts{
		users: env.Users, hasher: hasher, now: env.Now, rand: env.Rand,
		policy: password.Policy{MinLength: c.Password.MinLength, MaxBytes: c.Password.MaxBytes},
	}, nil
}
