package httpapi_test

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/net/html"

	"github.com/authd-go/authd/core"
	"github.com/authd-go/authd/core/httpapi"
)

// withPages switches all hosted pages on.
func withPages(o *httpapi.Options) {
	o.Pages = &httpapi.Pages{Title: "Example & Sons"}
	o.Describe.Methods = []string{core.MethodLogin, core.MethodRegister, core.MethodForgotPassword, core.MethodUpdatePassword}
	o.Describe.Providers = append(o.Describe.Providers, httpapi.Provider{Name: "google", Label: "Google", Redirect: true})
}

func form(path string, pairs ...string) request {
	values := url.Values{}
	for i := 0; i+1 < len(pairs); i += 2 {
		values.Add(pairs[i], pairs[i+1])
	}
	r := post(path, values.Encode(), "Content-Type", "application/x-www-form-urlencoded", "Sec-Fetch-Site", "same-origin")
	return r
}

func looking(path string, header ...string) request {
	return get(path, append([]string{"Accept", "text/html,application/xhtml+xml,*/*;q=0.8"}, header...)...)
}

const signedIn = "__Host-authd-access=" + accessJWT + "; __Host-authd-refresh=" + refreshJWT

// page parses an answer, and checks what holds for every page.
func page(t *testing.T, a answer) *html.Node {
	t.Helper()
	if !strings.HasPrefix(a.header.Get("Content-Type"), "text/html") {
		t.Fatalf("status %d with %q", a.status, a.header.Get("Content-Type"))
	}
	const policy = "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
	if a.header.Get("Content-Security-Policy") != policy || a.header.Get("Cache-Control") != "no-store" || a.header.Get("Referrer-Policy") != "no-referrer" {
		t.Errorf("header %v", a.header)
	}
	root, err := html.Parse(strings.NewReader(string(a.body)))
	if err != nil {
		t.Fatal(err)
	}
	accessible(t, root)
	return root
}

func attr(n *html.Node, name string) string {
	for _, a := range n.Attr {
		if a.Key == name {
			return a.Val
		}
	}
	return ""
}

func elements(root *html.Node, name string) []*html.Node {
	var out []*html.Node
	for n := range root.Descendants() {
		if n.Type == html.ElementNode && (name == "" || n.Data == name) {
			out = append(out, n)
		}
	}
	return out
}

func text(n *html.Node) string {
	var b strings.Builder
	for d := range n.Descendants() {
		if d.Type == html.TextNode {
			b.WriteString(d.Data)
		}
	}
	return strings.Join(strings.Fields(b.String()), " ")
}

// accessible: ids are unique, every input has a label and every button a name,
// links inside the page lead somewhere, and nothing needs a script or an inline style.
func accessible(t *testing.T, root *html.Node) {
	t.Helper()
	ids, labels := map[string]bool{}, map[string]bool{}
	for _, n := range elements(root, "") {
		if id := attr(n, "id"); id != "" {
			if ids[id] {
				t.Errorf("two elements have the id %q", id)
			}
			ids[id] = true
		}
		for _, a := range n.Attr {
			if strings.HasPrefix(a.Key, "on") || a.Key == "style" {
				t.Errorf("<%s> has %s", n.Data, a.Key)
			}
		}
	}
	for _, n := range elements(root, "label") {
		labels[attr(n, "for")] = true
	}
	for _, n := range elements(root, "input") {
		if attr(n, "type") != "hidden" && !labels[attr(n, "id")] {
			t.Errorf("the input %q has no label", attr(n, "name"))
		}
		if d := attr(n, "aria-describedby"); d != "" && !ids[d] {
			t.Errorf("the input %q is described by nothing", attr(n, "name"))
		}
	}
	for _, n := range elements(root, "a") {
		if target, inside := strings.CutPrefix(attr(n, "href"), "#"); inside && !ids[target] {
			t.Errorf("a link leads to #%s, which is not there", target)
		}
	}
	if len(elements(root, "h1")) != 1 || attr(elements(root, "html")[0], "lang") != "en" || len(elements(root, "main")) != 1 {
		t.Error("a page has one heading, one main part and a language")
	}
	if len(elements(root, "script"))+len(elements(root, "style"))+len(elements(root, "iframe")) != 0 {
		t.Error("there is a script, a style or a frame")
	}
}

