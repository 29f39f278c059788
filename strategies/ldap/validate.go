package ldap

import (
	"fmt"
	"slices"
	"strings"

	"github.com/go-ldap/ldap/v3"

	"github.com/authd-go/authd/core"
	"github.com/authd-go/authd/strategies/ldap/directory"
)

// Validate returns core.Problems for everything that is wrong with the options.
// It reads no file and asks no server.
func (c *Config) Validate() error {
	var problems core.Problems
	if _, ok := presets()[c.Directory]; !ok {
		problems.Add("directory", fmt.Sprintf("is %q, must be one of %s", c.Directory, strings.Join(directories(), ", ")))
	}
	c.checkServers(&problems)
	c.checkTLS(&problems)
	c.checkUsers(&problems)
	c.checkGroups(&problems)
	if (c.BindDN == "") != c.BindPassword.Empty() {
		problems.Add("bindPassword", "belongs to bindDN: set both, or neither for anonymous lookups")
	}
	c.checkPasswords(&problems)
	c.checkBounds(&problems)
	return problems.Err()
}

func (c *Config) checkServers(problems *core.Problems) {
	if len(c.URLs) == 0 {
		problems.Add("urls", "is required: the directory's servers, such as ldaps://dc1.example.com")
	}
	for i, text := range c.URLs {
		path := fmt.Sprintf("urls[%d]", i)
		a, err := directory.ParseURL(text)
		switch {
		case err != nil:
			problems.Add(path, err.Error())
		case a.TLS && c.StartTLS:
			problems.Add(path, "is ldaps, which begins with TLS; startTLS is for ldap:// only")
		case a.SRV != "" && !a.TLS && !c.StartTLS && !c.InsecurePlaintext:
			problems.Add(path, "would carry passwords unencrypted to whatever DNS names; write ldaps+srv://, set startTLS, or set insecurePlaintext if that is meant")
		case !a.TLS && !c.StartTLS && !a.Loopback() && !c.InsecurePlaintext:
			problems.Add(path, "would carry passwords unencrypted; write ldaps://, set startTLS, or set insecurePlaintext if that is meant")
		}
	}
}

func (c *Config) checkTLS(problems *core.Problems) {
	if !slices.Contains([]string{"1.2", "1.3"}, c.TLS.MinVersion) {
		problems.Add("tls.minVersion", `must be "1.2" or "1.3"`)
	}
	if (c.TLS.CertFile == "") != (c.TLS.KeyFile == "") {
		problems.Add("tls", "certFile and keyFile belong together")
	}
}

func (c *Config) checkUsers(problems *core.Problems) {
	users := c.complete().Users
	checkDN(problems, "users.baseDN", users.BaseDN)
	if users.BaseDN == "" {
		problems.Add("users.baseDN", "is required: the entry below which people are, such as ou=people,dc=example,dc=com")
	}
	if !slices.Contains([]string{"sub", "one"}, users.Scope) {
		problems.Add("users.scope", "must be sub or one")
	}
	problems.Merge("users.filter", filterTemplate(users.Filter).check(placeUsername))
	if users.Bind != "" {
		problems.Merge("users.bind", bindTemplate(users.Bind).check())
	}
	if (users.Disabled.Attribute == "") != (len(users.Disabled.Values) == 0) {
		problems.Add("users.disabled", "attribute and values belong together")
	}
}

func (c *Config) checkGroups(problems *core.Problems) {
	groups := c.complete().Groups
	checkDN(problems, "groups.baseDN", groups.BaseDN)
	if groups.BaseDN != "" {
		problems.Merge("groups.filter", filterTemplate(groups.Filter).check(placeDN, placeUsername))
	}
	nested := []string{NestedNone, NestedWalk, NestedInChain, NestedTokenGroups}
	switch {
	case groups.Nested != "" && !slices.Contains(nested, groups.Nested):
		problems.Add("groups.nested", "must be one of "+strings.Join(nested, ", "))
	case c.Groups.BaseDN == "" && c.Groups.Nested != "" && c.Groups.Nested != NestedNone:
		problems.Add("groups.nested", "needs groups.baseDN; without it the user's memberOf is taken as it is")
	}
}

func (c *Config) checkPasswords(problems *core.Problems) {
	p := c.complete().Passwords
	methods := []string{MethodExtended, MethodUnicodePwd, MethodUserPassword}
	if !slices.Contains(methods, p.Method) {
		problems.Add("passwords.method", "must be one of "+strings.Join(methods, ", "))
	}
	if (p.BindDN == "") != p.BindPassword.Empty() {
		problems.Add("passwords.bindPassword", "belongs to passwords.bindDN: set both, or neither for the account that looks people up")
	}
	switch {
	case !p.Change && !p.Reset:
		return
	case p.Reset && p.BindDN == "" && c.BindDN == "":
		problems.Add("passwords.reset", "needs an account that may set passwords: passwords.bindDN, or bindDN")
	case p.Change && p.Method == MethodUnicodePwd && c.BindDN == "":
		problems.Add("passwords.change", "needs bindDN: Active Directory lets nobody bind whose password must be changed, so that the service makes the change")
	}
	if p.Method == MethodUnicodePwd {
		c.checkEncrypted(problems)
	}
}

// checkEncrypted: Active Directory takes unicodePwd on encrypted connections
// only, from the same machine too (MS-ADTS, section 3.1.1.3.1.5).
func (c *Config) checkEncrypted(problems *core.Problems) {
	for i, text := range c.URLs {
		if a, err := directory.ParseURL(text); err == nil && !a.TLS && !c.StartTLS {
			problems.Add(fmt.Sprintf("urls[%d]", i), "must be ldaps://, or startTLS be set: passwords are written as unicodePwd, which servers take over TLS only")
		}
	}
}

func (c *Config) checkBounds(problems *core.Problems) {
	for _, b := range []struct {
		path                   string
		value, least, greatest int
	}{
		{"groups.maxDepth", c.Groups.MaxDepth, 1, 100},
		{"groups.maxGroups", c.Groups.MaxGroups, 1, 100_000},
		{"pool.size", c.Pool.Size, 1, 1000},
	} {
		if b.value < b.least || b.value > b.greatest {
			problems.Add(b.path, fmt.Sprintf("is %d, must be from %d to %d", b.value, b.least, b.greatest))
		}
	}
	if c.AttemptTimeout <= 0 {
		problems.Add("attemptTimeout", "must be positive")
	}
	if c.Pool.IdleTimeout <= 0 {
		problems.Add("pool.idleTimeout", "must be positive")
	}
	if c.Pool.MaxLife <= 0 {
		problems.Add("pool.maxLife", "must be positive")
	}
}

func checkDN(problems *core.Problems, path, dn string) {
	if _, err := ldap.ParseDN(dn); err != nil {
		problems.Add(path, "is no DN (RFC 4514), such as ou=people,dc=example,dc=com")
	}
}
