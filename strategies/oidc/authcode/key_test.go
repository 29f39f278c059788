package authcode_test

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"strings"
	"testing"

	"github.com/authd-go/authd/strategies/oidc/authcode"
)

// FuzzKey: a text is a key or an error, and the error is one of our own texts.
func FuzzKey(f *testing.F) {
	public, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		f.Fatal(err)
	}
	curve, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		f.Fatal(err)
	}
	for _, c := range []struct {
		kind  string
		key   any
		write func(any) ([]byte, error)
		good  bool
	}{
		{"PRIVATE KEY", private, x509.MarshalPKCS8PrivateKey, true},
		{"PRIVATE KEY", curve, x509.MarshalPKCS8PrivateKey, true},
		{"EC PRIVATE KEY", curve, func(any) ([]byte, error) { return x509.MarshalECPrivateKey(curve) }, true},
		{"PUBLIC KEY", public, x509.MarshalPKIXPublicKey, false},
	} {
		der, err := c.write(c.key)
		if err != nil {
			f.Fatal(err)
		}
		text := pem.EncodeToMemory(&pem.Block{Type: c.kind, Bytes: der})
		if _, err := authcode.ParseKey(text, ""); (err == nil) != c.good {
			f.Errorf("%s: %v", c.kind, err)
		}
		f.Add(text)
		f.Add(text[:len(text)/2])
		f.Add(append([]byte("a comment\n"), text...))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		key, err := authcode.ParseKey(text, "one")
		if (key == nil) == (err == nil) {
			t.Fatalf("%v, %v", key, err)
		}
		if err != nil && (!strings.HasPrefix(err.Error(), "holds ") || strings.Contains(err.Error(), ":")) {
			t.Fatalf("the error has a cause, which may say what is in the key: %v", err)
		}
	})
}
