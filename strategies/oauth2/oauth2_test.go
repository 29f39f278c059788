package oauth2_test

import (
	"context"
	"crypto/rand"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"reflect"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/authd-go/authd/core"
	"github.com/authd-go/authd/strategies/oauth2"
	"github.com/authd-go/authd/strategies/oidc/authcode"
	"github.com/authd-go/authd/strategies/oidc/claims"
	"github.com/authd-go/authd/strategies/oidc/oidctest"
	"github.com/authd-go/authd/strategies/strategytest"
)

const (
	clientID     = "authd"
	clientSecret = "s3cret-marker"
	callback     = "http://localhost:8080/auth/callback/hub"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// site is a provider of which only the OAuth 2.0 part is used.
func site(t testing.TB) *oidctest.Provider {
	t.Helper()
	p := oidctest.Start(t, oidctest.Client{ID: clientID, Secret: clientSecret})
	p.Person(map[string]any{"id": 4711, "login": "John", "avatar_url": "https://example.com/j.png", "verified": true})
	p.Set(oidctest.Faults{Answer: func(v url.Values) { v.Del("iss") }})
	return p
}

func config(p *oidctest.Provider) *oauth2.Config {
	c := oauth2.NewConfig()
	c.AuthorizeURL, c.TokenURL, c.UserInfoURL = p.URL+"/authorize", p.URL+"/token", p.URL+"/userinfo"
	c.ClientID, c.ClientSecret = clientID, core.NewSecret(clientSecret)
	c.Claims = claims.Map{Username: "login", Avatar: "avatar_url", Roles: "groups"}
	return c
}

func open(t testing.TB, c *oauth2.Config) core.Strategy {
	t.Helper()
	s, err := c.Open(t.Context(), core.Env{
		Name: "hub", Log: slog.New(slog.DiscardHandler), Now: time.Now, Rand: rand.Reader, HTTP: &http.Client{Timeout: 2 * time.Second},
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

func login(ctx context.Context, s core.Strategy, p *oidctest.Provider) (core.Grant, error) {
	c := core.Callback{CallbackURL: callback, State: rand.Text()}
	r, err := s.Redirector.Begin(ctx, core.RedirectRequest{CallbackURL: callback, State: c.State})
	if err != nil {
		return core.Grant{}, err
	}
	if c.Query, err = p.Visit(ctx, r.URL); err != nil {
		return core.Grant{}, err
	}
	c.Keep = r.Keep
	return s.Redirector.Complete(ctx, c)
}

func refused(t *testing.T, err error, code core.Code, reason string) {
	t.Helper()
	if e := core.AsError(err); e == nil || e.Code != code || e.Reason != reason {
		t.Errorf("got %v, want %s (%s)", err, code, reason)
	}
	for _, secret := range []string{clientSecret, "code-", "access-", "refresh-"} {
		if strings.Contains(fmt.Sprintf("%+v", err), secret) {
			t.Errorf("the error shows %q: %v", secret, err)
		}
	}
}

func TestConformance(t *testing.T) {
	strategytest.Run(t, strategytest.Harness{
		Want: []core.Capability{core.CanRedirect, core.CanRenew},
		Open: func(ctx context.Context, e core.Env) (*strategytest.Backend, error) {
			p := site(t)
			p.Now = e.Now
			c := config(p)
			s, err := c.Open(ctx, e)
			return &strategytest.Backend{
				Strategy: s,
				Account:  strategytest.Account{Identifier: "john", Password: "not-known-here-77"},
				Secrets:  []string{clientSecret},
				SignIn: func(ctx context.Context, s core.Strategy) (core.Identity, error) {
					g, err := login(ctx, s, p)
					return g.Identity, err
				},
				Other: &strategytest.OtherSite{
					Grant:  func(ctx context.Context, s core.Strategy) (core.Grant, error) { return login(ctx, s, p) },
					Revoke: p.Revoke,
				},
				Break: p.Close, Hang: p.Hang,
				Reopen: func(ctx context.Context) (core.Strategy, error) { return c.Open(ctx, e) },
				Close:  func() error { p.Close(); return nil },
			}, err
		},
		Patience: 10 * time.Second,
	})
}

func TestLogin(t *testing.T) {
	p := site(t)
	g, err := login(t.Context(), open(t, config(p)), p)
	want := core.Identity{
		AccountID: core.AccountID{Subject: "4711"}, Username: "john", Name: "John Doe", Email: "john@example.com",
		Avatar: "https://example.com/j.png", Roles: []string{"staff", "dev"},
	}
	if err != nil || !reflect.DeepEqual(g.Identity, want) || g.Keep.Empty() || g.SessionID != "" {
		t.Errorf("got %+v, %v", g, err)
	}
	c := config(p)
	c.Claims.EmailVerified = "verified"
	if g, err = login(t.Context(), open(t, c), p); err != nil || !g.Identity.EmailVerified {
		t.Errorf("what the site says is verified: %+v, %v", g.Identity, err)
	}
	c.Require = map[string][]string{"groups": {"boss"}}
	_, err = login(t.Context(), open(t, c), p)
	refused(t, err, core.Forbidden, claims.ReasonRequirement)
}

func TestAddressesFromTheList(t *testing.T) {
	p := site(t)
	c := config(p)
	c.Emails.URL = p.URL + "/emails"
	c.Claims.Email, c.Claims.EmailVerified = "email", "verified" // not read where there is a list
	s := open(t, c)
	entry := func(address string, verified, primary bool) string {
		return fmt.Sprintf(`{"email": %q, "verified": %v, "primary": %v}`, address, verified, primary)
	}
	for name, x := range map[string]struct {
		list     string
		address  string
		verified bool
	}{
		"primary, verified":   {entry("a@example.com", true, false) + "," + entry("b@example.com", true, true), "b@example.com", true},
		"primary, unverified": {entry("b@example.com", false, true) + "," + entry("a@example.com", true, false), "a@example.com", true},
		"none verified":       {entry("a@example.com", false, false) + "," + entry("b@example.com", false, true), "b@example.com", false},
		"none primary":        {entry("a@example.com", false, false) + "," + entry("b@example.com", true, false), "b@example.com", true},
		"odd values":          {`{"email": "a@example.com", "verified": 1, "primary": true}, {"email": null, "verified": true, "primary": true}`, "a@example.com", false},
		"empty":               {"", "", false},
	} {
		t.Run(name, func(t *testing.T) {
			p.Set(oidctest.Faults{
				Told: func(m map[string]any) { m["email of the list"], m["verified of the list"] = "boss@example.com", true },
				Handle: map[string]http.HandlerFunc{"/emails": func(w http.ResponseWriter, r *http.Request) {
					if !strings.HasPrefix(r.Header.Get("Authorization"), "Bearer access-") {
						w.WriteHeader(401)
					}
					_, _ = fmt.Fprintf(w, "[%s]", x.list)
				}},
			})
			g, err := login(t.Context(), s, p)
			if err != nil || g.Identity.Email != x.address || g.Identity.EmailVerified != x.verified {
				t.Errorf("got %q, %v, %v", g.Identity.Email, g.Identity.EmailVerified, err)
			}
		})
	}
	for name, x := range map[string]struct {
		answer http.HandlerFunc
		reason string
	}{
		"no list": {func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte(`{"message": "x"}`)) }, oauth2.ReasonUserInfo},
		"refused": {func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(403) }, authcode.ReasonTrouble},
	} {
		t.Run(name, func(t *testing.T) {
			p.Set(oidctest.Faults{Handle: map[string]http.HandlerFunc{"/emails": x.answer}})
			_, err := login(t.Context(), s, p)
			refused(t, err, core.Unavailable, x.reason)
		})
	}
}

func TestForgedAnswers(t *testing.T) {
	answer := func(name, value string) oidctest.Faults {
		return oidctest.Faults{Answer: func(v url.Values) { v.Set(name, value) }}
	}
	handle := func(path string, f http.HandlerFunc) oidctest.Faults {
		return oidctest.Faults{Handle: map[string]http.HandlerFunc{path: f}}
	}
	for name, x := range map[string]struct {
		faults oidctest.Faults
		code   core.Code
		reason string
	}{
		"another state": {answer("state", "x"), core.InvalidInput, authcode.ReasonState},
		"another code":  {answer("code", "code-x"), core.InvalidInput, authcode.ReasonGrant},
		"denied":        {answer("error", "access_denied"), core.Forbidden, authcode.ReasonDenied},
		"redirect": {handle("/token", func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "/elsewhere", http.StatusTemporaryRedirect)
		}), core.Unavailable, authcode.ReasonRedirected},
		"oversize": {handle("/userinfo", func(w http.ResponseWriter, _ *http.Request) {
			_, _ = w.Write([]byte(strings.Repeat(" ", 2<<20)))
		}), core.Unavailable, authcode.ReasonTooLarge},
		"no JSON":    {handle("/userinfo", func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("[]")) }), core.Unavailable, oauth2.ReasonUserInfo},
		"no id":      {oidctest.Faults{Told: func(m map[string]any) { delete(m, "id") }}, core.InvalidInput, claims.ReasonSubject},
		"id rounded": {oidctest.Faults{Told: func(m map[string]any) { m["id"] = 1e30 }}, core.InvalidInput, claims.ReasonSubject},
	} {
		t.Run(name, func(t *testing.T) {
			p := site(t)
			p.Set(x.faults)
			_, err := login(t.Context(), open(t, config(p)), p)
			refused(t, err, x.code, x.reason)
		})
	}
}

