package local_test

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/authd-go/authd/core"
	"github.com/authd-go/authd/strategies/local"
)

func TestAdminCreatesUnderTheSameRules(t *testing.T) {
	h := open(t)
	u, err := h.admin.CreateUser(t.Context(), local.NewUser{
		Email: " New@MAIL.com", Username: "NewComer", Name: "A Newcomer", Avatar: "/a.png", Roles: []string{"admin"},
		Password: core.NewSecret("eleven quiet owls"),
	})
	if err != nil {
		t.Fatal(err)
	}
	if u.Email != "new@mail.com" || u.Username != "newcomer" || u.Avatar != "/a.png" || u.Roles[0] != "admin" {
		t.Errorf("the user is %+v", u)
	}
	if id, err := h.login(t.Context(), "new@mail.com", "eleven quiet owls"); err != nil || id.Subject != u.ID {
		t.Errorf("%+v, %v", id, err)
	}
	for name, c := range map[string]struct {
		n     local.NewUser
		want  core.Code
		field string
	}{
		"taken":        {local.NewUser{Email: "JOHN@mail.com"}, core.Conflict, ""},
		"taken name":   {local.NewUser{Username: " John "}, core.Conflict, ""},
		"no address":   {local.NewUser{Email: "john"}, core.InvalidInput, "email"},
		"bad name":     {local.NewUser{Username: "jo hn"}, core.InvalidInput, "username"},
		"address name": {local.NewUser{Username: "eve@mail.com"}, core.InvalidInput, "username"},
		"nothing":      {local.NewUser{}, core.InvalidInput, "email"},
		"weak":         {local.NewUser{Username: "eve", Password: core.NewSecret("1234")}, core.InvalidInput, "password"},
	} {
		_, err := h.admin.CreateUser(t.Context(), c.n)
		wantCode(t, name, err, c.want)
		if c.field != "" && core.AsError(err).Fields[c.field] == "" {
			t.Errorf("%s: %v, want one about %s", name, err, c.field)
		}
	}
}

func TestAUserWithoutAPasswordCannotSignInUntilItIsSet(t *testing.T) {
	h := open(t)
	u, err := h.admin.CreateUser(t.Context(), local.NewUser{Username: "bare"})
	if err != nil || u.PasswordHash != "" {
		t.Fatalf("%+v, %v", u, err)
	}
	_, err = h.login(t.Context(), "bare", johns)
	wantCode(t, "before", err, core.InvalidCredentials)
	if _, err := h.admin.SetPassword(t.Context(), "BARE", core.NewSecret(johns)); err != nil {
		t.Fatal(err)
	}
	if _, err := h.login(t.Context(), "bare", johns); err != nil {
		t.Error(err)
	}
}

func TestAdminChangesAUser(t *testing.T) {
	h := open(t)
	if _, err := h.admin.SetPassword(t.Context(), "john", core.NewSecret("short")); !errors.Is(err, core.InvalidInput) {
		t.Errorf("a weak password: %v", err)
	}
	u, err := h.admin.SetDisabled(t.Context(), " John@Mail.com ", true)
	if err != nil || !u.DisabledAt.Equal(h.now) || u.ID != "id-john" {
		t.Fatalf("%+v, %v", u, err)
	}
	since := h.now
	h.now = h.now.Add(time.Hour)
	if u, err := h.admin.SetDisabled(t.Context(), "john", true); err != nil || !u.DisabledAt.Equal(since) {
		t.Errorf("disabled again: since %v, %v", u.DisabledAt, err)
	}
	_, err = h.login(t.Context(), "john", johns)
	wantCode(t, "disabled", err, core.Disabled)
	if u, err := h.admin.SetDisabled(t.Context(), "john", false); err != nil || !u.DisabledAt.IsZero() {
		t.Errorf("enabled: %+v, %v", u, err)
	}
	if _, err := h.login(t.Context(), "john", johns); err != nil {
		t.Errorf("enabled: %v", err)
	}
	if u, err := h.admin.DeleteUser(t.Context(), "john"); err != nil || u.Email != "john@mail.com" {
		t.Errorf("%+v, %v", u, err)
	}
	_, err = h.admin.User(t.Context(), "john")
	wantCode(t, "deleted", err, core.UnknownUser)
}

func TestAdminOfNobody(t *testing.T) {
	h := open(t)
	for _, typed := range []string{"nobody", "", "jo hn", "\xff", "id-john"} {
		_, err := h.admin.User(t.Context(), typed)
		wantCode(t, "show "+typed, err, core.UnknownUser)
		_, err = h.admin.SetPassword(t.Context(), typed, core.NewSecret(johns))
		wantCode(t, "passwd "+typed, err, core.UnknownUser)
		_, err = h.admin.SetDisabled(t.Context(), typed, true)
		wantCode(t, "disable "+typed, err, core.UnknownUser)
		_, err = h.admin.DeleteUser(t.Context(), typed)
		wantCode(t, "delete "+typed, err, core.UnknownUser)
	}
}

func TestAdminListsPageByPage(t *testing.T) {
	h := open(t)
	for i := range 450 {
		id := fmt.Sprintf("id-%04d", i)
		h.store.users[id] = core.User{ID: id, Username: id}
	}
	var ids []string
	for u, err := range h.admin.Users(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
		if len(ids) > 0 && ids[len(ids)-1] >= u.ID {
			t.Fatalf("%s after %s", u.ID, ids[len(ids)-1])
		}
		ids = append(ids, u.ID)
	}
	if len(ids) != 452 {
		t.Errorf("%d users, want 452", len(ids))
	}
	for _, err := range h.admin.Users(t.Context()) { // a reader may stop early
		if err != nil {
			t.Fatal(err)
		}
		break
	}
	h.store.fail = func(string) error { return errors.New("gone") }
	var last error
	for _, err := range h.admin.Users(t.Context()) {
		last = err
	}
	wantCode(t, "an outage", last, core.Unavailable)
}
