package authd_test

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/getkin/kin-openapi/openapi3"

	"github.com/authd-go/authd"
	"github.com/authd-go/authd/core"
	"github.com/authd-go/authd/core/flow"
	"github.com/authd-go/authd/core/httpapi"
	"github.com/authd-go/authd/core/password"
	"github.com/authd-go/authd/core/session"
	"github.com/authd-go/authd/strategies/local"
)

// oneHash is the work of one bcrypt of the cost that these tests hash with.
const oneHash = 1 << password.MinCost

// countedJobs is a Runner that counts what it passes on.
type countedJobs struct {
	core.Runner
	jobs atomic.Uint64
}

func (c *countedJobs) Run(ctx context.Context, work func()) error {
	c.jobs.Add(1)
	return c.Runner.Run(ctx, work)
}

// equalWorkHouse is a whole daemon but its socket, with hashing that counts.
type equalWorkHouse struct {
	*house
	handler http.Handler
	jobs    *countedJobs
	hasher  *password.Hasher
	tokens  *session.OneTime
	posts   int
}

// newEqualWorkHouse has the accounts in "members", and a login chain of these backends.
func newEqualWorkHouse(t *testing.T, chain ...string) *equalWorkHouse {
	t.Helper()
	pool := password.NewPool(password.PoolOptions{Workers: 1})
	t.Cleanup(func() { _ = pool.Close() })
	h := &equalWorkHouse{jobs: &countedJobs{Runner: pool}}
	var err error
	if h.hasher, err = password.NewHasherOn(h.jobs, password.MinCost); err != nil {
		t.Fatal(err)
	}
	methods, members := authd.DefaultMethods(), authd.Names("members")
	methods.Login.Use, methods.Register.Use, methods.ForgotPassword.Use, methods.UpdatePassword.Use = authd.Names(chain...), members, members, members
	o := authd.Options{Methods: methods, Strategies: map[string]authd.StrategyOptions{}}
	for _, name := range chain {
		o.Strategies[name] = authd.StrategyOptions{Kind: "local", Config: local.NewConfig().WithHasher(h.hasher)}
	}
	h.house = newHouse(t, o)
	h.tokens = session.NewOneTime(h.store, time.Now, rand.Reader)
	h.handler, err = httpapi.New(httpapi.Options{Backend: h.Registry, Keys: h.sessions, PublicURL: localhost()})
	if err != nil {
		t.Fatal(err)
	}
	h.add(t, "members", "jo@mail.com", "jo the member", false)
	h.add(t, "members", "off@mail.com", "jo the member", true)
	h.add(t, "members", "bare@mail.com", "", false)
	return h
}

// signedIn opens a session without a login, so that there may be one of an
// account that has gone since.
func (h *equalWorkHouse) signedIn(t *testing.T, subject string) string {
	t.Helper()
	issued, err := h.sessions.Create(t.Context(), session.NewSession{
		Identity: core.Identity{AccountID: core.AccountID{Strategy: "members", Subject: subject}}, AuthAt: time.Now(),
	})
	if err != nil {
		t.Fatal(err)
	}
	return issued.Tokens.Access.Reveal()
}

func (h *equalWorkHouse) resetToken(t *testing.T, subject, purpose string) string {
	t.Helper()
	token, _, err := h.tokens.Issue(t.Context(), purpose, core.AccountID{Strategy: "members", Subject: subject}, time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	return token.Reveal()
}

// post is one request.
type post struct {
	params map[string]string
	access string
	status int
}

// cost is what a request came to, in hashing and in what can be seen of it.
type cost struct {
	jobs, hashes uint64
	answer       string
}

func (h *equalWorkHouse) post(t *testing.T, path string, p post) cost {
	t.Helper()
	body, err := json.Marshal(p.params)
	if err != nil {
		t.Fatal(err)
	}
	jobs, work := h.jobs.jobs.Load(), h.hasher.Work()
	r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "http://localhost:8080"+path, strings.NewReader(string(body)))
	r.Header.Set("Content-Type", "application/json")
	h.posts++
	r.RemoteAddr = fmt.Sprintf("192.0.2.%d:1024", h.posts) // from everywhere, so that no network is throttled
	if p.access != "" {
		r.Header.Set("Authorization", "Bearer "+p.access)
	}
	w := httptest.NewRecorder()
	h.handler.ServeHTTP(w, r)
	if w.Code != p.status {
		t.Errorf("%s %v: status %d, want %d: %s", path, p.params, w.Code, p.status, w.Body)
	}
	w.Header().Del("X-Request-Id")
	headers, err := json.Marshal(w.Header())
	if err != nil {
		t.Fatal(err)
	}
	return cost{h.jobs.jobs.Load() - jobs, (h.hasher.Work() - work) / oneHash, string(headers) + "\n" + w.Body.String()}
}

