package session

import (
	"crypto/ed25519"
	"crypto/hkdf"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/authd-go/authd/core"
)

const algorithm = "EdDSA"

// errSecret is what an operator sees after the secret was exchanged.
var errSecret = errors.New("the secret does not open the signing keys; was secretFile replaced?")

// derive returns a key for one purpose (HKDF, RFC 5869), so that no two uses
// of the secret share a key.
func derive(secret core.Secret, purpose string) ([]byte, error) {
	return hkdf.Key(sha256.New, []byte(secret.Reveal()), nil, "authd v1 "+purpose, 32)
}

// signingKey is an opened key.
type signingKey struct {
	id           string
	private      ed25519.PrivateKey
	activeFrom   time.Time
	publishUntil time.Time
}

func (k signingKey) public() ed25519.PublicKey { return k.private.Public().(ed25519.PublicKey) }

// vault seals private keys for the store, each bound to the key's id.
type vault struct{ Sealer }

func newVault(key []byte) (vault, error) {
	s, err := newSealer(key)
	return vault{s}, err
}

func (v vault) openKey(k core.SigningKey) (signingKey, error) {
	if k.Algorithm != algorithm {
		return signingKey{}, fmt.Errorf("signing key %q is for %q, which this version does not know", k.ID, k.Algorithm)
	}
	seed, err := v.Open(k.Sealed, k.ID)
	if err != nil || len(seed) != ed25519.SeedSize {
		return signingKey{}, errSecret
	}
	return signingKey{
		id: k.ID, private: ed25519.NewKeyFromSeed(seed), activeFrom: k.ActiveFrom, publishUntil: k.PublishUntil,
	}, nil
}

// newKey makes a key pair. Its id is the thumbprint of the public half (RFC 7638).
func (v vault) newKey(rand io.Reader) (core.SigningKey, error) {
	seed := make([]byte, ed25519.SeedSize)
	if _, err := io.ReadFull(rand, seed); err != nil {
		return core.SigningKey{}, fmt.Errorf("read randomness: %w", err)
	}
	public := ed25519.NewKeyFromSeed(seed).Public().(ed25519.PublicKey)
	id := thumbprint(public)
	return core.SigningKey{ID: id, Algorithm: algorithm, Sealed: v.Seal(seed, id)}, nil
}

func thumbprint(public ed25519.PublicKey) string {
	x := base64.RawURLEncoding.EncodeToString(public)
	sum := sha256.Sum256([]byte(`{"crv":"Ed25519","kty":"OKP","x":"` + x + `"}`))
	return base64.RawURLEncoding.EncodeToString(sum[:])
}

// jwk is a public key as verifiers read it (RFC 7517, RFC 8037).
type jwk struct {
	KeyType   string `json:"kty"`
	Curve     string `json:"crv"`
	X         string `json:"x"`
	ID        string `json:"kid"`
	Algorithm string `json:"alg"`
	Use       string `json:"use"`
}

// keyRing is the published keys at one moment. It never changes.
type keyRing struct {
	keys []signingKey // by activeFrom
	byID map[string]ed25519.PublicKey
	jwks []byte
}

func newKeyRing(keys []signingKey) (*keyRing, error) {
	ring := &keyRing{keys: keys, byID: make(map[string]ed25519.PublicKey, len(keys))}
	set := struct {
		Keys []jwk `json:"keys"`
	}{Keys: []jwk{}}
	for _, k := range keys {
		ring.byID[k.id] = k.public()
		set.Keys = append(set.Keys, jwk{
			KeyType: "OKP", Curve: "Ed25519", X: base64.RawURLEncoding.EncodeToString(k.public()),
			ID: k.id, Algorithm: algorithm, Use: "sig",
		})
	}
	var err error
	ring.jwks, err = json.Marshal(set)
	return ring, err
}
