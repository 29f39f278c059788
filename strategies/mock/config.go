// Package mock is a backend without a back: users in memory, for demos,
// tutorials and tests of front ends.
//
// It owns its users, the delay it puts before each answer and the outcomes it
// is told to play. It depends on core, core/password and core/identifier only,
// and forgets everything when it is closed. It is not for production: it
// refuses to run where others could reach it.
package mock

import (
	"context"
	"fmt"
	"maps"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/authd-go/authd/core"
	"github.com/authd-go/authd/core/identifier"
)

// Kind returns the strategy type "mock" for strategies.All.
func Kind() core.Kind {
	return core.Kind{Name: "mock", New: func() core.StrategyConfig { return &Config{} }}
}

// Config holds the options. The zero Config is the default: the two users of
// DefaultUsers, no delay, nothing scripted.
type Config struct {
	Users             []User            `koanf:"users" doc:"the users; John and Jane, with the password demo, if there are none"`
	Latency           time.Duration     `koanf:"latency" doc:"how long each answer takes, at most 1m"`
	Outcomes          map[string]string `koanf:"outcomes" doc:"identifier to the outcome code that its logins get"`
	Without           []string          `koanf:"without" doc:"methods to leave out: register, forgotPassword, updatePassword, getPermissions, getIdentity"`
	InsecureAllowMock bool              `koanf:"insecureAllowMock" doc:"run although publicURL is not loopback"`
}

// User is one of the configured users.
type User struct {
	ID       string      `koanf:"id" doc:"the subject; if it is not given, it follows from the email or else the username"`
	Email    string      `koanf:"email" doc:"an address to sign in with"`
	Username string      `koanf:"username" doc:"a name to sign in with; a user needs one of the two"`
	Password core.Secret `koanf:"password" doc:"any password; there is no policy here; required"`
	Name     string      `koanf:"name" doc:"the name to show"`
	Avatar   string      `koanf:"avatar" doc:"a picture's URL or path"`
	Roles    []string    `koanf:"roles" doc:"role names"`
}

// DefaultUsers are those of the tutorial: John, an admin, and Jane, an editor.
// The password of both is "demo".
func DefaultUsers() []User {
	return []User{
		{
			Email: "john@mail.com", Name: "John Doe", Roles: []string{"admin"},
			Password: core.NewSecret("demo"), Avatar: initials("JD", "#1677ff"),
		},
		{
			Email: "jane@mail.com", Name: "Jane Doe", Roles: []string{"editor"},
			Password: core.NewSecret("demo"), Avatar: initials("JD", "#d4380d"),
		},
	}
}

// initials draws an avatar that needs no other site.
func initials(letters, colour string) string {
	svg := `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 64 64"><circle cx="32" cy="32" r="32" fill="` + colour +
		`"/><text x="32" y="42" font-family="sans-serif" font-size="26" fill="#fff" text-anchor="middle">` + letters + `</text></svg>`
	return "data:image/svg+xml," + url.PathEscape(svg)
}

const maxLatency = time.Minute

// Validate returns core.Problems for users that could not sign in, names that
// stand for two users, and words that mean nothing.
func (c *Config) Validate() error {
	var problems core.Problems
	c.checkUsers(&problems)
	if c.Latency < 0 || c.Latency > maxLatency {
		problems.Add("latency", fmt.Sprintf("is %v, must be from 0s to %v", c.Latency, maxLatency))
	}
	c.checkOutcomes(&problems)
	for i, name := range c.Without {
		if _, known := omissions()[name]; !known {
			problems.Add(fmt.Sprintf("without[%d]", i), fmt.Sprintf("%q is not a method that can be left out; these are: %s",
				name, strings.Join(slices.Sorted(maps.Keys(omissions())), ", ")))
		}
	}
	return problems.Err()
}

