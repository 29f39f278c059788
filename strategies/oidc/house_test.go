package oidc_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/authd-go/authd"
	"github.com/authd-go/authd/core"
	"github.com/authd-go/authd/core/flow"
	"github.com/authd-go/authd/core/guard"
	"github.com/authd-go/authd/core/httpapi"
	"github.com/authd-go/authd/core/session"
	"github.com/authd-go/authd/core/store/sqlite"
	"github.com/authd-go/authd/strategies/oidc"
	"github.com/authd-go/authd/strategies/oidc/authcode"
	"github.com/authd-go/authd/strategies/oidc/oidctest"
)

// house is the whole service, from the routes to the audit trail's rows.
type house struct {
	*testing.T
	face  http.Handler
	store *sqlite.Store
	trail *guard.Auditor
	lines bytes.Buffer
}

func newHouse(t *testing.T, strategies map[string]*oidc.Config) *house {
	t.Helper()
	h := &house{T: t}
	var err error
	if h.store, err = sqlite.Open(t.Context(), sqlite.Options{Path: filepath.Join(t.TempDir(), "authd.db")}); err != nil {
		t.Fatal(err)
	}
	public := &url.URL{Scheme: "http", Host: "localhost:8080"}
	sessions, err := session.Open(t.Context(), session.Options{
		Sessions: h.store, Keys: h.store, Secret: core.NewSecret(strings.Repeat("s", session.MinSecretBytes)), Issuer: public.String(),
	})
	if err != nil {
		t.Fatal(err)
	}
	h.trail = guard.NewAuditor(guard.AuditOptions{Store: h.store, Log: slog.New(slog.NewJSONHandler(&h.lines, nil))})
	o := authd.Options{
		Strategies: map[string]authd.StrategyOptions{}, Methods: authd.DefaultMethods(), PublicURL: public,
		Sessions: sessions, Tries: h.store, Once: h.store, Tokens: session.NewOneTime(h.store, time.Now, rand.Reader), Tracer: h.trail,
	}
	for name, c := range strategies {
		s := authd.StrategyOptions{Kind: "oidc", Config: c}
		s.Timeout = 2 * time.Second
		o.Strategies[name] = s
		o.Methods.Login.Use = append(o.Methods.Login.Use, authd.Names(name)...)
	}
	registry, err := authd.New(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	if h.face, err = httpapi.New(httpapi.Options{Backend: registry, Keys: sessions, PublicURL: public}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = registry.Close(context.Background())
		_ = h.trail.Close(context.Background())
		_ = sessions.Close()
		_ = h.store.Close()
	})
	return h
}

// reply is what the house answered.
type reply struct {
	status  int
	header  http.Header
	body    []byte
	cookies []*http.Cookie
}

