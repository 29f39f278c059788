package local_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"

	"golang.org/x/crypto/bcrypt"
	"golang.org/x/text/unicode/norm"

	"github.com/authd-go/authd/core"
	"github.com/authd-go/authd/core/identifier"
)

func staleHash(t testing.TB, pw string, cost int) string {
	t.Helper()
	hash, err := bcrypt.GenerateFromPassword([]byte(pw), cost)
	if err != nil {
		t.Fatal(err)
	}
	return string(hash)
}

func TestLogin(t *testing.T) {
	h := open(t)
	for _, name := range []string{"john@mail.com", "john"} {
		id, err := h.login(t.Context(), name, johns)
		if err != nil {
			t.Fatal(err)
		}
		if id.AccountID != (core.AccountID{Strategy: "members", Subject: "id-john"}) || id.Email != "john@mail.com" || id.Roles[0] != "editor" {
			t.Errorf("%s is %+v", name, id)
		}
		id.Roles[0] = "admin"
	}
	if h.store.users["id-john"].Roles[0] != "editor" {
		t.Error("the identity shares memory with the store")
	}
}

// Unknown, disabled, password-less, stale and wrong: the same work, and
// byte for byte the same answer.
func TestRefusalsAreAlike(t *testing.T) {
	h := openReal(t)
	h.add(t, "id-bare", "bare@mail.com", "")
	h.add(t, "id-stale", "stale@mail.com", "")
	h.edit("id-stale", func(u *core.User) { u.PasswordHash = staleHash(t, johns, 5) })
	h.add(t, "id-idle", "idle@mail.com", "")
	h.edit("id-idle", func(u *core.User) { u.PasswordHash, u.DisabledAt = staleHash(t, janes, 6), h.now })
	var first []byte
	for name, c := range map[string]struct {
		identifier, password string
		want                 core.Code
	}{
		"unknown":             {"nobody@mail.com", johns, core.UnknownUser},
		"no identifier":       {"", johns, core.UnknownUser},
		"wrong":               {"john@mail.com", janes, core.InvalidCredentials},
		"wrong and long":      {"john@mail.com", strings.Repeat(johns, 10), core.InvalidCredentials},
		"disabled, right":     {"jane@mail.com", janes, core.Disabled},
		"disabled, wrong":     {"jane@mail.com", johns, core.Disabled},
		"disabled, old cost":  {"idle@mail.com", janes, core.Disabled},
		"no password":         {"bare@mail.com", johns, core.InvalidCredentials},
		"old cost, wrong":     {"stale@mail.com", janes, core.InvalidCredentials},
		"old cost, long":      {"stale@mail.com", strings.Repeat(janes, 10), core.InvalidCredentials},
		"unknown, long":       {"nobody@mail.com", strings.Repeat(janes, 10), core.UnknownUser},
		"somebody's subject":  {"id-john", johns, core.UnknownUser},
		"not canonical at us": {"John@mail.com", johns, core.UnknownUser},
	} {
		before := h.work()
		id, err := h.login(t.Context(), c.identifier, c.password)
		wantCode(t, name, err, c.want)
		if id.Subject != "" || core.AsError(err).Proved {
			t.Errorf("%s: identity %+v, %#v", name, id, err)
		}
		if work := h.work() - before; work != 1 {
			t.Errorf("%s: %d units of work, want 1", name, work)
		}
		body, jsonErr := json.Marshal(core.ActionResult{Error: core.DefaultMessages().Refuse(err)})
		if jsonErr != nil {
			t.Fatal(jsonErr)
		}
		if first == nil {
			first = body
		}
		if !bytes.Equal(body, first) {
			t.Errorf("%s: the body is\n%s\nelsewhere it is\n%s", name, body, first)
		}
	}
}

func TestAnOutageIsNoVerdict(t *testing.T) {
	for _, cause := range []error{errors.New("disk on fire"), core.Unavailable, core.Internal, core.InvalidCredentials, context.DeadlineExceeded} {
		h := open(t)
		before := h.work()
		h.store.fail = func(string) error { return cause }
		_, err := h.login(t.Context(), "john@mail.com", johns)
		wantCode(t, "login", err, core.Unavailable)
		if h.work() != before {
			t.Error("an outage costs hashing work")
		}
		_, err = h.Recoverer.FindAccount(t.Context(), "john@mail.com")
		wantCode(t, "find account", err, core.Unavailable)
		_, err = h.Revalidator.Revalidate(t.Context(), "id-john")
		wantCode(t, "revalidate", err, core.Unavailable)
		wantCode(t, "change", h.change(t.Context(), "id-john", johns, janes), core.Unavailable)
		wantCode(t, "reset", h.Recoverer.ResetPassword(t.Context(), "id-john", core.NewSecret(janes)), core.Unavailable)
		_, err = h.register(t.Context(), core.Registration{Email: "new@mail.com"}, janes)
		wantCode(t, "register", err, core.Unavailable)
		wantCode(t, "ready", h.Ready(t.Context()), core.Unavailable)
	}
}

