package flow_test

import (
	"encoding/json"
	"net/url"
	"testing"
	"time"

	"github.com/authd-go/authd/core"
	"github.com/authd-go/authd/core/flow"
)

func TestRegister(t *testing.T) {
	w, b := oneBackend(t, map[string]error{})
	r := request("email", " New@Mail.com ", "password", "long enough", "terms", true)
	got := w.Register(t.Context(), r)
	if !got.Success || got.RedirectTo != "/welcome" || got.Tokens != nil || got.SuccessNotification == nil {
		t.Errorf("register: %+v", got)
	}
	if b.asked[0] != "new@mail.com" {
		t.Errorf("the backend was given %q", b.asked[0])
	}
	if got := w.Register(t.Context(), r); code(got.Error) != core.Conflict || got.RedirectTo != "/no" {
		t.Errorf("register again: %+v", got)
	}
	for _, c := range []struct {
		r     core.Request
		field string
	}{
		{request("password", "x"), "email"},
		{request("email", "not an address", "password", "x"), "email"},
		{request("email", "jo@mail.com"), "password"},
		{request("email", "jo@mail.com", "password", "x", "confirmPassword", "y"), "confirmPassword"},
		{request("email", "jo@mail.com", "password", "x", "confirmPassword", ""), "confirmPassword"},
		{request("email", "jo@mail.com", "password", "x", "name", 7.0), "name"},
		{request("email", "jo@mail.com", "password", "x", "providerName", "google"), "providerName"},
	} {
		if got := w.Register(t.Context(), c.r); code(got.Error) != core.InvalidInput || got.Error.Errors[c.field] == "" {
			t.Errorf("%v: %+v", c.r.Params, got.Error)
		}
	}
}

func TestMethodsThatAreOffSaySo(t *testing.T) {
	w := newWorld(t, flow.Routes{})
	for name, got := range map[string]core.ActionResult{
		"login":    w.Login(t.Context(), credentials("jo@mail.com")),
		"register": w.Register(t.Context(), credentials("jo@mail.com")),
		"forgot":   w.ForgotPassword(t.Context(), request("email", "jo@mail.com")),
		"update":   w.UpdatePassword(t.Context(), request("password", "x", "token", "y")),
	} {
		if code(got.Error) != core.Unsupported {
			t.Errorf("%s: %+v", name, got)
		}
	}
}

func token(t *testing.T, link core.Secret) string {
	t.Helper()
	u, err := url.Parse(link.Reveal())
	if err != nil || u.Host != "localhost:8080" || u.Path != "/update-password" {
		t.Fatalf("link %q, %v", link.Reveal(), err)
	}
	return u.Query().Get("token")
}

func receive(t *testing.T, w *world) flow.Recovery {
	t.Helper()
	select {
	case r := <-w.sent:
		return r
	case <-time.After(10 * time.Second):
		t.Fatal("nothing was sent")
	}
	return flow.Recovery{}
}

func TestRecovery(t *testing.T) {
	w, b := oneBackend(t, map[string]error{"jo@mail.com": nil, "gone@mail.com": core.Unavailable})
	me := signIn(t, w, "jo@mail.com")

	known := w.ForgotPassword(t.Context(), request("email", "JO@mail.com"))
	unknown := w.ForgotPassword(t.Context(), request("email", "nobody@mail.com"))
	odd := w.ForgotPassword(t.Context(), request("email", "no body"))
	a, _ := json.Marshal(known)
	for _, other := range []core.ActionResult{unknown, odd} {
		if b, _ := json.Marshal(other); string(a) != string(b) || !other.Success || other.SuccessNotification == nil {
			t.Errorf("the answers tell accounts apart:\n%s\n%s", a, b)
		}
	}
	if got := w.ForgotPassword(t.Context(), request("email", "gone@mail.com")); code(got.Error) != core.Unavailable {
		t.Errorf("an outage: %+v", got)
	}
	first := token(t, receive(t, w).Link)
	w.ForgotPassword(t.Context(), request("email", "jo@mail.com"))
	second := token(t, receive(t, w).Link)

	reset := func(token string) core.ActionResult {
		return w.UpdatePassword(t.Context(), request("password", "brand new", "confirmPassword", "brand new", "token", token, "to", nil))
	}
	if got := reset(first); code(got.Error) != core.Expired {
		t.Errorf("an older link still works: %+v", got)
	}
	b.refuseNew = true
	if got := reset(second); code(got.Error) != core.InvalidInput {
		t.Errorf("a refused password: %+v", got)
	}
	b.refuseNew = false
	if got := reset(second); !got.Success || got.RedirectTo != "/login" || got.SuccessNotification == nil || got.Tokens != nil {
		t.Errorf("the link after a refused password: %+v", got)
	}
	if b.passwords["id-jo@mail.com"] != "brand new" {
		t.Errorf("passwords %v", b.passwords)
	}
	if got := reset(second); code(got.Error) != core.Expired {
		t.Errorf("the link works twice: %+v", got)
	}
	if w.Check(t.Context(), me).Authenticated || w.Refresh(t.Context(), me).Success {
		t.Error("a session outlives the reset")
	}
}

