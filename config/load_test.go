package config_test

import (
	"log/slog"
	"net/netip"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	authd "github.com/authd-go/authd"
	"github.com/authd-go/authd/config"
	"github.com/authd-go/authd/core"
	"github.com/authd-go/authd/core/onerror"
	"github.com/authd-go/authd/core/session"
)

// mustLoad loads a text that nothing is wrong with.
func mustLoad(t testing.TB, text string) *config.Config {
	t.Helper()
	c, err := load(t, text)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

const minimal = `
strategies: {members: {type: local}}
methods: {login: {use: members}}
`

func TestDefaults(t *testing.T) {
	c := mustLoad(t, minimal)
	want := config.Default()
	want.Strategies, want.Methods.Login.Use = c.Strategies, authd.Names("members")
	want.Server.PublicURL = c.Server.PublicURL
	if got := c.Server.PublicURL.String(); got != "http://localhost:8080" {
		t.Errorf("the public URL is %s", got)
	}
	if !reflect.DeepEqual(c.Options(), want.Options()) || !reflect.DeepEqual(c.Server, want.Server) ||
		!reflect.DeepEqual(c.Session, want.Session) || c.Log != want.Log || c.Hashing != want.Hashing || c.Audit != want.Audit || c.Store != want.Store || c.SecretFile != want.SecretFile {
		t.Errorf("got  %+v\nwant %+v", c, want)
	}
}

// everything sets every key of the house, and most of those of the kinds.
const everything = `
# env: HOST=auth.example.com
# file: secrets/bind=hunter2
server:
  listen: ":8443"
  publicURL: "https://${env:HOST}"
  trustedProxies: [10.0.0.0/8, 192.0.2.7, "::1"]
  cors: {allowedOrigins: ["https://App.example.com:443/"]}
  shutdownTimeout: 1m
secretFile: /run/secrets/authd
store: {url: "sqlite:/var/lib/authd/authd.db"}
session:
  accessTTL: 5m
  idleTTL: 1d
  maxTTL: 30d12h
  refreshGrace: 0
  rotation: graceOnly
  keyRotation: 24h
  transports: [cookie]
  cookieSameSite: strict
  audience: api
  claims: []
throttle: {freeTries: 3, networkTries: 30, firstDelay: 2s, maxDelay: 1h, trustFor: 7d, insecureOff: true}
hashing: {workers: 3, queue: 64}
audit: {keep: 30d}
log: {level: debug, format: json}
strategies:
  my-staff:
    type: ldap
    label: Staff
    accepts: ["*@example.com"]
    roles: {map: {"cn=admins,ou=groups,dc=example,dc=com": admin}, default: [staff]}
    trustEmail: true
    timeout: 3s
    urls: [ldaps://dc1.example.com]
    bindPasswordFile: secrets/bind
    pool: 0
    insecureTLS: true
    since: "2026-11-20T00:00:00Z"
    extra: {list: [1, two, 2.5, true, null], more: {quoted: "1"}}
  members: {type: local, hash: {bcryptCost: 11}, ratio: 0.5, small: 255, strict: false}
  demo: {type: mock, insecureAllowMock: true, users: [{email: john@mail.com, password: "d$${x}", roles: [admin]}]}
methods:
  login: {use: [{strategy: my-staff, onUnknown: next, onUnavailable: stop}, members, demo], redirectTo: null, failureRedirectTo: '/login?failed'}
  check: {redirectTo: https://app.example.com/login, logout: false}
  register: {use: members}
  updatePassword: {use: [session, members]}
  onError: {rules: [{status: [401, "419", 5xx], refresh: true}, {status: 404-410, redirectTo: ~}]}
  refresh: {aliases: []}
redirects: {allowedOrigins: [https://app.example.com]}
messages: {invalid_credentials: {name: "No"}}
`

func TestEverything(t *testing.T) {
	c := mustLoad(t, everything)
	staff := c.Strategies["my-staff"]
	ldap, ok := staff.Config.(*ldapConfig)
	if !ok {
		t.Fatalf("staff is %T", staff.Config)
	}
	local, mock := c.Strategies["members"].Config.(*localConfig), c.Strategies["demo"].Config.(*mockConfig)
	for _, v := range []struct{ got, want any }{
		{c.Server.Listen, ":8443"},
		{c.Server.PublicURL.String(), "https://auth.example.com"},
		{c.Server.TrustedProxies, []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("192.0.2.7/32"), netip.MustParsePrefix("::1/128")}},
		{c.Server.CORS.AllowedOrigins, []string{"https://app.example.com"}},
		{c.Server.ShutdownTimeout, time.Minute},
		{c.SecretFile, "/run/secrets/authd"},
		{c.Store.URL, "sqlite:/var/lib/authd/authd.db"},
		{c.Session, config.Session{
			Lifetimes: session.Lifetimes{AccessTTL: 5 * time.Minute, IdleTTL: 24 * time.Hour, MaxTTL: 732 * time.Hour},
			Rotation:  session.RotateGraceOnly, KeyRotation: 24 * time.Hour, Transports: []config.Transport{config.TransportCookie},
			CookieSameSite: config.SameSiteStrict, Audience: "api", Claims: []string{},
		}},
		{c.Throttle, authd.ThrottleSettings{
			FreeTries: 3, NetworkTries: 30, FirstDelay: 2 * time.Second, MaxDelay: time.Hour, TrustFor: 168 * time.Hour, InsecureOff: true,
		}},
		{c.Hashing, config.Hashing{Workers: 3, Queue: 64}},
		{c.Audit, config.Audit{Keep: 30 * 24 * time.Hour}},
		{c.Log, config.Log{Level: slog.LevelDebug, Format: config.LogJSON}},
		{staff.Kind, "ldap"},
		{staff.Label, "Staff"},
		{staff.Accepts, []string{"*@example.com"}},
		{staff.Roles.Map, map[string]string{"cn=admins,ou=groups,dc=example,dc=com": "admin"}},
		{staff.Roles.Default, []string{"staff"}},
		{staff.TrustEmail, true},
		{staff.Timeout, 3 * time.Second},
		{ldap.BindPassword.Reveal(), "hunter2"},
		{ldap.Pool, 0},
		{ldap.DialTimeout, 5 * time.Second},
		{ldap.Since, time.Date(2026, 11, 20, 0, 0, 0, 0, time.UTC)},
		{ldap.Extra, map[string]any{
			"kept": "yes", "list": []any{int64(1), "two", 2.5, true, nil}, "more": map[string]any{"quoted": "1"},
		}},
		{local.Hash.BcryptCost, 11},
		{local.Register, true},
		{local.Ratio, 0.5},
		{local.Small, uint8(255)},
		{*local.Strict, false},
		{mock.Users[0].Password.Reveal(), "d${x}"},
		{mock.Users[0].Roles, []string{"admin"}},
		{c.Methods.Login, authd.Route{
			Use:               authd.Use{{Strategy: "my-staff", OnUnknown: "next", OnUnavailable: "stop"}, {Strategy: "members"}, {Strategy: "demo"}},
			FailureRedirectTo: "/login?failed",
		}},
		{c.Methods.Check, authd.CheckRoute{RedirectTo: "https://app.example.com/login"}},
		{c.Methods.Logout, authd.DefaultMethods().Logout},
		{c.Methods.Register.Use, authd.Names("members")},
		{c.Methods.UpdatePassword.Use, authd.Names("session", "members")},
		{c.Methods.OnError.Rules, onerror.Table{
			{Status: onerror.Statuses{{First: 401, Last: 401}, {First: 419, Last: 419}, {First: 500, Last: 599}}, Refresh: true},
			{Status: onerror.Statuses{{First: 404, Last: 410}}},
		}},
		{c.Methods.Refresh.Aliases, []string{}},
		{c.Messages, core.Messages{core.InvalidCredentials: {Name: "No"}}},
		{c.Insecure, []string{"strategies.demo.insecureAllowMock", "strategies.my-staff.insecureTLS", "throttle.insecureOff"}},
		{c.Options().RedirectOrigins, []string{"https://app.example.com"}},
		{len(c.Warnings), 0},
	} {
		if !reflect.DeepEqual(v.got, v.want) {
			t.Errorf("got %#v, want %#v", v.got, v.want)
		}
	}
}