func TestRenew(t *testing.T) {
	p := site(t)
	c := config(p)
	c.Require = map[string][]string{"groups": {"staff"}}
	s := open(t, c)
	ctx := t.Context()
	first, err := login(ctx, s, p)
	if err != nil {
		t.Fatal(err)
	}
	p.Person(map[string]any{"name": "John Smith"})
	second, err := s.Renewer.Renew(ctx, first)
	if err != nil || second.Identity.Name != "John Smith" || second.Keep.Equal(first.Keep) {
		t.Fatalf("%+v, %v", second.Identity, err)
	}
	_, err = s.Renewer.Renew(ctx, first) // the token was rotated
	refused(t, err, core.UnknownUser, authcode.ReasonGrant)

	p.Set(oidctest.Faults{Handle: map[string]http.HandlerFunc{"/userinfo": func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(500) }}})
	third, err := s.Renewer.Renew(ctx, second) // the rotated token is not lost
	if err != nil || third.Identity.Name != "John Smith" || third.Keep.Equal(second.Keep) {
		t.Fatalf("%+v, %v", third.Identity, err)
	}
	p.Set(oidctest.Faults{})
	p.Person(map[string]any{"groups": []any{"dev"}})
	_, err = s.Renewer.Renew(ctx, third)
	refused(t, err, core.Disabled, claims.ReasonRequirement)

	p.Person(map[string]any{"groups": []any{"staff"}, "id": 42})
	if third, err = login(ctx, s, p); err != nil {
		t.Fatal(err)
	}
	p.Person(map[string]any{"id": 43})
	_, err = s.Renewer.Renew(ctx, third)
	refused(t, err, core.UnknownUser, oauth2.ReasonOtherSubject)
	p.Close()
	_, err = s.Renewer.Renew(ctx, third)
	refused(t, err, core.Unavailable, authcode.ReasonUnreachable)
}