func value(root *html.Node, name string) string {
	for _, n := range elements(root, "input") {
		if attr(n, "name") == name {
			return attr(n, "value")
		}
	}
	return ""
}

// TestEveryPageIsJudged lists every page and what it asks of the backend. A
// page that is not in the list fails: does it verify a credential?
func TestEveryPageIsJudged(t *testing.T) {
	nothing := []string(nil)
	asks := map[string][]string{
		"GET /{$}":              {core.MethodCheck, core.MethodGetIdentity, core.MethodSessions},
		"GET /login":            {core.MethodCheck},
		"POST /login":           {core.MethodLogin},
		"POST /logout":          {core.MethodLogout},
		"POST /sessions":        {core.MethodSessions},
		"GET /register":         nothing,
		"POST /register":        {core.MethodRegister},
		"GET /forgot-password":  nothing,
		"POST /forgot-password": {core.MethodForgotPassword},
		"GET /update-password":  {core.MethodCheck},
		"POST /update-password": {core.MethodUpdatePassword},
		"GET /auth/pages.css":   nothing,
		"GET /auth/logo":        nothing,
	}
	o := options(t)
	withPages(&o)
	served, err := httpapi.PageRoutes(o)
	if err != nil {
		t.Fatal(err)
	}
	for _, pattern := range served {
		want, ok := asks[pattern]
		if !ok {
			t.Errorf("%s is on no list", pattern)
			continue
		}
		delete(asks, pattern)
		method, path, _ := strings.Cut(pattern, " ")
		h := newHarness(t, withPages)
		r := looking(strings.TrimSuffix(path, "{$}"), "Cookie", signedIn)
		if method == http.MethodPost {
			r = form(path)
			r.header.Set("Cookie", signedIn)
		}
		h.serve(r)
		if !slices.Equal(h.backend.asked, want) {
			t.Errorf("%s asks %v, want %v", pattern, h.backend.asked, want)
		}
	}
	for pattern := range asks {
		t.Errorf("%s is not served", pattern)
	}
}

func TestPagesAreOffByDefault(t *testing.T) {
	h := newHarness(t)
	for _, path := range []string{"/", "/login", "/register", "/auth/pages.css", "/auth/logo"} {
		a := h.serve(looking(path))
		if a.status != 404 || a.header.Get("Content-Type") != "application/json" {
			t.Errorf("%s: %d %s", path, a.status, a.header.Get("Content-Type"))
		}
	}
	h = newHarness(t, withPages, func(o *httpapi.Options) { o.Describe.Methods = []string{core.MethodLogin} })
	for _, path := range []string{"/register", "/forgot-password", "/update-password"} {
		if a := h.serve(looking(path)); a.status != 404 || !strings.Contains(text(page(t, a)), "Page not found") {
			t.Errorf("%s is served although the method is not in use", path)
		}
	}
	if _, err := httpapi.New(func() httpapi.Options {
		o := options(t)
		o.Pages, o.Transports = &httpapi.Pages{}, []httpapi.Transport{httpapi.Bearer}
		return o
	}()); err == nil {
		t.Error("pages without cookies")
	}
}

