package httpapi_test

import (
	"context"
	"encoding/json"
	"errors"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/authd-go/authd/core"
	"github.com/authd-go/authd/core/httpapi"
)

func TestSecurityHeadersOnEveryAnswer(t *testing.T) {
	h := kindsHarness(t)
	for status, r := range everyKind() {
		a := h.raw(r).wants(status)
		for name, want := range map[string]string{
			"Cache-Control":                "no-store",
			"Content-Security-Policy":      "default-src 'none'; frame-ancestors 'none'",
			"Content-Type":                 "application/json",
			"Cross-Origin-Resource-Policy": "same-origin",
			"Referrer-Policy":              "no-referrer",
			"Strict-Transport-Security":    "max-age=31536000",
			"X-Content-Type-Options":       "nosniff",
		} {
			if got := a.header.Get(name); got != want {
				t.Errorf("%d: %s is %q", status, name, got)
			}
		}
		if len(a.header.Get("X-Request-Id")) < 8 {
			t.Errorf("%d: request id %q", status, a.header.Get("X-Request-Id"))
		}
	}
}

func TestNoHSTSOverHTTP(t *testing.T) {
	h := newHarness(t, func(o *httpapi.Options) { o.PublicURL.Scheme = "http" })
	if got := h.do(get("/auth/check")).header.Get("Strict-Transport-Security"); got != "" {
		t.Errorf("HSTS %q", got)
	}
}

func TestRequestID(t *testing.T) {
	for _, tc := range []struct {
		name, remote string
		given        []string
		taken        bool
	}{
		{"from a proxy", proxyAddr, []string{"trace-0001.a_b"}, true},
		{"from anybody", "192.0.2.7:1", []string{"trace-0001"}, false},
		{"too short", proxyAddr, []string{"abc"}, false},
		{"too long", proxyAddr, []string{strings.Repeat("a", 65)}, false},
		{"strange bytes", proxyAddr, []string{"trace 0001"}, false},
		{"for a log", proxyAddr, []string{"trace-1\" level=ERROR"}, false},
		{"two", proxyAddr, []string{"trace-0001", "trace-0002"}, false},
		{"none", proxyAddr, nil, false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			h := newHarness(t)
			r := get("/auth/check")
			r.remote, r.header["X-Request-Id"] = tc.remote, tc.given
			id := h.do(r).header.Get("X-Request-Id")
			if tc.taken != (len(tc.given) == 1 && id == tc.given[0]) {
				t.Errorf("id %q", id)
			}
			if h.backend.last.Client.RequestID != id || !strings.Contains(h.log.String(), `"requestId":"`+id+`"`) {
				t.Errorf("backend %q, log %s", h.backend.last.Client.RequestID, h.log)
			}
		})
	}
	h := newHarness(t)
	if a, b := h.do(get("/healthz")), h.do(get("/healthz")); a.header.Get("X-Request-Id") == b.header.Get("X-Request-Id") {
		t.Error("two requests have one id")
	}
}

func TestAccessLog(t *testing.T) {
	h := newHarness(t)
	h.do(post("/auth/login?token=hunter2", `{"email":"hunter2","password":"hunter2"}`,
		"Authorization", "Bearer "+accessJWT, "Cookie", cookie(accessJWT, refreshJWT), "Referer", allowedOrigin+"/x?hunter2", "User-Agent", "hunter2"))
	var line map[string]any
	if err := json.Unmarshal([]byte(h.log.String()), &line); err != nil {
		t.Fatalf("not one line: %v: %s", err, h.log)
	}
	if line["method"] != "POST" || line["route"] != "POST /auth/login" || line["status"] != 200.0 || line["level"] != "INFO" {
		t.Errorf("line %v", line)
	}
	for _, secret := range []string{"hunter2", accessJWT, refreshJWT} {
		if strings.Contains(h.log.String(), secret) {
			t.Errorf("%s is in the log", secret)
		}
	}
	h = newHarness(t)
	h.do(del("/auth/sessions/secret-id"))
	if log := h.log.String(); strings.Contains(log, "secret-id") || !strings.Contains(log, "DELETE /auth/sessions/{id}") {
		t.Errorf("log: %s", log)
	}
	h = newHarness(t)
	h.serve(request{method: "EVIL" + strings.Repeat("x", 500), path: "/auth/login"}).wants(405)
	if log := h.log.String(); strings.Contains(log, "EVIL") {
		t.Errorf("log: %s", log)
	}
}

