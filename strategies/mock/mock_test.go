package mock_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"golang.org/x/text/unicode/norm"

	"github.com/authd-go/authd/core"
	"github.com/authd-go/authd/strategies/mock"
)

func open(t testing.TB, c *mock.Config) core.Strategy {
	t.Helper()
	s, err := c.Open(context.Background(), core.Env{Name: "demo", PublicURL: &url.URL{Scheme: "http", Host: "localhost:8080"}})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func login(ctx context.Context, s core.Strategy, identifier, pw string) (core.Identity, error) {
	return s.Authenticator.Authenticate(ctx, core.Credentials{Identifier: identifier, Typed: identifier, Password: core.NewSecret(pw)})
}

func wantCode(t testing.TB, what string, err error, want core.Code) {
	t.Helper()
	if got := core.CodeOf(err); got != want {
		t.Errorf("%s: %q (%v), want %q", what, got, err, want)
	}
}

func TestTheTutorialsUsers(t *testing.T) {
	config, ok := mock.Kind().New().(*mock.Config)
	if !ok || mock.Kind().Name != "mock" || config.Validate() != nil {
		t.Fatalf("kind %q makes %+v", mock.Kind().Name, config)
	}
	s := open(t, config)
	for email, want := range map[string][2]string{"john@mail.com": {"John Doe", "admin"}, "jane@mail.com": {"Jane Doe", "editor"}} {
		id, err := login(t.Context(), s, email, "demo")
		if err != nil {
			t.Fatal(err)
		}
		if id.Name != want[0] || !slices.Equal(id.Roles, []string{want[1]}) || id.Email != email || id.Strategy != "demo" {
			t.Errorf("%s is %+v", email, id)
		}
		if avatar, err := url.Parse(id.Avatar); err != nil || avatar.Scheme != "data" || len(id.Avatar) > 1000 {
			t.Errorf("the avatar is %q, %v", id.Avatar, err)
		}
		permissions, err := s.PermissionSource.Permissions(t.Context(), id, nil)
		if roles, ok := permissions.([]string); err != nil || !ok || !slices.Equal(roles, id.Roles) {
			t.Errorf("permissions of %s are %v, %v", email, permissions, err)
		}
	}
	all := []core.Capability{
		core.CanLogin, core.CanRegister, core.CanRecover, core.CanChangePassword,
		core.CanRevalidate, core.CanPermissions, core.CanIdentity,
	}
	if got := s.Capabilities(); !slices.Equal(got, all) {
		t.Errorf("capabilities are %v", got)
	}
}

func TestRefusalsAreAlike(t *testing.T) {
	s := open(t, &mock.Config{})
	var bodies []string
	for _, c := range []struct {
		identifier, pw string
		want           core.Code
	}{
		{"john@mail.com", "wrong", core.InvalidCredentials},
		{"john@mail.com", "", core.InvalidCredentials},
		{"nobody@mail.com", "demo", core.UnknownUser},
		{"nobody@mail.com", "", core.UnknownUser},
		{"", "demo", core.UnknownUser},
		{"' OR 1=1 --", "demo", core.UnknownUser},
	} {
		id, err := login(t.Context(), s, c.identifier, c.pw)
		wantCode(t, c.identifier, err, c.want)
		if id.Subject != "" {
			t.Errorf("an identity beside an error: %+v", id)
		}
		body, jsonErr := json.Marshal(core.ActionResult{Error: core.DefaultMessages().Refuse(err)})
		if jsonErr != nil {
			t.Fatal(jsonErr)
		}
		bodies = append(bodies, string(body))
	}
	if len(slices.Compact(bodies)) != 1 {
		t.Errorf("the bodies differ:\n%s", strings.Join(bodies, "\n"))
	}
}

func TestSubjectsOutliveAStart(t *testing.T) {
	config := &mock.Config{Users: []mock.User{
		{ID: "17", Email: "a@mail.com", Username: "a", Password: core.NewSecret("x")},
		{Email: " B@Mail.com ", Password: core.NewSecret("x")},
		{Username: "C", Password: core.NewSecret("x")},
	}}
	first, second := open(t, config), open(t, config)
	seen := map[string]bool{}
	for _, name := range []string{"a@mail.com", "b@mail.com", "c"} {
		one, err := login(t.Context(), first, name, "x")
		if err != nil {
			t.Fatal(err)
		}
		again, err := second.Revalidator.Revalidate(t.Context(), one.Subject)
		if err != nil || again.Subject != one.Subject || strings.Contains(one.Subject, name) {
			t.Errorf("%s is %q, then %+v, %v", name, one.Subject, again, err)
		}
		seen[one.Subject] = true
	}
	if len(seen) != 3 || !seen["17"] {
		t.Errorf("subjects are %v", seen)
	}
}

func TestScriptedOutcomes(t *testing.T) {
	for _, code := range core.Codes() {
		s := open(t, &mock.Config{Outcomes: map[string]string{" John@Mail.com": string(code), "ghost": string(code)}})
		for _, identifier := range []string{"john@mail.com", "ghost"} {
			_, err := login(t.Context(), s, identifier, "demo")
			wantCode(t, "scripted login", err, code)
			refusal := core.DefaultMessages().Refuse(err)
			want := code
			if code == core.UnknownUser {
				want = core.InvalidCredentials
			}
			if refusal.Code != want || refusal.Reason != "" {
				t.Errorf("scripted %s is shown as %+v", code, refusal)
			}
			if (refusal.Action != "") != (code == core.ActionRequired) || (refusal.RetryAfter > 0) != (code == core.Throttled) {
				t.Errorf("scripted %s: action %q, retry after %v", code, refusal.Action, refusal.RetryAfter)
			}
		}
		john, err := s.Recoverer.FindAccount(t.Context(), "john@mail.com")
		if err != nil {
			t.Fatal(err)
		}
		_, err = s.Revalidator.Revalidate(t.Context(), john.Subject)
		wantCode(t, "scripted revalidation", err, code)
		if _, err := login(t.Context(), s, "jane@mail.com", "demo"); err != nil {
			t.Errorf("an unscripted login: %v", err)
		}
	}
}

func TestLatency(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := open(t, &mock.Config{Latency: 3 * time.Second})
		start := time.Now()
		if _, err := login(t.Context(), s, "john@mail.com", "demo"); err != nil {
			t.Fatal(err)
		}
		if took := time.Since(start); took != 3*time.Second {
			t.Errorf("a login took %v", took)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		start = time.Now()
		_, err := login(ctx, s, "john@mail.com", "demo")
		wantCode(t, "a login that timed out", err, core.Unavailable)
		if took := time.Since(start); took != time.Second {
			t.Errorf("it took %v", took)
		}
	})
}