func TestLoginPage(t *testing.T) {
	h := newHarness(t, withPages)
	h.backend.check = core.CheckResult{Error: core.DefaultMessages().Refuse(core.Unauthenticated)}
	root := page(t, h.serve(looking("/login?to=/orders%3Fpage%3D2")))
	if value(root, "redirectPath") != "/orders?page=2" || value(root, "providerName") != "google" || !strings.Contains(text(root), "Continue with Google") {
		t.Errorf("page %s", text(root))
	}

	h.backend.action = core.ActionResult{Success: true, RedirectTo: "/orders", Tokens: newTokens()}
	a := h.serve(form("/login", "identifier", "john@mail.com", "password", "demo", "redirectPath", "/orders", "remembered", "asked"))
	if a.status != 303 || a.header.Get("Location") != "/orders" || len(a.cookies()) != 2 {
		t.Errorf("login: %d %v", a.status, a.header)
	}
	got := h.backend.last.Params
	if got["identifier"] != "john@mail.com" || got["remember"] != false || got["redirectPath"] != "/orders" || got["remembered"] != nil {
		t.Errorf("params %v", got)
	}
	h.serve(form("/login", "identifier", "x", "password", "y", "remember", "true", "remembered", "asked"))
	if h.backend.last.Params["remember"] != true {
		t.Errorf("params %v", h.backend.last.Params)
	}

	h.backend.fail(core.InvalidCredentials)
	a = h.serve(form("/login", "identifier", `j"<b>`, "password", "a secret word", "redirectPath", "/orders"))
	root = page(t, a)
	if a.status != 400 || value(root, "identifier") != `j"<b>` || value(root, "password") != "" || value(root, "redirectPath") != "/orders" {
		t.Errorf("refused: %d %s", a.status, a.body)
	}
	if strings.Contains(string(a.body), "a secret word") || !strings.Contains(text(root), "Login failed") {
		t.Errorf("body %s", a.body)
	}
}

// Where a login is going is handed on by the pages that come between.
func TestAfterADetour(t *testing.T) {
	h := newHarness(t, withPages)
	h.backend.check = core.CheckResult{Error: core.DefaultMessages().Refuse(core.Unauthenticated)}
	long := "/orders?filter=" + strings.Repeat("x", 1000) + "&page=2"
	for _, to := range []string{"/orders", long} {
		query := "?to=" + url.QueryEscape(to)
		var links []string
		for _, a := range elements(page(t, h.serve(looking("/login"+query))), "a") {
			links = append(links, attr(a, "href"))
		}
		for _, p := range []string{"/register", "/forgot-password"} {
			if !slices.Contains(links, p+query) {
				t.Errorf("the login page leads to %v, not to %s", links, p+query)
			}
			h.backend.fail(core.InvalidInput)
			for name, a := range map[string]answer{
				"shown":   h.serve(looking(p + query)),
				"refused": h.serve(form(p, "email", "x", "identifier", "x", "to", to)),
			} {
				root := page(t, a)
				if value(root, "to") != to || attr(elements(root, "a")[0], "href") != "/login"+query {
					t.Errorf("%s %s: hands on %q, leads to %q", p, name, value(root, "to"), attr(elements(root, "a")[0], "href"))
				}
			}
			for target, want := range map[string]string{"/login": "/login" + query, "/welcome": "/welcome"} {
				h.backend.action = core.ActionResult{Success: true, RedirectTo: target}
				a := h.serve(form(p, "email", "x@mail.com", "identifier", "x", "to", to))
				if a.status != 303 || a.header.Get("Location") != want || h.backend.last.Params["to"] != nil {
					t.Errorf("%s with %q: %d to %q, params %v", p, target, a.status, a.header.Get("Location"), h.backend.last.Params)
				}
			}
		}
		h.backend.fail(core.InvalidCredentials)
		if root := page(t, h.serve(form("/login", "identifier", "x", "password", "y", "redirectPath", to))); value(root, "redirectPath") != to {
			t.Errorf("after a wrong password: %q", value(root, "redirectPath"))
		}
	}
	tooLong := "/" + strings.Repeat("x", 5000)
	if root := page(t, h.serve(form("/login", "identifier", "x", "password", "y", "redirectPath", tooLong))); value(root, "redirectPath") != "" {
		t.Error("a part of an address is another address")
	}
}

func TestARefusalNamesItsFields(t *testing.T) {
	h := newHarness(t, withPages)
	h.backend.fail(&core.Error{Code: core.InvalidInput, Fields: map[string]string{"password": "must have at least 8 characters"}})
	root := page(t, h.serve(form("/register", "email", "a@example.org", "name", "Ann", "password", "short", "confirmPassword", "short")))
	if value(root, "email") != "a@example.org" || value(root, "name") != "Ann" || !strings.Contains(text(root), "Password must have at least 8 characters") {
		t.Errorf("page %s", text(root))
	}
	for _, n := range elements(root, "input") {
		if wrong := attr(n, "name") == "password"; (attr(n, "aria-invalid") == "true") != wrong {
			t.Errorf("%s: aria-invalid %q", attr(n, "name"), attr(n, "aria-invalid"))
		}
	}
}

