package ldap_test

import (
	"context"
	"log/slog"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/authd-go/authd/core"
	"github.com/authd-go/authd/strategies/ldap"
	"github.com/authd-go/authd/strategies/ldap/ldaptest"
)

const (
	base      = "dc=example,dc=org"
	people    = "ou=people," + base
	service   = "cn=reader," + base
	servicePW = "reader-secret-marker"
	johnDN    = "uid=john," + people
	johnPW    = "john's own secret 1"
	johnID    = "6f9619ff-8b86-d011-b42d-00cf4fc964ff"
)

// person is an entry as OpenLDAP has them.
func person(uid, id, password string, more map[string][]string) ldaptest.Entry {
	e := ldaptest.Entry{DN: "uid=" + uid + "," + people, Password: password, Attributes: map[string][]string{
		"objectClass": {"inetOrgPerson"}, "uid": {uid}, "mail": {uid + "@example.org"}, "entryUUID": {id}, "cn": {"Common " + uid},
	}}
	for name, values := range more {
		e.Attributes[name] = values
	}
	return e
}

func group(name string, members ...string) ldaptest.Entry {
	return ldaptest.Entry{DN: "cn=" + name + ",ou=groups," + base, Attributes: map[string][]string{
		"objectClass": {"groupOfNames"}, "cn": {name}, "member": members,
	}}
}

func groupDN(name string) string { return "cn=" + name + ",ou=groups," + base }

// directory holds John, who is in dev, which is in engineering, which is in
// staff, which is in engineering again.
func directory() *ldaptest.Directory {
	return ldaptest.New(
		ldaptest.Entry{DN: service, Password: servicePW},
		ldaptest.Entry{DN: people}, ldaptest.Entry{DN: "ou=groups," + base},
		person("john", johnID, johnPW, map[string][]string{"displayName": {"John Doe"}}),
		group("dev", johnDN), group("engineering", groupDN("dev"), groupDN("staff")), group("staff", groupDN("engineering")),
	)
}

func config(servers ...*ldaptest.Server) *ldap.Config {
	c := ldap.NewConfig()
	c.Directory = ldap.OpenLDAP
	for _, s := range servers {
		c.URLs = append(c.URLs, s.URL())
	}
	c.BindDN, c.BindPassword = service, core.NewSecret(servicePW)
	c.Users.BaseDN, c.Groups.BaseDN = people, "ou=groups,"+base
	c.AttemptTimeout = time.Second
	return c
}

func env() core.Env {
	return core.Env{Name: "staff", Log: slog.New(slog.DiscardHandler), Now: time.Now}
}

func open(t *testing.T, c *ldap.Config) core.Strategy {
	t.Helper()
	return openWith(t, c, env())
}

func openWith(t *testing.T, c *ldap.Config, e core.Env) core.Strategy {
	t.Helper()
	s, err := c.Open(t.Context(), e)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

func login(ctx context.Context, s core.Strategy, identifier, password string) (core.Identity, error) {
	return s.Authenticator.Authenticate(ctx, core.Credentials{Identifier: identifier, Typed: identifier, Password: core.NewSecret(password)})
}

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }
