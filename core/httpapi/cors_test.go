package httpapi_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/authd-go/authd/core"
	"github.com/authd-go/authd/core/httpapi"
)

// everyKind is one request for each kind of answer.
func everyKind() map[int]request {
	return map[int]request{
		200: post("/auth/login", `{"email":"a"}`),
		400: post("/auth/login", `{`),
		401: get("/auth/check"),
		404: get("/nowhere"),
		405: get("/auth/login"),
		413: post("/auth/login", `"`+strings.Repeat("a", 70000)+`"`),
		415: post("/auth/login", `x`, "Content-Type", "text/plain"),
		500: get("/auth/permissions"),
		503: get("/auth/sessions"),
	}
}

func kindsHarness(t *testing.T) *harness {
	h := newHarness(t)
	refuse := core.DefaultMessages().Refuse
	h.backend.check = core.CheckResult{Error: refuse(core.Unauthenticated)}
	h.backend.value = core.ValueResult{Value: func() {}}
	h.backend.sessions = core.SessionsResult{Error: refuse(core.Unavailable)}
	return h
}

func TestEveryAnswerCarriesCORS(t *testing.T) {
	h := kindsHarness(t)
	for status, r := range everyKind() {
		r.header.Set("Origin", allowedOrigin)
		a := h.raw(r).wants(status)
		for name, want := range map[string]string{
			"Access-Control-Allow-Origin": allowedOrigin, "Access-Control-Allow-Credentials": "true",
			"Access-Control-Expose-Headers": "retry-after, x-request-id", "Vary": "Origin",
		} {
			if got := a.header.Values(name); !slices.Equal(got, []string{want}) {
				t.Errorf("%d: %s is %q", status, name, got)
			}
		}
	}
}

func TestForeignOriginsGetNoCORS(t *testing.T) {
	for _, origin := range []string{
		"", foreignOrigin, "null", ownOrigin, "http://app.example.com", "https://app.example.com:8443", "https://app.example.com.evil.example.net",
		"https://APP.example.com", "https://app.example.com/", "*",
	} {
		h := kindsHarness(t)
		for _, r := range everyKind() {
			if origin != "" {
				r.header.Set("Origin", origin)
			}
			noCORS(t, h.raw(r))
		}
	}
}

func noCORS(t *testing.T, a answer) {
	t.Helper()
	for name := range a.header {
		if strings.HasPrefix(name, "Access-Control-") {
			t.Errorf("%d: %s is set", a.status, name)
		}
	}
	if !slices.Contains(a.header.Values("Vary"), "Origin") {
		t.Errorf("%d: Vary is %q", a.status, a.header.Values("Vary"))
	}
}

// raw makes an exchange whose request may be anything, and validates the answer.
func (h *harness) raw(r request) answer {
	h.t.Helper()
	a := h.serve(r)
	validateAnswer(h.t, r, a)
	return a
}

func TestPreflight(t *testing.T) {
	h := newHarness(t)
	preflight := func(path, origin string) answer {
		return h.do(request{method: http.MethodOptions, path: path, header: headers(
			"Origin", origin, "Access-Control-Request-Method", "POST", "Access-Control-Request-Headers", "authorization,content-type")})
	}
	for _, path := range []string{"/auth/login", "/auth/token/refresh", "/auth/check", "/auth/sessions/x", "/nowhere"} {
		a := preflight(path, allowedOrigin).wants(204)
		for name, want := range map[string]string{
			"Access-Control-Allow-Origin": allowedOrigin, "Access-Control-Allow-Credentials": "true",
			"Access-Control-Allow-Methods": "GET, HEAD, POST, DELETE", "Access-Control-Max-Age": "7200",
			"Access-Control-Allow-Headers": "authorization, content-type, authd-transport, x-requested-with",
		} {
			if a.header.Get(name) != want {
				t.Errorf("%s: %s is %q", path, name, a.header.Get(name))
			}
		}
		noCORS(t, preflight(path, foreignOrigin).wants(204))
	}
	if len(h.backend.asked) != 0 {
		t.Error("a preflight reached the backend")
	}
	h.do(request{method: http.MethodOptions, path: "/auth/login"}).wants(405)
}