// TestPrecedence sets one key in more and more places.
func TestPrecedence(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	s := config.Sources{Kinds: kinds(), Defaults: config.Document{Name: "demo.yaml", Text: []byte(minimal)}}
	first, second := write("a.yaml", "\nsession: {accessTTL: 2m}"), write("b.yaml", "session:\n  idleTTL: 5h\n  accessTTL: 3m")
	for _, layer := range []struct {
		name   string
		add    func()
		want   time.Duration
		origin string
	}{
		{"default", func() {}, 10 * time.Minute, "default"},
		{"document", func() { s.Defaults.Text = []byte(minimal + "session: {accessTTL: 1m}\n") }, time.Minute, "demo.yaml:4:22"},
		{"file", func() { s.Files = []string{first} }, 2 * time.Minute, first + ":2:22"},
		{"second file", func() { s.Files = []string{first, second} }, 3 * time.Minute, second + ":3:14"},
		{"variable", func() { s.Env = []string{"AUTHD_SESSION__ACCESS_TTL=4m"} }, 4 * time.Minute, "AUTHD_SESSION__ACCESS_TTL"},
		{"flag", func() { s.Flags = map[string]string{"session.accessTTL": "5m"} }, 5 * time.Minute, "--set session.accessTTL"},
		{"named flag", func() { s.FlagNames = map[string]string{"session.accessTTL": "--access-ttl"} }, 5 * time.Minute, "--access-ttl"},
	} {
		layer.add()
		c, err := config.Load(t.Context(), s)
		if err != nil {
			t.Fatalf("%s: %v", layer.name, err)
		}
		origin, ok := c.Origin("session.accessTTL")
		if c.Session.AccessTTL != layer.want || origin != layer.origin || !ok {
			t.Errorf("%s: got %v from %q, want %v from %q", layer.name, c.Session.AccessTTL, origin, layer.want, layer.origin)
		}
	}
}

