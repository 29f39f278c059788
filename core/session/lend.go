package session

import "github.com/authd-go/authd/core"

// DeriveKey returns 32 bytes that follow from the secret and a purpose, for a
// part of the house that needs a key of its own. All nodes that share the
// secret get the same. No key of the manager's own can be had this way.
func (m *Manager) DeriveKey(purpose string) ([]byte, error) {
	key, err := derive(m.opts.Secret, "lent: "+purpose)
	if err != nil {
		return nil, core.Fail(core.Internal, "derive a key", err)
	}
	return key, nil
}