func TestAThrottledPageSaysHowLong(t *testing.T) {
	for wait, want := range map[time.Duration]string{
		1500 * time.Millisecond: "2 seconds", time.Second: "1 second", 61 * time.Second: "2 minutes", 15 * time.Minute: "15 minutes",
	} {
		h := newHarness(t, withPages)
		h.backend.fail(&core.Error{Code: core.Throttled, RetryAfter: wait})
		a := h.serve(form("/login", "identifier", "x", "password", "y"))
		if a.status != 429 || a.header.Get("Retry-After") == "" || !strings.Contains(text(page(t, a)), "again in "+want+".") {
			t.Errorf("%v: %d, %s", wait, a.status, a.body)
		}
	}
}

// TestLinksOfStrangers: what somebody puts into a link never leads elsewhere and
// never keeps anybody out.
func TestLinksOfStrangers(t *testing.T) {
	h := newHarness(t, withPages)
	for _, to := range []string{"//evil.example", `/\evil.example`, "https://evil.example", "javascript:alert(1)", "/\t/evil.example", "%2f%2fevil.example"} {
		a := h.serve(looking("/login?to="+url.QueryEscape(to), "Cookie", signedIn))
		if a.status != 303 || a.header.Get("Location") != "/" {
			t.Errorf("%q: %d to %q", to, a.status, a.header.Get("Location"))
		}
	}
	if a := h.serve(looking("/login?to=/orders", "Cookie", signedIn)); a.header.Get("Location") != "/orders" {
		t.Errorf("to %q", a.header.Get("Location"))
	}

	h.backend.fail(core.InvalidField("redirectPath", "must be a path"))
	h.serve(form("/login", "identifier", "x", "password", "y", "redirectPath", "//evil.example"))
	if got := h.backend.last.Params; got["redirectPath"] != nil || got["identifier"] != "x" {
		t.Errorf("asked at last with %v", got)
	}
	h.backend.fail(core.Unauthenticated)
	for code, want := range map[string]string{"forbidden": "Not allowed", "locked": "Account locked", "<b>": "", "unknown_user": "", "nonsense": ""} {
		got := text(page(t, h.serve(looking("/login?error="+url.QueryEscape(code)))))
		if want != "" && !strings.Contains(got, want) || want == "" && strings.Contains(got, "Error:") {
			t.Errorf("%s: %s", code, got)
		}
	}
}

// TestGoingToAnotherOrigin: browsers do not follow a redirect there from a form
// under this policy.
func TestGoingToAnotherOrigin(t *testing.T) {
	h := newHarness(t, withPages)
	h.backend.action.RedirectTo = "https://id.example.com/authorize?a=1&b=2"
	a := h.serve(form("/login", "providerName", "google"))
	root := page(t, a)
	metas := elements(root, "meta")
	if !slices.ContainsFunc(metas, func(n *html.Node) bool {
		return attr(n, "http-equiv") == "refresh" && attr(n, "content") == "0; url=https://id.example.com/authorize?a=1&b=2"
	}) || attr(elements(root, "a")[0], "href") != h.backend.action.RedirectTo {
		t.Errorf("body %s", a.body)
	}
	h.backend.action.RedirectTo = "javascript:alert(1)"
	if a := h.serve(form("/login", "providerName", "google")); a.status != 500 || strings.Contains(string(a.body), "alert") {
		t.Errorf("%d %s", a.status, a.body)
	}
}

