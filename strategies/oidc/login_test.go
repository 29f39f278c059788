package oidc_test

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"log/slog"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/authd-go/authd/core"
	"github.com/authd-go/authd/strategies/oidc"
	"github.com/authd-go/authd/strategies/oidc/authcode"
	"github.com/authd-go/authd/strategies/oidc/oidctest"
)

func TestLogin(t *testing.T) {
	p := provider(t)
	g := mustLogin(t, open(t, config(p)), p)
	want := core.Identity{
		AccountID: core.AccountID{Subject: "john-1"}, Username: "john", Name: "John Doe", Email: "john@example.com", EmailVerified: true,
		Roles: []string{"staff", "dev"},
	}
	if !reflect.DeepEqual(g.Identity, want) || !strings.HasPrefix(g.SessionID, "session-") || g.Keep.Empty() {
		t.Errorf("got %+v", g)
	}
}

func TestTheQuestion(t *testing.T) {
	p := provider(t)
	c := config(p)
	c.Scopes = []string{"openid", "email"}
	c.Params = map[string]string{"prompt": "login", "acr_values": "urn:mfa", "domain_hint": "example.com"}
	s := open(t, c)
	r, call, err := begin(t.Context(), s, core.Params{"login_hint": "john@example.com", "prompt": "none", "state": "x"})
	if err != nil {
		t.Fatal(err)
	}
	u, err := url.Parse(r.URL)
	if err != nil || !strings.HasPrefix(r.URL, p.URL+"/authorize?") {
		t.Fatalf("%s, %v", r.URL, err)
	}
	got := u.Query()
	for name, want := range map[string]string{
		"response_type": "code", "response_mode": "query", "client_id": clientID, "redirect_uri": callback, "state": call.State, "scope": "openid email",
		"code_challenge_method": "S256", "prompt": "login", "acr_values": "urn:mfa", "domain_hint": "example.com", "login_hint": "john@example.com",
	} {
		if len(got[name]) != 1 || got.Get(name) != want {
			t.Errorf("%s is %q, want %q", name, got[name], want)
		}
	}
	var kept authcode.Pending
	if err := json.Unmarshal([]byte(r.Keep.Reveal()), &kept); err != nil || len(kept.Verifier) != 43 || len(kept.Nonce) != 43 || kept.Verifier == kept.Nonce {
		t.Errorf("%v", err)
	}
	if strings.Contains(r.URL, kept.Verifier) || got.Get("nonce") != kept.Nonce || len(got.Get("code_challenge")) != 43 {
		t.Error("the verifier is shown, or the nonce is not")
	}
	for _, hint := range []any{strings.Repeat("x", 400), "a\nb", 7, []any{"x"}} {
		if _, _, err := begin(t.Context(), s, core.Params{"login_hint": hint}); core.CodeOf(err) != core.InvalidInput {
			t.Errorf("the hint %v: %v", hint, err)
		}
	}
}

