package authcode

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"errors"
	"io"
	"time"

	"github.com/go-jose/go-jose/v4"
)

// Key signs the assertions by which a client proves who it is.
type Key struct {
	id        string
	algorithm jose.SignatureAlgorithm
	private   crypto.Signer
}

// minRSA is the smallest modulus that RS256 may be used with (RFC 7518, section 3.3).
const minRSA = 2048

// ParseKey reads a private key in PEM form (PKCS #8, or what older tools write
// for RSA and EC). The algorithm follows from it: RS256, ES256 or EdDSA. The
// id is what the site knows its public half by; it may be empty.
func ParseKey(text []byte, id string) (*Key, error) {
	block, _ := pem.Decode(text)
	if block == nil {
		return nil, errors.New("holds no key in PEM form")
	}
	private, err := parsePrivate(block)
	if err != nil {
		return nil, err
	}
	out := &Key{id: id}
	switch k := private.(type) {
	case *rsa.PrivateKey:
		if k.N.BitLen() < minRSA {
			return nil, errors.New("holds an RSA key of fewer than 2048 bits")
		}
		out.algorithm, out.private = jose.RS256, k
	case *ecdsa.PrivateKey:
		if k.Curve != elliptic.P256() {
			return nil, errors.New("holds an EC key of another curve than P-256")
		}
		out.algorithm, out.private = jose.ES256, k
	case ed25519.PrivateKey:
		out.algorithm, out.private = jose.EdDSA, k
	default:
		return nil, errors.New("holds a key that is none of RSA, EC and Ed25519")
	}
	return out, nil
}

// parsePrivate says nothing of what is wrong with a key: that would be a part of it.
func parsePrivate(block *pem.Block) (any, error) {
	if key, err := x509.ParsePKCS8PrivateKey(block.Bytes); err == nil {
		return key, nil
	}
	if key, err := x509.ParsePKCS1PrivateKey(block.Bytes); err == nil {
		return key, nil
	}
	if key, err := x509.ParseECPrivateKey(block.Bytes); err == nil {
		return key, nil
	}
	return nil, errors.New("holds no private key that can be read, without a password")
}

// assertionLife is how long an assertion is good: long enough for clocks that
// differ, short enough to be worthless in a log.
const assertionLife = time.Minute

// assertion makes a JWT that proves who the client is, once (RFC 7523).
func (c *Client) assertion() (string, error) {
	id, err := Random(c.Rand)
	if err != nil {
		return "", err
	}
	now := c.Now().Unix()
	claims, err := json.Marshal(map[string]any{
		"iss": c.ID, "sub": c.ID, "aud": c.Audience, "jti": id,
		"iat": now, "exp": now + int64(assertionLife.Seconds()),
	})
	if err != nil {
		return "", err
	}
	signer, err := jose.NewSigner(
		jose.SigningKey{Algorithm: c.Key.algorithm, Key: jose.JSONWebKey{Key: c.Key.private, KeyID: c.Key.id}},
		(&jose.SignerOptions{}).WithType("JWT"),
	)
	if err != nil {
		return "", err
	}
	signed, err := signer.Sign(claims)
	if err != nil {
		return "", err
	}
	return signed.CompactSerialize()
}

// Random returns 32 random bytes as text: a nonce, a PKCE verifier (RFC 7636,
// section 4.1), a name for something that is used once.
func Random(from io.Reader) (string, error) {
	b := make([]byte, 32)
	if _, err := io.ReadFull(from, b); err != nil {
		return "", err
	}
	return base64.RawURLEncoding.EncodeToString(b), nil
}
