package httpapi_test

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/authd-go/authd/core"
	"github.com/authd-go/authd/core/httpapi"
)

const loginCookie = "__Host-authd-login-"

func begun(state string) core.ActionResult {
	return core.ActionResult{Success: true, RedirectTo: "https://op.example.com/authorize", Pending: &core.PendingLogin{
		Name: core.PendingName(state), Sealed: core.NewSecret("sealed " + state), TTL: core.PendingTTL,
	}}
}

// TestPendingCookie: what a login leaves in the browser comes back with the
// other site's answer, and is gone then.
func TestPendingCookie(t *testing.T) {
	for mode, want := range map[http.SameSite]http.SameSite{
		http.SameSiteLaxMode: http.SameSiteLaxMode, http.SameSiteStrictMode: http.SameSiteLaxMode, http.SameSiteNoneMode: http.SameSiteNoneMode,
	} {
		h := newHarness(t, func(o *httpapi.Options) { o.CookieSameSite = mode })
		h.backend.action = begun("s1")
		c := pendingOf(t, h.do(post("/auth/login", `{"providerName":"google"}`)).wants(200))
		if c.Name != loginCookie+core.PendingName("s1") || c.Value != "sealed s1" || c.SameSite != want || !c.HttpOnly || !c.Secure || c.Path != "/" || c.MaxAge != 600 {
			t.Errorf("the cookie is %v", c)
		}
		h.backend.action = core.ActionResult{Success: true, RedirectTo: "/posts", Tokens: newTokens()}
		a := h.do(get("/auth/callback/google?state=s1&code=c", "Cookie", c.Name+"=from-s1; "+loginCookie+core.PendingName("s2")+"=from-s2")).wants(303)
		if got := h.backend.answer; got.Pending != "from-s1" || got.Strategy != "google" || !slices.Equal(got.Query["code"], []string{"c"}) {
			t.Errorf("the backend was told %+v", got)
		}
		var gone, kept []string
		for _, c := range a.cookies() {
			if c.MaxAge < 0 {
				gone = append(gone, c.Name)
			} else {
				kept = append(kept, c.Name)
			}
		}
		slices.Sort(kept)
		if !slices.Equal(gone, []string{c.Name}) || !slices.Equal(kept, []string{"__Host-authd-access", "__Host-authd-refresh"}) {
			t.Errorf("gone %q, kept %q", gone, kept)
		}
	}
}

// TestAnAnswerThatCameTooSoon was not looked at, so the browser keeps what makes
// it good when the page is loaded again.
func TestAnAnswerThatCameTooSoon(t *testing.T) {
	h := newHarness(t)
	for code, keeps := range map[core.Code]bool{core.Throttled: true, core.Unavailable: false, core.Expired: false} {
		h.backend.fail(&core.Error{Code: code, RetryAfter: time.Second})
		a := h.do(get("/auth/callback/google?state=s1&code=c", "Cookie", loginCookie+core.PendingName("s1")+"=from-s1"))
		if kept := len(a.cookies()) == 0; kept != keeps {
			t.Errorf("%s: the cookie is kept: %v", code, kept)
		}
	}
}

func pendingOf(t *testing.T, a answer) *http.Cookie {
	t.Helper()
	for _, c := range a.cookies() {
		if strings.HasPrefix(c.Name, loginCookie) {
			return c
		}
	}
	t.Fatal("there is no cookie of a pending login")
	return nil
}

func TestPendingLoginsDoNotPileUp(t *testing.T) {
	h := newHarness(t)
	h.backend.action = begun("new")
	cookies := []string{"__Host-authd-login-nonce=n"}
	for i := range 7 {
		cookies = append(cookies, fmt.Sprintf("%sold%d=x", loginCookie, i))
	}
	var gone []string
	for _, c := range h.do(post("/auth/login", `{"providerName":"google"}`, "Cookie", strings.Join(cookies, "; "))).wants(200).cookies() {
		if c.MaxAge < 0 {
			gone = append(gone, c.Name)
		}
	}
	slices.Sort(gone)
	if want := []string{loginCookie + "old0", loginCookie + "old1", loginCookie + "old2"}; !slices.Equal(gone, want) {
		t.Errorf("gone are %q, want %q", gone, want)
	}
}

