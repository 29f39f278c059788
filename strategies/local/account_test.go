package local_test

import (
	"context"
	"errors"
	"regexp"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/authd-go/authd/core"
	"github.com/authd-go/authd/strategies/local"
)

func TestRegister(t *testing.T) {
	h := open(t)
	id, err := h.register(t.Context(), core.Registration{Email: "new@mail.com", Username: "newcomer", Name: "A Newcomer"}, "eleven quiet owls")
	if err != nil {
		t.Fatal(err)
	}
	u := h.store.users[id.Subject]
	if !regexp.MustCompile(`^[A-Za-z0-9_-]{22}$`).MatchString(u.ID) {
		t.Errorf("the subject is %q", u.ID)
	}
	if !u.CreatedAt.Equal(h.now) || !u.PasswordChangedAt.Equal(h.now) || len(u.Roles) != 0 || !u.DisabledAt.IsZero() {
		t.Errorf("the user is %+v", u)
	}
	for _, name := range []string{"new@mail.com", "newcomer"} {
		if again, err := h.login(t.Context(), name, "eleven quiet owls"); err != nil || again.AccountID != id.AccountID {
			t.Errorf("%s: %+v, %v", name, again, err)
		}
	}
}

func TestRegisterRefuses(t *testing.T) {
	h := open(t)
	count := len(h.store.users)
	for name, c := range map[string]struct {
		r           core.Registration
		pw          string
		field, text string
	}{
		"short":            {core.Registration{Email: "new@mail.com"}, "short", "password", "must have at least 8 characters"},
		"empty":            {core.Registration{Email: "new@mail.com"}, "", "password", "must not be empty"},
		"257 bytes":        {core.Registration{Email: "new@mail.com"}, strings.Repeat("x", 257), "password", "must not be longer than 256 bytes"},
		"common":           {core.Registration{Email: "new@mail.com"}, "Baseball", "password", "is too common and would be guessed first"},
		"its own address":  {core.Registration{Email: "new@mail.com"}, "NEW@mail.com", "password", "must not be the name or address of the account"},
		"its own name":     {core.Registration{Email: "new@mail.com", Name: "Jo Newcomer"}, "jo newcomer", "password", "must not be the name or address of the account"},
		"nobody":           {core.Registration{}, janes, "email", "must not be empty"},
		"no address":       {core.Registration{Email: "new"}, janes, "email", "must be an e-mail address"},
		"another's at":     {core.Registration{Username: "eve@mail.com"}, janes, "username", `must not contain "@"`},
		"a name of lines":  {core.Registration{Email: "new@mail.com", Name: "x\r\nBcc: y"}, janes, "name", "must not contain control characters"},
		"a name too long":  {core.Registration{Email: "new@mail.com", Name: strings.Repeat("x", 257)}, janes, "name", "must not be longer than 256 bytes"},
		"a name not UTF-8": {core.Registration{Email: "new@mail.com", Name: "\xff"}, janes, "name", "must not contain control characters"},
	} {
		before := h.work()
		_, err := h.register(t.Context(), c.r, c.pw)
		wantCode(t, name, err, core.InvalidInput)
		if got := core.AsError(err).Fields[c.field]; got != c.text {
			t.Errorf("%s: %v, want %s: %s", name, err, c.field, c.text)
		}
		if h.work() != before {
			t.Errorf("%s: hashing work was done", name)
		}
	}
	if len(h.store.users) != count {
		t.Error("somebody was registered")
	}
}

func TestATakenNameCostsTheSame(t *testing.T) {
	h := open(t)
	for _, r := range []core.Registration{{Email: "john@mail.com"}, {Username: "john"}, {Email: "free@mail.com", Username: "jane"}, {Email: "free@mail.com"}} {
		before := h.work()
		_, err := h.register(t.Context(), r, "eleven quiet owls")
		if free := r.Email == "free@mail.com" && r.Username == ""; !free {
			wantCode(t, r.Email+r.Username, err, core.Conflict)
		} else if err != nil {
			t.Error(err)
		}
		if work := h.work() - before; work != 1 {
			t.Errorf("%+v: %d units of work", r, work)
		}
	}
}

