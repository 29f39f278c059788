package httpapi_test

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/authd-go/authd/core"
	"github.com/authd-go/authd/core/httpapi"
)

func TestDocumentIsValid(t *testing.T) {
	if err := spec(t).Validate(t.Context()); err != nil {
		t.Fatal(err)
	}
}

func TestDocumentListsExactlyTheRoutes(t *testing.T) {
	served, err := httpapi.Routes(options(t))
	if err != nil {
		t.Fatal(err)
	}
	var described []string
	for path, item := range spec(t).Paths.Map() {
		for method := range item.Operations() {
			described = append(described, method+" "+path)
		}
	}
	slices.Sort(served)
	slices.Sort(described)
	if !slices.Equal(served, described) {
		t.Errorf("served:\n%s\n\ndescribed:\n%s", strings.Join(served, "\n"), strings.Join(described, "\n"))
	}
}

func TestDocumentListsExactlyTheCodes(t *testing.T) {
	var described []string
	for _, v := range spec(t).Components.Schemas["Code"].Value.Enum {
		described = append(described, fmt.Sprint(v))
	}
	var codes []string
	for _, c := range core.Codes() {
		if c != core.UnknownUser { // never shown
			codes = append(codes, string(c))
		}
	}
	if !slices.Equal(codes, described) {
		t.Errorf("codes %v, described %v", codes, described)
	}
}

func TestEveryCodeHasAStatus(t *testing.T) {
	want := map[core.Code]int{
		core.UnknownUser: 400, core.InvalidCredentials: 400, core.Unavailable: 503, core.Locked: 403,
		core.Disabled: 403, core.PasswordExpired: 403, core.ActionRequired: 403, core.Throttled: 429,
		core.Unauthenticated: 401, core.Forbidden: 403, core.Conflict: 409, core.Expired: 400,
		core.InvalidInput: 400, core.Unsupported: 404, core.Internal: 500,
	}
	for _, code := range core.Codes() {
		if want[code] == 0 {
			t.Errorf("%s: no status is expected", code)
		} else if got := httpapi.StatusOf(code); got != want[code] {
			t.Errorf("%s: %d, want %d", code, got, want[code])
		}
	}
	if got := httpapi.StatusOf("brand_new"); got != 500 {
		t.Errorf("an unknown code is %d", got)
	}
}

// provedError makes an error whose code is shown as it is.
func provedError(code core.Code) error {
	return &core.Error{Code: code, Proved: true, Err: errors.New("the cause"), RetryAfter: 1500 * time.Millisecond}
}

// TestEveryCodeOnEveryRoute also shows that the document knows each status,
// because the harness refuses others.
func TestEveryCodeOnEveryRoute(t *testing.T) {
	served, err := httpapi.Routes(options(t))
	if err != nil {
		t.Fatal(err)
	}
	for _, pattern := range served {
		method, path, _ := strings.Cut(pattern, " ")
		path = strings.ReplaceAll(path, "{id}", "some-id")
		path = strings.ReplaceAll(path, "{strategy}", "some-strategy")
		for _, code := range core.Codes() {
			t.Run(string(code)+" "+pattern, func(t *testing.T) {
				h := newHarness(t)
				h.backend.fail(provedError(code))
				a := h.do(request{method: method, path: path, header: headers("Authorization", "Bearer "+accessJWT)})
				if len(h.backend.asked) == 0 || path == "/auth/nonce" { // which is never refused
					return // no route of the backend's
				}
				if want := expectedStatus(path, code); a.status != want {
					t.Errorf("status %d, want %d", a.status, want)
				}
				checkRefusal(t, path, a)
			})
		}
	}
}

