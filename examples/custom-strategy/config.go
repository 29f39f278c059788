// Package htpasswd signs people in from a file as Apache's htpasswd -B writes
// it: a name, a colon and a bcrypt hash in each line.
//
// It is an example of a strategy in a module of its own: it imports authd's
// core packages and adds a kind, and authd knows nothing of it. The file is
// read anew for each question, as Apache does, so that a change counts at once.
// Others write it; this package never does.
package htpasswd

import (
	"context"

	"github.com/authd-go/authd/core"
)

// Kind returns the strategy type "htpasswd".
func Kind() core.Kind {
	return core.Kind{Name: "htpasswd", New: func() core.StrategyConfig { return &Config{} }}
}

// Config holds the options.
type Config struct {
	File string `koanf:"file"` // path of the file
}

// Validate says what is wrong with the options. It does not look at the file.
func (c *Config) Validate() error {
	var problems core.Problems
	if c.File == "" {
		problems.Add("file", "must name an htpasswd file")
	}
	return problems.Err()
}

// Open builds the strategy. A file that is not there yet delays its own logins
// only, and Ready says so.
func (c *Config) Open(_ context.Context, env core.Env) (core.Strategy, error) {
	if err := c.Validate(); err != nil {
		return core.Strategy{}, err
	}
	s := &strategy{name: env.Name, path: c.File, passwords: newComparer(env.Hashing)}
	return core.Strategy{
		Authenticator:  s,
		Revalidator:    s,
		IdentitySource: s,
		Ready:          s.ready,
	}, nil
}
