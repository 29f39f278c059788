package flow_test

import (
	"context"
	"strings"
	"testing"

	"github.com/authd-go/authd/core"
	"github.com/authd-go/authd/core/flow"
)

// A browser drops a cookie of more than 4096 bytes without a word, and then
// nobody gets in. The page that was asked for is given up before that, and not
// for less: lists with filters have long addresses.
func TestAPendingLoginFitsACookie(t *testing.T) {
	w, s := twoSites(t)
	const name = "__Host-authd-login-"
	for length, kept := range map[int]bool{100: true, 1000: true, 2000: true, 2048: true, 2049: false} {
		path := "/posts?" + strings.Repeat("&a=b", length/4)
		path += strings.Repeat("x", length-len(path)%length)
		path = path[:length]
		r := request("providerName", "op", "to", path)
		r.Client.Origin = "https://app.example.com"
		begun := w.Login(t.Context(), r)
		if !kept {
			if code(begun.Error) != core.InvalidInput {
				t.Errorf("%d bytes: %+v", length, begun)
			}
			continue
		}
		if n := len(name) + len(begun.Pending.Name) + len(begun.Pending.Sealed.Reveal()); n > 4096 {
			t.Errorf("for %d bytes the browser is to keep %d", length, n)
		}
		if got := w.FinishLogin(t.Context(), core.Request{}, back(begun, s)); got.RedirectTo != "https://app.example.com"+path {
			t.Errorf("%d bytes: leads to %s", length, got.RedirectTo)
		}
	}
	t.Run("with much of the strategy's", func(t *testing.T) {
		s.keep = strings.Repeat("k", 2<<10)
		begun := elsewhere(t, w, "to", "/"+strings.Repeat("x", 2000))
		if n := len(name) + len(begun.Pending.Name) + len(begun.Pending.Sealed.Reveal()); n > 4096 {
			t.Errorf("the browser is to keep %d bytes", n)
		}
		if got := w.FinishLogin(t.Context(), core.Request{}, back(begun, s)); !got.Success || got.RedirectTo != "http://localhost:8080/home" {
			t.Errorf("it leads to %s, %+v", got.RedirectTo, got.Error)
		}
	})
}

// Whoever shows a code without being able to prove that it is theirs leaves no
// session behind that nobody has.
func TestAWrongVerifierEndsTheSession(t *testing.T) {
	w, s := twoSites(t)
	r := request("providerName", "op", "codeChallenge", challenge("the page's"))
	r.Client.Cookieless = true
	ticket := mustParse(t, w.Login(t.Context(), r).RedirectTo).Query().Get("ticket")
	done := w.FinishLogin(t.Context(), core.Request{}, back(w.ResumeLogin(t.Context(), request("ticket", ticket)), s))
	authdCode := mustParse(t, done.RedirectTo).Query().Get("authd_code")
	if got := w.Exchange(t.Context(), request("code", authdCode, "codeVerifier", "a thief's")); got.Success || got.Error.Reason != flow.ReasonWrongVerifier {
		t.Fatalf("exchanged: %+v", got)
	}
	trace := w.last()
	if _, err := w.Session.Session(t.Context(), trace.SessionID); trace.SessionID == "" || core.CodeOf(err) != core.Unauthenticated {
		t.Errorf("session %q: %v", trace.SessionID, err)
	}
}

// Who signs out and does not wait for the other site, which may hang, is signed
// out all the same.
func TestLogoutDoesNotWaitForTheOtherSite(t *testing.T) {
	w, s := twoSites(t)
	in := w.FinishLogin(t.Context(), core.Request{}, back(elsewhere(t, w), s))
	r := core.Request{AccessToken: in.Tokens.Access.Reveal()}
	ctx, hangUp := context.WithCancel(t.Context())
	s.leaving = hangUp
	w.Logout(ctx, r)
	if s.returnTo == "" {
		t.Error("the other site was not asked")
	}
	if got := w.Check(t.Context(), r); got.Authenticated {
		t.Error("still signed in")
	}
}

// Nothing that somebody makes up is an answer to a login that was begun, and
// every refusal leads to a page of ours.
func FuzzSiteAnswer(f *testing.F) {
	w, s := twoSites(f)
	begun := elsewhere(f, w)
	good := begun.Pending.Sealed.Reveal()
	f.Add("op", uint16(9999), "", "", "c", "", "access_denied")
	f.Add("other", uint16(9999), "", "", "", "https://op.example.com", "")
	f.Add("op", uint16(40), "AAAA", "s", "c", "", "")
	f.Add("op", uint16(0), "", "", "", "", "")
	// Each process has a login of its own, so the inputs say how much of it is
	// there, and not what it is. Without a state of its own, an answer has the right one.
	f.Fuzz(func(t *testing.T, strategy string, there uint16, more, state, code, issuer, word string) {
		pending := good[:min(int(there), len(good))] + more
		if state == "" {
			state = s.begun.State
		}
		if pending == good && state == s.begun.State && strategy == "op" {
			return // that one is real
		}
		got := w.FinishLogin(t.Context(), core.Request{}, core.SiteAnswer{
			Strategy: strategy, Pending: pending, Query: map[string][]string{"code": {code}, "state": {state}, "iss": {issuer}, "error": {word}},
		})
		switch {
		case got.Success || got.Tokens != nil || got.Error == nil:
			t.Fatalf("%+v", got)
		case got.Error.Code == core.Unsupported && got.RedirectTo == "": // no such strategy
		case got.Error.Reason != flow.ReasonNotBegun && (got.Error.Reason != flow.ReasonWrongCallback || pending != good):
			t.Fatalf("refused for %s", got.Error.Reason)
		case !strings.HasPrefix(got.RedirectTo, "http://localhost:8080/login?error="):
			t.Fatalf("it leads to %s", got.RedirectTo)
		}
	})
}
