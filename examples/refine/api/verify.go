package main

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/coreos/go-oidc/v3/oidc"
)

// caller is what an access token says about who calls.
type caller struct {
	Subject string   `json:"sub"`
	Name    string   `json:"name"`
	Roles   []string `json:"roles"`
}

// verifier checks access tokens: signature, issuer, audience, expiry, and that
// it is an access token and no other JWT of the same keys (RFC 9068, section 4).
// A session that ended is noticed when its last token expires, at the latest
// after authd's session.accessTTL; who needs it at once asks authd.
type verifier struct {
	tokens *oidc.IDTokenVerifier
}

// newVerifier fetches keys when it first needs them, and again when a token
// names a key that it does not know.
func newVerifier(ctx context.Context, issuer, jwksURL string) *verifier {
	keys := oidc.NewRemoteKeySet(ctx, jwksURL)
	return &verifier{oidc.NewVerifier(issuer, keys, &oidc.Config{
		ClientID:             issuer,
		SupportedSigningAlgs: []string{oidc.EdDSA, oidc.ES256},
	})}
}

func (v *verifier) verify(ctx context.Context, token string) (caller, error) {
	if err := isAccessToken(token); err != nil {
		return caller{}, err
	}
	verified, err := v.tokens.Verify(ctx, token)
	if err != nil {
		return caller{}, fmt.Errorf("verify the access token: %w", err)
	}
	var c caller
	if err := verified.Claims(&c); err != nil {
		return caller{}, fmt.Errorf("read the claims: %w", err)
	}
	return c, nil
}

func isAccessToken(token string) error {
	head, _, _ := strings.Cut(token, ".")
	text, err := base64.RawURLEncoding.DecodeString(head)
	if err != nil {
		return fmt.Errorf("decode the header: %w", err)
	}
	var header struct {
		Type string `json:"typ"`
	}
	if err := json.Unmarshal(text, &header); err != nil {
		return fmt.Errorf("decode the header: %w", err)
	}
	if !strings.EqualFold(header.Type, "at+jwt") {
		return errors.New("the token is not an access token")
	}
	return nil
}

// accessToken takes the token from the Authorization header, else from authd's
// cookie, which has a prefix where authd is served by https.
func accessToken(r *http.Request) (string, bool) {
	if scheme, token, ok := strings.Cut(r.Header.Get("Authorization"), " "); ok && strings.EqualFold(scheme, "Bearer") {
		return token, true
	}
	for _, name := range []string{"__Host-authd-access", "authd-access"} {
		if c, err := r.Cookie(name); err == nil {
			return c.Value, true
		}
	}
	return "", false
}