func TestPanics(t *testing.T) {
	h := newHarness(t)
	h.backend.during = func(context.Context) { panic("a broken backend") }
	for _, r := range []request{post("/auth/login", `{"email":"a"}`, "Origin", allowedOrigin), get("/auth/check", "Origin", allowedOrigin)} {
		a := h.do(r).wants(500)
		if a.header.Get("Access-Control-Allow-Origin") != allowedOrigin || strings.Contains(string(a.body), "broken") {
			t.Errorf("header %v, body %s", a.header, a.body)
		}
	}
	if log := h.log.String(); !strings.Contains(log, "a broken backend") || !strings.Contains(log, "middleware_test.go") || !strings.Contains(log, `"status":500`) {
		t.Errorf("log: %s", log)
	}
}

// brokenPipe panics where an answer has begun.
type brokenPipe struct{ http.ResponseWriter }

func (brokenPipe) Write([]byte) (int, error) { panic("in the middle of the answer") }

func TestAPanicAmidTheAnswerDropsTheConnection(t *testing.T) {
	h := newHarness(t)
	defer func() {
		if recover() != http.ErrAbortHandler {
			t.Error("the connection goes on with half an answer")
		}
		if !strings.Contains(h.log.String(), "in the middle of the answer") {
			t.Errorf("log: %s", h.log)
		}
	}()
	h.handler.ServeHTTP(brokenPipe{httptest.NewRecorder()}, get("/auth/check").build())
}

func TestAbortIsNotCaught(t *testing.T) {
	h := newHarness(t)
	h.backend.during = func(context.Context) { panic(http.ErrAbortHandler) }
	defer func() {
		if recover() != http.ErrAbortHandler {
			t.Error("the abort was caught")
		}
		if strings.Contains(h.log.String(), "panic") {
			t.Errorf("log: %s", h.log)
		}
	}()
	h.do(get("/auth/check"))
}

func TestTheBackendHasADeadline(t *testing.T) {
	h := newHarness(t, func(o *httpapi.Options) { o.Timeout = time.Minute })
	var left time.Duration
	h.backend.during = func(ctx context.Context) {
		if d, ok := ctx.Deadline(); ok {
			left = time.Until(d)
		}
	}
	h.do(get("/auth/check"))
	if left <= 0 || left > time.Minute {
		t.Errorf("%s left", left)
	}
}

func TestMethodsAndPaths(t *testing.T) {
	for _, tc := range []struct {
		method, path string
		status       int
		allow        string
	}{
		{"GET", "/auth/login", 405, "POST"},
		{"PUT", "/auth/login", 405, "POST"},
		{"OPTIONS", "/auth/login", 405, "POST"},
		{"POST", "/auth/check", 405, "GET, HEAD"},
		{"POST", "/openapi.yaml", 405, "GET, HEAD"},
		{"POST", "/auth/sessions", 405, "DELETE, GET, HEAD"},
		{"GET", "/auth/sessions/x", 405, "DELETE"},
		{"GET", "/refresh", 405, "POST"},
		{"DELETE", "/auth/logout", 405, "POST"},
		{"GET", "/", 404, ""},
		{"POST", "/", 404, ""},
		{"GET", "/nowhere", 404, ""},
		{"GET", "/auth", 404, ""},
		{"GET", "/auth/", 404, ""},
		{"POST", "/auth/login/", 404, ""},
		{"POST", "//auth/login", 404, ""},
		{"POST", "/auth/../auth/login", 404, ""},
		{"POST", "/auth/./login", 404, ""},
		{"POST", "/AUTH/LOGIN", 404, ""},
		{"DELETE", "/auth/sessions/", 404, ""},
		{"DELETE", "/auth/sessions/a/b", 404, ""},
		{"DELETE", "/auth/callback/x", 405, "GET, HEAD, POST"},
		{"HEAD", "/auth/callback/x", 405, "GET, POST"},
		{"HEAD", "/auth/begin", 405, "GET"},
		{"GET", "/auth/callback/a/b", 404, ""},
		{"GET", "/debug/pprof/", 404, ""},
	} {
		t.Run(tc.method+" "+tc.path, func(t *testing.T) {
			h := newHarness(t)
			a := h.raw(request{method: tc.method, path: tc.path, header: headers()}).wants(tc.status)
			if a.header.Get("Allow") != tc.allow {
				t.Errorf("Allow %q, want %q", a.header.Get("Allow"), tc.allow)
			}
			if len(h.backend.asked) != 0 {
				t.Error("the backend was asked")
			}
		})
	}
	h := newHarness(t)
	h.do(request{method: http.MethodHead, path: "/auth/check"}).wants(200)
	for _, r := range []*http.Request{
		{Method: "GET", URL: options(t).PublicURL, Host: "x", Header: http.Header{}, RequestURI: ""},
		httptest.NewRequest(http.MethodConnect, "example.com:80", nil),
		httptest.NewRequest(http.MethodOptions, "*", nil),
	} {
		if a := h.serveRequest(r); a.status != 404 || len(a.body) == 0 {
			t.Errorf("%s %s: %d %q", r.Method, r.URL, a.status, a.body)
		}
	}
}