func TestOrigin(t *testing.T) {
	c := mustLoad(t, "strategies:\n  members: {type: local, common: [a, b]}\nmethods: {login: {use: members}}\n# env: AUTHD_LOG__FORMAT=json\n")
	for key, want := range map[string]string{
		"strategies.members":                 "authd.yaml:2:3",
		"strategies.members.type":            "authd.yaml:2:19",
		"strategies.members.common[1]":       "authd.yaml:2:38",
		"strategies.members.hash.bcryptCost": "default",
		"methods.login.use":                  "authd.yaml:3:24",
		"server.publicURL":                   "default",
		"messages.locked.name":               "default",
		"log.format":                         "AUTHD_LOG__FORMAT",
	} {
		if got, ok := c.Origin(key); got != want || !ok {
			t.Errorf("%s: got %q, %v; want %q", key, got, ok, want)
		}
	}
	if source, ok := c.Origin("session.acessTTL"); ok {
		t.Errorf("a key that is none comes from %q", source)
	}
}

// TestLayersMerge says what happens to blocks, lists and nulls.
func TestLayersMerge(t *testing.T) {
	files := map[string]string{
		"one": "strategies: {members: {type: local, label: One, hash: {bcryptCost: 11}, common: [a, b]}, staff: {type: ldap, urls: [x], bindPassword: old}}\nmethods: {login: {use: [members, staff]}}\nsession: {accessTTL: 1m}\n",
		"two": "strategies: {members: {label: Two, common: [c], hash: }, staff: {bindPasswordFile: new}}\nmethods: {login: {use: staff}}\nsession:\n# all of it is commented out\n",
		"new": "fresh\n",
	}
	c, err := config.Load(t.Context(), config.Sources{
		Files: []string{"one", "two"}, Kinds: kinds(),
		ReadFile: func(path string) ([]byte, error) { return []byte(files[path]), nil },
	})
	if err != nil {
		t.Fatal(err)
	}
	members, staff := c.Strategies["members"], c.Strategies["staff"].Config.(*ldapConfig)
	local := members.Config.(*localConfig)
	if members.Label != "Two" || local.Hash.BcryptCost != 11 || !slices.Equal(local.Common, []string{"c"}) {
		t.Errorf("blocks merge and lists do not: %+v", local)
	}
	if staff.BindPassword.Reveal() != "fresh" {
		t.Error("the later file's form of a secret wins")
	}
	if len(c.Methods.Login.Use) != 1 || c.Session.AccessTTL != time.Minute {
		t.Errorf("got %+v, %v", c.Methods.Login.Use, c.Session.AccessTTL)
	}
}