// send is one request of a browser with cookies.
func (h *house) send(method, path string, jar []*http.Cookie, form ...url.Values) reply {
	h.Helper()
	var body string
	if len(form) > 0 {
		body = form[0].Encode()
	}
	r := httptest.NewRequestWithContext(h.Context(), method, "http://localhost:8080"+path, strings.NewReader(body))
	r.Header.Set("Authd-Transport", "cookie")
	if body != "" {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	for _, c := range jar {
		r.AddCookie(c)
	}
	w := httptest.NewRecorder()
	h.face.ServeHTTP(w, r)
	return reply{w.Code, w.Header(), w.Body.Bytes(), (&http.Response{Header: w.Header()}).Cookies()}
}

// begun is a login that has gone to the provider.
type begun struct {
	url string
	jar []*http.Cookie
}

func (h *house) begin(strategy string) begun {
	h.Helper()
	answer := h.send(http.MethodPost, "/auth/login", nil, url.Values{"providerName": {strategy}})
	var got struct {
		RedirectTo string `json:"redirectTo"`
	}
	if err := json.Unmarshal(answer.body, &got); err != nil || got.RedirectTo == "" || len(answer.cookies) != 1 {
		h.Fatalf("a login does not begin: %d, %v", answer.status, err)
	}
	return begun{got.RedirectTo, answer.cookies}
}

// back brings an answer back, and returns what the login page is told.
func (h *house) back(strategy string, b begun, query url.Values) (code core.Code, reason string) {
	h.Helper()
	answer := h.send(http.MethodGet, core.CallbackPath+strategy+"?"+query.Encode(), b.jar)
	to, err := url.Parse(answer.header.Get("Location"))
	if err != nil || answer.status != http.StatusSeeOther {
		h.Fatalf("the browser is left where it is: %d", answer.status)
	}
	signedIn := slices.ContainsFunc(answer.cookies, func(c *http.Cookie) bool { return strings.Contains(c.Name, "refresh") && c.Value != "" })
	if to.Query().Get("error") == "" != signedIn {
		h.Errorf("signed in: %v, and led to %s", signedIn, to)
	}
	return core.Code(to.Query().Get("error")), to.Query().Get("reason")
}

// signIn is a login from beginning to end, and returns the session's cookies.
func (h *house) signIn(strategy string, p *oidctest.Provider) []*http.Cookie {
	h.Helper()
	b := h.begin(strategy)
	query, err := p.Visit(h.Context(), b.url)
	if err != nil {
		h.Fatal(err)
	}
	return h.send(http.MethodGet, core.CallbackPath+strategy+"?"+query.Encode(), b.jar).cookies
}

// audited checks the trail: one row, and one line, of an event that ended so.
func (h *house) audited(event string, code core.Code, reason, strategy string, asked bool) {
	h.Helper()
	if err := h.trail.Close(h.Context()); err != nil {
		h.Fatal(err)
	}
	rows, err := h.store.Audit(h.Context(), core.AuditQuery{Limit: 100})
	if err != nil || len(rows) == 0 {
		h.Fatalf("no row: %v", err)
	}
	row := rows[len(rows)-1]
	if row.Event != event || row.Outcome != code || row.Reason != reason {
		h.Errorf("audited as %s, %s (%s); want %s, %s (%s)", row.Event, row.Outcome, row.Reason, event, code, reason)
	}
	if want := []core.AuditAnswer{{Strategy: strategy, Outcome: code}}; asked && (!slices.Equal(row.Asked, want) || row.Strategy != strategy) {
		h.Errorf("asked were %v, and %q decided", row.Asked, row.Strategy)
	}
	text := h.lines.String()
	if !strings.Contains(text, `"reason":"`+reason+`"`) {
		h.Errorf("no line tells the reason: %s", text)
	}
	for _, secret := range []string{clientSecret, url.QueryEscape(clientSecret), "code-", "refresh-", "access-", "eyJ"} {
		if strings.Contains(text, secret) {
			h.Errorf("the trail shows %q: %s", secret, text)
		}
	}
}

// Each wrong answer of the table is refused for its own reason, which the login
// page is told and the audit trail remembers.
func TestForgedAnswersAreAudited(t *testing.T) {
	// The house itself knows which login an answer is to.
	house := map[string]forged{
		"another state": {code: core.Expired, reason: flow.ReasonNotBegun},
		"no state":      {code: core.Expired, reason: flow.ReasonNotBegun},
	}
	for _, table := range []map[string]forged{forgedTokens(), forgedAnswers()} {
		for name, c := range table {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				p := provider(t)
				h := newHouse(t, map[string]*oidc.Config{"corp": config(p)})
				p.Set(c.faults(p))
				b := h.begin("corp")
				query, err := p.Visit(t.Context(), b.url)
				if err != nil {
					t.Fatal(err)
				}
				own, ok := house[name]
				if ok {
					c.code, c.reason = own.code, own.reason
				}
				if code, reason := h.back("corp", b, query); code != c.code || reason != c.reason {
					t.Errorf("refused with %s (%s), want %s (%s)", code, reason, c.code, c.reason)
				}
				h.audited(core.AuditLogin, c.code, c.reason, "corp", !ok)
			})
		}
	}
}

// Right answers in the wrong place are no better.
func TestMisplacedAnswersAreAudited(t *testing.T) {
	type setting struct {
		*house
		corp, other *oidctest.Provider
	}
	visit := func(s setting, p *oidctest.Provider, b begun) url.Values {
		query, err := p.Visit(s.Context(), b.url)
		if err != nil {
			s.Fatal(err)
		}
		return query
	}
	for name, c := range map[string]struct {
		play   func(s setting) (core.Code, string)
		code   core.Code
		reason string
	}{
		"a code a second time": {func(s setting) (core.Code, string) {
			b := s.begin("corp")
			query := visit(s, s.corp, b)
			if code, reason := s.back("corp", b, query); code != "" {
				s.Fatalf("the first time: %s (%s)", code, reason)
			}
			again := s.begin("corp")
			query.Set("state", visit(s, s.corp, again).Get("state"))
			return s.back("corp", again, query)
		}, core.InvalidInput, authcode.ReasonGrant},
		"a state a second time": {func(s setting) (core.Code, string) {
			b := s.begin("corp")
			query := visit(s, s.corp, b)
			if code, reason := s.back("corp", b, query); code != "" {
				s.Fatalf("the first time: %s (%s)", code, reason)
			}
			return s.back("corp", b, query)
		}, core.Expired, flow.ReasonStateUsed},
		"the state of another browser": {func(s setting) (core.Code, string) {
			b := s.begin("corp")
			victim := s.begin("corp")
			return s.back("corp", victim, visit(s, s.corp, b))
		}, core.Expired, flow.ReasonNotBegun},
		"a browser that began nothing": {func(s setting) (core.Code, string) {
			b := s.begin("corp")
			return s.back("corp", begun{}, visit(s, s.corp, b))
		}, core.Expired, flow.ReasonNotBegun},
		"the callback of another strategy": {func(s setting) (core.Code, string) {
			b := s.begin("corp")
			return s.back("other", b, visit(s, s.corp, b))
		}, core.InvalidInput, flow.ReasonWrongCallback},
		"mixed up: begun at one, answered by another": {func(s setting) (core.Code, string) {
			b := s.begin("other")
			elsewhere := begun{strings.Replace(b.url, s.other.URL, s.corp.URL, 1), b.jar}
			return s.back("other", b, visit(s, s.corp, elsewhere))
		}, core.InvalidInput, authcode.ReasonIssuer},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := setting{corp: provider(t), other: provider(t)}
			s.house = newHouse(t, map[string]*oidc.Config{"corp": config(s.corp), "other": config(s.other)})
			code, reason := c.play(s)
			if code != c.code || reason != c.reason {
				t.Errorf("refused with %s (%s), want %s (%s)", code, reason, c.code, c.reason)
			}
			s.audited(core.AuditLogin, c.code, c.reason, "corp", false)
			if name[:5] == "mixed" && s.other.Seen("/token") != 0 {
				t.Error("the other provider was shown the code")
			}
		})
	}
}