func TestHEADHasNoBody(t *testing.T) {
	h := newHarness(t)
	server := httptest.NewServer(h.handler)
	defer server.Close()
	for _, path := range []string{"/auth/check", "/auth/identity", "/auth/config", "/healthz", "/openapi.yaml", "/.well-known/jwks.json"} {
		resp, err := server.Client().Head(server.URL + path)
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		if resp.StatusCode != 200 || resp.ContentLength == 0 {
			t.Errorf("%s: %d, %d bytes", path, resp.StatusCode, resp.ContentLength)
		}
	}
}

func TestSessionIDs(t *testing.T) {
	h := newHarness(t)
	h.do(del("/auth/sessions/b%20c", "Authorization", "Bearer "+accessJWT)).wants(200)
	if h.backend.lastID != "b c" || h.backend.last.AccessToken != accessJWT {
		t.Errorf("id %q, token %q", h.backend.lastID, h.backend.last.AccessToken)
	}
	h.serve(del("/auth/sessions/a%2Fb")).wants(200)
	if h.backend.lastID != "a/b" {
		t.Errorf("id %q", h.backend.lastID)
	}
	h.do(del("/auth/sessions")).wants(200)
	if h.backend.lastID != "" {
		t.Errorf("id %q", h.backend.lastID)
	}
}

// A path that is written in another way than ours is not ours: a proxy that
// keeps people from /metrics may compare it with that.
func TestPathsHaveOneSpelling(t *testing.T) {
	h := newHarness(t)
	for _, path := range []string{
		"/auth/%63heck", "/%61uth/check", "/auth/chec%6b", "/auth/chec%6B", "/openapi%2Eyaml", "/openapi%2eyaml",
		"/%2Ewell-known/jwks.json", "/auth%2Fcheck", "/auth//check", "/auth/./check", "/x/../auth/check", "/auth/%2e%2e/auth/check",
		"/.%77ell-known/jwks.json", "/auth/check/", "//auth/check", "/auth/sessions/%61",
	} {
		if a := h.serve(get(path)); a.status != http.StatusNotFound {
			t.Errorf("%s: %d %s", path, a.status, a.body)
		}
	}
	for _, path := range []string{"/auth/check", "/openapi.yaml", "/.well-known/jwks.json"} {
		if a := h.serve(get(path)); a.status == http.StatusNotFound {
			t.Errorf("%s is not found", path)
		}
	}
}

