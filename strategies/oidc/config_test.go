package oidc_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/authd-go/authd/core"
	"github.com/authd-go/authd/strategies/oidc"
)

func TestValidate(t *testing.T) {
	for want, change := range map[string]func(*oidc.Config){
		`preset: is "gogle"`:                 func(c *oidc.Config) { c.Preset = "gogle" },
		"issuer: is required":                func(c *oidc.Config) { c.Issuer = "" },
		"issuer: must be https":              func(c *oidc.Config) { c.Issuer = "http://id.example.com" },
		"issuer: must be an https URL":       func(c *oidc.Config) { c.Issuer = "https://id.example.com/?x" },
		"issuer: has a place":                func(c *oidc.Config) { c.Issuer = "https://login.microsoftonline.com/{tenantid}/v2.0" },
		"clientID: is required":              func(c *oidc.Config) { c.ClientID = "" },
		"clientAuth: must be one of":         func(c *oidc.Config) { c.ClientAuth = "basic" },
		"clientAuth: is none":                func(c *oidc.Config) { c.ClientAuth = "none" },
		"clientSecret: is required":          func(c *oidc.Config) { c.ClientAuth, c.ClientSecret = "client_secret_post", core.Secret{} },
		"key.file: stands beside":            func(c *oidc.Config) { c.Key.File = "x" },
		"key.file: is required with":         func(c *oidc.Config) { c.ClientAuth = "private_key_jwt" },
		"key.file: is required where":        func(c *oidc.Config) { c.Key.ID = "x" },
		"scopes: must hold openid":           func(c *oidc.Config) { c.Scopes = []string{"email"} },
		"scopes[1]: must be one word":        func(c *oidc.Config) { c.Scopes = []string{"openid", "a b"} },
		"responseMode: must be":              func(c *oidc.Config) { c.ResponseMode = "fragment" },
		"userInfo: must be":                  func(c *oidc.Config) { c.UserInfo = "sometimes" },
		"maxAge: must not":                   func(c *oidc.Config) { c.MaxAge = -1 },
		"tokenMaxAge: must not":              func(c *oidc.Config) { c.TokenMaxAge = -1 },
		"params.max_age: is reserved; set":   func(c *oidc.Config) { c.Params = map[string]string{"max_age": "1"} },
		"params.redirect_uri: is reserved":   func(c *oidc.Config) { c.Params = map[string]string{"redirect_uri": "https://x"} },
		"params.nonce: is reserved":          func(c *oidc.Config) { c.Params = map[string]string{"nonce": "x"} },
		"claims.email: ":                     func(c *oidc.Config) { c.Claims.Email = "a." },
		"require.hd: must list":              func(c *oidc.Config) { c.Require = map[string][]string{"hd": nil} },
		"domain: fills in":                   func(c *oidc.Config) { c.Domain = "id.example.com" },
		"domain: is required with":           func(c *oidc.Config) { c.Preset, c.Issuer = "auth0", "" },
		"domain: holds a character":          func(c *oidc.Config) { c.Preset, c.Issuer, c.Domain = "auth0", "", "id.example.com/x" },
		"tenant: is required with":           func(c *oidc.Config) { c.Preset, c.Issuer = "microsoft", "" },
		"tenant: must be the directory's id": func(c *oidc.Config) { c.Preset, c.Issuer, c.Tenant = "microsoft", "", "common" },
		"tenant: holds a character": func(c *oidc.Config) {
			c.Preset, c.Issuer, c.Domain, c.Tenant = "keycloak", "", "id.example.com", "../x"
		},
	} {
		c := oidc.NewConfig()
		c.Issuer, c.ClientID, c.ClientSecret = "https://id.example.com", "x", core.NewSecret("s3cret-marker")
		if err := c.Validate(); err != nil {
			t.Fatal(err)
		}
		change(c)
		err := c.Validate()
		if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "marker") {
			t.Errorf("want %q, got %v", want, err)
		}
		if _, err := c.Open(t.Context(), env()); err == nil {
			t.Errorf("%s: it is opened all the same", want)
		}
	}
}

