package local

import "github.com/authd-go/authd/core"

// OpenWith is Open and Admin over one hasher, or over one of the configured
// cost, which is returned, if it is nil.
func OpenWith(c *Config, env core.Env, h Hasher) (core.Strategy, *Admin, Hasher, error) {
	a, err := c.accounts(env)
	if err != nil {
		return core.Strategy{}, nil, nil, err
	}
	if h != nil {
		a.hasher = h
	}
	return newStrategy(a, env, c.Registration), &Admin{a}, a.hasher, nil
}
