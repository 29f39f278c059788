package oidc_test

import (
	"encoding/json"
	"net/http"
	"reflect"
	"strconv"
	"strings"
	"testing"

	"github.com/authd-go/authd/core"
	"github.com/authd-go/authd/strategies/oidc"
	"github.com/authd-go/authd/strategies/oidc/authcode"
	"github.com/authd-go/authd/strategies/oidc/claims"
	"github.com/authd-go/authd/strategies/oidc/oidctest"
)

func manyGroups(m map[string]any) {
	groups := []any{"staff"}
	for i := range 1001 {
		groups = append(groups, strconv.Itoa(i))
	}
	m["groups"] = groups
}

func withoutIDToken(m map[string]any) { delete(m, "id_token") }

func TestRenew(t *testing.T) {
	p := provider(t)
	s := open(t, config(p))
	ctx := t.Context()
	first := mustLogin(t, s, p)
	p.Person(map[string]any{"name": "John Smith", "groups": []any{"dev"}})
	second, err := s.Renewer.Renew(ctx, first)
	if err != nil || second.Identity.Name != "John Smith" || !reflect.DeepEqual(second.Identity.Roles, []string{"dev"}) ||
		second.SessionID != first.SessionID || second.Keep.Equal(first.Keep) {
		t.Fatalf("%+v, %v", second, err)
	}
	_, err = s.Renewer.Renew(ctx, first) // the token was rotated
	refused(t, err, core.UnknownUser, authcode.ReasonGrant)

	// The house hands over what it has made of the identity.
	second.Identity.Roles = []string{"mapped by the house"}
	p.Set(oidctest.Faults{Granted: withoutIDToken})
	p.Person(map[string]any{"email": "smith@example.com"})
	third, err := s.Renewer.Renew(ctx, second)
	if err != nil || third.Identity.Email != "smith@example.com" || !reflect.DeepEqual(third.Identity.Roles, []string{"dev"}) {
		t.Errorf("without an ID token: %+v, %v", third.Identity, err)
	}
	p.Revoke()
	_, err = s.Renewer.Renew(ctx, third)
	refused(t, err, core.UnknownUser, authcode.ReasonGrant)
	p.Close()
	_, err = s.Renewer.Renew(ctx, third)
	refused(t, err, core.Unavailable, authcode.ReasonUnreachable)
}

// A claim that is gone is gone, whoever told it, and whichever answer is missing.
func TestRenewForgetsWhatIsNotToldAnyMore(t *testing.T) {
	onlyUserInfo := func(m map[string]any) { delete(m, "groups") }
	for name, faults := range map[string]oidctest.Faults{
		"both answers":   {},
		"no ID token":    {Granted: withoutIDToken},
		"userinfo alone": {Claims: onlyUserInfo, Granted: withoutIDToken},
	} {
		t.Run(name, func(t *testing.T) {
			p := provider(t)
			s := open(t, config(p))
			p.Set(oidctest.Faults{Claims: faults.Claims})
			g := mustLogin(t, s, p)
			if len(g.Identity.Roles) != 2 {
				t.Fatalf("%+v", g.Identity)
			}
			p.Set(faults)
			p.Person(map[string]any{"groups": nil})
			again, err := s.Renewer.Renew(t.Context(), g)
			if err != nil || len(again.Identity.Roles) != 0 {
				t.Errorf("%+v, %v", again.Identity, err)
			}
		})
	}
	t.Run("told by the ID token alone, and none comes", func(t *testing.T) {
		p := provider(t)
		s := open(t, config(p))
		p.Set(oidctest.Faults{Told: func(m map[string]any) { delete(m, "groups") }})
		g := mustLogin(t, s, p)
		p.Set(oidctest.Faults{Granted: withoutIDToken, Told: func(m map[string]any) { delete(m, "groups") }})
		again, err := s.Renewer.Renew(t.Context(), g)
		if err != nil || len(again.Identity.Roles) != 2 {
			t.Errorf("%+v, %v", again.Identity, err)
		}
	})
}

// Once the provider has rotated the refresh token, its successor is kept,
// whatever else cannot be had.
func TestRenewKeepsTheRotatedToken(t *testing.T) {
	for name, faults := range map[string]oidctest.Faults{
		"userinfo fails":  {Handle: map[string]http.HandlerFunc{"/userinfo": status(500, "")}},
		"userinfo is odd": {Handle: map[string]http.HandlerFunc{"/userinfo": status(200, "[]")}},
		"no refresh token comes, and the old one stays": {Granted: func(m map[string]any) { delete(m, "refresh_token") }},
	} {
		t.Run(name, func(t *testing.T) {
			p := provider(t)
			s := open(t, config(p))
			g := mustLogin(t, s, p)
			p.Set(faults)
			again, err := s.Renewer.Renew(t.Context(), g)
			if err != nil || !reflect.DeepEqual(again.Identity, g.Identity) {
				t.Fatalf("%+v, %v", again.Identity, err)
			}
			p.Set(oidctest.Faults{})
			_, err = s.Renewer.Renew(t.Context(), again)
			if rotated := faults.Granted == nil; (err == nil) != rotated {
				t.Errorf("the next one: %v", err)
			}
		})
	}
}

