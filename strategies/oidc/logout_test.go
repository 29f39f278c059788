package oidc_test

import (
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/authd-go/authd/core"
	"github.com/authd-go/authd/strategies/oidc"
	"github.com/authd-go/authd/strategies/oidc/oidctest"
)

func TestLogoutURL(t *testing.T) {
	p := provider(t)
	s := open(t, config(p))
	g := mustLogin(t, s, p)
	const back = "http://localhost:8080/login?a=b"
	target, err := s.LogoutRedirector.LogoutURL(t.Context(), g, back)
	if err != nil {
		t.Fatal(err)
	}
	u, err := url.Parse(target)
	if err != nil {
		t.Fatal(err)
	}
	got := u.Query()
	if !strings.HasPrefix(target, p.URL+"/logout?") || got.Get("post_logout_redirect_uri") != back || got.Get("client_id") != clientID ||
		strings.Count(got.Get("id_token_hint"), ".") != 2 {
		t.Errorf("got %s", target)
	}
	for name, keep := range map[string]core.Secret{
		"nothing": {}, "garbage": core.NewSecret("x"), "another's": core.NewSecret(`{"v": 1, "iss": "https://other.example.com", "sub": "x", "idToken": "a.b.c"}`),
		"a long hint": core.NewSecret(`{"v": 1, "iss": "` + p.URL + `", "sub": "x", "idToken": "` + strings.Repeat("x", 7000) + `"}`),
	} {
		target, err := s.LogoutRedirector.LogoutURL(t.Context(), core.Grant{Keep: keep}, "")
		if err != nil || strings.Contains(target, "hint") || strings.Contains(target, "post_logout") || !strings.Contains(target, "client_id") {
			t.Errorf("with %s kept: %s, %v", name, target, err)
		}
	}
	for name, address := range map[string]any{"none": nil, "a script": "javascript:alert(1)", "plain": "http://id.example.com/logout"} {
		q := provider(t)
		q.Set(oidctest.Faults{Metadata: set("end_session_endpoint", address)})
		if target, err := open(t, config(q)).LogoutRedirector.LogoutURL(t.Context(), core.Grant{}, back); target != "" || err != nil {
			t.Errorf("%s: %q, %v", name, target, err)
		}
	}
	c := config(p)
	c.Logout = false
	if open(t, c).LogoutRedirector != nil {
		t.Error("there is a logout although it is off")
	}
}

func TestReceiveLogout(t *testing.T) {
	p := provider(t)
	s := open(t, config(p))
	receive := func(claims map[string]any) (core.LogoutNotice, error) {
		return s.LogoutReceiver.ReceiveLogout(t.Context(), core.NewSecret(p.LogoutToken(clientID, claims)))
	}
	issued := time.Now().Add(-time.Minute).Truncate(time.Second)
	n, err := receive(map[string]any{"jti": "j1", "iat": issued.Unix(), "sid": "s1"})
	if err != nil || n.ID != "j1" || !n.IssuedAt.Equal(issued) || n.Subject != "john-1" || n.SessionID != "s1" ||
		time.Until(n.Expires) > 3*time.Minute || time.Until(n.Expires) < time.Minute {
		t.Errorf("%+v, %v", n, err)
	}
	if n, err = receive(map[string]any{"sub": nil, "sid": "s1"}); err != nil || n.Subject != "" || n.SessionID != "s1" {
		t.Errorf("by sid: %+v, %v", n, err)
	}
	if n, err = receive(map[string]any{"exp": time.Now().Add(1000 * time.Hour).Unix()}); err != nil || time.Until(n.Expires) > 61*time.Minute {
		t.Errorf("with a long life: %+v, %v", n, err)
	}
}

