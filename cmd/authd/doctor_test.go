package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/authd-go/authd/strategies/ldap/ldaptest"
	"github.com/authd-go/authd/strategies/oidc/oidctest"
)

// doctorFolder has a directory, a provider, and users of its own.
func doctorFolder(t *testing.T, urls, issuer string) string {
	t.Helper()
	dir, file := folder(t, "")
	yaml := fmt.Sprintf(`
secretFile: %[1]s/authd.secret
store: {url: "sqlite:%[1]s/authd.db"}
strategies:
  staff:
    type: ldap
    directory: openldap
    urls: [%[2]s]
    bindDN: cn=authd,dc=example,dc=com
    bindPassword: service-secret-pw
    users: {baseDN: "ou=people,dc=example,dc=com"}
    roles: {map: {dev: developer}}
    attemptTimeout: 300ms
  members: {type: local, hash: {bcryptCost: 10}}
  partner: {type: oidc, issuer: "%[3]s", clientID: authd, clientSecret: client-secret-pw, allowPrivateAddresses: true}
methods:
  login: {use: [staff, members, partner]}
`, dir, urls, issuer)
	if err := os.WriteFile(file, []byte(yaml), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

func doctorDirectory(t *testing.T) *ldaptest.Server {
	t.Helper()
	const people = "ou=people,dc=example,dc=com"
	return ldaptest.Start(t, ldaptest.New(
		ldaptest.Entry{DN: people},
		ldaptest.Entry{DN: "cn=authd,dc=example,dc=com", Password: "service-secret-pw"},
		ldaptest.Entry{DN: "uid=jo," + people, Password: "jos-secret-pw", Attributes: map[string][]string{
			"objectClass": {"inetOrgPerson"}, "uid": {"jo"}, "mail": {"jo@example.com"}, "entryUUID": {"jo-1"},
			"memberOf": {"cn=dev,ou=groups,dc=example,dc=com"},
		}},
	))
}

func hidesSecrets(t *testing.T, texts ...string) {
	t.Helper()
	for _, text := range texts {
		for _, secret := range []string{"service-secret-pw", "client-secret-pw", "jos-secret-pw", "wrong-secret-pw"} {
			if strings.Contains(text, secret) {
				t.Errorf("%q is shown:\n%s", secret, text)
			}
		}
	}
}

func has(t *testing.T, text string, wants ...string) {
	t.Helper()
	flat := strings.Join(strings.Fields(text), " ")
	for _, want := range wants {
		if !strings.Contains(flat, want) {
			t.Errorf("%q is missing in\n%s", want, text)
		}
	}
}

func TestDoctorOfWhatWorks(t *testing.T) {
	file := doctorFolder(t, doctorDirectory(t).URL(), oidctest.Start(t).URL)
	code, out, errs := cli(t, "", "-c", file, "doctor")
	if code != exitOK {
		t.Errorf("exit code %d, %s", code, errs)
	}
	hidesSecrets(t, out, errs)
	has(t, out, "authd.db does not exist yet", "staff (ldap)", "as cn=authd,dc=example,dc=com", "finds 1 person",
		"members (local)", "there are none yet", "the issuer is as configured", "/auth/callback/partner", "0 failed")
	if _, err := os.Stat(filepath.Join(filepath.Dir(file), "authd.db")); err == nil {
		t.Error("it has made a database")
	}
	if code, _, errs := cli(t, "a good long password 1\n", "-c", file, "user", "add", "ann@example.com"); code != exitOK {
		t.Fatal(errs)
	}
	code, out, _ = cli(t, "", "-c", file, "doctor", "members")
	if code != exitOK || strings.Contains(out, "staff") {
		t.Errorf("exit code %d\n%s", code, out)
	}
	has(t, out, "the newest", "written and on disk", "kept in the daemon's own store")
}

// TestDoctorGoesOn: what is dead is told, with its advice, and nothing else suffers.
func TestDoctorGoesOn(t *testing.T) {
	dead := "ldap://127.0.0.1:" + freePort(t)
	file := doctorFolder(t, dead+", "+doctorDirectory(t).URL(), "http://127.0.0.1:"+freePort(t))
	code, out, errs := cli(t, "", "-c", file, "doctor")
	if code != exitFailed || !strings.Contains(errs, "something does not work") {
		t.Errorf("exit code %d, %q", code, errs)
	}
	has(t, out, "nothing listens there", "finds 1 person", "is the host and port in issuer right", "2 failed")
	code, out, _ = cli(t, "", "-c", file, "doctor", "--json")
	var report doctorReport
	if err := json.Unmarshal([]byte(out), &report); err != nil || code != exitFailed || report.OK || len(report.Findings) < 10 {
		t.Errorf("exit code %d, %v\n%s", code, err, out)
	}
}

func TestDoctorWalksLogins(t *testing.T) {
	file := doctorFolder(t, doctorDirectory(t).URL(), oidctest.Start(t).URL)
	for _, c := range []struct {
		stdin string
		args  []string
		code  int
		wants []string
	}{
		{"", []string{"--user", "JO"}, exitOK, []string{"uid=jo,ou=people", "jo-1", "cn=dev,ou=groups"}},
		{"", []string{"--user", "nobody"}, exitFailed, []string{"unknown_user", "users.filter"}},
		{"jos-secret-pw\n", []string{"--user", "jo", "--password-stdin"}, exitOK, []string{"the password is right", "roles given developer"}},
		{"wrong-secret-pw\n", []string{"--user", "jo", "--password-stdin"}, exitFailed, []string{"invalid_credentials"}},
	} {
		code, out, errs := cli(t, c.stdin, append([]string{"-c", file, "doctor", "staff"}, c.args...)...)
		if code != c.code {
			t.Errorf("%v: exit code %d, %s", c.args, code, errs)
		}
		has(t, out, c.wants...)
		hidesSecrets(t, out, errs)
	}
}

func TestDoctorIsTold(t *testing.T) {
	file := doctorFolder(t, doctorDirectory(t).URL(), oidctest.Start(t).URL)
	for _, args := range [][]string{
		{"nonsense"}, {"--password-stdin"}, {"--ask-password"}, {"--user", "jo", "--ask-password", "--password-stdin"}, {"--timeout", "0s"},
	} {
		if code, out, errs := cli(t, "", append([]string{"-c", file, "doctor"}, args...)...); code != exitUsage || out != "" {
			t.Errorf("%v: exit code %d %q %q", args, code, out, errs)
		}
	}
	if code, _, errs := cli(t, "\n", "-c", file, "doctor", "--user", "jo", "--password-stdin"); code != exitFailed || !strings.Contains(errs, "no password") {
		t.Errorf("an empty password: %d %q", code, errs)
	}
}

// TestDoctorEnds: a server that never answers costs its time limit, and Ctrl-C ends it all.
func TestDoctorEnds(t *testing.T) {
	server := doctorDirectory(t)
	server.Mute(true)
	file := doctorFolder(t, server.URL(), oidctest.Start(t).URL)
	ctx, cancel := context.WithCancel(t.Context())
	timer := time.AfterFunc(100*time.Millisecond, cancel)
	defer timer.Stop()
	began := time.Now()
	var errs strings.Builder
	code := run(ctx, []string{"-c", file, "doctor"}, strings.NewReader(""), io.Discard, &errs, nil)
	if code != exitFailed || time.Since(began) > 5*time.Second || !strings.Contains(errs.String(), "interrupted") {
		t.Errorf("exit code %d after %v: %s", code, time.Since(began), errs.String())
	}
	if code, out, _ := cli(t, "", "-c", file, "doctor", "staff"); code != exitFailed || !strings.Contains(out, "failed   bind") {
		t.Errorf("exit code %d\n%s", code, out)
	}
}
