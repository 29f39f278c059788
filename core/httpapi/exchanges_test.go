package httpapi_test

import (
	"flag"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/authd-go/authd/core"
	"github.com/authd-go/authd/core/httpapi"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// goldenExchanges is what the front end and the backend say, in the order of
// the golden file.
func goldenExchanges() []struct {
	name    string
	script  func(*fake)
	request request
} {
	refuse := core.DefaultMessages().Refuse
	succeed := func(r core.ActionResult) func(*fake) {
		r.Success = true
		return func(f *fake) { f.action = r }
	}
	fail := func(err error) func(*fake) { return func(f *fake) { f.fail(err) } }
	login := `{"email":"john@mail.com","password":"demo","remember":true}`
	signedIn := succeed(core.ActionResult{RedirectTo: "/", Tokens: newTokens()})
	bearer := []string{"Authorization", "Bearer " + accessJWT}
	jar := []string{"Cookie", cookie(accessJWT, refreshJWT)}
	return []struct {
		name    string
		script  func(*fake)
		request request
	}{
		{"login", signedIn, post("/auth/login", login)},
		{"login, bearer", signedIn, post("/auth/login", login, "Authd-Transport", "bearer")},
		{"login, cookie", signedIn, post("/auth/login", login, "Authd-Transport", "cookie", "Origin", allowedOrigin)},
		{"login by form", signedIn, post("/auth/login", "username=john&password=demo&remember=on", "Content-Type", formType)},
		{"login, wrong password", fail(core.InvalidCredentials), post("/auth/login", login)},
		{"login, everybody down", fail(&core.Error{Code: core.Unavailable, RetryAfter: 5 * time.Second}), post("/auth/login", login)},
		{"login, throttled", fail(&core.Error{Code: core.Throttled, RetryAfter: time.Minute}), post("/auth/login", login)},
		{"login, second step", fail(&core.Error{Code: core.ActionRequired, Action: "code"}), post("/auth/login", login)},
		{
			"login, password must be changed", fail(&core.Error{Code: core.ActionRequired, Action: core.ActionNewPassword, Proved: true}),
			post("/auth/login", login),
		},
		{
			"change that is due", succeed(core.ActionResult{RedirectTo: "/login", SuccessNotification: &core.Notification{
				Message: "Password updated", Description: "You can sign in with it now.",
			}}), post("/auth/update-password", `{"email":"john@mail.com","oldPassword":"demo","password":"a new pass phrase"}`),
		},
		{"change that is not due", fail(&core.Error{Code: core.Unauthenticated, Reason: "password_not_due", Proved: true}), post(
			"/auth/update-password", `{"email":"john@mail.com","oldPassword":"demo","password":"a new pass phrase"}`,
		)},
		{"login, wrong type", fail(core.InvalidField("email", "must be a string")), post("/auth/login", `{"email":5}`).breaking()},
		{"login, foreign page", signedIn, post("/auth/login", login, "Origin", foreignOrigin)},
		{
			"login elsewhere", succeed(core.ActionResult{RedirectTo: "https://op.example.com/authorize?state=s1", Pending: &core.PendingLogin{
				Name: core.PendingName("s1"), Sealed: core.NewSecret("sealed"), TTL: core.PendingTTL,
			}}), post("/auth/login", `{"providerName":"google","redirectPath":"/posts"}`, "Authd-Transport", "cookie"),
		},
		{"callback", succeed(core.ActionResult{RedirectTo: "https://app.example.com/posts", Tokens: newTokens()}), get(
			"/auth/callback/google?code=c1&state=s1", "Cookie", "__Host-authd-login-"+core.PendingName("s1")+"=sealed",
		)},
		{"callback, refused", func(f *fake) {
			f.action = core.ActionResult{RedirectTo: "https://app.example.com/login?error=forbidden&reason=access_denied", Error: refuse(core.Forbidden)}
		}, get("/auth/callback/google?error=access_denied&state=s1")},
		{"callback, too many", fail(&core.Error{Code: core.Throttled, RetryAfter: time.Minute}), get("/auth/callback/google?code=c1&state=s1")},
		{"callback by form", succeed(core.ActionResult{RedirectTo: "/"}), post(
			"/auth/callback/apple", "code=c1&state=s1", "Content-Type", formType, "Origin", foreignOrigin, "Sec-Fetch-Site", "cross-site",
		)},
		{"begin", succeed(core.ActionResult{RedirectTo: "https://op.example.com/authorize?state=s1", Pending: &core.PendingLogin{
			Name: core.PendingName("s1"), Sealed: core.NewSecret("sealed"), TTL: core.PendingTTL,
		}}), get("/auth/begin?ticket=t1")},
		{"exchange", signedIn, post("/auth/exchange", `{"code":"c2","codeVerifier":"v"}`, "Authd-Transport", "bearer")},
		{"exchange, used", fail(&core.Error{Code: core.Expired, Reason: "code_used"}), post("/auth/exchange", `{"code":"c2","codeVerifier":"v"}`)},
		{"nonce", func(f *fake) {
			f.nonce = core.NonceResult{Nonce: "N0NCE", Pending: &core.PendingLogin{Name: "nonce", Sealed: core.NewSecret("sealed"), TTL: core.PendingTTL}}
		}, post("/auth/nonce", "")},
		{"back-channel logout", succeed(core.ActionResult{}), post("/auth/backchannel/google", "logout_token=a.b.c", "Content-Type", formType)},
		{"back-channel logout, not believed", fail(&core.Error{Code: core.InvalidInput, Reason: "wrong_audience"}), post(
			"/auth/backchannel/google", "logout_token=a.b.c", "Content-Type", formType,
		)},
		{"logout", succeed(core.ActionResult{RedirectTo: "/login"}), post("/auth/logout", "", jar...)},
		{"logout, store down", fail(core.Unavailable), post("/auth/logout", "", jar...)},
		{
			"register", succeed(core.ActionResult{RedirectTo: "/login", SuccessNotification: &core.Notification{Message: "Account created"}}),
			post("/auth/register", `{"email":"ada@example.com","password":"correct horse"}`),
		},
		{"register, taken", fail(core.Conflict), post("/auth/register", `{"email":"ada@example.com","password":"correct horse"}`)},
		{
			"forgot password", succeed(core.ActionResult{SuccessNotification: &core.Notification{Message: "Check your inbox", Description: "A link is on its way."}}),
			post("/auth/forgot-password", `{"email":"ada@example.com"}`),
		},
		{"update password, old link", fail(core.Expired), post("/auth/update-password", `{"token":"abc","password":"correct horse"}`)},
		{"update password, not signed in", fail(core.Unauthenticated), post("/auth/update-password", `{"password":"correct horse"}`)},
		{"check", func(*fake) {}, get("/auth/check", bearer...)},
		{"check, not signed in", fail(core.Unauthenticated), get("/auth/check")},
		{"check, store down", fail(core.Unavailable), get("/auth/check", bearer...)},
		{"on error, nothing to do", func(*fake) {}, post("/auth/on-error", `{"statusCode":500}`)},
		{
			"on error, log out", func(f *fake) {
				f.onError = core.ErrorResult{Logout: true, RedirectTo: "/login", Error: refuse(core.Unauthenticated)}
			},
			post("/auth/on-error", `{"response":{"status":401},"page":"/posts"}`),
		},
		{"on error, refreshed", func(f *fake) { f.onError = core.ErrorResult{Tokens: newTokens()} }, post("/auth/on-error", `{"status":"401"}`, jar...)},
		{"on error, store down", fail(core.Unavailable), post("/auth/on-error", `{"status":401}`)},
		{"permissions", func(f *fake) { f.value = core.ValueResult{Value: []string{"admin"}} }, get("/auth/permissions", bearer...)},
		{"permissions, none", func(f *fake) { f.value = core.ValueResult{} }, get("/auth/permissions", bearer...)},
		{"permissions, not signed in", fail(core.Unauthenticated), get("/auth/permissions")},
		{"identity", func(*fake) {}, get("/auth/identity", bearer...)},
		{"identity, not signed in", fail(core.Unauthenticated), get("/auth/identity")},
		{"avatar", func(f *fake) {
			f.picture = core.PictureResult{Type: "image/gif", Bytes: []byte("GIF89a"), Expires: epoch.AddDate(100, 0, 0)}
		}, get("/auth/avatar/abc")},
		{"avatar, none", fail(&core.Error{Code: core.Unsupported, Reason: "no_picture"}), get("/auth/avatar/abc")},
		{"refresh by cookie", succeed(core.ActionResult{Tokens: newTokens()}), post("/auth/token/refresh", "", jar...)},
		{"refresh, refused", fail(&core.Error{Code: core.Unauthenticated, Reason: "reuse"}), post("/auth/refresh", "", jar...)},
		{"refresh, nothing given", fail(core.Unauthenticated), post("/auth/refresh-token", `{"refreshToken":null}`)},
		{"sessions", func(f *fake) {
			f.sessions.Sessions = []core.SessionInfo{{ID: "Jx1", Current: true, Strategy: "demo", CreatedAt: epoch, LastUsed: epoch, ExpiresAt: epoch.Add(time.Hour), Addr: "192.0.2.7"}}
		}, get("/auth/sessions", bearer...)},
		{"sessions, not signed in", fail(core.Unauthenticated), get("/auth/sessions")},
		{"end a session", succeed(core.ActionResult{}), del("/auth/sessions/Jx1", bearer...)},
		{"end a session of somebody else", fail(core.Forbidden), del("/auth/sessions/Jx2", bearer...)},
		{"end all sessions", succeed(core.ActionResult{}), del("/auth/sessions", bearer...)},
		{"config", func(*fake) {}, get("/auth/config")},
		{"keys", func(*fake) {}, get("/.well-known/jwks.json")},
		{"metrics", func(*fake) {}, get("/metrics")},
		{"health", func(*fake) {}, get("/healthz")},
		{"readiness", func(*fake) {}, get("/readyz")},
		{"unknown path", func(*fake) {}, get("/nowhere")},
		{"wrong method", func(*fake) {}, get("/auth/login")},
	}
}

func TestGoldenExchanges(t *testing.T) {
	const file = "testdata/exchanges.golden"
	var got strings.Builder
	for _, e := range goldenExchanges() {
		h := newHarness(t)
		e.script(h.backend)
		e.request.remote = proxyAddr
		e.request.header.Set("X-Request-Id", "request-0001")
		fmt.Fprintf(&got, "# %s\n%s\n", e.name, transcript(e.request, h.do(e.request)))
	}
	if *update {
		if err := os.WriteFile(file, []byte(got.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	wanted, all := strings.Split(string(want), "\n# "), strings.Split(got.String(), "\n# ")
	for i := range max(len(wanted), len(all)) {
		if i >= len(wanted) || i >= len(all) || wanted[i] != all[i] {
			t.Fatalf("exchange %d differs; run with -update and look at the diff.\ngot:\n%s", i+1, slices.Concat(all, []string{""})[min(i, len(all))])
		}
	}
}

// moduleVersion changes with each build of client/.
var moduleVersion = regexp.MustCompile(`client\.js\?v=[0-9a-f]{16}`)

// transcript shows an exchange without the headers that every answer carries.
func transcript(r request, a answer) string {
	var b strings.Builder
	fmt.Fprintf(&b, "> %s %s\n", r.method, r.path)
	writeHeader(&b, "> ", r.header, "X-Request-Id")
	if r.body != "" {
		fmt.Fprintf(&b, "> %s\n", r.body)
	}
	fmt.Fprintf(&b, "< %d\n", a.status)
	writeHeader(&b, "< ", a.header, "Content-Security-Policy", "Cross-Origin-Resource-Policy", "Referrer-Policy",
		"Strict-Transport-Security", "X-Content-Type-Options", "X-Request-Id")
	fmt.Fprintf(&b, "< %s", moduleVersion.ReplaceAll(a.body, []byte("client.js?v=VERSION")))
	return b.String()
}

func writeHeader(b *strings.Builder, prefix string, h map[string][]string, skip ...string) {
	var lines []string
	for name, values := range h {
		for _, v := range values {
			if !slices.Contains(skip, name) {
				lines = append(lines, name+": "+v)
			}
		}
	}
	slices.Sort(lines)
	for _, l := range lines {
		b.WriteString(prefix + l + "\n")
	}
}

func TestMetricsAreOffWithoutAHandler(t *testing.T) {
	h := newHarness(t, func(o *httpapi.Options) { o.Metrics = nil })
	if got := h.do(get("/metrics")); got.status != 404 {
		t.Errorf("status %d", got.status)
	}
}
