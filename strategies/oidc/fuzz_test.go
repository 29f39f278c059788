package oidc_test

import (
	"testing"

	"github.com/authd-go/authd/core"
	"github.com/authd-go/authd/strategies/oidc"
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
