package session

import (
	"crypto/ed25519"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"
)

// TestTypeIsChecked signs with the house's own keys, which no test from
// outside can do, and changes nothing but typ: a key must never make a token
// of one use good for another.
func TestTypeIsChecked(t *testing.T) {
	_, private, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	public := func(string) (ed25519.PublicKey, bool) { return private.Public().(ed25519.PublicKey), true }
	access := newAccessTokens(Options{Issuer: "x", Audience: "x", Lifetimes: DefaultLifetimes()}, public)
	refresh := newRefreshTokens([]byte("the key of refresh tokens"), RotateUntilUsed)
	claims := jwt.MapClaims{
		"iss": "x", "aud": "x", "sub": "a:b", "sid": "s", "gen": 0,
		"iat": time.Now().Unix(), "exp": time.Now().Add(time.Hour).Unix(),
	}
	for _, typ := range []any{"at+jwt", "rt+jwt", "JWT", "", nil, 7} {
		a := jwt.NewWithClaims(jwt.SigningMethodEdDSA, claims)
		a.Header["typ"], a.Header["kid"] = typ, "k"
		r := jwt.NewWithClaims(jwt.SigningMethodHS256, claims)
		r.Header["typ"] = typ
		at, errA := a.SignedString(private)
		rt, errR := r.SignedString(refresh.key)
		if errA != nil || errR != nil {
			t.Fatal(errA, errR)
		}
		if _, err := access.parse(at); (err == nil) != (typ == "at+jwt") {
			t.Errorf("an access token of type %v: %v", typ, err)
		}
		if _, err := refresh.parse(rt); (err == nil) != (typ == "rt+jwt") {
			t.Errorf("a refresh token of type %v: %v", typ, err)
		}
	}
}
