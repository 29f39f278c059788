package local

import (
	"github.com/authd-go/authd/core"
	"github.com/authd-go/authd/core/password"
)

// OpenWithHasher is Open that also shows the hasher, whose work tests count.
func OpenWithHasher(c *Config, env core.Env) (core.Strategy, *password.Hasher, error) {
	a, err := c.accounts(env)
	if err != nil {
		return core.Strategy{}, nil, err
	}
	return newStrategy(a, env, c.Registration), a.hasher, nil
}
