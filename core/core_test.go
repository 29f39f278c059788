package core_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/authd-go/authd/core"
)

func TestEveryErrorUnwrapsToItsCode(t *testing.T) {
	cause := errors.New("connection refused")
	err := fmt.Errorf("while signing in: %w", &core.Error{Code: core.Unavailable, Op: "bind", Strategy: "staff", Err: cause})
	if !errors.Is(err, core.Unavailable) || !errors.Is(err, cause) || core.CodeOf(err) != core.Unavailable {
		t.Errorf("%v lost its code or its cause", err)
	}
	if want := "while signing in: staff: bind: unavailable: connection refused"; err.Error() != want {
		t.Errorf("text = %q, want %q", err, want)
	}
	nested := core.Fail(core.Unavailable, "login", core.Fail(core.InvalidCredentials, "bind", nil))
	if core.CodeOf(nested) != core.Unavailable {
		t.Errorf("the cause's code won over the wrapper's: %v", core.CodeOf(nested))
	}
}

func TestCodeOf(t *testing.T) {
	for _, c := range []struct {
		err  error
		want core.Code
	}{
		{nil, ""},
		{core.Locked, core.Locked},
		{context.DeadlineExceeded, core.Unavailable},
		{fmt.Errorf("asking: %w", context.Canceled), core.Unavailable},
		{errors.New("surprise"), core.Internal},
	} {
		if got := core.CodeOf(c.err); got != c.want {
			t.Errorf("CodeOf(%v) = %q, want %q", c.err, got, c.want)
		}
	}
}

func TestEveryShownCodeHasAText(t *testing.T) {
	texts := core.DefaultMessages()
	for _, code := range core.Codes() {
		if text, ok := texts[code]; code != core.UnknownUser && (!ok || text.Name == "" || text.Message == "") {
			t.Errorf("%s has no public text", code)
		}
	}
}

func TestRefuseConcealsAccounts(t *testing.T) {
	texts := core.DefaultMessages()
	wrong := texts.Refuse(core.Fail(core.InvalidCredentials, "authenticate", nil))
	for _, err := range []error{
		core.UnknownUser,
		core.Fail(core.UnknownUser, "find", errors.New("no row")),
		&core.Error{Code: core.Disabled, Reason: "left"},
		core.Locked,
		fmt.Errorf("bind: %w", core.PasswordExpired),
	} {
		if got := texts.Refuse(err); !reflect.DeepEqual(got, wrong) {
			t.Errorf("%v is shown as %+v, want the same as a wrong password", err, got)
		}
	}
	if got := texts.Refuse(&core.Error{Code: core.Disabled, Proved: true}); got.Code != core.Disabled {
		t.Errorf("an owner who proved the password is told %s", got.Code)
	}
}

func TestRefuseKeepsInternalTextsInside(t *testing.T) {
	got := core.DefaultMessages().Refuse(errors.New("pq: relation users, password=hunter2"))
	text, err := json.Marshal(got)
	if err != nil || got.Code != core.Internal || strings.Contains(string(text), "hunter2") {
		t.Errorf("shown: %s, %v", text, err)
	}
}

func TestRefuseNamesFields(t *testing.T) {
	got := core.DefaultMessages().Refuse(core.InvalidField("email", "must be a string"))
	if want := "Some of the input is missing or not valid: email must be a string."; got.Message != want {
		t.Errorf("message = %q, want %q", got.Message, want)
	}
	if got.Errors["email"] != "must be a string" {
		t.Errorf("errors = %v", got.Errors)
	}
}

func TestMessagesWith(t *testing.T) {
	m := core.DefaultMessages().With(core.Messages{core.Forbidden: {Message: "No entry."}})
	if got := m[core.Forbidden]; got.Message != "No entry." || got.Name != "Not allowed" {
		t.Errorf("got %+v", got)
	}
	if core.DefaultMessages()[core.Forbidden].Message == "No entry." {
		t.Error("the defaults were changed")
	}
}

func TestSecretIsNeverShown(t *testing.T) {
	const text = "correct horse"
	s := core.NewSecret(text)
	type holder struct {
		Public core.Secret
		hidden core.Secret
	}
	h := holder{s, s}
	var log strings.Builder
	slog.New(slog.NewTextHandler(&log, nil)).Info("x", "secret", s, "holder", h, "pointer", &h)
	document, err := json.Marshal(map[string]any{"s": s, "h": h, "p": &s})
	if err != nil {
		t.Fatal(err)
	}
	shown := []string{log.String(), string(document), errors.Join(fmt.Errorf("bad %v", s)).Error()}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
		shown = append(shown, fmt.Sprintf(verb, s), fmt.Sprintf(verb, h), fmt.Sprintf(verb, &h), fmt.Sprintf(verb, []core.Secret{s}))
	}
	for _, out := range shown {
		if strings.Contains(out, text) || strings.Contains(out, fmt.Sprintf("%x", text)) {
			t.Errorf("shown: %s", out)
		}
	}
	if s.Reveal() != text || (core.Secret{}).Reveal() != "" || !(core.Secret{}).Empty() {
		t.Error("Reveal or Empty is wrong")
	}
	if !s.Equal(core.NewSecret(text)) || s.Equal(core.NewSecret("x")) {
		t.Error("Equal is wrong")
	}
}