func TestForgedLogoutTokens(t *testing.T) {
	p := provider(t)
	s := open(t, config(p))
	now := time.Now()
	event := func(v any) map[string]any {
		return map[string]any{"events": map[string]any{"http://schemas.openid.net/event/backchannel-logout": v}}
	}
	for name, c := range map[string]struct {
		claims map[string]any
		reason string
	}{
		"nonce":            {map[string]any{"nonce": "n"}, oidc.ReasonLogoutNonce},
		"no events":        {map[string]any{"events": nil}, oidc.ReasonEvents},
		"other events":     {map[string]any{"events": map[string]any{"http://schemas.openid.net/event/other": map[string]any{}}}, oidc.ReasonEvents},
		"events of a text": {map[string]any{"events": "x"}, oidc.ReasonMalformed},
		"event null":       {event(nil), oidc.ReasonEvents},
		"event a text":     {event("x"), oidc.ReasonEvents},
		"no jti":           {map[string]any{"jti": nil}, oidc.ReasonLogoutID},
		"long jti":         {map[string]any{"jti": strings.Repeat("x", 300)}, oidc.ReasonLogoutID},
		"no sub, no sid":   {map[string]any{"sub": nil}, oidc.ReasonLogoutSession},
		"odd sid":          {map[string]any{"sid": "a\nb"}, oidc.ReasonLogoutSession},
		"issuer":           {map[string]any{"iss": "https://other.example.com"}, oidc.ReasonIssuer},
		"no issuer":        {map[string]any{"iss": nil}, oidc.ReasonIssuer},
		"audience":         {map[string]any{"aud": "another"}, oidc.ReasonAudience},
		"expired":          {map[string]any{"exp": now.Add(-time.Minute).Unix()}, oidc.ReasonExpired},
		"no exp":           {map[string]any{"exp": nil}, oidc.ReasonExpired},
		"no iat":           {map[string]any{"iat": nil}, oidc.ReasonIssuedAt},
		"from the future":  {map[string]any{"iat": now.Add(time.Hour).Unix()}, oidc.ReasonFuture},
		"old":              {map[string]any{"iat": now.Add(-2 * time.Hour).Unix()}, oidc.ReasonStale},
		"old, long life":   {map[string]any{"iat": now.Add(-2 * time.Hour).Unix(), "exp": now.Add(1000 * time.Hour).Unix()}, oidc.ReasonStale},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := s.LogoutReceiver.ReceiveLogout(t.Context(), core.NewSecret(p.LogoutToken(clientID, c.claims)))
			refused(t, err, core.InvalidInput, c.reason)
		})
	}
	right := map[string]any{
		"iss": p.URL, "aud": clientID, "sub": "john-1", "iat": now.Unix(), "exp": now.Add(time.Minute).Unix(), "jti": "j", "events": event(map[string]any{})["events"],
	}
	for name, c := range map[string]struct{ token, reason string }{
		"an ID token":       {p.IDToken(clientID, nil), oidc.ReasonEvents},
		"another type":      {p.SignAs("at+jwt", right), oidc.ReasonType},
		"unsigned":          {p.Unsigned(right), oidc.ReasonAlgorithm},
		"HS256, public key": {p.SignWithPublicKey(right), oidc.ReasonAlgorithm},
		"another's key":     {p.SignUnder(p.KeyID(), right), oidc.ReasonSignature},
		"no token":          {"a.b", oidc.ReasonMalformed},
		"empty":             {"", oidc.ReasonMalformed},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := s.LogoutReceiver.ReceiveLogout(t.Context(), core.NewSecret(c.token))
			refused(t, err, core.InvalidInput, c.reason)
		})
	}
	if _, err := s.LogoutReceiver.ReceiveLogout(t.Context(), core.NewSecret(p.SignAs("JWT", right))); err != nil {
		t.Errorf("the type JWT: %v", err)
	}
}

// Where the subject is another claim than sub, a notice must have that claim, or
// say which session.
func TestLogoutTokensWithoutTheSubject(t *testing.T) {
	p := provider(t)
	c := config(p)
	c.Claims.ID = "oid"
	s := open(t, c)
	receive := func(claims map[string]any) (core.LogoutNotice, error) {
		return s.LogoutReceiver.ReceiveLogout(t.Context(), core.NewSecret(p.LogoutToken(clientID, claims)))
	}
	if n, err := receive(map[string]any{"oid": "o1"}); err != nil || n.Subject != "o1" {
		t.Errorf("%+v, %v", n, err)
	}
	if n, err := receive(map[string]any{"sid": "s1"}); err != nil || n.Subject != "" || n.SessionID != "s1" {
		t.Errorf("%+v, %v", n, err)
	}
	_, err := receive(nil)
	refused(t, err, core.InvalidInput, oidc.ReasonLogoutSession)
	p.Close()
	again := open(t, c)
	_, err = again.LogoutReceiver.ReceiveLogout(t.Context(), core.NewSecret("a.b.c"))
	if core.CodeOf(err) != core.Unavailable {
		t.Errorf("while the provider is down: %v", err)
	}
}
