package flow_test

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/authd-go/authd/core"
	"github.com/authd-go/authd/core/flow"
	"github.com/authd-go/authd/core/session"
)

// site is a scripted strategy that signs in at another site.
type site struct {
	begun    core.RedirectRequest
	keep     string // what the browser is to keep; "" is a short one
	answer   core.Callback
	refuses  error
	shown    core.Grant // to Renew and LogoutURL
	returnTo string
	notice   core.LogoutNotice
	token    core.TokenCredentials
	leaving  func() // is called by LogoutURL; may be nil
}

func (s *site) Begin(_ context.Context, r core.RedirectRequest) (core.Redirect, error) {
	s.begun = r
	return core.Redirect{URL: "https://op.example.com/authorize?state=" + r.State, Keep: core.NewSecret(cmp.Or(s.keep, "verifier"))}, s.refuses
}

func (s *site) grant() core.Grant {
	return core.Grant{
		Identity:  core.Identity{AccountID: core.AccountID{Subject: "alice"}, Name: "Alice", EmailVerified: true, Roles: []string{"staff"}},
		Keep:      core.NewSecret("refresh token"),
		SessionID: "sid-1",
	}
}

func (s *site) Complete(_ context.Context, c core.Callback) (core.Grant, error) {
	s.answer = c
	if s.refuses != nil {
		return core.Grant{}, s.refuses
	}
	return s.grant(), nil
}

func (s *site) AuthenticateToken(_ context.Context, c core.TokenCredentials) (core.TokenGrant, error) {
	s.token = c
	if s.refuses != nil {
		return core.TokenGrant{}, s.refuses
	}
	name, _, _ := strings.Cut(c.Credential.Reveal(), " ")
	return core.TokenGrant{Grant: s.grant(), ID: name, Expires: time.Now().Add(time.Hour)}, nil
}

func (s *site) Renew(_ context.Context, g core.Grant) (core.Grant, error) {
	s.shown = g
	if s.refuses != nil {
		return core.Grant{}, s.refuses
	}
	next := s.grant()
	next.Keep, next.Identity.Name = core.NewSecret("next refresh token"), "Alice Renewed"
	return next, nil
}

func (s *site) LogoutURL(_ context.Context, g core.Grant, returnTo string) (string, error) {
	s.shown, s.returnTo = g, returnTo
	if s.leaving != nil {
		s.leaving()
	}
	return "https://op.example.com/logout", nil
}

func (s *site) ReceiveLogout(_ context.Context, token core.Secret) (core.LogoutNotice, error) {
	if token.Reveal() != "good" {
		return core.LogoutNotice{}, &core.Error{Code: core.InvalidInput, Reason: "bad_signature"}
	}
	return s.notice, nil
}

// twoSites is a world with passwords and two other sites.
func twoSites(t testing.TB) (*world, *site) {
	t.Helper()
	s := &site{}
	backend := func(name string) *flow.Backend {
		return &flow.Backend{Name: name, Timeout: 5 * time.Second, Strategy: core.Strategy{
			Redirector: s, TokenAuthenticator: s, Renewer: s, LogoutRedirector: s, LogoutReceiver: s,
		}}
	}
	_, members := newBackend("members", map[string]error{"jo@mail.com": nil})
	op, other := backend("op"), backend("other")
	return newWorld(t, flow.Routes{
		Backends: map[string]*flow.Backend{"op": op, "other": other, "members": members},
		Login:    []flow.Link{{Backend: op}, {Backend: members}, {Backend: other}},
		LoginTo:  "/home", CheckTo: "/login", LogoutTo: "/bye",
	}), s
}

// elsewhere begins a login at the site.
func elsewhere(t testing.TB, w *world, pairs ...any) core.ActionResult {
	t.Helper()
	got := w.Login(t.Context(), request(append([]any{"providerName", "op"}, pairs...)...))
	if !got.Success || got.Pending == nil {
		t.Fatalf("login elsewhere: %+v", got)
	}
	return got
}

// back is what the browser brings back.
func back(begun core.ActionResult, s *site) core.SiteAnswer {
	return core.SiteAnswer{
		Strategy: "op", Pending: begun.Pending.Sealed.Reveal(),
		Query: map[string][]string{"state": {s.begun.State}, "code": {"c"}},
	}
}