func TestResultJSON(t *testing.T) {
	refusal := &core.Refusal{Name: "Login failed", Message: "No.", Code: core.InvalidCredentials}
	tokens := &core.Tokens{Access: core.NewSecret("a.b.c")}
	for _, c := range []struct {
		name  string
		value any
		want  string
	}{
		{"success", core.ActionResult{Success: true, Tokens: tokens}, `{"success":true}`},
		{"redirect", core.ActionResult{Success: true, RedirectTo: "/x"}, `{"redirectTo":"/x","success":true}`},
		{
			"notification",
			core.ActionResult{Success: true, SuccessNotification: &core.Notification{Message: "m"}},
			`{"success":true,"successNotification":{"message":"m"}}`,
		},
		{"extra", core.ActionResult{Success: true, Extra: map[string]any{"user": 1, "success": false}}, `{"success":true,"user":1}`},
		{
			"failure",
			core.ActionResult{Error: refusal},
			`{"code":"invalid_credentials","error":{"name":"Login failed","message":"No.","code":"invalid_credentials"},"message":"No.","success":false}`,
		},
		{"check", core.CheckResult{Authenticated: true}, `{"authenticated":true}`},
		{"no check", core.CheckResult{RedirectTo: "/login", Logout: true}, `{"authenticated":false,"logout":true,"redirectTo":"/login"}`},
		{"do nothing", core.ErrorResult{Tokens: tokens}, `{}`},
		{"log out", core.ErrorResult{Logout: true, RedirectTo: "/login"}, `{"logout":true,"redirectTo":"/login"}`},
		{"value", core.ValueResult{Value: []string{"admin"}}, `["admin"]`},
		{"no value", core.ValueResult{Error: refusal}, `null`},
		{"no sessions", core.SessionsResult{}, `{"sessions":[]}`},
		{
			"identity",
			core.Identity{AccountID: core.AccountID{Strategy: "members", Subject: "7"}, Email: "j@mail.com", Claims: map[string]any{"id": "forged", "locale": "de"}},
			`{"avatar":null,"email":"j@mail.com","fullName":"j@mail.com","id":"members:7","locale":"de","name":"j@mail.com","roles":[]}`,
		},
	} {
		if got, err := json.Marshal(c.value); err != nil || string(got) != c.want {
			t.Errorf("%s:\n got %s, %v\nwant %s", c.name, got, err, c.want)
		}
	}
}

func TestParams(t *testing.T) {
	p := core.Params{"email": nil, "username": "jo", "remember": true, "n": 1.0}
	if got, err := p.String("email", "username"); got != "jo" || err != nil {
		t.Errorf("String = %q, %v", got, err)
	}
	if got, err := p.Bool(false, "rememberMe", "remember"); !got || err != nil {
		t.Errorf("Bool = %v, %v", got, err)
	}
	if _, err := p.String("n"); core.CodeOf(err) != core.InvalidInput || core.AsError(err).Fields["n"] == "" {
		t.Errorf("a number for a string: %v", err)
	}
	if _, err := p.Bool(false, "n"); core.CodeOf(err) != core.InvalidInput {
		t.Errorf("a number for a boolean: %v", err)
	}
	if p.Has("email") || !p.Has("email", "n") {
		t.Error("Has is wrong")
	}
}

func TestProblems(t *testing.T) {
	var ps core.Problems
	if ps.Err() != nil {
		t.Error("no problems are an error")
	}
	ps.Merge("strategies.staff", core.Problems{{Path: "urls", Message: "is required"}, {Path: "[0]", Message: "odd"}, {Message: "closed"}})
	ps.Merge("strategies.members", errors.Join(core.Problem{Path: "hash.bcryptCost", Message: "too low"}))
	ps.Merge("x", errors.New("plain"))
	ps.Merge("y", nil)
	want := "strategies.staff.urls: is required\nstrategies.staff[0]: odd\nstrategies.staff: closed\n" +
		"strategies.members.hash.bcryptCost: too low\nx: plain"
	if ps.Err().Error() != want {
		t.Errorf("got\n%v\nwant\n%s", ps, want)
	}
}

func TestCapabilitiesFollowTheFields(t *testing.T) {
	fields := reflect.TypeFor[core.Strategy]().NumField() - 3 // without Ready, Diagnoser and Close
	if got := (core.Strategy{}).Capabilities(); len(got) != 0 {
		t.Errorf("an empty strategy can %v", got)
	}
	var all allCapabilities
	s := core.Strategy{all, all, all, all, all, all, all, all, all, all, all, all, all, nil, nil, nil}
	if got := core.AllCapabilities(); !slices.Equal(got, s.Capabilities()) {
		t.Errorf("all capabilities are %q", got)
	}
	if got := s.Capabilities(); len(got) != fields {
		t.Errorf("a full strategy can %v, want %d capabilities", got, fields)
	}
}

type allCapabilities struct {
	core.Authenticator
	core.Redirector
	core.TokenAuthenticator
	core.Registrar
	core.Recoverer
	core.PasswordChanger
	core.Revalidator
	core.Renewer
	core.PermissionSource
	core.IdentitySource
	core.LogoutRedirector
	core.LogoutReceiver
	core.PictureSource
}