// TestPostedAnswer: a form that another site has the browser post comes without
// our cookies, so the browser is asked to come again.
func TestPostedAnswer(t *testing.T) {
	h := newHarness(t)
	a := h.do(post("/auth/callback/apple", "code=c&state=s+1&user=%7B%7D&other=x", "Content-Type", formType, "Origin", "https://appleid.apple.com", "Sec-Fetch-Site", "cross-site")).wants(303)
	if got := a.header.Get("Location"); got != "/auth/callback/apple?code=c&state=s+1&user=%7B%7D" {
		t.Errorf("sent to %q", got)
	}
	a = h.do(post("/auth/callback/apple", "code=c&code=d&state=s", "Content-Type", formType)).wants(303)
	if got := a.header.Get("Location"); got != "/auth/callback/apple?code=c&code=d&state=s" {
		t.Errorf("sent to %q", got)
	}
	if len(h.backend.asked) != 0 {
		t.Error("the backend was asked")
	}
	h.do(post("/auth/callback/apple", "code="+strings.Repeat("x", 40<<10), "Content-Type", formType)).wants(400)
	h.do(post("/auth/callback/apple", `{"code":"c"}`).breaking()).wants(400)
	h.do(post("/auth/exchange", `{}`, "Origin", "https://appleid.apple.com", "Sec-Fetch-Site", "cross-site")).wants(403)
}

// TestStrictCookies: where cookies are not sent along with a redirect that
// another site began, a page stands in between.
func TestStrictCookies(t *testing.T) {
	h := newHarness(t, func(o *httpapi.Options) { o.CookieSameSite, o.Pages = http.SameSiteStrictMode, &httpapi.Pages{} })
	h.backend.action = core.ActionResult{Success: true, RedirectTo: "https://app.example.com/posts?a=1&b=2", Tokens: newTokens()}
	a := h.raw(request{method: "GET", path: "/auth/callback/google?state=s1", header: headers()}).wants(200)
	if !strings.Contains(string(a.body), `content="0; url=https://app.example.com/posts?a=1&amp;b=2"`) {
		t.Errorf("the page is %s", a.body)
	}
}

// TestNowhereToGo: somebody who cannot be sent on is told why, in the form that
// a browser or a program reads.
func TestNowhereToGo(t *testing.T) {
	h := newHarness(t, func(o *httpapi.Options) { o.Pages = &httpapi.Pages{} })
	h.backend.fail(&core.Error{Code: core.Throttled, RetryAfter: 90e9})
	page := h.raw(request{method: "GET", path: "/auth/callback/google?state=s1", header: headers("Accept", "text/html")}).wants(429)
	if !strings.Contains(string(page.body), "<h1>Too many attempts</h1>") || page.header.Get("Retry-After") != "90" {
		t.Errorf("the page is %s", page.body)
	}
	h.do(get("/auth/callback/google?state=s1")).wants(429)
	h.backend.action = core.ActionResult{}
	h.do(get("/auth/callback/google?state=s1")).wants(500)
}

// TestWhoCalls: the backend is told which page calls, and how it takes tokens.
func TestWhoCalls(t *testing.T) {
	for _, c := range []struct {
		header     []string
		origin     string
		cookieless bool
	}{
		{nil, "", false},
		{[]string{"Origin", allowedOrigin}, allowedOrigin, false},
		{[]string{"Authd-Transport", "bearer"}, "", true},
		{[]string{"Authd-Transport", "cookie", "Origin", "https://auth.example.com"}, "https://auth.example.com", false},
	} {
		h := newHarness(t)
		h.do(post("/auth/login", `{"providerName":"google"}`, append(c.header, "Cookie", "__Host-authd-login-nonce=n")...))
		if got := h.backend.last.Client; got.Origin != c.origin || got.Cookieless != c.cookieless || got.Nonce != "n" {
			t.Errorf("%q: %+v", c.header, got)
		}
	}
}