func TestMessagesOfSuccess(t *testing.T) {
	h := newHarness(t, withPages)
	h.backend.action = core.ActionResult{
		Success: true, RedirectTo: "/login", SuccessNotification: &core.Notification{Message: "Check your inbox", Description: "A link is on its way."},
	}
	root := page(t, h.serve(form("/forgot-password", "identifier", "x")))
	if !strings.Contains(text(root), "A link is on its way.") || attr(elements(root, "a")[0], "href") != "/login" {
		t.Errorf("page %s", text(root))
	}
}

func TestUpdatePasswordPage(t *testing.T) {
	h := newHarness(t, withPages)
	if root := page(t, h.serve(looking("/update-password?token=abc-DEF_1"))); value(root, "token") != "abc-DEF_1" || strings.Contains(text(root), "Current") {
		t.Errorf("page %s", text(root))
	}
	if got := h.backend.asked; len(got) != 0 {
		t.Errorf("a link asks %v", got)
	}
	if root := page(t, h.serve(looking("/update-password", "Cookie", signedIn))); !strings.Contains(text(root), "Current password") {
		t.Errorf("page %s", text(root))
	}
	h.backend.action = core.ActionResult{Success: true, RedirectTo: "/login", Tokens: newTokens(), SuccessNotification: &core.Notification{Message: "Password updated"}}
	if a := h.serve(form("/update-password", "oldPassword", "a", "password", "b", "confirmPassword", "b")); len(a.cookies()) != 2 || a.status != 200 {
		t.Errorf("updated: %d %v", a.status, a.header)
	}
	h.backend.fail(core.Expired)
	root := page(t, h.serve(form("/update-password", "token", "t", "password", "b", "confirmPassword", "b")))
	if !strings.Contains(text(root), "Ask for a new link") || len(elements(root, "input")) != 0 {
		t.Errorf("page %s", text(root))
	}
	h.backend.fail(core.Unauthenticated)
	if a := h.serve(looking("/update-password")); a.status != 303 || a.header.Get("Location") != "/login?to=/update-password" {
		t.Errorf("signed out: %d to %q", a.status, a.header.Get("Location"))
	}
}

// Somebody whose password is right and must be changed gets the form for that in
// place of the login's, and goes on from there to where the login was going.
func TestPasswordThatMustBeChanged(t *testing.T) {
	h := newHarness(t, withPages)
	h.backend.fail(&core.Error{Code: core.ActionRequired, Action: core.ActionNewPassword})
	a := h.serve(form("/login", "identifier", "jo", "password", "old-secret", "redirectPath", "/posts?a=1&b=2"))
	root := page(t, a)
	if a.status != http.StatusForbidden || value(root, "identifier") != "jo" || value(root, "to") != "/posts?a=1&b=2" ||
		attr(elements(root, "form")[0], "action") != "/update-password" || strings.Contains(string(a.body), "old-secret") {
		t.Errorf("%d %s", a.status, a.body)
	}
	for _, name := range []string{"oldPassword", "password", "confirmPassword"} {
		if !strings.Contains(string(a.body), `name="`+name+`" type="password"`) {
			t.Errorf("%s is missing", name)
		}
	}
	update := form("/update-password", "identifier", "jo", "oldPassword", "old-secret", "password", "x", "confirmPassword", "x", "to", "/posts?a=1&b=2")
	h.backend.fail(core.InvalidField("password", "must have at least 8 characters"))
	root = page(t, h.serve(update))
	if value(root, "identifier") != "jo" || value(root, "to") != "/posts?a=1&b=2" || !strings.Contains(text(root), "New password must have at least 8 characters") {
		t.Errorf("page %s", text(root))
	}
	h.backend.action = core.ActionResult{Success: true, RedirectTo: "/login", SuccessNotification: &core.Notification{Message: "Password updated"}}
	a = h.serve(update)
	root = page(t, a)
	if len(a.cookies()) != 0 || attr(elements(root, "a")[0], "href") != "/login?to=%2Fposts%3Fa%3D1%26b%3D2" {
		t.Errorf("%v %s", a.cookies(), a.body)
	}
}

