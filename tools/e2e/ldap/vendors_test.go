// Package ldap_test asks real directories: OpenLDAP, Samba's Active Directory
// and 389 Directory Server.
package ldap_test

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"strings"
	"sync/atomic"
	"testing"
	"time"
	"unicode/utf16"

	goldap "github.com/go-ldap/ldap/v3"

	"github.com/authd-go/authd/core"
	"github.com/authd-go/authd/core/identifier"
	"github.com/authd-go/authd/strategies/ldap"
	"github.com/authd-go/authd/strategies/strategytest"
	"github.com/authd-go/authd/tools/e2e/peers"
)

// vendor is one make of directory.
type vendor struct {
	peer string
	// config is how an operator would set it up, for everybody that it is
	// seeded with.
	config func(f peers.Facts) *ldap.Config
	// lenient switches off that wrong passwords lock.
	lenient goldap.ModifyRequest
	// person and group are entries of a test's own.
	person func(base, id string, a strategytest.Account) (*goldap.AddRequest, error)
	group  func(base, id string, members ...string) *goldap.AddRequest
	off    func(dn string) *goldap.ModifyRequest // switches an account off
	// rules are a password policy: eight characters at least, none of the last
	// ones again.
	rules []goldap.ModifyRequest
	due   func(dn string) []goldap.ModifyRequest // makes a password one that must be changed
}

func modify(dn, attribute string, values ...string) goldap.ModifyRequest {
	m := goldap.NewModifyRequest(dn, nil)
	m.Replace(attribute, values)
	return *m
}

func add(dn string, pairs ...string) *goldap.AddRequest {
	a := goldap.NewAddRequest(dn, nil)
	for i := 0; i+1 < len(pairs); i += 2 {
		a.Attribute(pairs[i], []string{pairs[i+1]})
	}
	return a
}

// inetOrgPerson is a person as OpenLDAP and 389 Directory Server have them.
func inetOrgPerson(base, id string, a strategytest.Account) (*goldap.AddRequest, error) {
	out := add("cn="+id+",ou=people,"+base, "objectClass", "inetOrgPerson", "cn", id, "sn", id, "uid", a.Identifier, "userPassword", a.Password)
	if strings.Contains(a.Identifier, "@") {
		out.Attribute("mail", []string{a.Identifier})
	}
	return out, nil
}

func groupOfNames(base, id string, members ...string) *goldap.AddRequest {
	out := add("cn="+id+",ou=groups,"+base, "objectClass", "groupOfNames", "cn", id)
	out.Attribute("member", members)
	return out
}

func vendors() []vendor {
	return []vendor{
		{
			peer: "slapd",
			config: func(f peers.Facts) *ldap.Config {
				c := common(f, ldap.OpenLDAP, f["LDAPS_URL"], "LDAP")
				c.Users.Disabled = ldap.Condition{Attribute: "employeeType", Values: []string{"disabled"}}
				return c
			},
			lenient: modify("cn=default,ou=policies,dc=example,dc=org", "pwdLockout", "FALSE"),
			person:  inetOrgPerson, group: groupOfNames,
			off: func(dn string) *goldap.ModifyRequest {
				m := modify(dn, "employeeType", "disabled")
				return &m
			},
			// Its rules are seeded.
			due: func(dn string) []goldap.ModifyRequest { return []goldap.ModifyRequest{modify(dn, "pwdReset", "TRUE")} },
		},
		{
			peer: "samba",
			config: func(f peers.Facts) *ldap.Config {
				c := common(f, ldap.ActiveDirectory, f["ADS_URL"], "AD")
				c.Groups.BaseDN = f["AD_BASE_DN"]
				return c
			},
			lenient: modify("DC=ad,DC=example,DC=org", "lockoutThreshold", "0"),
			person: func(base, id string, a strategytest.Account) (*goldap.AddRequest, error) {
				out := add("CN="+id+",OU=people,"+base, "objectClass", "user", "userAccountControl", "512", "unicodePwd", quoted(a.Password))
				if strings.Contains(a.Identifier, "@") {
					out.Attribute("mail", []string{a.Identifier})
					out.Attribute("sAMAccountName", []string{id})
				} else {
					out.Attribute("sAMAccountName", []string{a.Identifier})
				}
				return out, nil
			},
			group: func(base, id string, members ...string) *goldap.AddRequest {
				out := add("CN="+id+",OU=groups,"+base, "objectClass", "group", "sAMAccountName", id)
				out.Attribute("member", members)
				return out
			},
			off: func(dn string) *goldap.ModifyRequest {
				m := modify(dn, "userAccountControl", "514")
				return &m
			},
			rules: []goldap.ModifyRequest{
				modify("DC=ad,DC=example,DC=org", "minPwdLength", "8"), modify("DC=ad,DC=example,DC=org", "pwdHistoryLength", "3"),
			},
			due: func(dn string) []goldap.ModifyRequest { return []goldap.ModifyRequest{modify(dn, "pwdLastSet", "0")} },
		},
		{
			peer:    "ds389",
			config:  func(f peers.Facts) *ldap.Config { return common(f, ldap.DS389, f["LDAPS_URL"], "LDAP") },
			lenient: modify("cn=config", "passwordLockout", "off"),
			person:  inetOrgPerson, group: groupOfNames,
			off: func(dn string) *goldap.ModifyRequest {
				m := modify(dn, "nsAccountLock", "true")
				return &m
			},
			rules: []goldap.ModifyRequest{
				modify("cn=config", "passwordCheckSyntax", "on"), modify("cn=config", "passwordMinLength", "8"),
				modify("cn=config", "passwordMinCategories", "1"), modify("cn=config", "passwordHistory", "on"),
				modify("cn=config", "passwordMinTokenLength", "64"), modify("cn=config", "passwordMustChange", "off"),
			},
			// This is how it marks what an administrator has set, while that is to be changed.
			due: func(dn string) []goldap.ModifyRequest {
				return []goldap.ModifyRequest{
					modify("cn=config", "passwordMustChange", "on"), modify(dn, "passwordExpirationTime", "19700101000000Z"),
				}
			},
		},
	}
}

