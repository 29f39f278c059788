package httpapi_test

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/authd-go/authd/core"
	"github.com/authd-go/authd/core/httpapi"
)

func TestCookies(t *testing.T) {
	public := func(s string) *url.URL {
		u, err := url.Parse(s)
		if err != nil {
			t.Fatal(err)
		}
		return u
	}
	for _, tc := range []struct {
		name            string
		public          string
		mode            http.SameSite
		persistent      bool
		access, refresh string
	}{
		{
			"https", ownOrigin, 0, true,
			"__Host-authd-access=" + accessJWT + "; Path=/; Max-Age=600; HttpOnly; Secure; SameSite=Lax",
			"__Host-authd-refresh=" + refreshJWT + "; Path=/; Max-Age=259200; HttpOnly; Secure; SameSite=Lax",
		},
		{
			"until the browser closes", ownOrigin, http.SameSiteLaxMode, false,
			"__Host-authd-access=" + accessJWT + "; Path=/; HttpOnly; Secure; SameSite=Lax",
			"__Host-authd-refresh=" + refreshJWT + "; Path=/; HttpOnly; Secure; SameSite=Lax",
		},
		{
			"strict", ownOrigin, http.SameSiteStrictMode, false,
			"__Host-authd-access=" + accessJWT + "; Path=/; HttpOnly; Secure; SameSite=Strict",
			"__Host-authd-refresh=" + refreshJWT + "; Path=/; HttpOnly; Secure; SameSite=Strict",
		},
		{
			"none", ownOrigin, http.SameSiteNoneMode, false,
			"__Host-authd-access=" + accessJWT + "; Path=/; HttpOnly; Secure; SameSite=None",
			"__Host-authd-refresh=" + refreshJWT + "; Path=/; HttpOnly; Secure; SameSite=None",
		},
		{
			"http", "http://localhost:8080", 0, true,
			"authd-access=" + accessJWT + "; Path=/; Max-Age=600; HttpOnly; SameSite=Lax",
			"authd-refresh=" + refreshJWT + "; Path=/; Max-Age=259200; HttpOnly; SameSite=Lax",
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			h := newHarness(t, func(o *httpapi.Options) { o.PublicURL, o.CookieSameSite = public(tc.public), tc.mode })
			tokens := newTokens()
			tokens.Persistent = tc.persistent
			h.backend.action = core.ActionResult{Success: true, Tokens: tokens}
			got := h.do(post("/auth/login", `{"email":"a"}`)).wants(200).header.Values("Set-Cookie")
			if len(got) != 2 || got[0] != tc.access || got[1] != tc.refresh {
				t.Errorf("got  %s\nwant %s\n     %s", strings.Join(got, "\n     "), tc.access, tc.refresh)
			}
		})
	}
}

func TestWhenCookiesAreCleared(t *testing.T) {
	unavailable, refused := core.Unavailable, core.Unauthenticated
	for _, tc := range []struct {
		name    string
		request request
		fails   core.Code
		want    bool
	}{
		{"logout", post("/auth/logout", ""), "", true},
		{"logout while the store is down", post("/auth/logout", ""), unavailable, true},
		{"logout that is refused a redirect", post("/auth/logout", ""), core.InvalidInput, true},
		{"logout in bearer mode", post("/auth/logout", "", "Authd-Transport", "bearer"), "", false},
		{"refused refresh", post("/auth/refresh", "", "Cookie", cookie("", otherJWT)), refused, true},
		{"expired refresh", post("/auth/refresh", "", "Cookie", cookie("", otherJWT)), core.Expired, true},
		{"refresh of a disabled account", post("/auth/refresh", "", "Cookie", cookie("", otherJWT)), core.Forbidden, true},
		{
			"refused refresh, the cookie's token in the body too",
			post("/auth/refresh", `{"refreshToken":"`+otherJWT+`"}`, "Cookie", cookie("", otherJWT)), refused, true,
		},
		{
			"refused refresh of another token",
			post("/auth/refresh", `{"refreshToken":"`+refreshJWT+`"}`, "Cookie", cookie("", otherJWT)), refused, false,
		},
		{"refused refresh without cookie", post("/auth/refresh", `{"refreshToken":"`+refreshJWT+`"}`), refused, false},
		{"refresh while the store is down", post("/auth/refresh", "", "Cookie", cookie("", otherJWT)), unavailable, false},
		{"throttled refresh", post("/auth/refresh", "", "Cookie", cookie("", otherJWT)), core.Throttled, false},
		{"failing refresh", post("/auth/refresh", "", "Cookie", cookie("", otherJWT)), core.Internal, false},
		{"refused check", get("/auth/check", "Cookie", cookie(otherJWT, otherJWT)), refused, false},
		{"all sessions ended", del("/auth/sessions"), "", true},
		{"all sessions not ended", del("/auth/sessions"), unavailable, false},
		{"one session ended", del("/auth/sessions/x"), "", false},
		{"wrong password", post("/auth/login", `{"email":"a"}`, "Cookie", cookie(accessJWT, refreshJWT)), core.InvalidCredentials, false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			h := newHarness(t)
			if tc.fails != "" {
				h.backend.fail(tc.fails)
			}
			if a := h.do(tc.request); a.cleared() != tc.want || !tc.want && len(a.cookies()) != 0 {
				t.Errorf("cookies %v", a.header.Values("Set-Cookie"))
			}
		})
	}
}