func TestHome(t *testing.T) {
	h := newHarness(t, withPages)
	at := time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)
	h.backend.sessions = core.SessionsResult{Sessions: []core.SessionInfo{
		{ID: "one", Current: true, CreatedAt: at, LastUsed: at, Addr: "192.0.2.1", UserAgent: "Mozilla/5.0 (X11; Linux x86_64) Firefox/140.0"},
		{ID: "two", CreatedAt: at, LastUsed: at, UserAgent: "<script>alert(1)</script>"},
	}}
	root := page(t, h.serve(looking("/", "Cookie", signedIn)))
	got := text(root)
	for _, want := range []string{"John Doe", "john@mail.com", "admin", "Firefox on Linux this one Last used 24 Nov 2026, 12:00 UTC Signed in 24 Nov 2026, 12:00 UTC from 192.0.2.1", "An unknown device"} {
		if !strings.Contains(got, want) {
			t.Errorf("%q is missing in %s", want, got)
		}
	}
	if value(root, "session") != "two" {
		t.Errorf("session %q can be ended", value(root, "session"))
	}
	h.serve(form("/sessions", "session", "two"))
	if h.backend.lastID != "two" {
		t.Errorf("ended %q", h.backend.lastID)
	}
	if a := h.serve(form("/sessions")); h.backend.lastID != "" || a.header.Get("Location") != "/login" || len(a.cookies()) != 2 {
		t.Errorf("ended %q: %v", h.backend.lastID, a.header)
	}
	a := h.serve(form("/logout"))
	if a.status != 303 || len(a.cookies()) != 2 {
		t.Errorf("logout: %d %v", a.status, a.header)
	}
}

// TestAPageRefreshes: there is no script to do it.
func TestAPageRefreshes(t *testing.T) {
	h := newHarness(t, withPages)
	h.backend.check = core.CheckResult{Error: core.DefaultMessages().Refuse(core.Unauthenticated)}
	h.backend.action = core.ActionResult{Success: true, Tokens: newTokens()}
	a := h.serve(looking("/", "Cookie", signedIn))
	if a.status != 200 || len(a.cookies()) != 2 || h.backend.last.AccessToken != newTokens().Access.Reveal() {
		t.Errorf("%d, cookies %v, asked %v as %q", a.status, a.cookies(), h.backend.asked, h.backend.last.AccessToken)
	}
	if a := h.serve(looking("/", "Cookie", signedIn, "Sec-Purpose", "prefetch;prerender")); a.status != 303 || len(a.cookies()) != 0 {
		t.Errorf("a browser that looks ahead: %d, cookies %v", a.status, a.cookies())
	}
	h.backend.fail(core.Unauthenticated)
	if a := h.serve(looking("/", "Cookie", signedIn)); a.status != 303 || a.header.Get("Location") != "/login" || len(a.cookies()) != 2 {
		t.Errorf("a dead session: %d, cookies %v", a.status, a.cookies())
	}
	h.backend.action = core.ActionResult{Error: core.DefaultMessages().Refuse(core.Unavailable)}
	if a := h.serve(looking("/", "Cookie", signedIn)); a.status != 503 || len(a.cookies()) != 0 {
		t.Errorf("an outage: %d, cookies %v", a.status, a.cookies())
	}
}

func TestErrorsForPeopleArePages(t *testing.T) {
	h := newHarness(t, withPages)
	cross := form("/login", "identifier", "x")
	cross.header.Set("Sec-Fetch-Site", "cross-site")
	cross.header.Set("Accept", "text/html")
	for _, c := range []struct {
		r      request
		status int
	}{
		{looking("/nowhere"), 404},
		{request{method: "PUT", path: "/login", header: headers("Accept", "text/html")}, 405},
		{post("/login", "x", "Content-Type", "text/plain", "Accept", "text/html"), 415},
		{cross, 403},
	} {
		if a := h.serve(c.r); a.status != c.status {
			t.Errorf("%s %s: %d, want %d", c.r.method, c.r.path, a.status, c.status)
		} else {
			page(t, a)
		}
	}
	if len(h.backend.asked) != 0 {
		t.Errorf("asked %v", h.backend.asked)
	}
	for _, path := range []string{"/auth/nowhere", "/auth/login"} {
		if a := h.serve(looking(path)); a.header.Get("Content-Type") != "application/json" {
			t.Errorf("%s answers people with %s", path, a.header.Get("Content-Type"))
		}
	}
	if a := h.serve(get("/nowhere")); a.header.Get("Content-Type") != "application/json" {
		t.Error("a program gets a page")
	}
}

