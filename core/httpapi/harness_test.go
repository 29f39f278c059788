package httpapi_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"
	"github.com/getkin/kin-openapi/routers/legacy"

	"github.com/authd-go/authd/core"
	"github.com/authd-go/authd/core/httpapi"
)

const (
	ownOrigin     = "https://auth.example.com"
	allowedOrigin = "https://app.example.com"
	foreignOrigin = "https://evil.example.net"
	proxyAddr     = "10.0.0.1:4711"
)

// harness is a handler over a fake backend. Every exchange goes through do,
// which validates it against openapi.yaml.
type harness struct {
	t       *testing.T
	handler http.Handler
	backend *fake
	log     *syncBuffer
	ready   []httpapi.Check
}

func options(t testing.TB) httpapi.Options {
	t.Helper()
	own, err := url.Parse(ownOrigin)
	if err != nil {
		t.Fatal(err)
	}
	return httpapi.Options{
		Backend: newFake(),
		Metrics: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "text/plain; version=0.0.4; charset=utf-8")
			fmt.Fprintln(w, `authd_decisions_total{method="login",outcome="ok"} 1`)
		}),
		Keys:           keys(`{"keys":[{"kty":"OKP","crv":"Ed25519","kid":"1","alg":"EdDSA","use":"sig","x":"AA"}]}`),
		PublicURL:      own,
		AllowedOrigins: []string{allowedOrigin},
		TrustedProxies: []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")},
		Describe: httpapi.Description{
			Providers: []httpapi.Provider{{Name: "members", Label: "Members"}},
			Methods:   []string{core.MethodLogin, core.MethodCheck},
			OnError:   []httpapi.OnErrorRule{{Status: "401", Refresh: true, Logout: true, RedirectTo: "/login"}},
		},
	}
}