func TestEveryMethodEndsWithItsContext(t *testing.T) {
	s := open(t, &mock.Config{})
	john, err := login(t.Context(), s, "john@mail.com", "demo")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	pw := core.NewSecret("new")
	for name, call := range map[string]func() error{
		"login": func() error { _, err := login(ctx, s, "john@mail.com", "demo"); return err },
		"register": func() error {
			_, err := s.Registrar.Register(ctx, core.Registration{Email: "x@y.z", Password: pw})
			return err
		},
		"find":        func() error { _, err := s.Recoverer.FindAccount(ctx, "john@mail.com"); return err },
		"reset":       func() error { return s.Recoverer.ResetPassword(ctx, john.Subject, pw) },
		"revalidate":  func() error { _, err := s.Revalidator.Revalidate(ctx, john.Subject); return err },
		"permissions": func() error { _, err := s.PermissionSource.Permissions(ctx, john, nil); return err },
		"identity":    func() error { _, err := s.IdentitySource.Identity(ctx, john); return err },
		"change": func() error {
			return s.PasswordChanger.ChangePassword(ctx, core.PasswordChange{Subject: john.Subject, Old: core.NewSecret("demo"), New: pw})
		},
	} {
		wantCode(t, name, call(), core.Unavailable)
	}
	if _, err := login(t.Context(), s, "john@mail.com", "demo"); err != nil {
		t.Errorf("a cancelled call has changed something: %v", err)
	}
}

func TestRegister(t *testing.T) {
	s := open(t, &mock.Config{})
	register := func(r core.Registration, pw string) (core.Identity, error) {
		r.Password = core.NewSecret(pw)
		return s.Registrar.Register(t.Context(), r)
	}
	id, err := register(core.Registration{Email: "new@mail.com", Username: "newcomer", Name: "New"}, norm.NFD.String("né"))
	if err != nil {
		t.Fatal(err)
	}
	if again, err := login(t.Context(), s, "newcomer", norm.NFC.String("né")); err != nil || again.Subject != id.Subject {
		t.Errorf("%+v, %v", again, err)
	}
	for what, c := range map[string]struct {
		r    core.Registration
		pw   string
		want core.Code
	}{
		"taken email":            {core.Registration{Email: "john@mail.com"}, "x", core.Conflict},
		"taken username":         {core.Registration{Email: "other@mail.com", Username: "newcomer"}, "x", core.Conflict},
		"an email as a username": {core.Registration{Username: "john@mail.com"}, "x", core.Conflict},
		"no name":                {core.Registration{}, "x", core.InvalidInput},
		"no password":            {core.Registration{Email: "other@mail.com"}, "", core.InvalidInput},
		"long password":          {core.Registration{Email: "other@mail.com"}, strings.Repeat("x", 257), core.InvalidInput},
		"free":                   {core.Registration{Email: "free@mail.com"}, strings.Repeat("x", 256), ""},
	} {
		_, err := register(c.r, c.pw)
		wantCode(t, what, err, c.want)
	}
}