func TestNoCookiesWhereTheyAreOff(t *testing.T) {
	h := newHarness(t, func(o *httpapi.Options) { o.Transports = []httpapi.Transport{httpapi.Bearer} })
	a := h.do(post("/auth/logout", "", "Cookie", cookie(accessJWT, refreshJWT))).wants(200)
	if len(a.cookies()) != 0 || h.backend.last.AccessToken != "" || h.backend.last.RefreshToken != "" {
		t.Errorf("cookies %v, request %+v", a.cookies(), h.backend.last)
	}
	h.backend.fail(core.Unauthenticated)
	if a := h.do(post("/auth/refresh", "", "Cookie", cookie("", refreshJWT))); len(a.cookies()) != 0 {
		t.Errorf("cookies %v", a.cookies())
	}
}

func TestACookieThatBrowsersDropIsLogged(t *testing.T) {
	h := newHarness(t)
	tokens := newTokens()
	tokens.Access = core.NewSecret(strings.Repeat("a", 5000))
	h.backend.action = core.ActionResult{Success: true, Tokens: tokens}
	h.do(post("/auth/login", `{"email":"a"}`)).wants(200)
	if log := h.log.String(); !strings.Contains(log, "too large") || strings.Contains(log, "aaaa") {
		t.Errorf("log: %s", log)
	}
}

func TestExtraKeysSurviveBesideTokens(t *testing.T) {
	h := newHarness(t)
	h.backend.action = core.ActionResult{
		Success: true, Tokens: newTokens(), Extra: map[string]any{"big": int64(9007199254740993), "token": "mine"},
	}
	a := h.do(post("/auth/login", `{"email":"a"}`)).wants(200)
	if !strings.Contains(string(a.body), `"big":9007199254740993`) || a.object()["token"] != accessJWT {
		t.Errorf("body %s", a.body)
	}
}

func TestLifetimesAreNeverNegative(t *testing.T) {
	h := newHarness(t)
	tokens := newTokens()
	tokens.AccessExpires = epoch.Add(-time.Hour)
	h.backend.action = core.ActionResult{Success: true, Tokens: tokens}
	a := h.do(post("/auth/login", `{"email":"a"}`)).wants(200)
	if a.object()["expiresIn"] != 0.0 || a.cookies()["__Host-authd-access"].MaxAge != 1 {
		t.Errorf("body %s, cookies %v", a.body, a.header.Values("Set-Cookie"))
	}
}

func FuzzCookieOrBearer(f *testing.F) {
	for _, seed := range [][3]string{
		{"Bearer " + accessJWT, cookie(accessJWT, refreshJWT), refreshJWT},
		{"Bearer undefined", "", ""},
		{"null", "a=b", "x"},
		{"bearer a.b.c", "__Host-authd-access=\"q\"", ""},
		{"Bearer a..c", ";;=", "\x00"},
		{"Bearer \xff.a.b", "__Host-authd-refresh=", " "},
	} {
		f.Add(seed[0], seed[1], seed[2])
	}
	f.Fuzz(func(t *testing.T, authorization, cookies, body string) {
		r := httptest.NewRequest(http.MethodPost, "/", nil)
		r.Header["Authorization"] = []string{authorization}
		r.Header["Cookie"] = []string{cookies}
		params := core.Params{"refreshToken": body}
		access, refresh, err := httpapi.CallerTokens(r, params)
		if err != nil {
			t.Fatal(err)
		}
		if body != "" && refresh != body {
			t.Fatalf("the body says %q, got %q", body, refresh)
		}
		if body == "" && refresh != "" && !strings.Contains(cookies, "__Host-authd-refresh=") {
			t.Fatalf("a refresh token %q out of nowhere", refresh)
		}
		if len(params) != 0 {
			t.Fatal("the token stays in the params")
		}
		if access != "" && !strings.Contains(authorization, access) && !strings.Contains(cookies, access) {
			t.Fatalf("an access token %q out of nowhere", access)
		}
		if parts := strings.Split(access, "."); access != "" && (len(parts) != 3 || slices.Contains(parts, "")) {
			t.Fatalf("access token %q", access)
		}
	})
}
