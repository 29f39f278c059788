package htpasswd

import "github.com/authd-go/authd/core"

// Work counts what an opened strategy has hashed so far.
func Work(s core.Strategy) uint64 {
	return s.Authenticator.(*strategy).passwords.work.Load()
}