func expectedStatus(path string, code core.Code) int {
	status := httpapi.StatusOf(code)
	switch {
	case path == "/auth/check" && status != 503 && status != 500:
		return 401
	case path == "/auth/on-error":
		if slices.Contains([]core.Code{core.Unavailable, core.Throttled, core.Internal, core.InvalidInput}, code) {
			return status
		}
		return 200
	case status == 401 && slices.Contains([]string{
		"/auth/login", "/auth/logout", "/auth/register", "/auth/forgot-password",
		"/auth/refresh", "/auth/token/refresh", "/auth/refresh-token", "/refresh",
		"/auth/exchange", "/auth/backchannel/some-strategy",
	}, path):
		return 400
	}
	return status
}

func checkRefusal(t *testing.T, path string, a answer) {
	t.Helper()
	if strings.Contains(string(a.body), "the cause") {
		t.Error("the cause is shown")
	}
	challenge := a.header.Get("WWW-Authenticate")
	if want := map[bool]string{true: "Bearer"}[a.status == 401]; challenge != want {
		t.Errorf("challenge %q with %d", challenge, a.status)
	}
	retry := a.header.Get("Retry-After")
	if want := map[bool]string{true: "2"}[a.status == 429 || a.status == 503]; retry != want {
		t.Errorf("Retry-After %q with %d", retry, a.status)
	}
	if (path == "/auth/permissions" || path == "/auth/identity") && a.status == 401 {
		if a.json() != nil {
			t.Errorf("body %s, want null", a.body)
		}
		return
	}
	if o := a.object(); o["message"] == "" || o["message"] == nil || o["success"] == true {
		t.Errorf("no refusal in %s", a.body)
	}
}

func TestAFailureWithoutAnErrorIsInternal(t *testing.T) {
	h := newHarness(t)
	h.backend.action = core.ActionResult{}
	if o := h.do(post("/auth/login", `{"email":"a","password":"b"}`)).wants(500).object(); o["code"] != "internal" {
		t.Errorf("body %v", o)
	}
	h.backend.check = core.CheckResult{}
	if o := h.do(get("/auth/check")).wants(401).object(); o["code"] != "unauthenticated" {
		t.Errorf("body %v", o)
	}
}

func TestAnOutageSendsNobodyToTheLoginPage(t *testing.T) {
	for _, code := range []core.Code{core.Unavailable, core.Internal} {
		h := newHarness(t)
		h.backend.fail(code)
		o := h.do(get("/auth/check")).object()
		if o["redirectTo"] != nil || o["logout"] != nil || o["authenticated"] != false {
			t.Errorf("%s: %v", code, o)
		}
	}
}

func TestThrottledAlwaysSaysWhenToComeBack(t *testing.T) {
	h := newHarness(t)
	h.backend.fail(core.Throttled)
	a := h.do(post("/auth/login", `{"email":"a","password":"b"}`)).wants(http.StatusTooManyRequests)
	if a.header.Get("Retry-After") != "30" {
		t.Errorf("Retry-After %q", a.header.Get("Retry-After"))
	}
	h.backend.fail(core.Unavailable)
	a = h.do(post("/auth/login", `{"email":"a","password":"b"}`)).wants(http.StatusServiceUnavailable)
	if a.header.Get("Retry-After") != "" {
		t.Errorf("Retry-After %q, which nobody knows", a.header.Get("Retry-After"))
	}
}

func TestAValueThatDoesNotEncodeIsInternal(t *testing.T) {
	h := newHarness(t)
	h.backend.value = core.ValueResult{Value: func() {}}
	h.do(get("/auth/permissions")).wants(500)
	h.backend.action = core.ActionResult{Success: true, Tokens: newTokens(), Extra: map[string]any{"f": func() {}}}
	a := h.do(post("/auth/login", `{"email":"a","password":"b"}`)).wants(500)
	if len(a.cookies()) != 0 {
		t.Error("cookies are set although the answer is an error")
	}
	h.backend.action.Success = false
	h.backend.action.Error = core.DefaultMessages().Refuse(core.Conflict)
	h.do(post("/auth/login", `{"email":"a","password":"b"}`)).wants(500)
	if !strings.Contains(h.log.String(), "encode answer") {
		t.Errorf("the log does not say why: %s", h.log)
	}
}