func TestAliasesAndMergeKeys(t *testing.T) {
	c := mustLoad(t, `
strategies:
  one: &base {type: ldap, label: One, urls: &urls [x, y], pool: 1}
  two: {<<: *base, label: Two}
  three: {<<: [{pool: 3}, *base], urls: *urls}
methods: {login: {use: [one, two, three]}}
`)
	for name, want := range map[string]struct {
		label string
		pool  int
	}{"one": {"One", 1}, "two": {"Two", 1}, "three": {"One", 3}} {
		s := c.Strategies[name]
		own := s.Config.(*ldapConfig)
		if s.Label != want.label || own.Pool != want.pool || !slices.Equal(own.URLs, []string{"x", "y"}) {
			t.Errorf("%s: %s, %d, %v", name, s.Label, own.Pool, own.URLs)
		}
	}
}

func TestDataDir(t *testing.T) {
	s := config.Sources{Kinds: kinds(), Defaults: config.Document{Text: []byte(minimal)}, DataDir: "/data"}
	c, err := config.Load(t.Context(), s)
	if err != nil {
		t.Fatal(err)
	}
	if c.SecretFile != "/data/authd.secret" || c.Store.URL != "sqlite:/data/authd.db" {
		t.Errorf("got %s and %s", c.SecretFile, c.Store.URL)
	}
}

// TestRelativePaths are relative to the file that names them.
func TestRelativePaths(t *testing.T) {
	texts := map[string]string{
		"/etc/authd/authd.yaml": "secretFile: keys/main\nstore: {url: sqlite:authd.db}\nstrategies: {staff: {type: ldap, urls: [x], bindDN: '${file:dn}', bindPasswordFile: keys/bind}}\nmethods: {login: {use: staff}}\n",
		"/etc/authd/keys/bind":  "one\r\n",
		"/etc/authd/dn":         "cn=x\n\n",
		"here":                  "two",
	}
	s := config.Sources{Files: []string{"/etc/authd/authd.yaml"}, Kinds: kinds(), ReadFile: func(path string) ([]byte, error) {
		text, ok := texts[path]
		if !ok {
			return nil, os.ErrNotExist
		}
		return []byte(text), nil
	}}
	c, err := config.Load(t.Context(), s)
	if err != nil {
		t.Fatal(err)
	}
	staff := c.Strategies["staff"].Config.(*ldapConfig)
	if staff.BindPassword.Reveal() != "one" || staff.BindDN != "cn=x\n" {
		t.Errorf("got %q and %q", staff.BindPassword.Reveal(), staff.BindDN)
	}
	if c.SecretFile != "/etc/authd/keys/main" || c.Store.URL != "sqlite:/etc/authd/authd.db" {
		t.Errorf("got %s and %s", c.SecretFile, c.Store.URL)
	}
	s.Env = []string{"AUTHD_SECRET_FILE=keys/other", "AUTHD_STRATEGIES__STAFF__BIND_PASSWORD_FILE=here", "AUTHD_STORE__URL=sqlite:x.db"}
	if c, err = config.Load(t.Context(), s); err != nil {
		t.Fatal(err)
	}
	if got := c.Strategies["staff"].Config.(*ldapConfig).BindPassword.Reveal(); got != "two" || c.SecretFile != "keys/other" || c.Store.URL != "sqlite:x.db" {
		t.Errorf("got %q, %s, %s", got, c.SecretFile, c.Store.URL)
	}
}

