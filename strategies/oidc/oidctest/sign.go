package oidctest

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/hmac"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"net/http"

	"github.com/go-jose/go-jose/v4"
)

// signer is a private key and the name that it is published under.
type signer struct {
	id      string
	private any
	alg     jose.SignatureAlgorithm
	hidden  bool // not published any more
}

// Rotate makes a new signing key. The others are withdrawn, or stay published.
func (p *Provider) Rotate(withdraw bool) {
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		panic(err)
	}
	p.sign(signer{private: private, alg: jose.ES256}, withdraw)
}

// UseRSA makes a new signing key for RS256, beside the others.
func (p *Provider) UseRSA() {
	private, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		panic(err)
	}
	p.sign(signer{private: private, alg: jose.RS256}, false)
}

func (p *Provider) sign(s signer, withdraw bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for i := range p.keys {
		p.keys[i].hidden = p.keys[i].hidden || withdraw
	}
	s.id = fmt.Sprint("key-", len(p.keys)+1)
	p.keys = append(p.keys, s)
}

func (s signer) public() any {
	switch k := s.private.(type) {
	case *ecdsa.PrivateKey:
		return &k.PublicKey
	case *rsa.PrivateKey:
		return &k.PublicKey
	}
	return nil
}

func (p *Provider) jwks(w http.ResponseWriter, _ *http.Request) {
	p.mu.Lock()
	defer p.mu.Unlock()
	var set jose.JSONWebKeySet
	for _, s := range p.keys {
		if !s.hidden {
			set.Keys = append(set.Keys, jose.JSONWebKey{Key: s.public(), KeyID: s.id, Algorithm: string(s.alg), Use: "sig"})
		}
	}
	reply(w, http.StatusOK, set)
}

func (p *Provider) current() signer {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.keys[len(p.keys)-1]
}

// Sign signs claims with the newest key.
func (p *Provider) Sign(claims map[string]any) string { return p.SignAs("JWT", claims) }

// SignAs is Sign with a type of its own in the header.
func (p *Provider) SignAs(typ string, claims map[string]any) string {
	s := p.current()
	return compact(s.alg, s.private, s.id, typ, claims)
}

// SignUnder signs with a key of nobody's that has a name of your choice.
func (p *Provider) SignUnder(id string, claims map[string]any) string {
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		panic(err)
	}
	return compact(jose.ES256, private, id, "JWT", claims)
}

// KeyID is the newest key's name.
func (p *Provider) KeyID() string { return p.current().id }

// Unsigned makes a token with the algorithm none.
func (p *Provider) Unsigned(claims map[string]any) string {
	return encode(map[string]any{"alg": "none", "typ": "JWT"}) + "." + encode(claims) + "."
}

// SignWithPublicKey signs by HS256, with the newest public key as the secret.
func (p *Provider) SignWithPublicKey(claims map[string]any) string {
	s := p.current()
	der, err := x509.MarshalPKIXPublicKey(s.public())
	if err != nil {
		panic(err)
	}
	head := encode(map[string]any{"alg": "HS256", "typ": "JWT", "kid": s.id}) + "." + encode(claims)
	mac := hmac.New(sha256.New, pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der}))
	mac.Write([]byte(head))
	return head + "." + base64.RawURLEncoding.EncodeToString(mac.Sum(nil))
}

func encode(document any) string {
	text, err := json.Marshal(document)
	if err != nil {
		panic(err)
	}
	return base64.RawURLEncoding.EncodeToString(text)
}

// SignBytes signs a payload as it is, with the newest key.
func (p *Provider) SignBytes(payload []byte) string {
	s := p.current()
	return compactBytes(s.alg, s.private, s.id, "JWT", payload)
}

func compact(alg jose.SignatureAlgorithm, private any, id, typ string, claims map[string]any) string {
	text, err := json.Marshal(claims)
	if err != nil {
		panic(err)
	}
	return compactBytes(alg, private, id, typ, text)
}

func compactBytes(alg jose.SignatureAlgorithm, private any, id, typ string, payload []byte) string {
	options := (&jose.SignerOptions{}).WithType(jose.ContentType(typ))
	s, err := jose.NewSigner(jose.SigningKey{Algorithm: alg, Key: jose.JSONWebKey{Key: private, KeyID: id}}, options)
	if err != nil {
		panic(err)
	}
	signed, err := s.Sign(payload)
	if err != nil {
		panic(err)
	}
	out, err := signed.CompactSerialize()
	if err != nil {
		panic(err)
	}
	return out
}