func pemFile(t *testing.T, private any) string {
	t.Helper()
	der, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "key.pem")
	if err := os.WriteFile(file, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

func TestClientAuthentication(t *testing.T) {
	rsaKey, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	ecKey, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	edPublic, edKey, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	secret := core.NewSecret(clientSecret)
	for name, c := range map[string]struct {
		known     oidctest.Client
		change    func(*oidc.Config)
		supported []string
	}{
		"basic":         {oidctest.Client{Secret: clientSecret, Method: "client_secret_basic"}, func(c *oidc.Config) { c.ClientSecret = secret }, nil},
		"post, asked":   {oidctest.Client{Secret: clientSecret, Method: "client_secret_post"}, func(c *oidc.Config) { c.ClientAuth = "client_secret_post" }, nil},
		"post, listed":  {oidctest.Client{Secret: clientSecret, Method: "client_secret_post"}, nil, []string{"client_secret_post", "private_key_jwt"}},
		"basic, listed": {oidctest.Client{Secret: clientSecret, Method: "client_secret_basic"}, nil, []string{"client_secret_post", "client_secret_basic"}},
		"none":          {oidctest.Client{Method: "none"}, func(c *oidc.Config) { c.ClientSecret = core.Secret{} }, nil},
		"RS256":         {oidctest.Client{Method: "private_key_jwt", Key: &rsaKey.PublicKey}, keyed(pemFile(t, rsaKey)), nil},
		"ES256":         {oidctest.Client{Method: "private_key_jwt", Key: &ecKey.PublicKey}, keyed(pemFile(t, ecKey)), nil},
		"EdDSA":         {oidctest.Client{Method: "private_key_jwt", Key: edPublic}, keyed(pemFile(t, edKey)), nil},
	} {
		for _, par := range []bool{false, true} {
			t.Run(name+map[bool]string{true: ", pushed"}[par], func(t *testing.T) {
				c.known.ID = clientID
				p := oidctest.Start(t, c.known)
				config := config(p)
				config.PAR = par
				if c.change != nil {
					c.change(config)
				}
				if c.supported != nil {
					p.Set(oidctest.Faults{Metadata: set("token_endpoint_auth_methods_supported", c.supported)})
				}
				s := open(t, config)
				g := mustLogin(t, s, p)
				if _, err := s.Renewer.Renew(t.Context(), g); err != nil {
					t.Errorf("renew: %v", err)
				}
				if pushed := p.Seen("/par") == 1; pushed != par {
					t.Errorf("pushed: %v", pushed)
				}
			})
		}
	}
}

func keyed(file string) func(*oidc.Config) {
	return func(c *oidc.Config) {
		c.ClientSecret, c.Key = core.Secret{}, oidc.Key{File: file, ID: "k1"}
	}
}

func TestAWrongSecretIsNobodysFaultButOurs(t *testing.T) {
	p := provider(t)
	c := config(p)
	c.ClientSecret = core.NewSecret("another")
	_, err := login(t.Context(), open(t, c), p)
	refused(t, err, core.Unavailable, authcode.ReasonClient)
}

func TestPushedRequests(t *testing.T) {
	p := provider(t)
	p.Set(oidctest.Faults{Metadata: set("require_pushed_authorization_requests", true)})
	s := open(t, config(p))
	r, _, err := begin(t.Context(), s, nil)
	if err != nil || strings.Contains(r.URL, "nonce") || !strings.Contains(r.URL, "request_uri=") {
		t.Errorf("%s, %v", r.URL, err)
	}
	mustLogin(t, s, p)
	for name, c := range map[string]struct {
		path   http.HandlerFunc
		code   core.Code
		reason string
	}{
		"refused":  {status(400, `{"error": "invalid_request"}`), core.Unavailable, authcode.ReasonMisled},
		"no uri":   {status(201, `{}`), core.Unavailable, authcode.ReasonMalformed},
		"oversize": {oversize, core.Unavailable, authcode.ReasonTooLarge},
		"forwarded": {func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "/token", http.StatusTemporaryRedirect)
		}, core.Unavailable, authcode.ReasonRedirected},
	} {
		t.Run(name, func(t *testing.T) {
			p.Set(oidctest.Faults{Handle: map[string]http.HandlerFunc{"/par": c.path}})
			_, _, err := begin(t.Context(), s, nil)
			refused(t, err, c.code, c.reason)
		})
	}
	none := provider(t)
	none.Set(oidctest.Faults{Metadata: set("pushed_authorization_request_endpoint", nil)})
	c := config(none)
	c.PAR = true
	_, _, err = begin(t.Context(), open(t, c), nil)
	refused(t, err, core.Unavailable, authcode.ReasonPushing)
}

