package main

import (
	"regexp"
	"strings"
	"testing"

	"github.com/authd-go/authd/strategies/ldap/ldaptest"
)

// TestResetLinkOfADirectory: users of a directory have links too, where it is
// allowed to set their passwords.
func TestResetLinkOfADirectory(t *testing.T) {
	const people = "ou=people,dc=example,dc=org"
	directory := ldaptest.New(
		ldaptest.Entry{DN: people},
		ldaptest.Entry{DN: "cn=authd,dc=example,dc=org", Password: "service-pw", Administrator: true},
		ldaptest.Entry{DN: "uid=jo," + people, Password: "x", Attributes: map[string][]string{
			"objectClass": {"inetOrgPerson"}, "uid": {"jo"}, "mail": {"jo@example.org"}, "entryUUID": {"1-2-3"},
		}},
	)
	server := ldaptest.Start(t, directory)
	file := func(reset string) string {
		_, path := folder(t, `strategies:
  members: {type: local}
  staff:
    type: ldap
    directory: openldap
    urls: ["`+server.URL()+`"]
    bindDN: cn=authd,dc=example,dc=org
    bindPassword: service-pw
    passwords: {reset: `+reset+`}
    users: {baseDN: "`+people+`"}
methods:
  login: {use: [staff, members]}
`)
		return path
	}
	config := file("true")
	code, out, errs := cli(t, "", "-c", config, "user", "reset", " JO ", "--strategy", "staff")
	if code != exitOK || !regexp.MustCompile(`/update-password\?token=[A-Za-z0-9_-]{43}\n$`).MatchString(out) || !strings.Contains(errs, "jo@example.org") {
		t.Errorf("%d %q %q", code, out, errs)
	}
	if code, out, errs = cli(t, "", "-c", config, "audit", "--user", "staff:1-2-3"); code != exitOK || !strings.Contains(out, "reset_link_made") {
		t.Errorf("audit: %d %q %q", code, out, errs)
	}
	for _, c := range []struct{ config, who, strategy, says string }{
		{config, "nobody", "staff", `there is no user "nobody"`},
		{config, "jo", "members", `there is no user "jo"`},
		{config, "jo", "", `there is no user "jo"`}, // the only local one is meant
		{config, "jo", "elsewhere", "no such strategy"},
		{file("false"), "jo", "staff", "cannot recover a password"},
	} {
		code, out, errs := cli(t, "", "-c", c.config, "user", "reset", c.who, "--strategy", c.strategy)
		if code != exitFailed || out != "" || !strings.Contains(errs, c.says) {
			t.Errorf("%s at %q: %d %q %q", c.who, c.strategy, code, out, errs)
		}
	}
}