func TestCrossOriginChanges(t *testing.T) {
	for _, tc := range []struct {
		name         string
		origin, site string
		passes       bool
	}{
		{"no browser", "", "", true},
		{"own page", ownOrigin, "same-origin", true},
		{"own page, no referrer", "null", "same-origin", true},
		{"typed by the user", "", "none", true},
		{"own page, old browser", ownOrigin, "", true},
		{"allowed page", allowedOrigin, "same-site", true},
		{"allowed page of another site", allowedOrigin, "cross-site", true},
		{"allowed page, old browser", allowedOrigin, "", true},
		{"sibling host", "https://blog.example.com", "same-site", false},
		{"foreign page", foreignOrigin, "cross-site", false},
		{"foreign page, old browser", foreignOrigin, "", false},
		{"foreign page without origin", "", "cross-site", false},
		{"sandboxed page", "null", "cross-site", false},
		{"sandboxed page, old browser", "null", "", false},
		{"lookalike", "https://app.example.com.evil.example.net", "cross-site", false},
		{"allowed host by http", "http://app.example.com", "cross-site", false},
	} {
		for _, r := range []request{
			post("/auth/login", `{"email":"a"}`), post("/auth/logout", ""), post("/auth/token/refresh", ""), post("/refresh", ""),
			post("/auth/on-error", `{"status":401}`), del("/auth/sessions"), del("/auth/sessions/x"), post("/nowhere", ""),
		} {
			t.Run(tc.name+" "+r.method+" "+r.path, func(t *testing.T) {
				h := newHarness(t)
				if tc.origin != "" {
					r.header.Set("Origin", tc.origin)
				}
				if tc.site != "" {
					r.header.Set("Sec-Fetch-Site", tc.site)
				}
				a := h.do(r)
				if passed := a.status != 403; passed != tc.passes {
					t.Errorf("status %d", a.status)
				}
				if !tc.passes && (len(h.backend.asked) != 0 || !strings.Contains(string(a.body), `"reason":"cross_origin"`)) {
					t.Errorf("asked %v, body %s", h.backend.asked, a.body)
				}
			})
		}
	}
}

func TestReadingIsNotAChange(t *testing.T) {
	h := newHarness(t)
	for _, path := range []string{"/auth/check", "/auth/identity", "/auth/permissions", "/auth/sessions", "/auth/config"} {
		noCORS(t, h.do(get(path, "Origin", foreignOrigin, "Sec-Fetch-Site", "cross-site")).wants(200))
	}
}

func TestTheOwnOriginIsTrustedBehindAProxyThatRewritesHost(t *testing.T) {
	h := newHarness(t)
	r := post("/auth/login", `{"email":"a"}`, "Origin", ownOrigin)
	req := r.build()
	req.Host = "authd.internal:8080"
	if a := h.serveRequest(req); a.status != 200 {
		t.Errorf("status %d", a.status)
	}
}

func TestBadOptions(t *testing.T) {
	for name, change := range map[string]func(*httpapi.Options){
		"no backend":            func(o *httpapi.Options) { o.Backend = nil },
		"no keys":               func(o *httpapi.Options) { o.Keys = nil },
		"no public URL":         func(o *httpapi.Options) { o.PublicURL = nil },
		"public URL, scheme":    func(o *httpapi.Options) { o.PublicURL.Scheme = "ftp" },
		"any origin":            func(o *httpapi.Options) { o.AllowedOrigins = []string{"*"} },
		"null origin":           func(o *httpapi.Options) { o.AllowedOrigins = []string{"null"} },
		"origin with a path":    func(o *httpapi.Options) { o.AllowedOrigins = []string{"https://a.example.com/x"} },
		"unknown transport":     func(o *httpapi.Options) { o.Transports = []httpapi.Transport{"pigeon"} },
		"unknown SameSite":      func(o *httpapi.Options) { o.CookieSameSite = 99 },
		"SameSite none by http": func(o *httpapi.Options) { o.PublicURL.Scheme, o.CookieSameSite = "http", http.SameSiteNoneMode },
		"negative body":         func(o *httpapi.Options) { o.MaxBody = -1 },
		"negative timeout":      func(o *httpapi.Options) { o.Timeout = -1 },
		"alias is a route":      func(o *httpapi.Options) { o.RefreshAliases = []string{"/auth/login"} },
		"alias is a GET route":  func(o *httpapi.Options) { o.RefreshAliases = []string{"/auth/check"} },
		"alias is the route":    func(o *httpapi.Options) { o.RefreshAliases = []string{"/auth/refresh"} },
		"alias twice":           func(o *httpapi.Options) { o.RefreshAliases = []string{"/r", "/r"} },
		"alias is a pattern":    func(o *httpapi.Options) { o.RefreshAliases = []string{"/{x}"} },
		"alias is no path":      func(o *httpapi.Options) { o.RefreshAliases = []string{"refresh"} },
		"alias is everything":   func(o *httpapi.Options) { o.RefreshAliases = []string{"/"} },
		"alias has dots":        func(o *httpapi.Options) { o.RefreshAliases = []string{"/a/../b"} },
		"alias below sessions":  func(o *httpapi.Options) { o.RefreshAliases = []string{"/auth/sessions/refresh"} },
	} {
		t.Run(name, func(t *testing.T) {
			o := options(t)
			change(&o)
			if _, err := httpapi.New(o); err == nil {
				t.Error("accepted")
			}
		})
	}
}

func TestOwnAliases(t *testing.T) {
	h := newHarness(t, func(o *httpapi.Options) { o.RefreshAliases = []string{"/api/v1/token.refresh"} })
	if a := h.serve(post("/api/v1/token.refresh", `{"refreshToken":"`+refreshJWT+`"}`)); a.status != 200 {
		t.Errorf("status %d", a.status)
	}
	if a := h.serve(post("/refresh", "")); a.status != 404 {
		t.Errorf("a default alias answers %d although others are set", a.status)
	}
	h = newHarness(t, func(o *httpapi.Options) { o.RefreshAliases = []string{} })
	if a := h.serve(post("/refresh", "")); a.status != 404 {
		t.Errorf("an alias answers %d although there are none", a.status)
	}
}