func TestLoginElsewhere(t *testing.T) {
	w, s := twoSites(t)
	begun := elsewhere(t, w, "login_hint", "alice")
	if begun.RedirectTo != "https://op.example.com/authorize?state="+s.begun.State || begun.Tokens != nil {
		t.Errorf("begun: %+v", begun)
	}
	if s.begun.CallbackURL != "http://localhost:8080/auth/callback/op" || s.begun.Params["login_hint"] != "alice" || len(s.begun.State) < 40 {
		t.Errorf("the site was asked %+v", s.begun)
	}
	if begun.Pending.Name != core.PendingName(s.begun.State) || strings.Contains(begun.Pending.Sealed.Reveal(), "verifier") {
		t.Errorf("the browser keeps %+v", begun.Pending)
	}
	got := w.FinishLogin(t.Context(), from(core.Request{}), back(begun, s))
	if !got.Success || got.Tokens == nil || got.RedirectTo != "http://localhost:8080/home" {
		t.Fatalf("finished: %+v", got)
	}
	if s.answer.Keep.Reveal() != "verifier" || s.answer.State != s.begun.State || s.answer.CallbackURL != s.begun.CallbackURL {
		t.Errorf("the strategy was handed %+v", s.answer)
	}
	if u := got.Tokens.User; u.AccountID != (core.AccountID{Strategy: "op", Subject: "alice"}) || u.EmailVerified || !got.Tokens.Persistent {
		t.Errorf("signed in as %+v", u)
	}
	if tr := w.last(); tr.Op != core.OpFinishLogin || tr.Account.Subject != "alice" || tr.SessionID == "" {
		t.Errorf("traced %+v", tr)
	}

	me := core.Request{AccessToken: got.Tokens.Access.Reveal(), RefreshToken: got.Tokens.Refresh.Reveal(), Params: core.Params{}}
	if next := w.Refresh(t.Context(), me); !next.Success || next.Tokens.User.Name != "Alice Renewed" || s.shown.Keep.Reveal() != "refresh token" || s.shown.SessionID != "sid-1" {
		t.Errorf("refreshed: %+v, the site was shown %+v", next, s.shown)
	}
	me.Client.Origin = "https://app.example.com"
	if out := w.Logout(t.Context(), me); out.RedirectTo != "https://op.example.com/logout" || s.returnTo != "https://app.example.com/bye" || s.shown.Keep.Reveal() != "next refresh token" {
		t.Errorf("logged out: %+v, back to %q, the site was shown %+v", out, s.returnTo, s.shown)
	}
}

// TestRefusedAnswers: each has its reason, and leads to a login page that can
// tell it.
func TestRefusedAnswers(t *testing.T) {
	w, s := twoSites(t)
	for name, c := range map[string]struct {
		change func(*core.SiteAnswer)
		code   core.Code
		reason string
	}{
		"no pending login":      {func(a *core.SiteAnswer) { a.Pending = "" }, core.Expired, flow.ReasonNotBegun},
		"a forged one":          {func(a *core.SiteAnswer) { a.Pending = a.Pending[1:2] + a.Pending[:1] + a.Pending[2:] + "AAAA" }, core.Expired, flow.ReasonNotBegun},
		"no base64url":          {func(a *core.SiteAnswer) { a.Pending = "?" }, core.Expired, flow.ReasonNotBegun},
		"far too long":          {func(a *core.SiteAnswer) { a.Pending = strings.Repeat("A", 1<<20) }, core.Expired, flow.ReasonNotBegun},
		"another login's state": {func(a *core.SiteAnswer) { a.Query["state"] = []string{"guessed"} }, core.Expired, flow.ReasonNotBegun},
		"no state":              {func(a *core.SiteAnswer) { delete(a.Query, "state") }, core.Expired, flow.ReasonNotBegun},
		"two states":            {func(a *core.SiteAnswer) { a.Query["state"] = append(a.Query["state"], "x") }, core.Expired, flow.ReasonNotBegun},
		"another strategy":      {func(a *core.SiteAnswer) { a.Strategy = "other" }, core.InvalidInput, flow.ReasonWrongCallback},
	} {
		a := back(elsewhere(t, w), s)
		c.change(&a)
		s.answer = core.Callback{}
		got := w.FinishLogin(t.Context(), core.Request{}, a)
		if got.Tokens != nil || code(got.Error) != c.code || got.Error.Reason != c.reason || s.answer.State != "" {
			t.Errorf("%s: %+v; the strategy was asked: %v", name, got.Error, s.answer.State != "")
		}
		want := "http://localhost:8080/login?error=" + string(c.code) + "&reason=" + c.reason
		if got.RedirectTo != want {
			t.Errorf("%s: sent to %s, want %s", name, got.RedirectTo, want)
		}
	}
	if got := w.FinishLogin(t.Context(), core.Request{}, core.SiteAnswer{Strategy: "members"}); code(got.Error) != core.Unsupported || got.RedirectTo != "" {
		t.Errorf("a strategy that signs in here: %+v", got)
	}
}

