package ldap_test

import (
	"strings"
	"testing"
	"time"

	"github.com/authd-go/authd/core"
	"github.com/authd-go/authd/strategies/ldap"
	"github.com/authd-go/authd/tools/e2e/peers"
)

// TestTLS signs in over each kind of connection, and finds that none is made
// to a server that does not prove who it is.
func TestTLS(t *testing.T) {
	refused := "certificate"
	for name, c := range map[string]struct {
		settings []string
		change   func(c *ldap.Config, f peers.Facts)
		want     string // "" signs in; else the outage names it
	}{
		"ldaps":    {nil, func(*ldap.Config, peers.Facts) {}, ""},
		"StartTLS": {[]string{"SLAPD_REQUIRE_TLS=1"}, startTLS, ""},
		"TLS 1.3":  {nil, func(c *ldap.Config, _ peers.Facts) { c.TLS.MinVersion = "1.3" }, ""},
		"with a certificate of our own": {[]string{"SLAPD_CLIENT_CERT=1"}, func(c *ldap.Config, f peers.Facts) {
			c.TLS.CertFile, c.TLS.KeyFile = sibling(f, "client.pem"), sibling(f, "client.key")
		}, ""},
		"without one":                {[]string{"SLAPD_CLIENT_CERT=1"}, func(*ldap.Config, peers.Facts) {}, ""},
		"without TLS":                {[]string{"SLAPD_REQUIRE_TLS=1"}, func(c *ldap.Config, f peers.Facts) { c.URLs = []string{f["LDAP_URL"]} }, "Confidentiality"},
		"expired":                    {[]string{"SLAPD_CERT=expired"}, func(*ldap.Config, peers.Facts) {}, refused},
		"expired, by StartTLS":       {[]string{"SLAPD_CERT=expired"}, startTLS, refused},
		"another host":               {[]string{"SLAPD_CERT=otherhost"}, func(*ldap.Config, peers.Facts) {}, refused},
		"another host, named so":     {[]string{"SLAPD_CERT=otherhost"}, func(c *ldap.Config, _ peers.Facts) { c.TLS.ServerName = "other.invalid" }, ""},
		"an authority nobody trusts": {nil, func(c *ldap.Config, f peers.Facts) { c.TLS.CAFile = sibling(f, "stranger.pem") }, refused},
		"the system's authorities":   {nil, func(c *ldap.Config, _ peers.Facts) { c.TLS.CAFile = "" }, refused},
		"ldaps where ldap is spoken": {nil, func(c *ldap.Config, f peers.Facts) {
			c.URLs = []string{strings.Replace(f["LDAP_URL"], "ldap:", "ldaps:", 1)}
		}, ""},
		"a bind without a password": {[]string{"SLAPD_ALLOW_UNAUTHENTICATED=1"}, func(*ldap.Config, peers.Facts) {}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := peers.Start(t, "slapd", append(c.settings, "SLAPD_BULK=1")...)
			config := vendors()[0].config(f)
			c.change(config, f)
			s := open(t, config)
			_, err := login(t.Context(), s, "alice", "alice-pw")
			switch name {
			case "without one", "ldaps where ldap is spoken":
				if core.CodeOf(err) != core.Unavailable {
					t.Errorf("outcome %v", err)
				}
				return
			case "a bind without a password":
				if _, err := login(t.Context(), s, "alice", ""); core.CodeOf(err) != core.InvalidCredentials {
					t.Errorf("an empty password: %v", err)
				}
			}
			if c.want == "" {
				if err != nil {
					t.Error(err)
				}
				return
			}
			if core.CodeOf(err) != core.Unavailable || !strings.Contains(err.Error(), c.want) {
				t.Errorf("want an outage that names %q: %v", c.want, err)
			}
		})
	}
}

// TestReferrals: what lies at another server is left there, at once, and does
// not stand in the way of what is here.
func TestReferrals(t *testing.T) {
	t.Parallel()
	f := peers.Start(t, "slapd", "SLAPD_BULK=1")
	c := vendors()[0].config(f)
	c.Users.BaseDN = f["LDAP_BASE_DN"] // a subtree with a referral in it
	if _, err := login(t.Context(), open(t, c), "alice", "alice-pw"); err != nil {
		t.Errorf("beside a referral: %v", err)
	}
	c.Users.BaseDN = "ou=elsewhere," + f["LDAP_BASE_DN"]
	begin := time.Now()
	_, err := login(t.Context(), open(t, c), "alice", "alice-pw")
	if core.CodeOf(err) != core.Unavailable || !strings.Contains(err.Error(), "strategy of their own") || time.Since(begin) > time.Second {
		t.Errorf("at a referral: %v, after %v", err, time.Since(begin))
	}
}

func startTLS(c *ldap.Config, f peers.Facts) { c.URLs, c.StartTLS = []string{f["LDAP_URL"]}, true }

func sibling(f peers.Facts, name string) string {
	return strings.TrimSuffix(f["LDAP_CA_FILE"], "ca.pem") + name
}
