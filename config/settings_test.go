package config_test

import (
	"encoding/json"
	"fmt"
	"io/fs"
	"strings"
	"testing"

	"github.com/authd-go/authd/config"
)

// layered is a configuration of two files, variables and a flag.
func layered(t *testing.T) *config.Config {
	t.Helper()
	files := map[string]string{
		"/etc/authd/base.yaml": `server:
  publicURL: https://auth.example.com
  trustedProxies: [10.0.0.0/8, 192.0.2.7]
secretFile: keys/main
strategies:
  staff:
    type: ldap
    urls: [ldaps://dc1.example.com, "ldaps://admin:` + marker + `@dc2.example.com/?x"]
    bindPassword: ` + marker + `
    roles: {map: {"cn=admins,dc=example,dc=com": admin, "cn=all": "yes"}}
    extra: {token: "${env:TOKEN}", more: [1, two]}
  members: {type: local, label: "0123", hash: {bcryptCost: 11}}
  demo:
    type: mock
    insecureAllowMock: true
    users: [{email: john@mail.com, password: ` + marker + `, roles: [admin]}]
methods:
  login: {use: [{strategy: staff, onUnavailable: stop}, members, demo], redirectTo: null}
  register: {use: members}
  onError: {rules: [{status: [401, 5xx], refresh: true}]}
messages: {invalid_credentials: {name: "No"}}
`,
		"/etc/authd/site.yaml": `session: {accessTTL: 1m, maxTTL: 30d}
strategies:
  staff:
    bindPasswordFile: keys/bind
    roles: {map: {"cn=editors": editor}}
methods:
  register: {use: null}
`,
		"/etc/authd/keys/bind": marker,
	}
	c, err := config.Load(t.Context(), config.Sources{
		Files: []string{"/etc/authd/base.yaml", "/etc/authd/site.yaml"}, Kinds: kinds(),
		Env:   []string{"TOKEN=" + marker, "AUTHD_SESSION__IDLE_TTL=5h", "AUTHD_STRATEGIES__MEMBERS__TIMEOUT=3s", "AUTHD_LOG__LEVEL=warn"},
		Flags: map[string]string{"log.level": "debug", "session.transports": "bearer"},
		ReadFile: func(path string) ([]byte, error) {
			if text, ok := files[path]; ok {
				return []byte(text), nil
			}
			return nil, &fs.PathError{Op: "open", Path: path, Err: fs.ErrNotExist}
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// TestSettings holds the effective values of a layered configuration: where
// each comes from, and that no secret is among them.
func TestSettings(t *testing.T) {
	var b strings.Builder
	for _, s := range layered(t).Settings() {
		fmt.Fprintf(&b, "%s: %s  # %s\n", s.Key, s.Text, s.Source)
		if strings.Contains(s.Text+string(s.Value), marker) {
			t.Errorf("%s shows a secret", s.Key)
		}
		if !json.Valid(s.Value) || strings.Contains(s.Text, "\n") || s.Source == "" {
			t.Errorf("%s: %q, %q from %q", s.Key, s.Text, s.Value, s.Source)
		}
	}
	golden(t, "testdata/settings.golden", b.String())
}

// TestSettingsReadBack says that what is shown is the value: given back as
// flags, over little more than the types of the strategies, what is set and no secret
// makes the same configuration.
func TestSettingsReadBack(t *testing.T) {
	c := layered(t)
	s := config.Sources{
		Kinds: kinds(), Flags: map[string]string{},
		Defaults: config.Document{Name: "types", Text: []byte("strategies: {staff: {type: ldap, urls: [x]}, members: {type: local}, demo: {type: mock}}\n")},
	}
	skipped := 0
	for _, setting := range c.Settings() {
		text := setting.Text
		var plain string
		if json.Unmarshal(setting.Value, &plain) == nil {
			text = plain // flags take texts without quotes
		}
		if strings.Contains(text, "[redacted]") || strings.HasSuffix(setting.Key, ".bindPasswordFile") || setting.Text == "null" {
			skipped++
			continue
		}
		s.Flags[setting.Key] = text
	}
	again, err := config.Load(t.Context(), s)
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]string{}
	for _, setting := range again.Settings() {
		got[setting.Key] = setting.Text
	}
	for _, setting := range c.Settings() {
		if want, set := s.Flags[setting.Key]; set && got[setting.Key] != setting.Text {
			t.Errorf("%s: %s was read back as %s", setting.Key, want, got[setting.Key])
		}
	}
	if skipped > 9 || len(s.Flags) < 40 {
		t.Errorf("%d settings were read back, %d were not", len(s.Flags), skipped)
	}
}