func (c *Config) checkUsers(problems *core.Problems) {
	if len(c.Users) > maxAccounts {
		problems.Add("users", fmt.Sprintf("are %d, must not be more than %d", len(c.Users), maxAccounts))
	}
	names, subjects := map[string]int{}, map[string]int{}
	for i, u := range c.Users {
		path := fmt.Sprintf("users[%d]", i)
		if u.Password.Empty() {
			problems.Add(path+".password", "must not be empty")
		}
		a, ok := u.check(problems, path)
		if !ok {
			continue
		}
		for _, name := range a.names() {
			unique(problems, names, name, path, i)
		}
		unique(problems, subjects, a.subject, path+".id", i)
	}
}

// check reads the names of a user.
func (u User) check(problems *core.Problems, path string) (account, bool) {
	if u.Email == "" && u.Username == "" {
		problems.Add(path, "needs an email or a username")
		return account{}, false
	}
	a, field, err := u.account()
	if err != nil {
		problems.Add(path+"."+field, err.Error())
		return account{}, false
	}
	return a, true
}

func unique(problems *core.Problems, seen map[string]int, value, path string, i int) {
	if first, taken := seen[value]; taken && first != i {
		problems.Add(path, fmt.Sprintf("%q is users[%d] already", value, first))
		return
	}
	seen[value] = i
}

func (c *Config) checkOutcomes(problems *core.Problems) {
	seen := map[string]string{}
	for _, typed := range slices.Sorted(maps.Keys(c.Outcomes)) {
		path := "outcomes." + typed
		if code := c.Outcomes[typed]; !slices.Contains(core.Codes(), core.Code(code)) {
			problems.Add(path, fmt.Sprintf("%q is not an outcome; these are: %s", code, codeList()))
		}
		canonical, err := identifier.Canonical(typed)
		if err != nil {
			problems.Add(path, err.Error())
			continue
		}
		if first, taken := seen[canonical]; taken {
			problems.Add(path, fmt.Sprintf("names the same account as %q", first))
		}
		seen[canonical] = typed
	}
}

func codeList() string {
	var names []string
	for _, code := range core.Codes() {
		names = append(names, string(code))
	}
	return strings.Join(names, ", ")
}

// omissions says what leaving out a method takes away.
func omissions() map[string]func(*core.Strategy) {
	return map[string]func(*core.Strategy){
		core.MethodRegister:       func(s *core.Strategy) { s.Registrar = nil },
		core.MethodForgotPassword: func(s *core.Strategy) { s.Recoverer = nil },
		core.MethodUpdatePassword: func(s *core.Strategy) { s.PasswordChanger = nil },
		core.MethodGetPermissions: func(s *core.Strategy) { s.PermissionSource = nil },
		core.MethodGetIdentity:    func(s *core.Strategy) { s.IdentitySource = nil },
	}
}

// Open builds the strategy. It refuses, with a core.Problem, to run where
// browsers of others could reach it: env.PublicURL must be loopback unless
// InsecureAllowMock is set. Options that Validate refuses are refused here too.
func (c *Config) Open(_ context.Context, env core.Env) (core.Strategy, error) {
	if err := c.Validate(); err != nil {
		return core.Strategy{}, err
	}
	if !c.InsecureAllowMock && !isLoopback(env.PublicURL) {
		return core.Strategy{}, core.Problem{Message: "the mock knows its users' passwords and runs on loopback only: " +
			"set server.publicURL to a localhost address, use another type, or set insecureAllowMock: true"}
	}
	s, err := newStrategy(c, env)
	if err != nil {
		return core.Strategy{}, err
	}
	out := core.Strategy{
		Authenticator: s, Registrar: s, Recoverer: s, PasswordChanger: s,
		Revalidator: s, PermissionSource: s, IdentitySource: s, Diagnoser: s,
	}
	for _, name := range c.Without {
		omissions()[name](&out)
	}
	return out, nil
}

// isLoopback says whether a URL leads to this machine whatever the resolver
// says: localhost and below it (RFC 6761 section 6.3), 127.0.0.0/8 and ::1.
func isLoopback(u *url.URL) bool {
	if u == nil {
		return false
	}
	host := strings.ToLower(strings.TrimSuffix(u.Hostname(), "."))
	if host == "localhost" || strings.HasSuffix(host, ".localhost") {
		return true
	}
	addr, err := netip.ParseAddr(host)
	return err == nil && addr.Unmap().IsLoopback()
}