// equalWorkCase is a set of requests to one route that nobody may tell apart.
type equalWorkCase struct {
	name   string
	path   string
	hashes uint64 // what each of them costs
	alike  bool   // their answers are the same, byte for byte
	posts  map[string]post
}

func login400(email, pw string) post {
	return post{params: map[string]string{"email": email, "password": pw}, status: 400}
}

func equalWorkCases(t *testing.T, h *equalWorkHouse) []equalWorkCase {
	t.Helper()
	const right, wrong, fresh = "jo the member", "not her password", "eleven quiet owls"
	change := func(subject, old string) post {
		return post{params: map[string]string{"oldPassword": old, "password": fresh}, access: h.signedIn(t, subject), status: 400}
	}
	changeAs := func(email, old string) post {
		return post{params: map[string]string{"email": email, "oldPassword": old, "password": fresh}, status: 400}
	}
	reset := func(token string, status int) post {
		return post{params: map[string]string{"token": token, "password": fresh}, status: status}
	}
	register := func(email, pw string, status int) post {
		return post{params: map[string]string{"email": email, "password": pw}, status: status}
	}
	forgot := func(email string) post { return post{params: map[string]string{"email": email}, status: 200} }
	used := h.resetToken(t, "id-jo@mail.com", flow.PurposeReset)
	if _, err := h.tokens.Redeem(t.Context(), used, flow.PurposeReset); err != nil {
		t.Fatal(err)
	}
	return []equalWorkCase{
		{"a refused login", "/auth/login", 1, true, map[string]post{
			"unknown":          login400("nobody@mail.com", right),
			"nobody's name":    login400("two words@mail.com", right),
			"wrong":            login400("jo@mail.com", wrong),
			"disabled, right":  login400("off@mail.com", right),
			"disabled, wrong":  login400("off@mail.com", wrong),
			"no password":      login400("bare@mail.com", right),
			"wrong, very long": login400("jo@mail.com", strings.Repeat("long ", 30)),
		}},
		{"a login without a password", "/auth/login", 0, true, map[string]post{
			"unknown": login400("nobody@mail.com", ""), "known": login400("jo@mail.com", ""),
			"disabled": login400("off@mail.com", ""), "no password": login400("bare@mail.com", ""),
		}},
		{"a refused change", "/auth/update-password", 1, true, map[string]post{
			"wrong":           change("id-jo@mail.com", wrong),
			"no password":     change("id-bare@mail.com", wrong),
			"disabled, right": change("id-off@mail.com", right),
			"disabled, wrong": change("id-off@mail.com", wrong),
			"gone":            change("id-gone", right),
		}},
		{"a refused change of whoever is named", "/auth/update-password", 1, true, map[string]post{
			"unknown":         changeAs("nobody@mail.com", right),
			"nobody's name":   changeAs("two words@mail.com", right),
			"wrong":           changeAs("jo@mail.com", wrong),
			"disabled, right": changeAs("off@mail.com", right),
			"disabled, wrong": changeAs("off@mail.com", wrong),
			"no password":     changeAs("bare@mail.com", right),
		}},
		{"a token that is no good", "/auth/update-password", 0, true, map[string]post{
			"invented":        reset("invented", 400),
			"used":            reset(used, 400),
			"another purpose": reset(h.resetToken(t, "id-jo@mail.com", "other"), 400),
		}},
		{"a good token of an account that is not", "/auth/update-password", 1, true, map[string]post{
			"disabled": reset(h.resetToken(t, "id-off@mail.com", flow.PurposeReset), 400),
			"gone":     reset(h.resetToken(t, "id-gone", flow.PurposeReset), 400),
		}},
		{"a good token", "/auth/update-password", 1, true, map[string]post{
			"with a password":    reset(h.resetToken(t, "id-jo@mail.com", flow.PurposeReset), 200),
			"without a password": reset(h.resetToken(t, "id-bare@mail.com", flow.PurposeReset), 200),
		}},
		// That an address is taken must be told; but not by the time.
		{"a registration", "/auth/register", 1, false, map[string]post{
			"free": register("new@mail.com", fresh, 200), "taken": register("jo@mail.com", fresh, 409),
			"taken, disabled": register("off@mail.com", fresh, 409),
		}},
		{"a registration with a bad password", "/auth/register", 0, true, map[string]post{
			"free": register("other@mail.com", "short", 400), "taken": register("jo@mail.com", "short", 400),
		}},
		{"a request to recover", "/auth/forgot-password", 0, true, map[string]post{
			"unknown": forgot("nobody@mail.com"), "known": forgot("jo@mail.com"), "disabled": forgot("off@mail.com"),
			"no password": forgot("bare@mail.com"), "nobody's name": forgot("two words@mail.com"),
		}},
	}
}