func TestAnAnswerIsTakenOnce(t *testing.T) {
	w, s := twoSites(t)
	a := back(elsewhere(t, w), s)
	var taken atomic.Int32
	done := make(chan struct{})
	for range 10 {
		go func() {
			if got := w.FinishLogin(t.Context(), core.Request{}, a); got.Success {
				taken.Add(1)
			} else if got.Error.Reason != flow.ReasonStateUsed {
				t.Errorf("refused with %+v", got.Error)
			}
			done <- struct{}{}
		}()
	}
	for range 10 {
		<-done
	}
	if taken.Load() != 1 {
		t.Errorf("it was taken %d times", taken.Load())
	}
}

// TestRefusedElsewhere: what the strategy refuses goes to the page that began,
// with words of ours only, and keeps where it wanted to go.
func TestRefusedElsewhere(t *testing.T) {
	w, s := twoSites(t)
	r := request("providerName", "op", "redirectPath", "/posts?a=1")
	r.Client.Origin = "https://app.example.com"
	begun := w.Login(t.Context(), r)
	a := back(begun, s)
	a.Query["error_description"] = []string{"call 555"}
	s.refuses = &core.Error{Code: core.Forbidden, Reason: "access_denied", Err: errors.New("call 555")}
	got := w.FinishLogin(t.Context(), core.Request{}, a)
	u, err := url.Parse(got.RedirectTo)
	if err != nil || u.Scheme+"://"+u.Host+u.Path != "https://app.example.com/login" || strings.Contains(got.RedirectTo, "555") {
		t.Fatalf("sent to %s", got.RedirectTo)
	}
	if q := u.Query(); q.Get("error") != "forbidden" || q.Get("reason") != "access_denied" || q.Get("to") != "/posts?a=1" || len(q) != 3 {
		t.Errorf("told %v", q)
	}
	if got.Error.Message != "Signing in was cancelled, or the other site refused it." {
		t.Errorf("the message is %q", got.Error.Message)
	}
}

func TestWhereALoginElsewhereLeads(t *testing.T) {
	for name, c := range map[string]struct {
		pairs  []any
		origin string
		want   string // "" is refused
	}{
		"as configured":       {nil, "", "http://localhost:8080/home"},
		"on the page's own":   {nil, "https://app.example.com", "https://app.example.com/home"},
		"a path":              {[]any{"redirectPath", "/x"}, "https://app.example.com", "https://app.example.com/x"},
		"the page one was at": {[]any{"to", "/y"}, "", "http://localhost:8080/y"},
		"stay":                {[]any{"redirectPath", false}, "", "http://localhost:8080/home"},
		"an allowed origin":   {[]any{"redirectPath", "https://app.example.com/z"}, "", "https://app.example.com/z"},
		"a foreign origin":    {[]any{"redirectPath", "https://evil.example/z"}, "", ""},
		"two slashes":         {[]any{"to", "//evil.example"}, "", ""},
		"no text":             {[]any{"to", 5}, "", ""},
	} {
		w, s := twoSites(t)
		r := request(append([]any{"providerName", "op"}, c.pairs...)...)
		r.Client.Origin = c.origin
		begun := w.Login(t.Context(), r)
		if c.want == "" {
			if code(begun.Error) != core.InvalidInput {
				t.Errorf("%s: %+v", name, begun)
			}
			continue
		}
		if got := w.FinishLogin(t.Context(), core.Request{}, back(begun, s)); got.RedirectTo != c.want {
			t.Errorf("%s: leads to %s, want %s", name, got.RedirectTo, c.want)
		}
	}
}

