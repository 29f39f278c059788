package ldap_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/authd-go/authd/tools/e2e/peers"
)

// doctorYAML is a staff strategy against slapd, with changes.
func doctorYAML(f peers.Facts, changes map[string]string) string {
	values := map[string]string{
		"type": "ldap", "directory": "openldap", "urls": "[" + f["LDAPS_URL"] + "]", "tls": "{caFile: " + f["LDAP_CA_FILE"] + "}",
		"bindDN": f["LDAP_BIND_DN"], "bindPassword": f["LDAP_BIND_PASSWORD"],
		"users": "{baseDN: '" + f["LDAP_PEOPLE_DN"] + "'}", "groups": "{baseDN: '" + f["LDAP_GROUPS_DN"] + "'}",
	}
	maps.Copy(values, changes)
	var b strings.Builder
	b.WriteString("  staff:\n")
	for _, key := range slices.Sorted(maps.Keys(values)) {
		fmt.Fprintf(&b, "    %s: %s\n", key, values[key])
	}
	return b.String()
}

// TestDoctor holds what authd doctor prints of set-ups that are broken in one
// way each against golden files.
func TestDoctor(t *testing.T) {
	exe := peers.Authd(t)
	type change = func(peers.Facts) map[string]string
	one := func(key, value string) change {
		return func(peers.Facts) map[string]string { return map[string]string{key: value} }
	}
	for _, c := range []struct {
		golden   string
		settings []string
		change   change
		code     int
		args     []string
		stdin    string
	}{
		{golden: "doctor-healthy"},
		{golden: "doctor-wrong-ca", code: 1, change: func(f peers.Facts) map[string]string {
			return map[string]string{"tls": "{caFile: " + sibling(f, "stranger.pem") + "}"}
		}},
		{golden: "doctor-wrong-host", code: 1, settings: []string{"SLAPD_CERT=otherhost"}},
		{golden: "doctor-expired", code: 1, settings: []string{"SLAPD_CERT=expired"}},
		{golden: "doctor-wrong-bind-password", code: 1, change: one("bindPassword", "not-the-password")},
		{golden: "doctor-base-not-found", code: 1, change: one("users", "{baseDN: 'ou=peeple,dc=example,dc=org'}")},
		{golden: "doctor-no-rights", code: 1, change: func(f peers.Facts) map[string]string {
			return map[string]string{"bindDN": "uid=alice," + f["LDAP_PEOPLE_DN"], "bindPassword": "alice-pw"}
		}},
		{golden: "doctor-filter-without-placeholder", code: 2, change: func(f peers.Facts) map[string]string {
			return map[string]string{"users": "{baseDN: '" + f["LDAP_PEOPLE_DN"] + "', filter: '(uid=alice)'}"}
		}},
		{golden: "doctor-starttls-refused", code: 1, settings: []string{"SLAPD_NO_TLS=1"}, change: func(f peers.Facts) map[string]string {
			return map[string]string{"urls": "[" + f["LDAP_URL"] + "]", "startTLS": "true"}
		}},
		{golden: "doctor-starttls-at-ldaps", code: 1, change: func(f peers.Facts) map[string]string {
			return map[string]string{"urls": "[" + strings.Replace(f["LDAPS_URL"], "ldaps:", "ldap:", 1) + "]", "startTLS": "true"}
		}},
		{golden: "doctor-anonymous-bind", settings: []string{"SLAPD_ALLOW_UNAUTHENTICATED=1"}},
		{golden: "doctor-size-limit", change: func(f peers.Facts) map[string]string {
			return map[string]string{"bindDN": f["LDAP_LIMITED_DN"], "bindPassword": f["LDAP_LIMITED_PASSWORD"]}
		}},
		{golden: "doctor-dead-server", code: 1, change: func(f peers.Facts) map[string]string {
			return map[string]string{"urls": "[ldaps://127.0.0.1:" + f["DEAD_PORT"] + ", " + f["LDAPS_URL"] + "]"}
		}},
		{golden: "doctor-starttls", change: func(f peers.Facts) map[string]string {
			return map[string]string{"urls": "[" + f["LDAP_URL"] + "]", "startTLS": "true"}
		}},
		{golden: "doctor-user", args: []string{"--user", "Alice"}},
		{golden: "doctor-user-password", args: []string{"--user", "alice", "--password-stdin"}, stdin: "alice-pw\n"},
		{golden: "doctor-user-wrong-password", code: 1, args: []string{"--user", "alice", "--password-stdin"}, stdin: "wrong-secret-1\n"},
		{golden: "doctor-user-unknown", code: 1, args: []string{"--user", "nobody-here"}},
	} {
		t.Run(c.golden, func(t *testing.T) {
			f := peers.Start(t, "slapd", append(c.settings, "SLAPD_BULK=1")...)
			f["DEAD_PORT"] = peers.FreePort(t)
			changes := map[string]string{}
			if c.change != nil {
				changes = c.change(f)
			}
			secrets := []string{f["LDAP_BIND_PASSWORD"], f["LDAP_LIMITED_PASSWORD"], "alice-pw", "wrong-secret-1", "not-the-password"}
			peers.Doctor(t, exe, peers.Visit{
				Golden: c.golden, Strategies: doctorYAML(f, changes), Args: append([]string{"staff"}, c.args...),
				Stdin: c.stdin, Code: c.code, Secrets: secrets,
			})
		})
	}
}
