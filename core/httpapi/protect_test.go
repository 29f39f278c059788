package httpapi_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"testing"

	"github.com/authd-go/authd/core"
	"github.com/authd-go/authd/core/httpapi"
)

// protected is somebody's handler behind Protect and RequireRole.
func protected(t *testing.T, backend *fake, roles ...string) http.Handler {
	t.Helper()
	own, err := url.Parse(ownOrigin)
	if err != nil {
		t.Fatal(err)
	}
	protect, err := httpapi.Protect(httpapi.ProtectOptions{
		Checker: backend, PublicURL: own, AllowedOrigins: []string{allowedOrigin},
		Messages: core.Messages{core.Forbidden: {Message: "Not for you."}},
	})
	if err != nil {
		t.Fatal(err)
	}
	var inner http.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		id, ok := core.IdentityFrom(r.Context())
		if !ok {
			t.Error("no identity in the context")
		}
		_, _ = io.WriteString(w, id.Name)
	})
	if roles != nil {
		inner = httpapi.RequireRole(roles...)(inner)
	}
	return protect(inner)
}

func TestProtect(t *testing.T) {
	bearer := headers("Authorization", "Bearer "+accessJWT)
	cookies := headers("Cookie", cookie(accessJWT, refreshJWT))
	from := func(h http.Header, origin, site string) http.Header {
		h = h.Clone()
		h.Set("Origin", origin)
		h.Set("Sec-Fetch-Site", site)
		return h
	}
	for _, tc := range []struct {
		name   string
		method string
		header http.Header
		fails  core.Code
		status int
		asked  bool
	}{
		{"header", "GET", bearer, "", 200, true},
		{"cookie", "GET", cookies, "", 200, true},
		{"header, foreign page, change", "POST", from(bearer, foreignOrigin, "cross-site"), "", 200, true},
		{"cookie, foreign page, reading", "GET", from(cookies, foreignOrigin, "cross-site"), "", 200, true},
		{"cookie, foreign page, change", "POST", from(cookies, foreignOrigin, "cross-site"), "", 403, false},
		{"cookie, sibling page, delete", "DELETE", from(cookies, "https://blog.example.com", "same-site"), "", 403, false},
		{"cookie, allowed page, change", "POST", from(cookies, allowedOrigin, "same-site"), "", 200, true},
		{"cookie, own page, change", "POST", from(cookies, ownOrigin, "same-origin"), "", 200, true},
		{"cookie, no browser, change", "POST", cookies, "", 200, true},
		{
			"rubbish header, cookie, foreign page, change", "POST",
			from(headers("Authorization", "Bearer undefined", "Cookie", cookie(accessJWT, "")), foreignOrigin, "cross-site"), "", 403, false,
		},
		{"nothing", "GET", headers(), core.Unauthenticated, 401, true},
		{"dead session", "GET", bearer, core.Unauthenticated, 401, true},
		{"expired", "GET", bearer, core.Expired, 401, true},
		{"store down", "GET", bearer, core.Unavailable, 503, true},
		{"broken", "GET", bearer, core.Internal, 500, true},
	} {
		t.Run(tc.name, func(t *testing.T) {
			backend := newFake()
			if tc.fails != "" {
				backend.fail(tc.fails)
			}
			a := serveProtected(t, protected(t, backend), tc.method, tc.header).wants(tc.status)
			if asked := len(backend.asked) > 0; asked != tc.asked {
				t.Errorf("asked: %v", asked)
			}
			if tc.status == 200 {
				if string(a.body) != "John Doe" {
					t.Errorf("body %s", a.body)
				}
				return
			}
			checkProtectRefusal(t, a)
		})
	}
}

func serveProtected(t *testing.T, h http.Handler, method string, header http.Header) answer {
	t.Helper()
	r := httptest.NewRequest(method, ownOrigin+"/api/posts", nil)
	r.Header = header
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return answer{t, w.Code, w.Result().Header, w.Body.Bytes()}
}