func challenge(verifier string) string {
	sum := sha256.Sum256([]byte(verifier))
	return base64.RawURLEncoding.EncodeToString(sum[:])
}

// TestLoginElsewhereWithoutCookies walks the way of a front end that takes
// tokens itself.
func TestLoginElsewhereWithoutCookies(t *testing.T) {
	w, s := twoSites(t)
	r := request("providerName", "op")
	r.Client = core.Client{Cookieless: true, Origin: "https://app.example.com"}
	if got := w.Login(t.Context(), r); code(got.Error) != core.InvalidInput || got.Error.Errors["codeChallenge"] == "" {
		t.Errorf("without a challenge: %+v", got)
	}
	r.Params["codeChallenge"] = challenge("verifier of the page")
	begun := w.Login(t.Context(), r)
	way, err := url.Parse(begun.RedirectTo)
	if err != nil || way.Host != "localhost:8080" || way.Path != core.ResumePath || begun.Pending != nil {
		t.Fatalf("begun: %+v", begun)
	}
	resumed := w.ResumeLogin(t.Context(), request("ticket", way.Query().Get("ticket")))
	if !resumed.Success || resumed.RedirectTo != "https://op.example.com/authorize?state="+s.begun.State {
		t.Fatalf("resumed: %+v", resumed)
	}
	finish := func() string {
		begun := w.ResumeLogin(t.Context(), request("ticket", mustParse(t, w.Login(t.Context(), r).RedirectTo).Query().Get("ticket")))
		got := w.FinishLogin(t.Context(), core.Request{}, back(begun, s))
		at := mustParse(t, got.RedirectTo)
		if got.Tokens != nil || at.Host != "app.example.com" || at.Path != "/home" {
			t.Fatalf("finished: %+v", got)
		}
		return at.Query().Get("authd_code")
	}
	code1 := finish()
	got := w.Exchange(t.Context(), request("code", code1, "codeVerifier", "verifier of the page"))
	if !got.Success || got.Tokens == nil || got.Tokens.User.Name != "Alice" {
		t.Fatalf("exchanged: %+v", got)
	}
	for name, c := range map[string]struct{ code, verifier, reason string }{
		"twice":            {code1, "verifier of the page", flow.ReasonCodeUsed},
		"another's":        {finish(), "a thief's", flow.ReasonWrongVerifier},
		"without verifier": {finish(), "", flow.ReasonWrongVerifier},
		"forged":           {"!" + finish()[1:], "verifier of the page", flow.ReasonCodeExpired},
		"none":             {"", "", flow.ReasonCodeExpired},
		"a ticket":         {way.Query().Get("ticket"), "verifier of the page", flow.ReasonCodeExpired},
	} {
		got := w.Exchange(t.Context(), request("code", c.code, "code_verifier", c.verifier))
		if got.Success || got.Tokens != nil || got.Error.Reason != c.reason {
			t.Errorf("%s: %+v", name, got.Error)
		}
	}
	if got := w.ResumeLogin(t.Context(), request("ticket", "forged")); got.Error.Reason != flow.ReasonNotBegun || !strings.HasPrefix(got.RedirectTo, "http://localhost:8080/login?error=expired") {
		t.Errorf("a forged ticket: %+v", got)
	}
}

func mustParse(t *testing.T, raw string) *url.URL {
	t.Helper()
	u, err := url.Parse(raw)
	if err != nil {
		t.Fatal(err)
	}
	return u
}