func TestUserInfo(t *testing.T) {
	p := provider(t)
	c := config(p)
	c.Claims.Roles, c.Claims.Avatar = "only.there", "photo"
	s := open(t, c)
	p.Set(oidctest.Faults{Told: func(m map[string]any) {
		m["only"], m["photo"], m["name"] = map[string]any{"there": "boss"}, "https://example.com/j.png", "Somebody Else"
	}})
	g := mustLogin(t, s, p)
	if g.Identity.Name != "John Doe" || g.Identity.Avatar == "" || len(g.Identity.Roles) != 1 {
		t.Errorf("got %+v", g.Identity)
	}
	signed := func(change map[string]any) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/jwt; charset=utf-8")
			claims := map[string]any{"sub": "john-1", "iss": p.URL, "aud": clientID, "only": map[string]any{"there": "boss"}}
			for k, v := range change {
				claims[k] = v
			}
			text := p.Sign(claims)
			if change["forge"] != nil {
				text = p.SignWithPublicKey(claims)
			}
			_, _ = w.Write([]byte(text))
		}
	}
	for name, c := range map[string]struct {
		change map[string]any
		reason string
	}{
		"right":    {nil, ""},
		"issuer":   {map[string]any{"iss": "https://other.example.com"}, oidc.ReasonIssuer},
		"audience": {map[string]any{"aud": "other"}, oidc.ReasonAudience},
		"subject":  {map[string]any{"sub": "jane-1"}, oidc.ReasonUserInfoOther},
		"forged":   {map[string]any{"forge": true}, oidc.ReasonAlgorithm},
	} {
		t.Run("signed, "+name, func(t *testing.T) {
			p.Set(oidctest.Faults{Handle: map[string]http.HandlerFunc{"/userinfo": signed(c.change)}})
			g, err := login(t.Context(), s, p)
			if c.reason != "" {
				refused(t, err, core.InvalidInput, c.reason)
			} else if err != nil || len(g.Identity.Roles) != 1 {
				t.Errorf("%+v, %v", g.Identity, err)
			}
		})
	}
	c.UserInfo = oidc.UserInfoNever
	before := p.Seen("/userinfo")
	if g := mustLogin(t, open(t, c), p); len(g.Identity.Roles) != 0 || p.Seen("/userinfo") != before {
		t.Errorf("userinfo is asked although it should never be: %+v", g.Identity)
	}
}

func TestOtherClaimsThanSub(t *testing.T) {
	p := provider(t)
	p.Person(map[string]any{"oid": 4711, "https://example.com/roles": []any{"boss"}})
	c := config(p)
	c.Claims.ID, c.Claims.Roles = "oid", `https://example\.com/roles`
	s := open(t, c)
	g := mustLogin(t, s, p)
	if g.Identity.Subject != "4711" || len(g.Identity.Roles) != 1 || g.Identity.Roles[0] != "boss" {
		t.Errorf("got %+v", g.Identity)
	}
	again, err := s.Renewer.Renew(t.Context(), g)
	if err != nil || again.Identity.Subject != "4711" {
		t.Errorf("%+v, %v", again.Identity, err)
	}
}

// What goes wrong is in the log without what nobody may read.
func TestTheLogHasNoSecrets(t *testing.T) {
	p := provider(t)
	var log bytes.Buffer
	s := open(t, config(p), func(e *core.Env) {
		e.Log = slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	})
	g := mustLogin(t, s, p)
	p.Set(oidctest.Faults{Handle: map[string]http.HandlerFunc{"/userinfo": status(500, "access-x"), "/keys": oversize}})
	if _, err := s.Renewer.Renew(t.Context(), g); err != nil {
		t.Fatal(err)
	}
	p.Close()
	_ = s.Ready(t.Context())
	if log.Len() == 0 {
		t.Error("nothing is logged")
	}
	for _, secret := range []string{clientSecret, "access-", "refresh-", "code-", "eyJ"} {
		if strings.Contains(log.String(), secret) {
			t.Errorf("the log shows %q: %s", secret, log.String())
		}
	}
}
