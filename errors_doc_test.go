package authd_test

import (
	"context"
	"crypto/rand"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/authd-go/authd"
	"github.com/authd-go/authd/core"
	"github.com/authd-go/authd/core/httpapi"
	"github.com/authd-go/authd/core/session"
	"github.com/authd-go/authd/core/session/sessiontest"
)

// documentedOutcome is a row of the first table in docs/errors.md.
type documentedOutcome struct {
	code   core.Code
	chain  string
	status int
}

func documentedOutcomes(t *testing.T) []documentedOutcome {
	t.Helper()
	row := regexp.MustCompile("(?m)^\\| `([a-z_]+)` \\| [^|]+ \\| ([^|]+) \\| ([0-9]{3}) \\|$")
	var out []documentedOutcome
	for _, m := range row.FindAllStringSubmatch(sources(t)["docs/errors.md"], -1) {
		status, err := strconv.Atoi(m[3])
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, documentedOutcome{core.Code(m[1]), m[2], status})
	}
	return out
}

func TestErrorsPageListsExactlyTheCodes(t *testing.T) {
	var codes []core.Code
	for _, o := range documentedOutcomes(t) {
		codes = append(codes, o.code)
	}
	if !slices.Equal(codes, core.Codes()) {
		t.Errorf("the page has %q, the code %q", codes, core.Codes())
	}
}

// refusingFace answers getIdentity with an error, and nothing else.
type refusingFace struct {
	httpapi.Backend
	code core.Code
}

func (f refusingFace) GetIdentity(context.Context, core.Request) core.ValueResult {
	return core.ValueResult{Error: core.DefaultMessages().Refuse(&core.Error{Code: f.code, Proved: true})}
}

type noKeys struct{}

func (noKeys) JWKS() ([]byte, time.Duration) { return []byte(`{"keys":[]}`), time.Minute }

func TestErrorsPageTellsTheStatuses(t *testing.T) {
	for _, o := range documentedOutcomes(t) {
		h, err := httpapi.New(httpapi.Options{
			Backend: refusingFace{code: o.code}, Keys: noKeys{}, PublicURL: &url.URL{Scheme: "https", Host: "auth.example.com"},
		})
		if err != nil {
			t.Fatal(err)
		}
		w := httptest.NewRecorder()
		r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "https://auth.example.com/auth/identity", http.NoBody)
		r.Header.Set("Authorization", "Bearer a.b.c")
		h.ServeHTTP(w, r)
		if w.Code != o.status {
			t.Errorf("%s: the page says %d, the answer is %d", o.code, o.status, w.Code)
		}
	}
}

// scripted is a strategy whose logins end with one code; "" lets everybody in.
type scripted core.Code

func (scripted) Validate() error { return nil }

func (s scripted) Open(context.Context, core.Env) (core.Strategy, error) {
	return core.Strategy{Authenticator: s}, nil
}

func (s scripted) Authenticate(context.Context, core.Credentials) (core.Identity, error) {
	if s == "" {
		return core.Identity{AccountID: core.AccountID{Subject: "1"}}, nil
	}
	return core.Identity{}, &core.Error{Code: core.Code(s), Proved: true}
}

// passesOn says whether a login goes on to the next link after an outcome.
func passesOn(t *testing.T, code core.Code, link authd.Link) bool {
	t.Helper()
	store := &sessiontest.Memory{}
	sessions, err := session.Open(t.Context(), session.Options{
		Sessions: store, Keys: store, Secret: core.NewSecret(strings.Repeat("k", session.MinSecretBytes)), Issuer: "https://auth.example.com",
	})
	if err != nil {
		t.Fatal(err)
	}
	defer sessions.Close()
	methods := authd.DefaultMethods()
	link.Strategy = "first"
	methods.Login.Use = authd.Use{link, {Strategy: "second"}}
	registry, err := authd.New(t.Context(), authd.Options{
		Strategies: map[string]authd.StrategyOptions{"first": {Config: scripted(code)}, "second": {Config: scripted("")}},
		Methods:    methods, PublicURL: &url.URL{Scheme: "https", Host: "auth.example.com"},
		Sessions: sessions, Tokens: session.NewOneTime(store, time.Now, rand.Reader),
	})
	if err != nil {
		t.Fatal(err)
	}
	defer registry.Close(t.Context())
	return registry.Login(t.Context(), core.Request{Params: core.Params{"email": "jo@example.com", "password": "secret"}}).Success
}

func TestErrorsPageTellsWhatAChainDoes(t *testing.T) {
	stop := map[string]authd.Link{
		"`onUnknown`, default next":     {OnUnknown: "stop"},
		"`onRejected`, default next":    {OnRejected: "stop"},
		"`onUnavailable`, default next": {OnUnavailable: "stop"},
	}
	for _, o := range documentedOutcomes(t) {
		link, configurable := stop[o.chain]
		if !configurable && o.chain != "stop" {
			t.Errorf("%s: the page says %q, which this test does not know", o.code, o.chain)
		}
		if got := passesOn(t, o.code, authd.Link{}); got != configurable {
			t.Errorf("%s: the page says %q; passed on by default = %v", o.code, o.chain, got)
		}
		if configurable && passesOn(t, o.code, link) {
			t.Errorf("%s: passed on although %s is stop", o.code, o.chain)
		}
	}
}

// TestErrorsPageListsTheReasons finds every reason that a client may be told.
func TestErrorsPageListsTheReasons(t *testing.T) {
	files := sources(t)
	pattern := regexp.MustCompile(`(?m)^\tReason[A-Za-z]+ += "([a-z_]+)"`)
	constants := pattern.FindAllStringSubmatch(files["core/session/reason.go"], -1)
	flows := pattern.FindAllStringSubmatch(files["core/flow/reason.go"], -1)
	if len(constants) == 0 || len(flows) == 0 {
		t.Fatalf("%d reasons found in core/session, %d in core/flow", len(constants), len(flows))
	}
	for _, m := range append(constants, flows...) {
		if !strings.Contains(files["docs/errors.md"], "\n| `"+m[1]+"` |") {
			t.Errorf("docs/errors.md does not explain the reason %s", m[1])
		}
	}
}