func TestChangePassword(t *testing.T) {
	w, b := oneBackend(t, map[string]error{"jo@mail.com": nil})
	me, other := signIn(t, w, "jo@mail.com"), signIn(t, w, "jo@mail.com")
	change := func(r core.Request, pairs ...any) core.ActionResult {
		r.Params = request(append([]any{"password", "brand new"}, pairs...)...).Params
		return w.UpdatePassword(t.Context(), r)
	}
	if got := change(core.Request{}, "oldPassword", "old"); code(got.Error) != core.Unauthenticated {
		t.Errorf("without a session: %+v", got)
	}
	if got := change(me); code(got.Error) != core.InvalidInput || got.Error.Errors["oldPassword"] == "" {
		t.Errorf("without the old password: %+v", got)
	}
	if got := change(me, "oldPassword", "wrong"); code(got.Error) != core.InvalidCredentials || !w.Check(t.Context(), me).Authenticated {
		t.Errorf("with a wrong old password: %+v", got)
	}
	got := change(me, "currentPassword", "old")
	if !got.Success || got.Tokens == nil || b.passwords["id-jo@mail.com"] != "brand new" {
		t.Fatalf("change: %+v", got)
	}
	for _, r := range []core.Request{me, other} {
		if w.Check(t.Context(), r).Authenticated || w.Refresh(t.Context(), r).Success {
			t.Error("an older session outlives the change")
		}
	}
	fresh := core.Request{AccessToken: got.Tokens.Access.Reveal(), RefreshToken: got.Tokens.Refresh.Reveal()}
	if !w.Check(t.Context(), fresh).Authenticated || !w.Refresh(t.Context(), fresh).Success {
		t.Error("the owner is out")
	}
}

func TestOnError(t *testing.T) {
	w, b := oneBackend(t, map[string]error{"jo@mail.com": nil})
	dead := signIn(t, w, "jo@mail.com")
	w.Logout(t.Context(), dead)
	alive := signIn(t, w, "jo@mail.com")
	for _, c := range []struct {
		name   string
		tokens core.Request
		params []any
		want   core.ErrorResult
	}{
		{"no session", core.Request{}, []any{"statusCode", 401.0}, core.ErrorResult{Logout: true, RedirectTo: "/login"}},
		{"text", core.Request{}, []any{"status", "401"}, core.ErrorResult{Logout: true, RedirectTo: "/login"}},
		{"axios", core.Request{}, []any{"response", map[string]any{"status": 401.0}}, core.ErrorResult{Logout: true, RedirectTo: "/login"}},
		{"dead session", dead, []any{"status", 401.0}, core.ErrorResult{Logout: true, RedirectTo: "/login"}},
		{"from the target itself", dead, []any{"status", 401.0, "page", "/login?to=%2F"}, core.ErrorResult{Logout: true}},
		{"forbidden", alive, []any{"status", 403.0}, core.ErrorResult{RedirectTo: "/forbidden"}},
		{"forbidden, there", alive, []any{"status", 403.0, "page", "http://localhost:8080/forbidden/"}, core.ErrorResult{}},
		{"no rule", alive, []any{"status", 500.0}, core.ErrorResult{}},
		{"network", alive, []any{"message", "Network Error"}, core.ErrorResult{}},
	} {
		r := c.tokens
		r.Params = request(c.params...).Params
		if got := w.OnError(t.Context(), r); got != c.want {
			t.Errorf("%s: %+v, want %+v", c.name, got, c.want)
		}
	}
	r := alive
	r.Params = core.Params{"status": 401.0}
	if got := w.OnError(t.Context(), r); got.Logout || got.RedirectTo != "" || got.Tokens == nil {
		t.Errorf("a live session is not refreshed: %+v", got)
	}
	r.Client.Page = "https://app.example.com/login"
	r.RefreshToken = dead.RefreshToken
	if got := w.OnError(t.Context(), r); got.RedirectTo != "" || !got.Logout {
		t.Errorf("the page of the transport is not looked at: %+v", got)
	}
	b.setAnswer("jo@mail.com", core.Internal)
	r.RefreshToken = alive.RefreshToken
	if got := w.OnError(t.Context(), r); got.Logout || code(got.Error) != core.Internal {
		t.Errorf("a broken backend logs people out: %+v", got)
	}
	if err := w.store.Close(); err != nil {
		t.Fatal(err)
	}
	r.RefreshToken = alive.RefreshToken
	if got := w.OnError(t.Context(), r); got.Logout || code(got.Error) != core.Unavailable {
		t.Errorf("an outage logs people out: %+v", got)
	}
}

// TestForgotPasswordAnswersBeforeTheWork holds the sender back and sees the
// answer all the same, for as many accounts as the queue takes.
func TestForgotPasswordAnswersBeforeTheWork(t *testing.T) {
	w, _ := oneBackend(t, map[string]error{"jo@mail.com": nil})
	w.sent = make(chan flow.Recovery) // nobody receives: the sender hangs
	refused := 0
	for range 200 {
		got := w.ForgotPassword(t.Context(), request("email", "nobody@mail.com"))
		if !got.Success {
			refused++
		}
	}
	if refused > 0 {
		t.Errorf("%d requests about nobody were refused while nothing hung", refused)
	}
	for range 300 {
		if got := w.ForgotPassword(t.Context(), request("email", "jo@mail.com")); !got.Success {
			if refused++; code(got.Error) != core.Unavailable {
				t.Fatalf("a full queue answers %+v", got.Error)
			}
		}
	}
	if refused == 0 {
		t.Error("the queue is not bounded")
	}
	go func() {
		for range w.sent { // so that Close ends
		}
	}()
}