func TestACancelledLoginIsUnavailable(t *testing.T) {
	h := open(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	before := h.work()
	_, err := h.login(ctx, "john@mail.com", johns)
	wantCode(t, "login", err, core.Unavailable)
	if h.work() != before {
		t.Error("a cancelled login costs hashing work")
	}
}

func TestAMalformedHashLetsNobodyIn(t *testing.T) {
	h := openReal(t)
	h.edit("id-john", func(u *core.User) { u.PasswordHash = johns })
	_, err := h.login(t.Context(), "john@mail.com", johns)
	wantCode(t, "login", err, core.Internal)
	if strings.Contains(fmt.Sprintf("%+v %#v", err, err), johns) {
		t.Error("the error shows the stored text")
	}
}

func TestRehashAtLogin(t *testing.T) {
	h := openReal(t)
	h.edit("id-john", func(u *core.User) { u.PasswordHash = staleHash(t, johns, 5) })
	changed := h.store.users["id-john"].PasswordChangedAt
	if _, err := h.login(t.Context(), "john", janes); err == nil {
		t.Fatal("the wrong password is right")
	}
	if got := h.store.users["id-john"].PasswordHash; !strings.HasPrefix(got, "$2a$05$") {
		t.Error("a wrong password changed the hash")
	}
	for range 2 {
		if _, err := h.login(t.Context(), "john", johns); err != nil {
			t.Fatal(err)
		}
	}
	u := h.store.users["id-john"]
	if !strings.HasPrefix(u.PasswordHash, "$2a$10$") || !u.PasswordChangedAt.Equal(changed) {
		t.Errorf("after the login: %.7s, changed at %v", u.PasswordHash, u.PasswordChangedAt)
	}
	if n := strings.Count(strings.Join(h.store.calls, " "), "ChangeUser"); n != 1 {
		t.Errorf("%d writes, want 1", n)
	}
	if _, err := h.login(t.Context(), "john", johns); err != nil {
		t.Error("the new hash does not match")
	}
}

func TestADisabledUserIsNotRehashed(t *testing.T) {
	h := open(t)
	stale := "cheap:stale:" + janes
	h.edit("id-jane", func(u *core.User) { u.PasswordHash = stale })
	_, err := h.login(t.Context(), "jane@mail.com", janes)
	wantCode(t, "login", err, core.Disabled)
	if h.store.users["id-jane"].PasswordHash != stale {
		t.Error("the hash changed")
	}
}

func TestAFailedRehashIsALogLine(t *testing.T) {
	h := open(t)
	stale := "cheap:stale:" + johns
	h.edit("id-john", func(u *core.User) { u.PasswordHash = stale })
	h.store.fail = func(method string) error {
		if method == "ChangeUser" {
			return errors.New("read-only")
		}
		return nil
	}
	if _, err := h.login(t.Context(), "john", johns); err != nil {
		t.Fatal(err)
	}
	log := h.log.String()
	if !strings.Contains(log, "level=WARN") || !strings.Contains(log, "read-only") {
		t.Errorf("the log is %q", log)
	}
	if strings.Contains(log, johns) || strings.Contains(log, "cheap:") {
		t.Errorf("the log shows a secret: %q", log)
	}
}

// The password changes while a login with the old one is about to rehash it.
func TestRehashYieldsToAChange(t *testing.T) {
	h := open(t)
	h.edit("id-john", func(u *core.User) { u.PasswordHash = "cheap:stale:" + johns })
	newer := h.hash(t, janes)
	h.store.fail = func(method string) error {
		if method == "ChangeUser" {
			h.edit("id-john", func(u *core.User) { u.PasswordHash = newer })
		}
		return nil
	}
	if _, err := h.login(t.Context(), "john", johns); err != nil {
		t.Fatal(err)
	}
	if h.store.users["id-john"].PasswordHash != newer {
		t.Error("the rehash has overwritten the new password")
	}
	if h.log.Len() != 0 {
		t.Errorf("a lost race is logged: %s", h.log)
	}
}

func TestHostileNames(t *testing.T) {
	h := open(t)
	for _, typed := range []string{
		"", " ", "*", "%", "_", "' OR 1=1 --", "john@mail.com' --", "john@mail.com\x00", "john@mail.com\n", "jo*n",
		"(uid=*)", "../john", strings.Repeat("a", 10000), "\xff\xfe", "john@mail.com@mail.com", "ｊｏｈｎ\u202e", "id-john",
	} {
		form, _ := identifier.Canonical(typed)
		if form == "john@mail.com" || form == "john" {
			continue // a spelling of his
		}
		_, err := h.Authenticator.Authenticate(t.Context(), core.Credentials{Identifier: form, Typed: typed, Password: core.NewSecret(johns)})
		wantCode(t, fmt.Sprintf("%.20q", typed), err, core.UnknownUser)
	}
}

func TestLongPasswordsAreComparedWhole(t *testing.T) {
	h := openReal(t)
	for _, n := range []int{73, 256} {
		base := strings.Repeat("å", n/2-1) + strings.Repeat("x", 1+n%2)
		h.edit("id-john", func(u *core.User) { u.PasswordHash = h.hash(t, base+"a") })
		if _, err := h.login(t.Context(), "john", base+"a"); err != nil {
			t.Errorf("%d bytes: %v", n, err)
		}
		_, err := h.login(t.Context(), "john", base+"b")
		wantCode(t, fmt.Sprintf("%d bytes, another end", n), err, core.InvalidCredentials)
	}
}

func TestComposedAndDecomposedAreOnePassword(t *testing.T) {
	h := openReal(t)
	if _, err := h.register(t.Context(), core.Registration{Username: "zoë"}, norm.NFD.String("crème brûlée")); err != nil {
		t.Fatal(err)
	}
	if _, err := h.login(t.Context(), "zoë", norm.NFC.String("crème brûlée")); err != nil {
		t.Error(err)
	}
}
