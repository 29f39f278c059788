package session

import (
	"crypto/aes"
	"crypto/cipher"
	"errors"
)

// errUnsealed says nothing about why: whoever sends forged text learns nothing.
var errUnsealed = errors.New("it was not sealed here, or for something else")

// Sealer seals bytes so that nobody can read or change them who lacks the key:
// AES-256-GCM with random nonces (NIST SP 800-38D). One key is good for 2^32
// seals. It is safe for concurrent use.
type Sealer struct{ aead cipher.AEAD }

// newSealer takes a key of 32 bytes.
func newSealer(key []byte) (Sealer, error) {
	block, err := aes.NewCipher(key)
	if err != nil {
		return Sealer{}, err
	}
	aead, err := cipher.NewGCMWithRandomNonce(block)
	return Sealer{aead}, err
}

// Seal returns the bytes sealed and bound to what they are for: only Open with
// the same words opens them.
func (s Sealer) Seal(open []byte, boundTo string) []byte {
	return s.aead.Seal(nil, nil, open, []byte(boundTo)) //nolint:gosec // it makes its own nonce
}

// Open is the inverse of Seal. What was not sealed with this key for these
// words is an error that holds none of it.
func (s Sealer) Open(sealed []byte, boundTo string) ([]byte, error) {
	open, err := s.aead.Open(nil, nil, sealed, []byte(boundTo))
	if err != nil {
		return nil, errUnsealed
	}
	return open, nil
}

// Sealer returns a sealer with a key of its own for one purpose, for a part of
// the house that hands out sealed text. All nodes that share the secret get the
// same.
func (m *Manager) Sealer(purpose string) (Sealer, error) {
	key, err := m.DeriveKey(purpose)
	if err != nil {
		return Sealer{}, err
	}
	return newSealer(key)
}
