package oidc_test

import (
	"bytes"
	"net/url"
	"testing"

	"github.com/authd-go/authd/core"
	"github.com/authd-go/authd/strategies/oidc"
	"github.com/authd-go/authd/strategies/oidc/oidctest"
)

// What passes as a logout token has an id and no nonce, and what does not is
// the sender's fault.
func FuzzLogoutToken(f *testing.F) {
	f.Add([]byte(`{"jti": "j", "sub": "s", "events": {"http://schemas.openid.net/event/backchannel-logout": {}}}`))
	f.Add([]byte(`{"jti": "j", "sid": "s", "nonce": null, "events": {"http://schemas.openid.net/event/backchannel-logout": {"x": 1}}}`))
	f.Add([]byte(`{"events": []}`))
	f.Fuzz(func(t *testing.T, payload []byte) {
		id, err := oidc.ReadLogout(payload)
		switch {
		case err == nil && (id == "" || len(id) > 255):
			t.Fatalf("%q passes with the id %q", payload, id)
		case err != nil && core.CodeOf(err) != core.InvalidInput:
			t.Fatalf("%q: %v", payload, err)
		}
	})
}

// What is kept is bounded, and stays what it is.
func FuzzKeep(f *testing.F) {
	f.Add(`{"v": 1, "iss": "https://id.example.com", "sub": "s", "refresh": "r", "idToken": "a.b.c", "claims": {"n": 12345678901234567890, "g": ["a"]}}`)
	f.Add(`{"v": 2}`)
	f.Add("")
	f.Fuzz(func(t *testing.T, text string) {
		once, ok := oidc.Reseal(core.NewSecret(text))
		if !ok {
			return
		}
		if len(once.Reveal()) > core.MaxKeep {
			t.Fatalf("%d bytes are kept", len(once.Reveal()))
		}
		if once.Empty() {
			return
		}
		if twice, ok := oidc.Reseal(once); !ok || !twice.Equal(once) {
			t.Fatalf("%s becomes %s", once.Reveal(), twice.Reveal())
		}
	})
}

func FuzzKeys(f *testing.F) {
	f.Add([]byte(`{"keys": [{"kty": "EC", "crv": "P-256", "kid": "1", "x": "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU", "y": "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"}]}`))
	f.Add([]byte(`{"keys": [{"kty": "oct", "k": "c2VjcmV0"}]}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		if n, err := oidc.ParseKeys(body); err != nil && n != 0 || n > 64 {
			t.Fatalf("%d keys, %v", n, err)
		}
	})
}

// Whatever a provider says of itself, what is believed names the issuer that was
// asked, and addresses that may be called.
func FuzzMetadata(f *testing.F) {
	const issuer = "https://id.example.com"
	f.Add([]byte(`{"issuer": "https://id.example.com", "authorization_endpoint": "https://id.example.com/a", "token_endpoint": "https://id.example.com/t", "jwks_uri": "https://keys.example.com/k", "end_session_endpoint": "javascript:alert(1)"}`))
	f.Add([]byte(`{"issuer": "https://id.example.com/", "token_endpoint_auth_methods_supported": [null]}`))
	f.Add([]byte(`[]`))
	f.Fuzz(func(t *testing.T, body []byte) {
		addresses, err := oidc.ParseMetadata(body, issuer)
		if err != nil {
			if core.CodeOf(err) != core.Unavailable || core.AsError(err).Reason == "" {
				t.Fatalf("%q: %v", body, err)
			}
			return
		}
		for _, address := range addresses {
			u, err := url.Parse(address)
			if address != "" && (err != nil || u.Scheme != "https" || u.Host == "" || u.User != nil) {
				t.Fatalf("%q is called at %q", body, address)
			}
		}
	})
}

// A payload that the provider has signed is an ID token, or says why it is none.
func FuzzIDToken(f *testing.F) {
	p := oidctest.Start(f, oidctest.Client{ID: clientID})
	s := open(f, config(p))
	const marker = "ISSUER"
	f.Add([]byte(`{"iss": "ISSUER", "aud": "authd:of?example", "sub": "s", "iat": 1, "exp": 99999999999}`))
	f.Add([]byte(`{"iss": "ISSUER", "aud": ["authd:of?example", "x"], "azp": 1, "sub": "s", "iat": 1.5, "exp": "9"}`))
	f.Add([]byte(`{"iss": "ISSUER", "aud": "authd:of?example", "sub": 5, "Sub": "s", "exp": 1e300}`))
	f.Add([]byte(`null`))
	f.Fuzz(func(t *testing.T, payload []byte) {
		token := p.SignBytes(bytes.ReplaceAll(payload, []byte(marker), []byte(p.URL)))
		g, err := s.TokenAuthenticator.AuthenticateToken(t.Context(), core.TokenCredentials{Credential: core.NewSecret(token)})
		switch {
		case err == nil && (g.Identity.Subject == "" || g.Expires.IsZero()):
			t.Fatalf("%q is %+v", payload, g)
		case err != nil && (core.CodeOf(err) != core.InvalidCredentials || core.AsError(err).Reason == ""):
			t.Fatalf("%q: %v", payload, err)
		}
	})
}
