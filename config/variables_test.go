package config_test

import (
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/authd-go/authd/config"
	"github.com/authd-go/authd/core"
)

const twoStrategies = "strategies: {my-staff: {type: ldap, urls: [x]}, members: {type: local}}\nmethods: {login: {use: members}}\n"

// TestVariables sets keys of every type by variables.
func TestVariables(t *testing.T) {
	c, err := config.Load(t.Context(), config.Sources{
		Kinds:    kinds(),
		Defaults: config.Document{Name: "base", Text: []byte(twoStrategies)},
		Env: []string{
			"PATH=/bin", "AUTHD_CONFIG=x", "AUTHD=x", "authd_log__level=loud", "AUTHD_TEST_DATABASE=x",
			"AUTHD_SERVICE_HOST=10.0.0.1", "AUTHD_SERVICE_PORT=8080", "AUTHD_SERVICE_PORT_HTTP=8080", "AUTHD_PORT=tcp://10.0.0.1:8080",
			"AUTHD_PORT_8080_TCP=tcp://10.0.0.1:8080", "AUTHD_PORT_8080_TCP_ADDR=10.0.0.1", "AUTHD_METRICS_PORT=tcp://10.0.0.2:1",
			"AUTHD_SECRET_FILE=/run/secret=1",
			"AUTHD_SERVER__LISTEN=127.0.0.1:9090",
			"AUTHD_SERVER__PUBLIC_URL=https://auth.example.com",
			"AUTHD_SERVER__TRUSTED_PROXIES=10.0.0.0/8, 192.0.2.1",
			"AUTHD_SERVER__CORS__ALLOWED_ORIGINS=[https://a.example, 'https://b.example']",
			"AUTHD_SESSION__ACCESSTTL=5m",
			"AUTHD_SESSION__AUDIENCE=0123",
			"AUTHD_SESSION__CLAIMS=",
			"AUTHD_STRATEGIES__MY_STAFF__BIND_PASSWORD=pa${ss}: #x",
			"AUTHD_STRATEGIES__MY_STAFF__LABEL=yes",
			"AUTHD_STRATEGIES__MY_STAFF__POOL=3",
			"AUTHD_STRATEGIES__MY_STAFF__TRUST_EMAIL=true",
			"AUTHD_STRATEGIES__MY_STAFF__ROLES__MAP={cn=a: admin}",
			"AUTHD_STRATEGIES__MY_STAFF__TIMEOUT=2s",
			"AUTHD_STRATEGIES__MEMBERS__HASH__BCRYPT_COST=10",
			"AUTHD_METHODS__LOGIN__USE=members,my-staff",
			"AUTHD_METHODS__LOGIN__REDIRECT_TO=",
			"AUTHD_METHODS__REGISTER__USE=members",
			"AUTHD_METHODS__UPDATE_PASSWORD__USE=[session, {strategy: members}]",
			"AUTHD_METHODS__ON_ERROR__RULES=[{status: 401}]",
			"AUTHD_MESSAGES__INVALID_CREDENTIALS__NAME=No",
		},
		Flags: map[string]string{"session.idleTTL": "1h", "strategies.my-staff.urls": "a,b", "session.maxTTL": "2h"},
	})
	if err != nil {
		t.Fatal(err)
	}
	staff := c.Strategies["my-staff"]
	ldap := staff.Config.(*ldapConfig)
	for name, ok := range map[string]bool{
		"secret file":   c.SecretFile == "/run/secret=1",
		"listen":        c.Server.Listen == "127.0.0.1:9090",
		"public URL":    c.Server.PublicURL.String() == "https://auth.example.com",
		"commas":        len(c.Server.TrustedProxies) == 2,
		"YAML list":     slices.Equal(c.Server.CORS.AllowedOrigins, []string{"https://a.example", "https://b.example"}),
		"run together":  c.Session.AccessTTL == 5*time.Minute,
		"plain text":    c.Session.Audience == "0123" && staff.Label == "yes",
		"empty list":    c.Session.Claims != nil && len(c.Session.Claims) == 0,
		"secret":        ldap.BindPassword.Reveal() == "pa${ss}: #x",
		"number":        ldap.Pool == 3,
		"boolean":       staff.TrustEmail,
		"block":         staff.Roles.Map["cn=a"] == "admin",
		"house":         staff.Timeout == 2*time.Second,
		"nested":        c.Strategies["members"].Config.(*localConfig).Hash.BcryptCost == 10,
		"use":           len(c.Methods.Login.Use) == 2 && c.Methods.Login.Use[1].Strategy == "my-staff",
		"empty text":    c.Methods.Login.RedirectTo == "",
		"use of one":    len(c.Methods.Register.Use) == 1,
		"use as YAML":   len(c.Methods.UpdatePassword.Use) == 2,
		"rules":         len(c.Methods.OnError.Rules) == 1 && c.Methods.OnError.Rules[0].Status.Contains(401),
		"message":       c.Messages[core.InvalidCredentials].Name == "No",
		"flag":          c.Session.IdleTTL == time.Hour,
		"flag's commas": slices.Equal(ldap.URLs, []string{"a", "b"}),
	} {
		if !ok {
			t.Errorf("%s: not as the variable says", name)
		}
	}
}

func TestVariableName(t *testing.T) {
	for want, path := range map[string][]string{
		"AUTHD_SESSION__ACCESS_TTL":                 {"session", "accessTTL"},
		"AUTHD_SERVER__PUBLIC_URL":                  {"server", "publicURL"},
		"AUTHD_SERVER__INSECURE_HTTP":               {"server", "insecureHTTP"},
		"AUTHD_STRATEGIES__MY_STAFF__BIND_DN":       {"strategies", "my-staff", "bindDN"},
		"AUTHD_STRATEGIES__X__TLSFILE":              {"strategies", "x", "TLSFILE"},
		"AUTHD_STRATEGIES__X__TLS_CERT_FILE":        {"strategies", "x", "TLSCertFile"},
		"AUTHD_MESSAGES__INVALID_CREDENTIALS__NAME": {"messages", "invalid_credentials", "name"},
	} {
		if got := config.VariableName(path...); got != want {
			t.Errorf("%v: got %s, want %s", path, got, want)
		}
	}
}

// TestAmbiguousVariable does not guess which of two strategies is meant.
func TestAmbiguousVariable(t *testing.T) {
	s := config.Sources{
		Kinds:    kinds(),
		Defaults: config.Document{Name: "base", Text: []byte("strategies: {a-b: {type: local}, ab: {type: local}}\nmethods: {login: {use: [a-b, ab]}}\n")},
		Env:      []string{"AUTHD_STRATEGIES__A_B__LABEL=dashed", "AUTHD_STRATEGIES__AB__LABEL=plain"},
	}
	c, err := config.Load(t.Context(), s)
	if err != nil || c.Strategies["a-b"].Label != "dashed" || c.Strategies["ab"].Label != "plain" {
		t.Errorf("the exact spelling decides: %v", err)
	}
	s.Env = []string{"AUTHD_STRATEGIES__A__B__LABEL=x", "AUTHD_STRATEGIES__a_B__LABEL=x"}
	_, err = config.Load(t.Context(), s)
	var r *config.Report
	if !errors.As(err, &r) || len(r.Problems) != 2 {
		t.Errorf("got %v", err)
	}
}