func checkProtectRefusal(t *testing.T, a answer) {
	t.Helper()
	failure := spec(t).Components.Schemas["Failure"].Value
	if err := failure.VisitJSON(a.json()); err != nil {
		t.Errorf("%s: %v", a.body, err)
	}
	if got, want := a.header.Get("WWW-Authenticate"), map[bool]string{true: "Bearer"}[a.status == 401]; got != want {
		t.Errorf("challenge %q", got)
	}
	if a.header.Get("Cache-Control") != "no-store" || a.header.Get("Vary") != "Origin" {
		t.Errorf("header %v", a.header)
	}
}

func TestProtectFailsClosed(t *testing.T) {
	backend := newFake()
	backend.check = core.CheckResult{Authenticated: true} // and no identity
	serveProtected(t, protected(t, backend), "GET", headers("Authorization", "Bearer "+accessJWT)).wants(401)
	backend.check = core.CheckResult{}
	serveProtected(t, protected(t, backend), "GET", headers("Authorization", "Bearer "+accessJWT)).wants(401)
}

func TestProtectRefusalsAreReadableForAllowedPages(t *testing.T) {
	backend := newFake()
	backend.fail(core.Unauthenticated)
	for origin, want := range map[string]string{allowedOrigin: allowedOrigin, foreignOrigin: ""} {
		a := serveProtected(t, protected(t, backend), "GET", headers("Origin", origin)).wants(401)
		if got := a.header.Get("Access-Control-Allow-Origin"); got != want {
			t.Errorf("%s: %q", origin, got)
		}
	}
}

func TestProtectTellsTheCheckerOfTheCaller(t *testing.T) {
	backend := newFake()
	serveProtected(t, protected(t, backend), "GET", headers("Cookie", cookie(accessJWT, ""), "User-Agent", "x", "X-Forwarded-For", "203.0.113.9"))
	if r := backend.last; r.AccessToken != accessJWT || r.Client.Addr.String() != "192.0.2.1" || r.Client.UserAgent != "x" || r.RefreshToken != "" {
		t.Errorf("request %+v", r)
	}
}

func TestRequireRole(t *testing.T) {
	for _, tc := range []struct {
		name   string
		has    []string
		wants  []string
		status int
	}{
		{"has it", []string{"admin"}, []string{"admin"}, 200},
		{"has one of them", []string{"x", "editor"}, []string{"admin", "editor"}, 200},
		{"has another", []string{"editor"}, []string{"admin"}, 403},
		{"has none", nil, []string{"admin"}, 403},
		{"other case", []string{"Admin"}, []string{"admin"}, 403},
		{"nobody may", []string{"admin"}, []string{}, 403},
	} {
		t.Run(tc.name, func(t *testing.T) {
			backend := newFake()
			who := john
			who.Roles = tc.has
			backend.check.Identity = &who
			a := serveProtected(t, protected(t, backend, tc.wants...), "GET",
				headers("Authorization", "Bearer "+accessJWT, "Origin", allowedOrigin)).wants(tc.status)
			if tc.status == 403 {
				checkProtectRefusal(t, a)
				if a.object()["message"] != "Not for you." || a.header.Get("Access-Control-Allow-Origin") != allowedOrigin {
					t.Errorf("body %s, header %v", a.body, a.header)
				}
			}
		})
	}
	alone := httpapi.RequireRole("admin")(http.NotFoundHandler())
	checkProtectRefusal(t, serveProtected(t, alone, "GET", headers()).wants(401))
}

func TestProtectNeedsItsOptions(t *testing.T) {
	own := options(t).PublicURL
	for name, o := range map[string]httpapi.ProtectOptions{
		"checker":    {PublicURL: own},
		"public URL": {Checker: newFake()},
		"origins":    {Checker: newFake(), PublicURL: own, AllowedOrigins: []string{"*"}},
	} {
		if _, err := httpapi.Protect(o); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}