func newHarness(t *testing.T, change ...func(*httpapi.Options)) *harness {
	t.Helper()
	h := &harness{t: t, log: &syncBuffer{}}
	o := options(t)
	o.Log = slog.New(slog.NewJSONHandler(h.log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	o.Ready = func(context.Context) []httpapi.Check { return h.ready }
	for _, c := range change {
		c(&o)
	}
	h.backend = o.Backend.(*fake)
	handler, err := httpapi.New(o)
	if err != nil {
		t.Fatal(err)
	}
	h.handler = handler
	return h
}

// request is one exchange to make.
type request struct {
	method, path string
	body         string
	header       http.Header
	remote       string
	invalid      bool // the request breaks the document on purpose; it must be found to
}

func post(path, body string, header ...string) request {
	r := request{method: http.MethodPost, path: path, body: body, header: headers(header...)}
	if body != "" && r.header.Get("Content-Type") == "" {
		r.header.Set("Content-Type", "application/json")
	}
	return r
}

func get(path string, header ...string) request {
	return request{method: http.MethodGet, path: path, header: headers(header...)}
}

func del(path string, header ...string) request {
	return request{method: http.MethodDelete, path: path, header: headers(header...)}
}

func (r request) breaking() request { r.invalid = true; return r }

// headers makes a header of names and values in turn.
func headers(pairs ...string) http.Header {
	h := http.Header{}
	for i := 0; i+1 < len(pairs); i += 2 {
		h.Add(pairs[i], pairs[i+1])
	}
	return h
}

func (r request) build() *http.Request {
	var body io.Reader
	if r.body != "" {
		body = strings.NewReader(r.body)
	}
	req := httptest.NewRequest(r.method, ownOrigin+r.path, body)
	req.Header = r.header.Clone()
	if req.Header == nil {
		req.Header = http.Header{}
	}
	if r.remote != "" {
		req.RemoteAddr = r.remote
	}
	return req
}

// answer is what came back.
type answer struct {
	t      *testing.T
	status int
	header http.Header
	body   []byte
}

func (h *harness) do(r request) answer {
	h.t.Helper()
	a := h.serve(r)
	validate(h.t, r, a)
	return a
}

// serve makes an exchange that do or raw validate; by itself it is for what
// the document cannot know, such as paths that the configuration names.
func (h *harness) serve(r request) answer { return h.serveRequest(r.build()) }

func (h *harness) serveRequest(r *http.Request) answer {
	w := httptest.NewRecorder()
	h.handler.ServeHTTP(w, r)
	return answer{h.t, w.Code, w.Result().Header, w.Body.Bytes()}
}

// document is openapi.yaml, read once.
var document = sync.OnceValues(func() (*openapi3.T, error) {
	openapi3filter.RegisterBodyDecoder("text/javascript", openapi3filter.RegisteredBodyDecoder("text/plain"))
	openapi3filter.RegisterBodyDecoder("image/gif", openapi3filter.FileBodyDecoder)
	return openapi3.NewLoader().LoadFromData(httpapi.OpenAPI())
})

// router finds the operation of a request in the document.
var router = sync.OnceValues(func() (routers.Router, error) {
	doc, err := document()
	if err != nil {
		return nil, err
	}
	return legacy.NewRouter(doc)
})

func spec(t testing.TB) *openapi3.T {
	t.Helper()
	doc, err := document()
	if err != nil {
		t.Fatal(err)
	}
	return doc
}

// validate holds an exchange against the document. What the document has no
// operation for must be a preflight, or a failure in the common form.
func validate(t *testing.T, r request, a answer) {
	t.Helper()
	operations, err := router()
	if err != nil {
		t.Fatal(err)
	}
	req := r.build()
	if req.Method == http.MethodHead {
		req.Method = http.MethodGet
	}
	route, params, err := operations.FindRoute(req)
	if err != nil {
		validateUnrouted(t, r, a)
		return
	}
	input := &openapi3filter.RequestValidationInput{
		Request: req, Route: route, PathParams: params,
		Options: &openapi3filter.Options{
			AuthenticationFunc: openapi3filter.NoopAuthenticationFunc, IncludeResponseStatus: true,
		},
	}
	err = openapi3filter.ValidateRequest(t.Context(), input)
	switch {
	case err != nil && !r.invalid:
		t.Errorf("%s %s: the request is not valid: %v", r.method, r.path, err)
	case err == nil && r.invalid:
		t.Errorf("%s %s: the request breaks nothing in the document", r.method, r.path)
	}
	if r.method == http.MethodHead {
		return
	}
	if strings.HasPrefix(a.header.Get("Content-Type"), "text/html") {
		page(t, a) // for people; the document is for programs
		return
	}
	err = openapi3filter.ValidateResponse(t.Context(), &openapi3filter.ResponseValidationInput{
		RequestValidationInput: input, Status: a.status, Header: a.header,
		Body: io.NopCloser(bytes.NewReader(a.body)), Options: input.Options,
	})
	if err != nil {
		t.Errorf("%s %s: the answer %d %s is not valid: %v", r.method, r.path, a.status, a.body, err)
	}
}

func validateUnrouted(t *testing.T, r request, a answer) {
	t.Helper()
	if r.method == http.MethodOptions && a.status == http.StatusNoContent && len(a.body) == 0 {
		return
	}
	if !slices.Contains([]int{403, 404, 405}, a.status) {
		t.Errorf("%s %s: not in the document, yet answered with %d", r.method, r.path, a.status)
	}
	failure := spec(t).Components.Schemas["Failure"].Value
	if err := failure.VisitJSON(a.json()); err != nil {
		t.Errorf("%s %s: the answer %d %s is no failure: %v", r.method, r.path, a.status, a.body, err)
	}
}

func (a answer) json() any {
	a.t.Helper()
	var v any
	if err := json.Unmarshal(a.body, &v); err != nil {
		a.t.Errorf("the body %q is not JSON: %v", a.body, err)
	}
	return v
}

func (a answer) object() map[string]any {
	a.t.Helper()
	o, ok := a.json().(map[string]any)
	if !ok {
		a.t.Fatalf("the body %s is no object", a.body)
	}
	return o
}

func (a answer) wants(status int) answer {
	a.t.Helper()
	if a.status != status {
		a.t.Errorf("status %d, want %d; body %s", a.status, status, a.body)
	}
	return a
}

// cookies returns the cookies that were set, by name.
func (a answer) cookies() map[string]*http.Cookie {
	out := map[string]*http.Cookie{}
	for _, c := range (&http.Response{Header: a.header}).Cookies() {
		out[c.Name] = c
	}
	return out
}

// cleared says whether both cookies were removed.
func (a answer) cleared() bool {
	all := a.cookies()
	for _, name := range []string{"__Host-authd-access", "__Host-authd-refresh"} {
		if c := all[name]; c == nil || c.MaxAge >= 0 || c.Value != "" {
			return false
		}
	}
	return true
}

type syncBuffer struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (b *syncBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.Write(p)
}

func (b *syncBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.String()
}