// A notice that is not to be believed ends nothing, and is remembered.
func TestForgedNoticesAreAudited(t *testing.T) {
	for name, c := range map[string]struct {
		claims map[string]any
		reason string
	}{
		"nonce":     {map[string]any{"nonce": "n"}, oidc.ReasonLogoutNonce},
		"no events": {map[string]any{"events": nil}, oidc.ReasonEvents},
		"audience":  {map[string]any{"aud": "another"}, oidc.ReasonAudience},
		"issuer":    {map[string]any{"iss": "https://other.example.com"}, oidc.ReasonIssuer},
		"expired":   {map[string]any{"exp": time.Now().Add(-time.Minute).Unix()}, oidc.ReasonExpired},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := provider(t)
			h := newHouse(t, map[string]*oidc.Config{"corp": config(p)})
			token := url.Values{"logout_token": {p.LogoutToken(clientID, c.claims)}}
			in := h.signIn("corp", p)
			answer := h.send(http.MethodPost, "/auth/backchannel/corp", nil, token)
			if answer.status != http.StatusBadRequest || answer.header.Get("Cache-Control") != "no-store" {
				t.Errorf("answered %d, %s", answer.status, answer.header.Get("Cache-Control"))
			}
			if check := h.send(http.MethodGet, "/auth/check", in); check.status != http.StatusOK {
				t.Errorf("the session: %d", check.status)
			}
			h.audited(core.AuditSessionsEnded, core.InvalidInput, c.reason, "corp", true)
		})
	}
}

// A notice that comes again is refused, ends nothing that was opened since it
// was issued, and is in the trail.
func TestANoticeThatComesTwice(t *testing.T) {
	p := provider(t)
	h := newHouse(t, map[string]*oidc.Config{"corp": config(p)})
	before := h.signIn("corp", p)
	token := url.Values{"logout_token": {p.LogoutToken(clientID, map[string]any{"iat": time.Now().Add(-time.Minute).Unix()})}}
	notify := func() int { return h.send(http.MethodPost, "/auth/backchannel/corp", nil, token).status }
	signedIn := func(jar []*http.Cookie) bool {
		return h.send(http.MethodGet, "/auth/check", jar).status == http.StatusOK
	}
	if status := notify(); status != http.StatusOK || signedIn(before) {
		t.Errorf("answered %d; signed in: %v", status, signedIn(before))
	}
	time.Sleep(2 * time.Millisecond) // a login of the same moment is older than the order
	since := h.signIn("corp", p)
	if status := notify(); status != http.StatusBadRequest || !signedIn(since) {
		t.Errorf("again: answered %d; signed in: %v", status, signedIn(since))
	}
	if err := h.trail.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	rows, err := h.store.Audit(t.Context(), core.AuditQuery{Limit: 100, Event: core.AuditSessionsEnded})
	if err != nil || len(rows) != 2 {
		t.Fatalf("the trail has %+v, %v", rows, err)
	}
	for _, row := range rows {
		good := row.Outcome == "" && row.Account.Subject == "john-1"
		replay := row.Outcome == core.InvalidInput && row.Reason == flow.ReasonNoticeUsed
		if row.Method != core.MethodRemoteLogout || !good && !replay {
			t.Errorf("a row: %+v", row)
		}
	}
}

// The strategy tells no permissions; the session has the roles of the sign-in,
// as the operator maps them.
func TestPermissionsAreTheSessions(t *testing.T) {
	p := provider(t)
	h := newHouse(t, map[string]*oidc.Config{"corp": config(p)})
	in := h.signIn("corp", p)
	if got := h.send(http.MethodGet, "/auth/permissions", in); strings.TrimSpace(string(got.body)) != `["dev","staff"]` {
		t.Errorf("permissions: %d %s", got.status, got.body)
	}
}
