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

// TestConformance runs the suite over a directory in this process.
func TestConformance(t *testing.T) {
	strategytest.Run(t, strategytest.Harness{
		Want: []core.Capability{core.CanLogin, core.CanRevalidate, core.CanPermissions, core.CanIdentity, core.CanPicture},
		Open: func(ctx context.Context, e core.Env) (*strategytest.Backend, error) {
			d := directory()
			server := ldaptest.Start(t, d)
			c := config(server)
			c.Users.Disabled = ldap.Condition{Attribute: "employeeType", Values: []string{"disabled"}}
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
// bind depends on how many connections there are.
func questions(seen []ldaptest.Seen) (n uint64) {
	for _, s := range seen {
		if s.Op != "bind" || s.Name != service {
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