func TestWhoIsAskedForAPassword(t *testing.T) {
	w, s := twoSites(t)
	if got := w.Login(t.Context(), credentials("jo@mail.com")); !got.Success {
		t.Errorf("a chain with sites in it: %+v", got.Error)
	}
	if got := w.Login(t.Context(), request("providerName", "members")); code(got.Error) != core.InvalidInput {
		t.Errorf("no password: %+v", got)
	}
	only := newWorld(t, flow.Routes{Login: []flow.Link{{Backend: &flow.Backend{Name: "op", Timeout: time.Second, Strategy: core.Strategy{Redirector: s}}}}})
	if got := only.Login(t.Context(), request()); !got.Success || got.Pending == nil {
		t.Errorf("the only way in is elsewhere: %+v", got)
	}
	both := newWorld(t, flow.Routes{Login: []flow.Link{
		{Backend: &flow.Backend{Name: "op", Timeout: time.Second, Strategy: core.Strategy{Redirector: s}}},
		{Backend: &flow.Backend{Name: "other", Timeout: time.Second, Strategy: core.Strategy{Redirector: s}}},
	}})
	if got := both.Login(t.Context(), credentials("jo@mail.com")); got.Error == nil || got.Error.Errors["providerName"] == "" {
		t.Errorf("two ways elsewhere: %+v", got)
	}
	for name, u := range map[string]string{"no address": "", "a script": "javascript:alert(1)", "a path": "/authorize"} {
		bad := newWorld(t, flow.Routes{Login: []flow.Link{{Backend: &flow.Backend{Name: "op", Timeout: time.Second, Strategy: core.Strategy{Redirector: leads(u)}}}}})
		if got := bad.Login(t.Context(), request()); code(got.Error) != core.Internal {
			t.Errorf("%s: %+v", name, got)
		}
	}
}

// leads is a strategy that sends the browser somewhere.
type leads string

func (l leads) Begin(context.Context, core.RedirectRequest) (core.Redirect, error) {
	return core.Redirect{URL: string(l)}, nil
}

func (leads) Complete(context.Context, core.Callback) (core.Grant, error) { return core.Grant{}, nil }

func TestLoginByToken(t *testing.T) {
	w, s := twoSites(t)
	login := func(credential, nonce string) core.ActionResult {
		r := request("providerName", "op", "credential", credential)
		r.Client.Nonce = nonce
		return w.Login(t.Context(), r)
	}
	if got := login("one", ""); !got.Success || got.Tokens.User.Subject != "alice" || got.RedirectTo != "/home" {
		t.Fatalf("%+v", got)
	}
	if got := login("one", ""); code(got.Error) != core.InvalidCredentials || got.Error.Reason != flow.ReasonTokenUsed {
		t.Errorf("the second time: %+v", got.Error)
	}
	if got := login("one spelled otherwise", ""); got.Success || got.Error.Reason != flow.ReasonTokenUsed {
		t.Errorf("in another spelling: %+v", got.Error)
	}
	if got := login(" no name", ""); code(got.Error) != core.Internal {
		t.Errorf("without a name: %+v", got.Error)
	}
	n := w.LoginNonce(t.Context(), core.Request{})
	if got := login("two", n.Pending.Sealed.Reveal()); !got.Success || s.token.Nonce != n.Nonce {
		t.Errorf("with a nonce: %+v, the strategy compares with %q", got.Error, s.token.Nonce)
	}
	if got := login("three", n.Pending.Sealed.Reveal()); got.Success || got.Error.Reason != flow.ReasonNonceExpired {
		t.Errorf("the nonce again: %+v", got.Error)
	}
	if got := login("four", "forged"); got.Success || got.Error.Reason != flow.ReasonNonceExpired {
		t.Errorf("a forged nonce: %+v", got.Error)
	}
	s.refuses = core.InvalidCredentials
	if got := login("five", ""); code(got.Error) != core.InvalidCredentials {
		t.Errorf("a token that is not believed: %+v", got.Error)
	}
	for _, r := range []core.Request{request("credential", "x"), request("credential", "x", "providerName", "members"), request("credential", "", "providerName", "op")} {
		if got := w.Login(t.Context(), r); code(got.Error) != core.InvalidInput {
			t.Errorf("%v: %+v", r.Params, got.Error)
		}
	}
}

// TestOutageElsewhere: the session goes on for a while.
func TestOutageElsewhere(t *testing.T) {
	w, s := twoSites(t)
	got := w.FinishLogin(t.Context(), core.Request{}, back(elsewhere(t, w), s))
	me := core.Request{RefreshToken: got.Tokens.Refresh.Reveal(), Params: core.Params{}}
	s.refuses = core.Unavailable
	next := w.Refresh(t.Context(), me)
	if !next.Success || next.Tokens.User.Name != "Alice" {
		t.Fatalf("in an outage: %+v", next.Error)
	}
	s.refuses = core.UnknownUser
	me.RefreshToken = next.Tokens.Refresh.Reveal()
	if got := w.Refresh(t.Context(), me); got.Success || got.Error.Reason != session.ReasonAccountGone {
		t.Errorf("refused there: %+v", got.Error)
	}
}