// A site without refresh tokens is asked with the access token.
func TestRenewWithoutRefreshTokens(t *testing.T) {
	p := site(t)
	plain := oidctest.Faults{Granted: func(m map[string]any) { delete(m, "refresh_token"); delete(m, "expires_in") }}
	p.Set(plain)
	s := open(t, config(p))
	ctx := t.Context()
	g, err := login(ctx, s, p)
	if err != nil {
		t.Fatal(err)
	}
	again, err := s.Renewer.Renew(ctx, g)
	if err != nil || again.Identity.Subject != "4711" {
		t.Errorf("%+v, %v", again.Identity, err)
	}
	p.Set(oidctest.Faults{Handle: map[string]http.HandlerFunc{"/userinfo": func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(403) }}})
	_, err = s.Renewer.Renew(ctx, g)
	refused(t, err, core.Unavailable, authcode.ReasonTrouble) // such as GitHub's rate limit
	p.Set(plain)
	p.Revoke()
	_, err = s.Renewer.Renew(ctx, g)
	refused(t, err, core.UnknownUser, authcode.ReasonUnauthorized)

	p.Set(oidctest.Faults{Granted: func(m map[string]any) { delete(m, "refresh_token"); m["expires_in"] = "0.5" }})
	if g, err = login(ctx, s, p); err != nil {
		t.Fatal(err)
	}
	nothing := core.Grant{Identity: g.Identity}
	if got, err := s.Renewer.Renew(ctx, nothing); err != nil || !reflect.DeepEqual(got, nothing) {
		t.Errorf("with nothing kept: %+v, %v", got, err)
	}
	_, err = s.Renewer.Renew(ctx, core.Grant{Identity: g.Identity, Keep: core.NewSecret(`{"v": 99}`)})
	refused(t, err, core.UnknownUser, authcode.ReasonGrant)
	other := config(p)
	other.TokenURL += "2"
	_, err = open(t, other).Renewer.Renew(ctx, g)
	refused(t, err, core.UnknownUser, authcode.ReasonGrant)
}

