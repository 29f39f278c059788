package oidc_test

import (
	"context"
	"testing"
	"time"

	"github.com/authd-go/authd/core"
	"github.com/authd-go/authd/strategies/oidc"
	"github.com/authd-go/authd/strategies/oidc/claims"
)

func byToken(ctx context.Context, s core.Strategy, token, nonce string) (core.TokenGrant, error) {
	return s.TokenAuthenticator.AuthenticateToken(ctx, core.TokenCredentials{Credential: core.NewSecret(token), Nonce: nonce})
}

func TestLoginByToken(t *testing.T) {
	p := provider(t)
	s := open(t, config(p))
	g, err := byToken(t.Context(), s, p.IDToken(clientID, nil), "")
	if err != nil || g.Identity.Subject != "john-1" || !g.Identity.EmailVerified || g.SessionID == "" || g.Keep.Empty() {
		t.Fatalf("%+v, %v", g, err)
	}
	if left := time.Until(g.Expires); left < 4*time.Minute || left > 7*time.Minute {
		t.Errorf("it can be presented again for %v", left)
	}
	if again, err := s.Renewer.Renew(t.Context(), g.Grant); err != nil || again.Identity.Subject != "john-1" {
		t.Errorf("%+v, %v", again, err)
	}
	if g, err = byToken(t.Context(), s, p.IDToken(clientID, map[string]any{"exp": time.Now().Add(time.Minute).Unix()}), ""); err != nil ||
		time.Until(g.Expires) > 2*time.Minute {
		t.Errorf("expires %v, %v", g.Expires, err)
	}
	if _, err := byToken(t.Context(), s, p.IDToken(clientID, map[string]any{"nonce": "n1"}), "n1"); err != nil {
		t.Error(err)
	}
}

func TestForgedTokens(t *testing.T) {
	p := provider(t)
	config := config(p)
	config.Require = map[string][]string{"groups": {"staff"}}
	s := open(t, config)
	now := time.Now()
	for name, c := range map[string]struct {
		claims map[string]any
		nonce  string
		code   core.Code
		reason string
	}{
		"audience":        {map[string]any{"aud": "another"}, "", core.InvalidCredentials, oidc.ReasonAudience},
		"party":           {map[string]any{"azp": "another"}, "", core.InvalidCredentials, oidc.ReasonParty},
		"issuer":          {map[string]any{"iss": "https://other.example.com"}, "", core.InvalidCredentials, oidc.ReasonIssuer},
		"old":             {map[string]any{"iat": now.Add(-6 * time.Minute).Unix()}, "", core.InvalidCredentials, oidc.ReasonStale},
		"expired":         {map[string]any{"exp": now.Add(-time.Minute).Unix()}, "", core.InvalidCredentials, oidc.ReasonExpired},
		"from the future": {map[string]any{"iat": now.Add(time.Minute).Unix()}, "", core.InvalidCredentials, oidc.ReasonFuture},
		"another nonce":   {map[string]any{"nonce": "n1"}, "n2", core.InvalidCredentials, oidc.ReasonNonce},
		"no nonce":        {nil, "n2", core.InvalidCredentials, oidc.ReasonNonce},
		"not let in":      {map[string]any{"groups": "none"}, "", core.Forbidden, claims.ReasonRequirement},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := byToken(t.Context(), s, p.IDToken(clientID, c.claims), c.nonce)
			refused(t, err, c.code, c.reason)
		})
	}
	for name, c := range map[string]struct{ token, reason string }{
		"a logout token":  {p.LogoutToken(clientID, nil), oidc.ReasonType},
		"one in disguise": {p.Sign(map[string]any{"iss": p.URL, "aud": clientID, "sub": "john-1", "iat": now.Unix(), "exp": now.Add(time.Minute).Unix(), "events": map[string]any{}}), oidc.ReasonType},
		"unsigned":        {p.Unsigned(map[string]any{"sub": "john-1"}), oidc.ReasonAlgorithm},
		"no token":        {"x", oidc.ReasonMalformed},
		"JSON":            {`{"payload": "e30", "signatures": []}`, oidc.ReasonMalformed},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := byToken(t.Context(), s, c.token, "")
			refused(t, err, core.InvalidCredentials, c.reason)
		})
	}
	config.TokenMaxAge = 0
	if open(t, config).TokenAuthenticator != nil {
		t.Error("there is a login by token although it is off")
	}
	config.TokenMaxAge, config.MaxAge = time.Minute, time.Hour
	_, err := byToken(t.Context(), open(t, config), p.IDToken(clientID, map[string]any{"auth_time": nil}), "")
	refused(t, err, core.InvalidCredentials, oidc.ReasonAuthTime)
}