func TestThePageOfACall(t *testing.T) {
	for referer, want := range map[string]string{
		"":                                  "",
		ownOrigin + "/login?token=hunter2":  "/login",
		ownOrigin + "/":                     "/",
		allowedOrigin + "/posts?page=2#top": "/posts",
		allowedOrigin + "/":                 "", // between origins browsers send no path
		allowedOrigin:                       "",
		foreignOrigin + "/posts":            "",
		"http://app.example.com/posts":      "",
		"/posts":                            "",
		"https://user@app.example.com/a%2F": "/a%2F",
		allowedOrigin + "/%zz":              "",
		allowedOrigin + "/" + strings.Repeat("a", 3000): "",
	} {
		h := newHarness(t)
		r := post("/auth/on-error", `{"status":401}`)
		if referer != "" {
			r.header.Set("Referer", referer)
		}
		h.do(r).wants(200)
		if got := h.backend.last.Client.Page; got != want {
			t.Errorf("%s: page %q, want %q", referer, got, want)
		}
	}
}

func TestUserAgentsAreBounded(t *testing.T) {
	h := newHarness(t)
	h.do(get("/auth/check", "User-Agent", strings.Repeat("a", 511)+"é and more"))
	if got := h.backend.last.Client.UserAgent; got != strings.Repeat("a", 511) {
		t.Errorf("%d bytes: %q", len(got), got[500:])
	}
}

func TestReadiness(t *testing.T) {
	h := newHarness(t)
	if o := h.do(get("/readyz")).wants(200).object(); o["status"] != "ok" {
		t.Errorf("body %v", o)
	}
	h.ready = []httpapi.Check{{Name: "store"}, {Name: "staff", Err: &core.Error{
		Code: core.Unavailable, Reason: "backend_hanging", Err: errors.New("dial ldap.internal: refused"),
	}}, {Name: "other", Err: errors.New("no reason")}}
	a := h.do(get("/readyz")).wants(503)
	want := `{"status":"unavailable","checks":[{"name":"store","status":"ok"},{"name":"staff","status":"unavailable","reason":"backend_hanging"},{"name":"other","status":"unavailable"}]}`
	if strings.TrimSpace(string(a.body)) != want {
		t.Errorf("body %s", a.body)
	}
	if !strings.Contains(h.log.String(), "ldap.internal") {
		t.Errorf("the log does not say why: %s", h.log)
	}
	o := options(t)
	bare, err := httpapi.New(o)
	if err != nil {
		t.Fatal(err)
	}
	w := httptest.NewRecorder()
	bare.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/readyz", nil))
	if w.Code != 200 {
		t.Errorf("with nothing to ask: %d", w.Code)
	}
}

func TestPublicDocuments(t *testing.T) {
	h := newHarness(t)
	a := h.do(get("/.well-known/jwks.json")).wants(200)
	if a.header.Get("Cache-Control") != "public, max-age=300" || a.header.Get("Content-Type") != "application/jwk-set+json" {
		t.Errorf("header %v", a.header)
	}
	a = h.do(get("/openapi.yaml")).wants(200)
	if string(a.body) != string(httpapi.OpenAPI()) || a.header.Get("Content-Type") != "application/yaml" {
		t.Errorf("header %v", a.header)
	}
	h = newHarness(t, func(o *httpapi.Options) { o.Keys = keys("") })
	h.do(get("/.well-known/jwks.json")).wants(503)
	h = newHarness(t, func(o *httpapi.Options) { o.Describe = httpapi.Description{} })
	want := `{"providers":[],"methods":[],"onError":[],"transports":["bearer","cookie"],"client":"/auth/client.js?v=`
	if got := strings.TrimSpace(string(h.do(get("/auth/config")).wants(200).body)); !strings.HasPrefix(got, want) {
		t.Errorf("config %s", got)
	}
}

func TestClientModule(t *testing.T) {
	h := newHarness(t)
	versioned, _ := h.do(get("/auth/config")).wants(200).object()["client"].(string)
	for path, cache := range map[string]string{
		"/auth/client.js":     "no-cache",
		"/auth/client.js?v=x": "no-cache",
		versioned:             "public, max-age=31536000, immutable",
	} {
		a := h.do(get(path)).wants(200)
		if a.header.Get("Cache-Control") != cache || a.header.Get("Content-Type") != "text/javascript; charset=utf-8" || string(a.body) != string(httpapi.ClientModule()) {
			t.Errorf("%s: header %v", path, a.header)
		}
		r := get(path)
		r.header.Set("If-None-Match", a.header.Get("ETag"))
		if again := h.do(r).wants(304); len(again.body) != 0 {
			t.Errorf("%s: a body with 304", path)
		}
	}
}