// quoted is a password as Active Directory's unicodePwd has it (MS-ADTS, section 3.1.1.3.1.5).
func quoted(password string) string {
	var out []byte
	for _, unit := range utf16.Encode([]rune(`"` + password + `"`)) {
		out = binary.LittleEndian.AppendUint16(out, unit)
	}
	return string(out)
}

func common(f peers.Facts, directory, url, prefix string) *ldap.Config {
	c := ldap.NewConfig()
	c.Directory, c.URLs = directory, []string{url}
	c.TLS.CAFile = f[prefix+"_CA_FILE"]
	c.BindDN, c.BindPassword = f[prefix+"_BIND_DN"], core.NewSecret(f[prefix+"_BIND_PASSWORD"])
	c.Users.BaseDN, c.Groups.BaseDN = f[prefix+"_PEOPLE_DN"], f[prefix+"_GROUPS_DN"]
	return c
}

// writable is config with passwords that are written, those of others by an
// account that may.
func (v vendor) writable(f peers.Facts) *ldap.Config {
	c := v.config(f)
	c.Passwords.Change, c.Passwords.Reset = true, true
	c.Passwords.BindDN, c.Passwords.BindPassword = f["LDAP_MANAGER_DN"], core.NewSecret(f["LDAP_MANAGER_PASSWORD"])
	if v.peer == "samba" {
		c.Passwords.BindDN, c.Passwords.BindPassword = f["AD_ADMIN_DN"], core.NewSecret(f["AD_ADMIN_PASSWORD"])
	}
	return c
}

// apply changes the directory.
func apply(t *testing.T, admin *goldap.Conn, changes ...goldap.ModifyRequest) {
	t.Helper()
	if err := changeAll(admin, changes...); err != nil {
		t.Fatal(err)
	}
}

func changeAll(admin *goldap.Conn, changes ...goldap.ModifyRequest) error {
	for _, m := range changes {
		if err := admin.Modify(&m); err != nil {
			return fmt.Errorf("%s: %w", m.DN, err)
		}
	}
	return nil
}

// admin is a connection that may change the directory.
func (v vendor) admin(t *testing.T, f peers.Facts) *goldap.Conn {
	t.Helper()
	url, prefix := f["LDAPS_URL"], "LDAP"
	if v.peer == "samba" {
		url, prefix = f["ADS_URL"], "AD"
	}
	conn, err := goldap.DialURL(url, goldap.DialWithTLSConfig(trust(t, f[prefix+"_CA_FILE"])))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	if err := conn.Bind(f[prefix+"_ADMIN_DN"], f[prefix+"_ADMIN_PASSWORD"]); err != nil {
		t.Fatal(err)
	}
	return conn
}

func env() core.Env {
	return core.Env{Name: "staff", Log: slog.New(slog.DiscardHandler), Now: time.Now}
}

func open(t testing.TB, c *ldap.Config) core.Strategy {
	t.Helper()
	return openWith(t, c, env())
}