func TestStyleAndLogo(t *testing.T) {
	svg := `<svg xmlns="http://www.w3.org/2000/svg"></svg>`
	h := newHarness(t, withPages, func(o *httpapi.Options) { o.Pages.Logo, o.Pages.Accent = []byte(svg), "#ffcc00" })
	root := page(t, h.serve(looking("/register")))
	var sheet string
	for _, n := range elements(root, "link") {
		if attr(n, "rel") == "stylesheet" {
			sheet = attr(n, "href")
		}
	}
	a := h.serve(get(sheet))
	if a.header.Get("Cache-Control") != "public, max-age=31536000, immutable" || !strings.Contains(string(a.body), "--accent: #ffcc00; --on-accent: #000000") {
		t.Errorf("%s: %v\n%.200s", sheet, a.header, a.body)
	}
	if a := h.serve(get("/auth/pages.css?v=other")); a.header.Get("Cache-Control") != "no-cache" {
		t.Errorf("header %v", a.header)
	}
	a = h.serve(get("/auth/logo"))
	if string(a.body) != svg || a.header.Get("Content-Type") != "image/svg+xml" || !strings.HasSuffix(a.header.Get("Content-Security-Policy"), "sandbox") {
		t.Errorf("logo %v", a.header)
	}
	for name, p := range map[string]httpapi.Pages{
		"accent": {Accent: "teal"}, "logo": {Logo: []byte("text")}, "size": {Logo: append([]byte("<svg"), make([]byte, httpapi.MaxLogo)...)},
	} {
		o := options(t)
		o.Pages = &p
		if _, err := httpapi.New(o); err == nil {
			t.Errorf("%s: taken", name)
		}
	}
}

// TestEveryAccentCanBeRead goes through the colours.
func TestEveryAccentCanBeRead(t *testing.T) {
	for r := 0; r <= 255; r += 15 {
		for g := 0; g <= 255; g += 15 {
			for b := 0; b <= 255; b += 15 {
				accent := fmt.Sprintf("#%02x%02x%02x", r, g, b)
				on, light, dark, err := httpapi.AccentContrasts(accent)
				if err != nil || on < 4.5 || light < 4.5 || dark < 4.5 {
					t.Fatalf("%s: %.2f on it, %.2f in light, %.2f in dark, %v", accent, on, light, dark, err)
				}
			}
		}
	}
	for _, bad := range []string{"", "#fff", "4f46e5", "#4f46eg", "#4f46e5;", "#+f46e5"} {
		if httpapi.CheckAccent(bad) == nil {
			t.Errorf("%q is taken for a colour", bad)
		}
	}
}

// FuzzPages: whatever is in a link or a form, the page parses, says nothing that
// was not meant, and leads nowhere else.
func FuzzPages(f *testing.F) {
	for _, s := range []string{"/x", "//evil.example", `"><script>alert(1)</script>`, "javascript:alert(1)", "\x00", "'", "{{.}}", "/a\r\nSet-Cookie: x=y", "\xff"} {
		f.Add(s, s)
	}
	f.Fuzz(func(t *testing.T, to, name string) {
		h := newHarness(t, withPages)
		a := h.serve(looking("/login?to="+url.QueryEscape(to), "Cookie", signedIn))
		if target := a.header.Get("Location"); a.status != 303 || !strings.HasPrefix(target, "/") || strings.HasPrefix(target, "//") || strings.HasPrefix(target, `/\`) {
			t.Errorf("%q leads to %q", to, target)
		}
		h.backend.fail(core.InvalidCredentials)
		a = h.serve(form("/login", "identifier", name, "password", "p", "redirectPath", to))
		if a.status == 400 && strings.HasPrefix(a.header.Get("Content-Type"), "text/html") {
			page(t, a)
		}
	})
}
