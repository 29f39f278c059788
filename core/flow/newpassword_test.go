package flow_test

import (
	"testing"

	"github.com/authd-go/authd/core"
	"github.com/authd-go/authd/core/flow"
)

func mustChange(subject string) *core.Error {
	return &core.Error{Code: core.ActionRequired, Action: core.ActionNewPassword, Subject: subject, Proved: true}
}

func TestAPasswordThatIsDue(t *testing.T) {
	const jo = "jo@mail.com"
	w, b := oneBackend(t, map[string]error{jo: nil, "other@mail.com": nil})
	before := signIn(t, w, jo)
	b.setAnswer(jo, mustChange("id-"+jo))
	got := w.Login(t.Context(), credentials(jo))
	if code(got.Error) != core.ActionRequired || got.Error.Action != core.ActionNewPassword || got.Error.Name != "New password needed" {
		t.Fatalf("login: %+v", got.Error)
	}
	change := func(pairs ...any) core.ActionResult {
		return w.UpdatePassword(t.Context(), request(append([]any{"password", "brand new"}, pairs...)...))
	}
	for name, c := range map[string]struct {
		got  core.ActionResult
		want core.Code
	}{
		"without the old password": {change("email", jo), core.InvalidInput},
		"of nobody":                {change("email", "no@mail.com", "oldPassword", "old"), core.InvalidCredentials},
		"a name of another type":   {change("email", 7.0, "oldPassword", "old"), core.InvalidInput},
		"elsewhere":                {change("email", jo, "oldPassword", "old", "providerName", "none"), core.InvalidInput},
		"that is not due":          {change("email", "other@mail.com", "oldPassword", "old"), core.Unauthenticated},
		"wrong in between":         {change("email", jo, "oldPassword", "wrong"), core.InvalidCredentials},
	} {
		if code(c.got.Error) != c.want || c.got.Tokens != nil || len(b.passwords) != 0 {
			t.Errorf("%s: %+v, %v", name, c.got.Error, b.passwords)
		}
	}
	b.refuseNew = true
	if got := change("username", jo, "oldPassword", "old"); code(got.Error) != core.InvalidInput || got.Error.Errors["password"] != "is too common" {
		t.Errorf("a bad one: %+v", got.Error)
	}
	if e := core.AsError(w.last().Err); !e.Proved || w.last().Op != core.OpChangePassword || w.last().Account.Subject != "id-"+jo {
		t.Errorf("the trace of a bad one: %+v", w.last())
	}
	b.refuseNew = false
	got = change("identifier", " JO@mail.com ", "currentPassword", "old")
	if !got.Success || got.Tokens != nil || got.RedirectTo != "/login" || b.passwords["id-"+jo] != "brand new" {
		t.Fatalf("change: %+v", got)
	}
	if w.Check(t.Context(), before).Authenticated {
		t.Error("an older session outlives the change")
	}
}

// Whoever is signed in and says who they are, too, is signed in all the same;
// and nobody changes another's password that is not due.
func TestANameBesideASession(t *testing.T) {
	w, b := oneBackend(t, map[string]error{"jo@mail.com": nil, "al@mail.com": nil})
	r := signIn(t, w, "jo@mail.com")
	r.Params = request("password", "brand new", "email", "al@mail.com", "oldPassword", "old").Params
	if got := w.UpdatePassword(t.Context(), r); code(got.Error) != core.Unauthenticated || got.Error.Reason != flow.ReasonNotDue || len(b.passwords) != 0 {
		t.Errorf("another's: %+v", got.Error)
	}
	r.Params = request("password", "brand new", "email", "jo@mail.com", "oldPassword", "old").Params
	if got := w.UpdatePassword(t.Context(), r); !got.Success || got.Tokens == nil || b.passwords["id-jo@mail.com"] != "brand new" {
		t.Errorf("one's own: %+v", got)
	}
}

// A new password is asked for only where one is taken.
func TestADuePasswordThatNobodyChangesHasExpired(t *testing.T) {
	for name, break_ := range map[string]func(*flow.Routes, *flow.Backend) error{
		"the method is off":        func(r *flow.Routes, _ *flow.Backend) error { r.UpdatePassword = flow.Route{}; return mustChange("1") },
		"the backend cannot":       func(_ *flow.Routes, b *flow.Backend) error { b.Strategy.PasswordChanger = nil; return mustChange("1") },
		"nobody knows whose it is": func(*flow.Routes, *flow.Backend) error { return mustChange("") },
		"the method is another's": func(r *flow.Routes, _ *flow.Backend) error {
			_, other := newBackend("other", nil)
			r.UpdatePassword.Use = flow.Use{Backends: []*flow.Backend{other}}
			return mustChange("1")
		},
	} {
		b, fb := newBackend("staff", map[string]error{})
		routes := flow.Routes{
			Backends: map[string]*flow.Backend{"staff": fb}, Login: []flow.Link{{Backend: fb}},
			UpdatePassword: flow.Route{Use: flow.Use{Session: true}},
		}
		b.setAnswer("jo@mail.com", break_(&routes, fb))
		w := newWorld(t, routes)
		if got := w.Login(t.Context(), credentials("jo@mail.com")); code(got.Error) != core.PasswordExpired || got.Error.Action != "" {
			t.Errorf("%s: %+v", name, got.Error)
		}
	}
}