func TestPresetsNeedTwoLines(t *testing.T) {
	for _, preset := range []string{"discord", "github"} {
		c := oauth2.NewConfig()
		c.Preset, c.ClientID, c.ClientSecret = preset, "x", core.NewSecret("y")
		if err := c.Validate(); err != nil {
			t.Errorf("%s: %v", preset, err)
		}
	}
}

func TestValidate(t *testing.T) {
	for want, change := range map[string]func(*oauth2.Config){
		"preset: is \"gitub\"":                   func(c *oauth2.Config) { c.Preset = "gitub" },
		"authorizeURL: is required":              func(c *oauth2.Config) { c.AuthorizeURL = "" },
		"tokenURL: must be https":                func(c *oauth2.Config) { c.TokenURL = "http://id.example.com/token" },
		"userInfoURL: must be an https URL":      func(c *oauth2.Config) { c.UserInfoURL = "https://a:b@id.example.com/" },
		"emails.url: must be https":              func(c *oauth2.Config) { c.Emails.URL = "http://id.example.com/" },
		"emails.primary: has an empty key":       func(c *oauth2.Config) { c.Emails.Primary = "a..b" },
		"clientID: is required":                  func(c *oauth2.Config) { c.ClientID = "" },
		"clientAuth: must be one of":             func(c *oauth2.Config) { c.ClientAuth = "private_key_jwt" },
		"clientAuth: is none":                    func(c *oauth2.Config) { c.ClientAuth = "none" },
		"clientSecret: is required":              func(c *oauth2.Config) { c.ClientAuth, c.ClientSecret = "client_secret_post", core.Secret{} },
		"scopes[0]: must be one word":            func(c *oauth2.Config) { c.Scopes = []string{"a b"} },
		"params.state: is reserved":              func(c *oauth2.Config) { c.Params = map[string]string{"state": "x"} },
		"claims.roles: ":                         func(c *oauth2.Config) { c.Claims.Roles = "." },
		"require.groups: must list at least one": func(c *oauth2.Config) { c.Require = map[string][]string{"groups": nil} },
	} {
		c := oauth2.NewConfig()
		c.AuthorizeURL, c.TokenURL, c.UserInfoURL = "https://a.example.com/", "https://a.example.com/t", "https://a.example.com/u"
		c.ClientID, c.ClientSecret = "x", core.NewSecret("y")
		if err := c.Validate(); err != nil {
			t.Fatal(err)
		}
		change(c)
		if err := c.Validate(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("want %q, got %v", want, err)
		}
	}
}

// Embedders fill in the same struct as YAML users do.
func ExampleNewConfig() {
	c := oauth2.NewConfig()
	c.Preset = "github"
	c.ClientID, c.ClientSecret = "Iv1.0123456789abcdef", core.NewSecret("...")
	fmt.Println(c.Validate())
	// Output: <nil>
}
