package config_test

import (
	"context"
	"errors"
	"time"

	"github.com/authd-go/authd/core"
)

// The kinds of these tests: shaped like real ones, and without backends.

// able answers nothing; it is there to be seen.
type able struct {
	core.Authenticator
	core.Registrar
	core.Recoverer
	core.PasswordChanger
	core.PermissionSource
	core.IdentitySource
}

type localConfig struct {
	Hash struct {
		BcryptCost int `koanf:"bcryptCost"`
	} `koanf:"hash"`
	Register bool     `koanf:"register"`
	Ratio    float64  `koanf:"ratio"`
	Small    uint8    `koanf:"small"`
	Strict   *bool    `koanf:"strict"`
	Common   []string `koanf:"common"`
}

func (c *localConfig) Validate() error {
	var ps core.Problems
	if c.Hash.BcryptCost < 10 || c.Hash.BcryptCost > 16 {
		ps.Add("hash.bcryptCost", "must be 10 to 16")
	}
	return ps.Err()
}

func (c *localConfig) Open(context.Context, core.Env) (core.Strategy, error) {
	a := able{}
	s := core.Strategy{Authenticator: a, Recoverer: a, PasswordChanger: a, PermissionSource: a, IdentitySource: a}
	if c.Register {
		s.Registrar = a
	}
	return s, nil
}

type ldapConfig struct {
	URLs         []string       `koanf:"urls"`
	BindDN       string         `koanf:"bindDN"`
	BindPassword core.Secret    `koanf:"bindPassword"`
	BaseDN       string         `koanf:"baseDN"`
	Pool         int            `koanf:"pool"`
	DialTimeout  time.Duration  `koanf:"dialTimeout"`
	Extra        map[string]any `koanf:"extra"`
	InsecureTLS  bool           `koanf:"insecureTLS"`
	Since        time.Time      `koanf:"since"`
}

func (c *ldapConfig) Validate() error {
	if len(c.URLs) == 0 {
		return core.Problem{Path: "urls", Message: "is required"}
	}
	return nil
}

func (c *ldapConfig) Open(context.Context, core.Env) (core.Strategy, error) {
	return core.Strategy{Authenticator: able{}, IdentitySource: able{}}, nil
}

type mockUser struct {
	Email    string      `koanf:"email"`
	Password core.Secret `koanf:"password"`
	Name     string      `koanf:"name"`
	Roles    []string    `koanf:"roles"`
}

type mockConfig struct {
	Users   []mockUser    `koanf:"users"`
	Latency time.Duration `koanf:"latency"`
	Allow   bool          `koanf:"insecureAllowMock"`
}

func (c *mockConfig) Validate() error { return nil }

func (c *mockConfig) Open(_ context.Context, env core.Env) (core.Strategy, error) {
	if env.PublicURL.Hostname() != "localhost" && !c.Allow {
		return core.Strategy{}, errors.New("mock users are for loopback only; see insecureAllowMock")
	}
	a := able{}
	return core.Strategy{Authenticator: a, Registrar: a, Recoverer: a, PasswordChanger: a, PermissionSource: a, IdentitySource: a}, nil
}

func kinds() []core.Kind {
	return []core.Kind{
		{Name: "local", New: func() core.StrategyConfig {
			c := &localConfig{Register: true}
			c.Hash.BcryptCost = 12
			return c
		}},
		{Name: "ldap", New: func() core.StrategyConfig {
			return &ldapConfig{Pool: 8, DialTimeout: 5 * time.Second, Extra: map[string]any{"kept": "yes"}}
		}},
		{Name: "mock", New: func() core.StrategyConfig { return &mockConfig{} }},
	}
}