func openWith(t testing.TB, c *ldap.Config, e core.Env) core.Strategy {
	t.Helper()
	if err := c.Validate(); err != nil {
		t.Fatal(err)
	}
	s, err := c.Open(t.Context(), e)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

// login signs in as the house does, with the canonical form of what was typed.
func login(ctx context.Context, s core.Strategy, typed, password string) (core.Identity, error) {
	canonical, err := identifier.Canonical(typed)
	if err != nil {
		return core.Identity{}, fmt.Errorf("%q has no canonical form: %w", typed, err)
	}
	return s.Authenticator.Authenticate(ctx, core.Credentials{Identifier: canonical, Typed: typed, Password: core.NewSecret(password)})
}

// sambaAddresses hands out loopback addresses, by which instances differ.
var sambaAddresses atomic.Int32

func start(t *testing.T, v vendor, settings ...string) peers.Facts {
	t.Helper()
	if v.peer == "samba" {
		settings = append(settings, fmt.Sprintf("SAMBA_ADDR=127.%d.%d.%d", 10+os.Getpid()>>8&0x3f, os.Getpid()&0xff, 2+sambaAddresses.Add(1)))
	}
	return peers.Start(t, v.peer, settings...)
}

// eachVendor runs a test against a directory of each make, in parallel: what it
// was started with, and a connection that may change it.
func eachVendor(t *testing.T, test func(t *testing.T, v vendor, f peers.Facts, admin *goldap.Conn)) {
	t.Helper()
	for _, v := range vendors() {
		t.Run(v.peer, func(t *testing.T) {
			t.Parallel()
			f := start(t, v)
			test(t, v, f, v.admin(t, f))
		})
	}
}

// TestConformance runs the suite against each directory. Every rule has a
// branch of its own.
func TestConformance(t *testing.T) {
	eachVendor(t, func(t *testing.T, v vendor, f peers.Facts, admin *goldap.Conn) {
		apply(t, admin, v.lenient)
		number := 0
		strategytest.Run(t, strategytest.Harness{
			Weak:     "short",
			Want:     []core.Capability{core.CanRecover, core.CanChangePassword, core.CanLogin, core.CanRevalidate, core.CanPermissions, core.CanIdentity, core.CanPicture},
			Patience: 15 * time.Second,
			Open: func(ctx context.Context, e core.Env) (*strategytest.Backend, error) {
				number++
				return (&branch{vendor: v, facts: f, admin: admin, number: number}).open(ctx, t, e)
			},
		})
	})
}

// branch is what one rule has of a directory.
type branch struct {
	vendor
	facts  peers.Facts
	admin  *goldap.Conn
	number int
	people int
	dns    map[string]string // by identifier
}

func (b *branch) base() string {
	suffix := b.facts["LDAP_BASE_DN"] + b.facts["AD_BASE_DN"]
	return fmt.Sprintf("OU=rule%d,%s", b.number, suffix)
}

func (b *branch) open(ctx context.Context, t *testing.T, e core.Env) (*strategytest.Backend, error) {
	b.dns = map[string]string{}
	if err := changeAll(b.admin, b.rules...); err != nil {
		return nil, err
	}
	account := strategytest.Account{Identifier: fmt.Sprintf("john%d@example.com", b.number), Password: "John's own secret 1"}
	for _, unit := range []string{b.base(), "OU=people," + b.base(), "OU=groups," + b.base()} {
		if err := b.admin.Add(add(unit, "objectClass", "organizationalUnit")); err != nil {
			return nil, fmt.Errorf("add %s: %w", unit, err)
		}
	}
	if err := b.seed(ctx, account); err != nil {
		return nil, err
	}
	dn := b.dns[account.Identifier]
	if err := b.admin.Add(b.group(b.base(), fmt.Sprintf("dev%d", b.number), dn)); err != nil {
		return nil, err
	}
	c := b.writable(b.facts)
	c.Users.BaseDN, c.Groups.BaseDN = "OU=people,"+b.base(), "OU=groups,"+b.base()
	host := strings.TrimPrefix(c.URLs[0], "ldaps://")
	if !strings.Contains(host, ":") {
		host += ":636"
	}
	proxy := peers.Proxy(t, host)
	c.URLs, c.TLS.ServerName = []string{"ldaps://" + proxy.Listen}, strings.Split(host, ":")[0]
	c.AttemptTimeout = 2 * time.Second
	s, err := c.Open(ctx, e)
	if err != nil {
		return nil, err
	}
	return &strategytest.Backend{
		Strategy: s, Account: account,
		Secrets: []string{c.BindPassword.Reveal(), c.Passwords.BindPassword.Reveal()},
		Seed:    b.seed,
		Disable: func(_ context.Context, identifier string) error { return b.admin.Modify(b.off(b.dns[identifier])) },
		MustChange: func(_ context.Context, identifier string) error {
			return changeAll(b.admin, b.due(b.dns[identifier])...)
		},
		Break:  proxy.Stop,
		Hang:   func() { peers.Toxic(t, proxy, `{"type":"timeout","attributes":{"timeout":0}}`) },
		Reopen: func(ctx context.Context) (core.Strategy, error) { return c.Open(ctx, e) },
		Close:  func() error { proxy.Stop(); return nil },
	}, nil
}

func (b *branch) seed(_ context.Context, a strategytest.Account) error {
	b.people++
	entry, err := b.person(b.base(), fmt.Sprintf("p%dx%d", b.number, b.people), a)
	if err != nil {
		return err
	}
	b.dns[a.Identifier] = entry.DN
	err = b.admin.Add(entry)
	var answer *goldap.Error
	if errors.As(err, &answer) && (answer.ResultCode == goldap.LDAPResultInvalidAttributeSyntax || answer.ResultCode == goldap.LDAPResultUnwillingToPerform || answer.ResultCode == goldap.LDAPResultConstraintViolation) {
		return fmt.Errorf("%w: the directory takes no such account: %w", strategytest.ErrNotApplicable, err)
	}
	return err
}
