package mock_test

import (
	"errors"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/authd-go/authd/core"
	"github.com/authd-go/authd/strategies/mock"
)

func TestRunsOnLoopbackOnly(t *testing.T) {
	for address, allowed := range map[string]bool{
		"http://localhost:8080":          true,
		"https://LOCALHOST":              true,
		"http://localhost.:8080":         true,
		"http://app.localhost:8080":      true,
		"http://127.0.0.1:8080":          true,
		"http://127.8.9.10":              true,
		"http://[::1]:8080":              true,
		"http://[::ffff:127.0.0.1]:80":   true,
		"https://auth.example.com":       false,
		"http://localhost.example.com":   false,
		"http://notlocalhost":            false,
		"http://0.0.0.0:8080":            false,
		"http://[::]:8080":               false,
		"http://10.0.0.1":                false,
		"http://127.0.0.1.example.com":   false,
		"http://user@localhost@evil.net": false,
		"http://2130706433":              false, // a number, which some resolvers take for 127.0.0.1
		"":                               false,
		"http://":                        false,
	} {
		u, err := url.Parse(address)
		if err != nil {
			t.Fatal(err)
		}
		_, err = (&mock.Config{}).Open(t.Context(), core.Env{Name: "demo", PublicURL: u})
		var problem core.Problem
		if (err == nil) != allowed || err != nil && (!errors.As(err, &problem) || !strings.Contains(problem.Message, "insecureAllowMock: true")) {
			t.Errorf("%q: %v, want allowed=%v", address, err, allowed)
		}
		if _, err := (&mock.Config{InsecureAllowMock: true}).Open(t.Context(), core.Env{Name: "demo", PublicURL: u}); err != nil {
			t.Errorf("%q with insecureAllowMock: %v", address, err)
		}
	}
	if _, err := (&mock.Config{}).Open(t.Context(), core.Env{Name: "demo"}); err == nil {
		t.Error("opened without a public URL")
	}
}

func TestWithout(t *testing.T) {
	full := open(t, &mock.Config{}).Capabilities()
	for method, gone := range map[string]core.Capability{
		"register": core.CanRegister, "forgotPassword": core.CanRecover, "updatePassword": core.CanChangePassword,
		"getPermissions": core.CanPermissions, "getIdentity": core.CanIdentity,
	} {
		want := slices.DeleteFunc(slices.Clone(full), func(c core.Capability) bool { return c == gone })
		if got := open(t, &mock.Config{Without: []string{method}}).Capabilities(); !slices.Equal(got, want) {
			t.Errorf("without %s: %v", method, got)
		}
	}
}

func TestValidateReportsAllProblems(t *testing.T) {
	x := core.NewSecret("SECRET")
	config := &mock.Config{
		Users: []mock.User{
			{Email: "john@mail.com", Password: x},
			{Email: " JOHN@Mail.com", ID: "17", Password: x},
			{Username: "john@mail.com", ID: "17", Password: x},
			{Name: "Nobody", Password: x},
			{Username: "jane"},
			{Email: "jane", Password: x},
			{Username: "ja ne", Password: x},
			{Email: "same@mail.com", Username: "same@mail.com", Password: x},
		},
		Latency:  -time.Second,
		Outcomes: map[string]string{"a@mail.com": "Locked", "b b": "locked", "Ghost": "locked", "ghost": "disabled"},
		Without:  []string{"register", "login"},
	}
	want := []string{
		`users[1]: "john@mail.com" is users[0] already`,
		`users[2]: "john@mail.com" is users[0] already`,
		`users[2].id: "17" is users[1] already`,
		`users[3]: needs an email or a username`,
		`users[4].password: must not be empty`,
		`users[5].email: must be an e-mail address`,
		`users[6].username: contains characters that names and addresses cannot have`,
		`latency: is -1s, must be from 0s to 1m0s`,
		`outcomes.a@mail.com: "Locked" is not an outcome; these are: unknown_user, invalid_credentials, unavailable, locked, ` +
			`disabled, password_expired, action_required, throttled, unauthenticated, forbidden, conflict, expired, ` +
			`invalid_input, unsupported, internal`,
		`outcomes.b b: contains characters that names and addresses cannot have`,
		`outcomes.ghost: names the same account as "Ghost"`,
		`without[1]: "login" is not a method that can be left out; these are: forgotPassword, getIdentity, getPermissions, register, updatePassword`,
	}
	err := config.Validate()
	if err == nil {
		t.Fatal("no problems")
	}
	if got := strings.Split(err.Error(), "\n"); !slices.Equal(got, want) {
		t.Errorf("problems are\n%s\nwant\n%s", err, strings.Join(want, "\n"))
	}
	if strings.Contains(err.Error(), "SECRET") {
		t.Error("a problem shows a password")
	}
	config.InsecureAllowMock = true
	if _, err := config.Open(t.Context(), core.Env{}); err == nil {
		t.Error("Open takes what Validate refuses")
	}
}

func TestADerivedSubjectMustNotCollideWithAConfiguredOne(t *testing.T) {
	id, err := login(t.Context(), open(t, &mock.Config{}), "john@mail.com", "demo")
	if err != nil {
		t.Fatal(err)
	}
	config := &mock.Config{Users: []mock.User{
		{Email: "john@mail.com", Password: core.NewSecret("x")},
		{Email: "eve@mail.com", ID: id.Subject, Password: core.NewSecret("x")},
	}}
	if err := config.Validate(); err == nil {
		t.Error("two users share a subject")
	}
}