func TestRegistrationsAreBounded(t *testing.T) {
	s := open(t, &mock.Config{})
	var err error
	made := 0
	for ; made <= 10_000 && err == nil; made++ {
		_, err = s.Registrar.Register(t.Context(), core.Registration{Username: fmt.Sprintf("u%d", made), Password: core.NewSecret("x")})
	}
	wantCode(t, fmt.Sprintf("registration %d", made), err, core.Unavailable)
}

func TestOfParallelRegistrationsOneWins(t *testing.T) {
	s := open(t, &mock.Config{})
	var won atomic.Int32
	var wg sync.WaitGroup
	for i := range 50 {
		wg.Go(func() {
			r := core.Registration{Email: "rush@mail.com", Username: fmt.Sprintf("u%d", i), Password: core.NewSecret("x")}
			if _, err := s.Registrar.Register(context.Background(), r); err == nil {
				won.Add(1)
			} else if !errors.Is(err, core.Conflict) {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if won.Load() != 1 {
		t.Errorf("%d registrations won", won.Load())
	}
}

func TestPasswords(t *testing.T) {
	s := open(t, &mock.Config{})
	john, err := login(t.Context(), s, "john@mail.com", "demo")
	if err != nil {
		t.Fatal(err)
	}
	change := func(subject, old, pw string) error {
		return s.PasswordChanger.ChangePassword(t.Context(), core.PasswordChange{Subject: subject, Old: core.NewSecret(old), New: core.NewSecret(pw)})
	}
	wantCode(t, "wrong old", change(john.Subject, "wrong", "new"), core.InvalidCredentials)
	wantCode(t, "no old", change(john.Subject, "", "new"), core.InvalidCredentials)
	wantCode(t, "nobody", change("nobody", "demo", "new"), core.UnknownUser)
	wantCode(t, "empty new", change(john.Subject, "demo", ""), core.InvalidInput)
	wantCode(t, "the same", change(john.Subject, "demo", "demo"), core.InvalidInput)
	wantCode(t, "change", change(john.Subject, "demo", "new"), "")
	_, err = login(t.Context(), s, "john@mail.com", "demo")
	wantCode(t, "login with the old one", err, core.InvalidCredentials)
	wantCode(t, "reset of nobody", s.Recoverer.ResetPassword(t.Context(), "nobody", core.NewSecret("x")), core.UnknownUser)
	wantCode(t, "reset to nothing", s.Recoverer.ResetPassword(t.Context(), john.Subject, core.Secret{}), core.InvalidInput)
	wantCode(t, "reset", s.Recoverer.ResetPassword(t.Context(), john.Subject, core.NewSecret("reset")), "")
	_, err = login(t.Context(), s, "john@mail.com", "reset")
	wantCode(t, "login after the reset", err, "")
	_, err = s.Recoverer.FindAccount(t.Context(), "nobody@mail.com")
	wantCode(t, "find nobody", err, core.UnknownUser)
}

func TestOfParallelChangesOneWins(t *testing.T) {
	s := open(t, &mock.Config{})
	john, err := login(t.Context(), s, "john@mail.com", "demo")
	if err != nil {
		t.Fatal(err)
	}
	var won atomic.Int32
	var wg sync.WaitGroup
	for i := range 20 {
		wg.Go(func() {
			c := core.PasswordChange{Subject: john.Subject, Old: core.NewSecret("demo"), New: core.NewSecret(fmt.Sprint("new", i))}
			if s.PasswordChanger.ChangePassword(context.Background(), c) == nil {
				won.Add(1)
			}
		})
	}
	wg.Wait()
	if won.Load() != 1 {
		t.Errorf("%d changes won", won.Load())
	}
}

func TestForeignIdentitiesAreUnknown(t *testing.T) {
	s := open(t, &mock.Config{})
	john, err := login(t.Context(), s, "john@mail.com", "demo")
	if err != nil {
		t.Fatal(err)
	}
	john.Roles[0] = "root"
	if fresh, err := s.IdentitySource.Identity(t.Context(), john); err != nil || fresh.Roles[0] != "admin" {
		t.Errorf("the identity shares memory: %+v, %v", fresh, err)
	}
	john.Strategy = "staff"
	_, err = s.IdentitySource.Identity(t.Context(), john)
	wantCode(t, "identity", err, core.UnknownUser)
	_, err = s.PermissionSource.Permissions(t.Context(), john, nil)
	wantCode(t, "permissions", err, core.UnknownUser)
	_, err = s.Revalidator.Revalidate(t.Context(), "nobody")
	wantCode(t, "revalidate", err, core.UnknownUser)
}