// With a preset, three lines do: type, preset and clientID, and what is one's own.
func TestPresets(t *testing.T) {
	const tenant = "8eaef023-2b34-4da1-9baa-8bc8c9d6a490"
	issuers := map[string]string{
		"apple": "https://appleid.apple.com", "auth0": "https://id.example.com/", "gitlab": "https://gitlab.com", "google": "https://accounts.google.com",
		"keycloak": "https://id.example.com/realms/staff", "kinde": "https://id.example.com", "okta": "https://id.example.com",
		"microsoft": "https://login.microsoftonline.com/" + tenant + "/v2.0",
	}
	for _, preset := range oidc.Presets() {
		c := oidc.NewConfig()
		c.Preset, c.ClientID, c.ClientSecret = preset, "x", core.NewSecret("y")
		switch preset {
		case "auth0", "kinde", "okta":
			c.Domain = "id.example.com"
		case "keycloak":
			c.Domain, c.Tenant = "id.example.com", "staff"
		case "microsoft":
			c.Tenant = tenant
		}
		full := c.Completed()
		if err := c.Validate(); err != nil || full.Issuer != issuers[preset] || !slices.Contains(full.Scopes, "openid") || full.Claims.ID != "sub" {
			t.Errorf("%s: issuer %q, scopes %q, %v", preset, full.Issuer, full.Scopes, err)
		}
	}
	if len(issuers) != len(oidc.Presets()) {
		t.Error("a preset is not in this test")
	}
	apple := oidc.NewConfig()
	apple.Preset = "apple"
	if full := apple.Completed(); full.ResponseMode != "form_post" || !slices.Contains(full.Scopes, "email") {
		t.Errorf("apple: %+v", full)
	}
	own := oidc.NewConfig()
	own.Preset, own.Scopes, own.Params, own.UserInfo = "google", []string{"openid"}, map[string]string{"access_type": "online", "hl": "de"}, "always"
	full := own.Completed()
	if len(full.Scopes) != 1 || full.Params["access_type"] != "online" || full.Params["hl"] != "de" || full.UserInfo != "always" {
		t.Errorf("what is set gives way to the preset: %+v", full)
	}
	if len(own.Params) != 2 || own.Issuer != "" {
		t.Error("what was set is changed")
	}
}

func TestKeyFiles(t *testing.T) {
	small, err := rsa.GenerateKey(rand.Reader, 1024)
	if err != nil {
		t.Fatal(err)
	}
	other, err := ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	garbage := filepath.Join(t.TempDir(), "garbage.pem")
	if err := os.WriteFile(garbage, []byte("-----BEGIN PRIVATE KEY-----\nc2VjcmV0\n-----END PRIVATE KEY-----\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for want, file := range map[string]string{
		"key.file: cannot be read: no such file":        filepath.Join(t.TempDir(), "none"),
		"key.file: holds an RSA key of fewer than 2048": pemFile(t, small),
		"key.file: holds an EC key of another curve":    pemFile(t, other),
		"key.file: holds no private key that can be":    garbage,
		"key.file: holds no key in PEM form":            os.DevNull,
	} {
		c := oidc.NewConfig()
		c.Issuer, c.ClientID, c.Key.File = "https://id.example.com", "x", file
		if _, err := c.Open(t.Context(), env()); err == nil || !strings.HasPrefix(err.Error(), want) || strings.Contains(err.Error(), "c2Vj") {
			t.Errorf("want %q, got %v", want, err)
		}
	}
}

// Opening asks nobody, and takes no time.
func TestOpeningAsksNobody(t *testing.T) {
	p := provider(t)
	began := time.Now()
	open(t, config(p))
	if n := p.Seen(discovery); n != 0 || time.Since(began) > time.Second {
		t.Errorf("asked %d times in %v", n, time.Since(began))
	}
}