func TestRenewEndsOrWaits(t *testing.T) {
	for name, c := range map[string]struct {
		faults oidctest.Faults
		code   core.Code
		reason string
	}{
		"another's ID token":  {oidctest.Faults{Claims: set("sub", "jane-1")}, core.UnknownUser, oidc.ReasonOtherSubject},
		"another's userinfo":  {oidctest.Faults{Told: set("sub", "jane-1")}, core.UnknownUser, oidc.ReasonOtherSubject},
		"another's issuer":    {oidctest.Faults{Claims: set("iss", "https://other.example.com")}, core.Unavailable, oidc.ReasonIssuer},
		"another's audience":  {oidctest.Faults{Claims: set("aud", "another")}, core.Unavailable, oidc.ReasonAudience},
		"no subject":          {oidctest.Faults{Claims: set("sub", nil)}, core.Unavailable, oidc.ReasonSubject},
		"too many roles":      {oidctest.Faults{Claims: manyGroups, Told: manyGroups}, core.Unavailable, claims.ReasonRoles},
		"not let in any more": {oidctest.Faults{Claims: set("groups", "none"), Told: set("groups", "none")}, core.Disabled, claims.ReasonRequirement},
		"not let on":          {oidctest.Faults{Handle: map[string]http.HandlerFunc{"/token": status(403, `{"error": "access_denied"}`)}}, core.UnknownUser, authcode.ReasonGrant},
		"client refused":      {oidctest.Faults{Handle: map[string]http.HandlerFunc{"/token": status(401, `{"error": "invalid_client"}`)}}, core.Unavailable, authcode.ReasonClient},
		"provider in trouble": {oidctest.Faults{Handle: map[string]http.HandlerFunc{"/token": status(503, `{"error": "invalid_grant"}`)}}, core.Unavailable, authcode.ReasonTrouble},
		"no JSON":             {oidctest.Faults{Handle: map[string]http.HandlerFunc{"/token": status(200, "<html>")}}, core.Unavailable, authcode.ReasonMalformed},
	} {
		t.Run(name, func(t *testing.T) {
			p := provider(t)
			config := config(p)
			config.Require = map[string][]string{"groups": {"staff"}}
			s := open(t, config)
			g := mustLogin(t, s, p)
			p.Set(c.faults)
			half, err := s.Renewer.Renew(t.Context(), g)
			refused(t, err, c.code, c.reason)
			if !half.Keep.Empty() {
				g.Keep = half.Keep // as the house does
			}
			p.Set(oidctest.Faults{})
			if _, err := s.Renewer.Renew(t.Context(), g); c.code == core.Unavailable && err != nil {
				t.Errorf("when the provider is right again: %v", err)
			}
		})
	}
}

func TestRenewWithoutARefreshToken(t *testing.T) {
	p := provider(t)
	s := open(t, config(p))
	p.Set(oidctest.Faults{Granted: func(m map[string]any) { delete(m, "refresh_token") }})
	g := mustLogin(t, s, p)
	g.Identity.Roles = []string{"mapped by the house"}
	p.Close()
	again, err := s.Renewer.Renew(t.Context(), g)
	if err != nil || len(again.Identity.Roles) != 2 || !again.Keep.Equal(g.Keep) || again.SessionID != g.SessionID {
		t.Errorf("%+v, %v", again, err)
	}
	nothing := core.Grant{Identity: g.Identity}
	if got, err := s.Renewer.Renew(t.Context(), nothing); err != nil || !reflect.DeepEqual(got, nothing) {
		t.Errorf("%+v, %v", got, err)
	}
	_, err = s.Renewer.Renew(t.Context(), core.Grant{Identity: g.Identity, Keep: core.NewSecret("garbage")})
	refused(t, err, core.UnknownUser, authcode.ReasonGrant)
	other := open(t, config(provider(t)))
	_, err = other.Renewer.Renew(t.Context(), g)
	refused(t, err, core.UnknownUser, authcode.ReasonGrant)
}

// What does not fit is left out; nothing fails for it.
func TestKeepIsBounded(t *testing.T) {
	p := provider(t)
	s := open(t, config(p))
	kept := func(g core.Grant) (out map[string]any) {
		if !g.Keep.Empty() {
			if err := json.Unmarshal([]byte(g.Keep.Reveal()), &out); err != nil {
				t.Fatal(err)
			}
		}
		return out
	}
	if k := kept(mustLogin(t, s, p)); k["refresh"] == nil || k["idToken"] == nil || k["v"] != 1.0 {
		t.Errorf("kept %v", k)
	}
	p.Set(oidctest.Faults{Claims: set("unread", strings.Repeat("x", 12_000))})
	g := mustLogin(t, s, p)
	if k := kept(g); k["refresh"] == nil || k["idToken"] != nil || len(g.Keep.Reveal()) > core.MaxKeep {
		t.Errorf("with a large ID token: %d bytes, hint %v", len(g.Keep.Reveal()), k["idToken"] != nil)
	}
	p.Set(oidctest.Faults{Granted: set("refresh_token", strings.Repeat("x", core.MaxKeep))})
	if g := mustLogin(t, s, p); !g.Keep.Empty() {
		t.Errorf("with a large refresh token: %d bytes", len(g.Keep.Reveal()))
	}
}