func TestWarnings(t *testing.T) {
	const text = "strategies:\n  members: {type: local}\n  other: {type: local}\nmethods:\n  login: {use: members}\n  forgotPassword: {use: members}\n  updatePassword: {use: members}\n"
	var got []string
	for _, w := range mustLoad(t, text).Warnings {
		got = append(got, w.String())
	}
	want := []string{
		"authd.yaml:3:3: strategies.other: is not used by any method",
		"authd.yaml:6:25: methods.forgotPassword.use: nothing will be sent, because no mail is set up; print links with `authd user reset`",
	}
	if !slices.Equal(got, want) {
		t.Errorf("got %q", got)
	}
}

func TestPublicURL(t *testing.T) {
	for listen, want := range map[string]string{
		"127.0.0.1:8080": "http://localhost:8080", "[::1]:80": "http://localhost", "localhost:0": "http://localhost:0", "127.8.8.8:1": "http://localhost:1",
	} {
		c := mustLoad(t, minimal+"server: {listen: '"+listen+"'}")
		if got := c.Server.PublicURL.String(); got != want {
			t.Errorf("%s: got %s, want %s", listen, got, want)
		}
	}
	c := mustLoad(t, minimal+"server: {publicURL: 'HTTP://Auth.Example.com:80/', insecureHTTP: true}")
	if got := c.Server.PublicURL.String(); got != "http://auth.example.com" || !slices.Equal(c.Insecure, []string{"server.insecureHTTP"}) {
		t.Errorf("got %s, %v", got, c.Insecure)
	}
	mustLoad(t, minimal+"server: {publicURL: 'http://auth.localhost:8080'}")
}

func TestUnreadableFile(t *testing.T) {
	_, err := config.Load(t.Context(), config.Sources{Files: []string{filepath.Join(t.TempDir(), "none.yaml")}})
	r := report(t, err)
	if len(r.Problems) != 1 || !strings.HasSuffix(r.Problems[0].String(), "none.yaml: cannot be read: there is no such file") {
		t.Errorf("got %v", r)
	}
}

// TestSyntaxErrorsAreReportedAlone: nothing is said about the rest of a text
// that is not YAML, nor about what the other layers would come to without it.
func TestSyntaxErrorsAreReportedAlone(t *testing.T) {
	texts := map[string]string{
		"one.yaml": "sever: {listne: x}\nstrategies: {members: {type: lokal}}\n",
		"two.yaml": "methods:\n  login: {use: nobody\n",
	}
	_, err := config.Load(t.Context(), config.Sources{
		Files: []string{"one.yaml", "two.yaml"}, Kinds: kinds(),
		Env:      []string{"AUTHD_SESSION__ACESS_TTL=x", "AUTHD_NOTHING=x"},
		Flags:    map[string]string{"log.levl": "x"},
		ReadFile: func(path string) ([]byte, error) { return []byte(texts[path]), nil },
	})
	const want = "two.yaml:2:3: is not YAML: a block that is opened here is not closed, or a comma is missing\n1 problem"
	if got := report(t, err).Error(); got != want {
		t.Errorf("got\n%s", got)
	}
}

func TestNoFile(t *testing.T) {
	_, err := config.Load(t.Context(), config.Sources{Kinds: kinds()})
	if got := report(t, err).Error(); got != "methods.login.use: is required: name the strategies to ask, in order; no strategy can login\n1 problem" {
		t.Errorf("got %s", got)
	}
}