// TestEqualWork counts instead of timing: what may not be told apart costs the
// same number of hashes in the same number of jobs of the hash pool.
func TestEqualWork(t *testing.T) {
	h := newEqualWorkHouse(t, "members")
	for _, c := range equalWorkCases(t, h) {
		first := ""
		for _, name := range slices.Sorted(maps.Keys(c.posts)) {
			got := h.post(t, c.path, c.posts[name])
			if got.hashes != c.hashes || got.jobs != c.hashes {
				t.Errorf("%s (%s) costs %d hashes in %d jobs, want %d", c.name, name, got.hashes, got.jobs, c.hashes)
			}
			if first == "" {
				first = got.answer
			}
			if c.alike && got.answer != first {
				t.Errorf("%s (%s) is answered\n%s\nand others are\n%s", c.name, name, got.answer, first)
			}
		}
	}
}

// TestEqualWorkAlongAChain has a disabled account in the middle of a chain: the
// chain ends there, and must not be seen to.
func TestEqualWorkAlongAChain(t *testing.T) {
	h := newEqualWorkHouse(t, "staff", "members", "guests")
	first := ""
	for name, p := range map[string]post{
		"unknown": login400("nobody@mail.com", "any"), "wrong": login400("jo@mail.com", "any"),
		"disabled": login400("off@mail.com", "any"), "no password": login400("bare@mail.com", "any"),
	} {
		got := h.post(t, "/auth/login", p)
		if got.hashes != 3 || got.jobs != 3 {
			t.Errorf("%s costs %d hashes in %d jobs, want 3", name, got.hashes, got.jobs)
		}
		if first == "" {
			first = got.answer
		}
		if got.answer != first {
			t.Errorf("%s is answered\n%s\nand others are\n%s", name, got.answer, first)
		}
	}
}

// TestEqualWorkCoversEveryRoute finds the routes that take a password, or
// whose account could be told, in the description of the API.
func TestEqualWorkCoversEveryRoute(t *testing.T) {
	covered := map[string]bool{}
	for _, c := range equalWorkCases(t, newEqualWorkHouse(t, "members")) {
		covered[c.path] = true
	}
	document, err := openapi3.NewLoader().LoadFromFile("core/httpapi/openapi.yaml")
	if err != nil {
		t.Fatal(err)
	}
	found := 0
	for path, item := range document.Paths.Map() {
		for _, operation := range item.Operations() {
			if takesCredentials(operation) {
				found++
				if !covered[path] {
					t.Errorf("%s takes a password or an identifier, and TestEqualWork does not ask it", path)
				}
			}
		}
	}
	if found != len(covered) {
		t.Errorf("%d routes take credentials, %d are covered", found, len(covered))
	}
}

func takesCredentials(o *openapi3.Operation) bool {
	if o.RequestBody == nil {
		return false
	}
	for _, media := range o.RequestBody.Value.Content {
		for name := range properties(media.Schema.Value) {
			if strings.Contains(strings.ToLower(name), "password") || name == "email" || name == "identifier" {
				return true
			}
		}
	}
	return false
}

// properties are a schema's own and those of the schemas it is made of.
func properties(s *openapi3.Schema) openapi3.Schemas {
	out := maps.Clone(s.Properties)
	if out == nil {
		out = openapi3.Schemas{}
	}
	for _, part := range slices.Concat(s.AllOf, s.AnyOf, s.OneOf) {
		maps.Copy(out, properties(part.Value))
	}
	return out
}