func TestMessagesAreTheOptions(t *testing.T) {
	h := newHarness(t, func(o *httpapi.Options) {
		o.Messages = core.Messages{core.Unsupported: {Name: "Nichts", Message: "Hier ist nichts."}}
	})
	if o := h.do(get("/nowhere")).wants(404).object(); o["message"] != "Hier ist nichts." {
		t.Errorf("body %v", o)
	}
}

func TestServerHasLimits(t *testing.T) {
	s := httpapi.Server(http.NotFoundHandler(), nil)
	if s.ReadHeaderTimeout <= 0 || s.ReadTimeout <= httpapi.DefaultTimeout || s.WriteTimeout <= s.ReadTimeout || s.IdleTimeout <= 0 ||
		s.MaxHeaderBytes <= 0 || s.ErrorLog == nil || s.Handler == nil {
		t.Errorf("server %+v", s)
	}
}

func BenchmarkCheck(b *testing.B) {
	handler, err := httpapi.New(options(b))
	if err != nil {
		b.Fatal(err)
	}
	r := get("/auth/check", "Authorization", "Bearer "+accessJWT, "Origin", ownOrigin).build()
	b.ReportAllocs()
	for b.Loop() {
		w := httptest.NewRecorder()
		handler.ServeHTTP(w, r)
		if w.Code != http.StatusOK {
			b.Fatal(w.Code)
		}
	}
}

// What is asked all the time is quiet as long as the answer is good.
func TestAccessLogLevels(t *testing.T) {
	for path, refused := range map[string]string{
		"/healthz": "", "/readyz": "", "/auth/check": "INFO", "/auth/permissions": "INFO", "/auth/identity": "INFO",
	} {
		h := newHarness(t)
		h.backend.check = core.CheckResult{Authenticated: true}
		h.do(get(path))
		if !strings.Contains(h.log.String(), `"DEBUG"`) {
			t.Errorf("%s: log: %s", path, h.log)
		}
		if refused == "" {
			continue
		}
		h = newHarness(t)
		no := core.DefaultMessages().Refuse(core.Unauthenticated)
		h.backend.check, h.backend.value = core.CheckResult{Error: no}, core.ValueResult{Error: no}
		h.do(get(path))
		if !strings.Contains(h.log.String(), `"level":"`+refused+`"`) {
			t.Errorf("%s, refused: log: %s", path, h.log)
		}
	}
}

// The answer that is not encoded each time is what the encoder would write.
func TestCheckSaysWhatTheResultSays(t *testing.T) {
	for _, result := range []core.CheckResult{
		{Authenticated: true}, {Authenticated: true, Identity: &core.Identity{}}, {Authenticated: true, RedirectTo: "/"}, {Authenticated: true, Logout: true},
	} {
		want, err := json.Marshal(result)
		if err != nil {
			t.Fatal(err)
		}
		h := newHarness(t)
		h.backend.check = result
		if got := h.do(get("/auth/check")); string(got.body) != string(want)+"\n" {
			t.Errorf("%+v: %s, want %s", result, got.body, want)
		}
	}
}

// The fixed headers are shared: no answer may leave its mark on the next.
func TestAnswersDoNotShareHeaders(t *testing.T) {
	h := newHarness(t)
	first := h.do(get("/auth/check")).header.Clone()
	h.do(get("/openapi.yaml")) // which may be cached
	h.do(get("/auth/check", "Origin", allowedOrigin))
	h.do(request{method: "OPTIONS", path: "/auth/check", header: headers("Origin", allowedOrigin, "Access-Control-Request-Method", "GET")})
	second := h.do(get("/auth/check")).header.Clone()
	first.Del("X-Request-Id")
	second.Del("X-Request-Id")
	if !maps.EqualFunc(first, second, slices.Equal[[]string]) {
		t.Errorf("headers %v became %v", first, second)
	}
}