func TestOfParallelRegistrationsOneWins(t *testing.T) {
	h := open(t)
	var won atomic.Int32
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			_, err := h.register(context.Background(), core.Registration{Email: "rush@mail.com"}, "eleven quiet owls")
			if err == nil {
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

func TestChangePassword(t *testing.T) {
	h := open(t)
	h.now = h.now.Add(time.Hour)
	if err := h.change(t.Context(), "id-john", johns, janes); err != nil {
		t.Fatal(err)
	}
	if !h.store.users["id-john"].PasswordChangedAt.Equal(h.now) {
		t.Error("the time of the change is not noted")
	}
	_, err := h.login(t.Context(), "john", johns)
	wantCode(t, "the old password", err, core.InvalidCredentials)
	if _, err := h.login(t.Context(), "john", janes); err != nil {
		t.Errorf("the new password: %v", err)
	}
}

func TestChangePasswordRefuses(t *testing.T) {
	h := open(t)
	h.add(t, "id-bare", "bare@mail.com", "")
	for name, c := range map[string]struct {
		subject, old, pw string
		want             core.Code
		text             string
	}{
		"wrong old":      {"id-john", janes, "eleven quiet owls", core.InvalidCredentials, ""},
		"no old":         {"id-john", "", "eleven quiet owls", core.InvalidCredentials, ""},
		"short":          {"id-john", johns, "short", core.InvalidInput, "must have at least 8 characters"},
		"empty":          {"id-john", johns, "", core.InvalidInput, "must not be empty"},
		"the same":       {"id-john", johns, johns, core.InvalidInput, "must differ from the old one"},
		"the address":    {"id-john", johns, "john@mail.com", core.InvalidInput, "must not be the name or address of the account"},
		"nobody":         {"id-none", johns, janes, core.UnknownUser, ""},
		"disabled":       {"id-jane", janes, johns, core.Disabled, ""},
		"had none":       {"id-bare", johns, janes, core.InvalidCredentials, ""},
		"empty subject":  {"", johns, janes, core.UnknownUser, ""},
		"not an address": {"john@mail.com", johns, janes, core.UnknownUser, ""},
	} {
		before := h.store.users[c.subject].PasswordHash
		err := h.change(t.Context(), c.subject, c.old, c.pw)
		wantCode(t, name, err, c.want)
		if got := core.AsError(err).Fields["password"]; got != c.text {
			t.Errorf("%s: %q, want %q", name, got, c.text)
		}
		if h.store.users[c.subject].PasswordHash != before {
			t.Errorf("%s: the password changed", name)
		}
	}
}

func TestOfParallelChangesOneWins(t *testing.T) {
	h := open(t)
	var won atomic.Int32
	var wg sync.WaitGroup
	for i := range 4 {
		wg.Go(func() {
			err := h.change(context.Background(), "id-john", johns, "a new password "+string(rune('a'+i)))
			if err == nil {
				won.Add(1)
			} else if !errors.Is(err, core.InvalidCredentials) {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if won.Load() != 1 {
		t.Errorf("%d changes won", won.Load())
	}
}

func TestRecovery(t *testing.T) {
	h := open(t)
	for name, want := range map[string]core.Code{
		"john@mail.com": "", "john": "", "jane@mail.com": core.UnknownUser, "nobody@mail.com": core.UnknownUser, "": core.UnknownUser,
	} {
		id, err := h.Recoverer.FindAccount(t.Context(), name)
		wantCode(t, name, err, want)
		if (id.Subject == "id-john") != (want == "") {
			t.Errorf("%q is %+v", name, id)
		}
	}
	for _, c := range []struct {
		subject, pw string
		want        core.Code
	}{
		{"id-john", "short", core.InvalidInput},
		{"id-john", "", core.InvalidInput},
		{"id-jane", johns, core.Disabled},
		{"id-none", johns, core.UnknownUser},
		{"id-john", janes, ""},
	} {
		wantCode(t, c.subject, h.Recoverer.ResetPassword(t.Context(), c.subject, core.NewSecret(c.pw)), c.want)
	}
	if _, err := h.login(t.Context(), "john", janes); err != nil {
		t.Error(err)
	}
}

func TestWhatTheHouseAsksLater(t *testing.T) {
	h := open(t)
	john := core.Identity{AccountID: core.AccountID{Strategy: "members", Subject: "id-john"}}
	for name, c := range map[string]struct {
		id   core.Identity
		want core.Code
	}{
		"john":      {john, ""},
		"disabled":  {core.Identity{AccountID: core.AccountID{Strategy: "members", Subject: "id-jane"}}, core.Disabled},
		"gone":      {core.Identity{AccountID: core.AccountID{Strategy: "members", Subject: "id-none"}}, core.UnknownUser},
		"foreign":   {core.Identity{AccountID: core.AccountID{Strategy: "staff", Subject: "id-john"}, Email: "john@mail.com"}, core.UnknownUser},
		"unstamped": {core.Identity{AccountID: core.AccountID{Subject: "id-john"}}, core.UnknownUser},
	} {
		value, err := h.PermissionSource.Permissions(t.Context(), c.id, nil)
		wantCode(t, name+", permissions", err, c.want)
		if roles, ok := value.([]string); ok != (c.want == "") || ok && (len(roles) != 1 || roles[0] != "editor") {
			t.Errorf("%s: permissions are %v", name, value)
		}
		fresh, err := h.IdentitySource.Identity(t.Context(), c.id)
		wantCode(t, name+", identity", err, c.want)
		if (fresh.Name == "Somebody") != (c.want == "") {
			t.Errorf("%s: identity is %+v", name, fresh)
		}
	}
	for subject, want := range map[string]core.Code{"id-john": "", "id-jane": core.Disabled, "id-none": core.UnknownUser, "": core.UnknownUser} {
		_, err := h.Revalidator.Revalidate(t.Context(), subject)
		wantCode(t, "revalidate "+subject, err, want)
	}
	if err := h.Ready(t.Context()); err != nil {
		t.Error(err)
	}
}

func TestPermissionsOfNoRolesAreAnEmptyList(t *testing.T) {
	h := open(t)
	h.edit("id-john", func(u *core.User) { u.Roles = nil })
	value, err := h.PermissionSource.Permissions(t.Context(), core.Identity{AccountID: core.AccountID{Strategy: "members", Subject: "id-john"}}, nil)
	if roles, ok := value.([]string); err != nil || !ok || roles == nil {
		t.Errorf("%#v, %v", value, err)
	}
}

func TestAShorterMinimumIsNotToBeHad(t *testing.T) {
	h := open(t, func(c *local.Config) { c.Password.MinLength = 15 })
	_, err := h.register(t.Context(), core.Registration{Email: "new@mail.com"}, "fourteen chars")
	if got := core.AsError(err).Fields["password"]; got != "must have at least 15 characters" {
		t.Error(err)
	}
}
