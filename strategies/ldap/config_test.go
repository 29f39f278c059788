package ldap_test

import (
	"testing"

	"github.com/authd-go/authd/core"
	"github.com/authd-go/authd/strategies/ldap"
)

func TestValidate(t *testing.T) {
	for _, c := range []struct {
		name   string
		change func(*ldap.Config)
		want   string
	}{
		{"good", func(*ldap.Config) {}, ""},
		{"each preset", func(c *ldap.Config) { c.Directory = ldap.FreeIPA }, ""},
		{"no server", func(c *ldap.Config) { c.URLs = nil }, "urls: is required: the directory's servers, such as ldaps://dc1.example.com"},
		{
			"two servers", func(c *ldap.Config) { c.URLs = []string{"https://x", "ldaps://user@dc2"} },
			"urls[0]: must begin with ldap://, ldaps://, ldap+srv:// or ldaps+srv://\nurls[1]: must hold no user or password; bindDN and bindPassword are for that",
		},
		{
			"plaintext", func(c *ldap.Config) { c.URLs = []string{"ldap://dc1.example.com"} },
			"urls[0]: would carry passwords unencrypted; write ldaps://, set startTLS, or set insecurePlaintext if that is meant",
		},
		{"plaintext, meant", func(c *ldap.Config) { c.URLs = []string{"ldap://dc1.example.com"}; c.InsecurePlaintext = true }, ""},
		{"plaintext, here", func(c *ldap.Config) { c.URLs = []string{"ldap://localhost", "ldap://[::1]:3890"} }, ""},
		{"by DNS", func(c *ldap.Config) {
			c.URLs = []string{"ldaps+srv://example.com", "ldaps+srv://_ldap._tcp.dc._msdcs.example.com:636"}
		}, ""},
		{"by DNS, StartTLS", func(c *ldap.Config) { c.URLs = []string{"ldap+srv://example.com"}; c.StartTLS = true }, ""},
		{
			"by DNS, plaintext", func(c *ldap.Config) { c.URLs = []string{"ldap+srv://localhost"} },
			"urls[0]: would carry passwords unencrypted to whatever DNS names; write ldaps+srv://, set startTLS, or set insecurePlaintext if that is meant",
		},
		{
			"by DNS, nothing to ask for", func(c *ldap.Config) { c.URLs = []string{"ldaps+srv://_ldap._tcp", "ldaps+srv://10.0.0.1"} },
			"urls[0]: must name a domain, such as example.com or _ldap._tcp.example.com, for which DNS is asked\n" +
				"urls[1]: must name a domain, such as example.com or _ldap._tcp.example.com, for which DNS is asked",
		},
		{"no port", func(c *ldap.Config) { c.URLs = []string{"ldaps://dc1:65536"} }, "urls[0]: names a port that is none"},
		{"no host", func(c *ldap.Config) { c.URLs = []string{"ldaps://dc 1"} }, "urls[0]: is no URL"},
		{"StartTLS", func(c *ldap.Config) { c.URLs = []string{"ldap://dc1.example.com"}; c.StartTLS = true }, ""},
		{"TLS twice", func(c *ldap.Config) { c.StartTLS = true }, "urls[0]: is ldaps, which begins with TLS; startTLS is for ldap:// only"},
		{"a path", func(c *ldap.Config) { c.URLs = []string{"ldaps://dc1/dc=example"} }, "urls[0]: must end after the host and port; users.baseDN says where to look"},
		{
			"directory", func(c *ldap.Config) { c.Directory = "ad" },
			`directory: is "ad", must be one of activeDirectory, ds389, freeipa, generic, openldap` + "\n" + "users.filter: must contain {username}\ngroups.filter: must contain {dn} or {username}",
		},
		{"no base", func(c *ldap.Config) { c.Users.BaseDN = "" }, "users.baseDN: is required: the entry below which people are, such as ou=people,dc=example,dc=com"},
		{"a base that is none", func(c *ldap.Config) { c.Users.BaseDN = "people" }, "users.baseDN: is no DN (RFC 4514), such as ou=people,dc=example,dc=com"},
		{"filter", func(c *ldap.Config) { c.Users.Filter = "(uid={username}" }, "users.filter: is no LDAP filter (RFC 4515): unexpected end of filter"},
		{"no placeholder", func(c *ldap.Config) { c.Users.Filter = "(uid=alice)" }, "users.filter: must contain {username}"},
		{"bind", func(c *ldap.Config) { c.Users.Bind = "uid=x,dc=example" }, "users.bind: must contain {username}"},
		{"password without a name", func(c *ldap.Config) { c.BindDN = "" }, "bindPassword: belongs to bindDN: set both, or neither for anonymous lookups"},
		{"nested", func(c *ldap.Config) { c.Groups.Nested = "yes" }, "groups.nested: must be one of none, walk, inChain, tokenGroups"},
		{
			"nested without a base", func(c *ldap.Config) { c.Groups.BaseDN = ""; c.Groups.Nested = "walk" },
			"groups.nested: needs groups.baseDN; without it the user's memberOf is taken as it is",
		},
		{
			"bounds", func(c *ldap.Config) { c.Pool.Size = 0; c.Groups.MaxDepth = 1000; c.AttemptTimeout = 0 },
			"groups.maxDepth: is 1000, must be from 1 to 100\npool.size: is 0, must be from 1 to 1000\nattemptTimeout: must be positive",
		},
		{"TLS version", func(c *ldap.Config) { c.TLS.MinVersion = "1.1" }, `tls.minVersion: must be "1.2" or "1.3"`},
		{"passwords", func(c *ldap.Config) { c.Passwords.Change, c.Passwords.Reset = true, true }, ""},
		{"a method of one's own", func(c *ldap.Config) { c.Passwords.Method = "plain" }, "passwords.method: must be one of extended, unicodePwd, userPassword"},
		{"half a setter", func(c *ldap.Config) { c.Passwords.BindDN = "cn=manager" }, "passwords.bindPassword: belongs to passwords.bindDN: set both, or neither for the account that looks people up"},
		{"nobody resets", func(c *ldap.Config) {
			c.BindDN, c.BindPassword, c.Passwords.Reset = "", core.Secret{}, true
		}, "passwords.reset: needs an account that may set passwords: passwords.bindDN, or bindDN"},
		{"nobody changes for those who cannot bind", func(c *ldap.Config) {
			c.Directory, c.BindDN, c.BindPassword, c.Passwords.Change = ldap.ActiveDirectory, "", core.Secret{}, true
		}, "passwords.change: needs bindDN: Active Directory lets nobody bind whose password must be changed, so that the service makes the change"},
		{"unicodePwd in the clear", func(c *ldap.Config) {
			c.Directory, c.URLs, c.Passwords.Change = ldap.ActiveDirectory, []string{"ldap://127.0.0.1"}, true
		}, "urls[0]: must be ldaps://, or startTLS be set: passwords are written as unicodePwd, which servers take over TLS only"},
		{"unicodePwd in the clear, read only", func(c *ldap.Config) {
			c.Directory, c.URLs = ldap.ActiveDirectory, []string{"ldap://127.0.0.1"}
		}, ""},
		{"half a pair", func(c *ldap.Config) { c.TLS.KeyFile = "x" }, "tls: certFile and keyFile belong together"},
		{"half a condition", func(c *ldap.Config) { c.Users.Disabled.Attribute = "x" }, "users.disabled: attribute and values belong together"},
	} {
		conf := ldap.NewConfig()
		conf.URLs = []string{"ldaps://dc1.example.com"}
		conf.BindDN, conf.BindPassword = service, core.NewSecret(servicePW)
		conf.Users.BaseDN, conf.Groups.BaseDN = people, base
		c.change(conf)
		got := ""
		if err := conf.Validate(); err != nil {
			got = err.Error()
		}
		if got != c.want {
			t.Errorf("%s:\n%s\nwant\n%s", c.name, got, c.want)
		}
	}
}

func TestFilesOfTLS(t *testing.T) {
	for path, change := range map[string]func(*ldap.TLS){
		"tls.caFile":   func(c *ldap.TLS) { c.CAFile = "testdata/no-such-file" },
		"tls.certFile": func(c *ldap.TLS) { c.CertFile, c.KeyFile = "config_test.go", "config_test.go" },
	} {
		conf := config()
		conf.URLs = []string{"ldaps://dc1.example.com"}
		change(&conf.TLS)
		_, err := conf.Open(t.Context(), env())
		if p, ok := err.(core.Problem); !ok || p.Path != path { //nolint:errorlint // a Problem is returned as it is
			t.Errorf("%s: %v", path, err)
		}
	}
}
