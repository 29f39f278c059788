package ldap_test

import (
	"context"
	"crypto/rand"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/authd-go/authd/core"
	"github.com/authd-go/authd/strategies/ldap"
	"github.com/authd-go/authd/strategies/ldap/ldaptest"
	"github.com/authd-go/authd/strategies/strategytest"
)

// TestConformance runs the suite over a directory in this process: one that is
// never written, and one whose passwords are, in each way there is.
func TestConformance(t *testing.T) {
	t.Run("read only", func(t *testing.T) {
		t.Parallel()
		conform(t, nil)
	})
	for _, method := range []string{ldap.MethodExtended, ldap.MethodUnicodePwd, ldap.MethodUserPassword} {
		t.Run(method, func(t *testing.T) {
			t.Parallel()
			conform(t, func(c *ldap.Config, s *ldaptest.Server) { writable(t, c, s, method) }, core.CanRecover, core.CanChangePassword)
		})
	}
}

func conform(t *testing.T, write func(*ldap.Config, *ldaptest.Server), more ...core.Capability) {
	t.Helper()
	strategytest.Run(t, strategytest.Harness{
		Want: append(more, core.CanLogin, core.CanRevalidate, core.CanPermissions, core.CanIdentity, core.CanPicture),
		Weak: tooShort,
		Open: func(ctx context.Context, e core.Env) (*strategytest.Backend, error) {
			d := directory()
			server := ldaptest.Start(t, d)
			c := config(server)
			c.Users.Disabled = ldap.Condition{Attribute: "employeeType", Values: []string{"disabled"}}
			if write != nil {
				write(c, server)
			}
			mustChange := rules(d)
			s, err := c.Open(ctx, e)
			if err != nil {
				return nil, err
			}
			b := &strategytest.Backend{
				Strategy:  s,
				Account:   strategytest.Account{Identifier: "john", Password: johnPW},
				Spellings: []string{"john@example.org"},
				Secrets:   []string{servicePW},
				Seed: func(_ context.Context, a strategytest.Account) error {
					d.Put(seeded(a))
					return nil
				},
				Disable: func(_ context.Context, identifier string) error {
					d.Put(person(identifier, johnID, johnPW, map[string][]string{"employeeType": {"Disabled"}}))
					return nil
				},
				MustChange: func(_ context.Context, identifier string) error {
					mustChange("uid=" + identifier + "," + people)
					return nil
				},
				Break:  server.Stop,
				Hang:   func() { server.Mute(true) },
				Reopen: func(ctx context.Context) (core.Strategy, error) { return c.Open(ctx, e) },
				Close:  func() error { server.Stop(); return nil },
			}
			var asked atomic.Uint64
			b.Work = func() uint64 { return asked.Add(questions(d.Seen())) }
			return b, nil
		},
		Patience: 10 * time.Second,
	})
}

// questions counts what was asked about people. How often the service has to
// bind, or TLS to begin, depends on how many connections there are.
func questions(seen []ldaptest.Seen) (n uint64) {
	for _, s := range seen {
		if s.Name != service && s.Name != "1.3.6.1.4.1.1466.20037" {
			n++
		}
	}
	return n
}

func seeded(a strategytest.Account) ldaptest.Entry {
	e := person("seed-"+rand.Text(), rand.Text(), a.Password, nil)
	e.Attributes["uid"] = []string{a.Identifier}
	if strings.Contains(a.Identifier, "@") {
		e.Attributes["mail"] = []string{a.Identifier}
	}
	return e
}

// Embedders fill in the same struct as YAML users do.
func ExampleNewConfig() {
	c := ldap.NewConfig()
	c.Directory = ldap.ActiveDirectory
	c.URLs = []string{"ldaps://dc1.example.com", "ldaps://dc2.example.com"}
	c.BindDN, c.BindPassword = "authd@example.com", core.NewSecret("...")
	c.Users.BaseDN = "ou=staff,dc=example,dc=com"
	c.Groups.BaseDN = "ou=groups,dc=example,dc=com"
	fmt.Println(c.Validate())
	// Output: <nil>
}
