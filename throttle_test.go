package authd_test

import (
	"cmp"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/getkin/kin-openapi/openapi3"

	"github.com/authd-go/authd/core"
	"github.com/authd-go/authd/core/flow"
	"github.com/authd-go/authd/core/httpapi"
)

// entry is a way in: a route that verifies a credential of some kind.
type entry struct {
	name, path string
	method     string // default POST
	// make returns a try at an account; good says whether it is to succeed.
	make func(h *throttled, account int, good bool) attempt
	// atAccount is how many tries at one account, from anywhere, get through at
	// once; 0 says that the entry names none, so that only the network counts.
	atAccount int
	wrong     core.Code // what the backend answers to a wrong try
	outage    int       // the status that tells of an outage; default 503
	successes int       // how many of 40 successes in a row get through
}

// route is the entry as the document lists it.
func (e entry) route() string {
	return cmp.Or(e.method, http.MethodPost) + " " + strings.Replace(e.path, "/all", "/{strategy}", 1)
}

func entries() []entry {
	return append(entriesElsewhere(), []entry{
		{name: "login", path: "/auth/login", make: func(_ *throttled, account int, _ bool) attempt {
			return attempt{params: map[string]string{"email": fmt.Sprintf("user%d@mail.com", account), "password": "p"}}
		}, atAccount: 5, wrong: core.InvalidCredentials, successes: 40},
		{name: "change", path: "/auth/update-password", make: func(h *throttled, account int, _ bool) attempt {
			return attempt{access: h.access(account), params: map[string]string{"oldPassword": "p", "password": "new password"}}
		}, atAccount: 5, wrong: core.InvalidCredentials, successes: 40},
		{name: "change that is due", path: "/auth/update-password", make: func(h *throttled, account int, _ bool) attempt {
			h.backend.due.Store(true)
			return attempt{params: map[string]string{"email": fmt.Sprintf("user%d@mail.com", account), "oldPassword": "p", "password": "new password"}}
		}, atAccount: 5, wrong: core.InvalidCredentials, successes: 40},
		{name: "reset", path: "/auth/update-password", make: func(h *throttled, _ int, good bool) attempt {
			token := rand.Text() + rand.Text()[:17] // as long as real ones
			if good {
				issued, _, err := h.tokens.Issue(h.t.Context(), flow.PurposeReset, core.AccountID{Strategy: "all", Subject: "1"}, time.Hour)
				if err != nil {
					h.t.Fatal(err)
				}
				token = issued.Reveal()
			}
			return attempt{params: map[string]string{"token": token, "password": "new password"}}
		}, atAccount: 0, wrong: "", successes: 40},
		{name: "recover", path: "/auth/forgot-password", make: func(_ *throttled, account int, _ bool) attempt {
			return attempt{params: map[string]string{"email": fmt.Sprintf("user%d@mail.com", account)}}
		}, atAccount: 5, wrong: core.UnknownUser, successes: 5}, // each success is a mail
		{name: "register", path: "/auth/register", make: func(_ *throttled, account int, _ bool) attempt {
			return attempt{params: map[string]string{"email": fmt.Sprintf("user%d@mail.com", account), "password": "a new password"}}
		}, atAccount: 0, wrong: core.Conflict, successes: 20}, // each success is an account
	}...)
}

// entriesElsewhere are the ways in of people who sign in at another site.
func entriesElsewhere() []entry {
	return []entry{
		{name: "token", path: "/auth/login", make: func(*throttled, int, bool) attempt {
			return attempt{params: map[string]string{"providerName": "all", "credential": rand.Text()}}
		}, wrong: core.InvalidCredentials, successes: 40},
		{name: "callback", method: http.MethodGet, path: "/auth/callback/all", make: func(h *throttled, _ int, _ bool) attempt {
			h.t.Helper()
			begun := h.exchange(attempt{path: "/auth/login", addr: "198.51.100.99", params: map[string]string{"providerName": "all"}})
			var answer struct{ RedirectTo string }
			if err := json.Unmarshal(begun.Body.Bytes(), &answer); err != nil {
				h.t.Error(err)
			}
			at, err := url.Parse(answer.RedirectTo)
			cookies := begun.Result().Cookies()
			if err != nil || len(cookies) != 1 {
				h.t.Errorf("login elsewhere: %v, %d cookies, %s", err, len(cookies), begun.Body)
				return attempt{}
			}
			return attempt{method: http.MethodGet, cookie: cookies[0].Name + "=" + cookies[0].Value, query: "?code=c&state=" + at.Query().Get("state")}
		}, wrong: core.InvalidInput, outage: http.StatusSeeOther, successes: 40},
	}
}

// entriesOnPages are the same ways in through the hosted pages. That there are
// no further ones is core/httpapi's test, which has a list of all pages.
func entriesOnPages() []entry {
	at := map[string]string{
		"/auth/login": "/login", "/auth/update-password": "/update-password",
		"/auth/forgot-password": "/forgot-password", "/auth/register": "/register",
	}
	var out []entry
	for _, e := range entries() {
		path, ok := at[e.path]
		if !ok {
			continue
		}
		send := e.make
		e.name, e.path = "page: "+e.name, path
		e.make = func(h *throttled, account int, good bool) attempt {
			a := send(h, account, good)
			a.page = true
			return a
		}
		out = append(out, e)
	}
	return out
}

func loginEntry() entry {
	all := entries()
	return all[slices.IndexFunc(all, func(e entry) bool { return e.name == "login" })]
}

const perNetwork = 20

// perKey is how many tries get through at once, at one account from one network.
func (e entry) perKey() int {
	if e.atAccount > 0 {
		return e.atAccount
	}
	return perNetwork
}

func (e entry) try(h *throttled, account, network int, good bool) (int, string) {
	a := e.make(h, account, good)
	a.path, a.addr = e.path+a.query, fmt.Sprintf("10.0.%d.%d", network>>8, network&255)
	return h.send(a)
}

// rules are what the throttle promises at every entry.
func throttleRules() map[string]func(t *testing.T, h *throttled, e entry) {
	return map[string]func(t *testing.T, h *throttled, e entry){
		"account": func(t *testing.T, h *throttled, e entry) {
			if e.atAccount == 0 {
				return // it names no account; "network" bounds it
			}
			status, retry := 0, ""
			for i := range 30 {
				status, retry = e.try(h, 1, i, false)
			}
			wantReached(t, h, e.atAccount)
			if status != http.StatusTooManyRequests || retry != "1" {
				t.Errorf("the answer is %d, Retry-After %q", status, retry)
			}
			e.try(h, 2, 99, false)
			wantReached(t, h, e.atAccount+1) // another account is another count
		},
		"network": func(t *testing.T, h *throttled, e entry) {
			status, retry := 0, ""
			for i := range 2 * perNetwork {
				status, retry = e.try(h, i, 7, false)
			}
			wantReached(t, h, perNetwork)
			if status != http.StatusTooManyRequests || retry == "" {
				t.Errorf("the answer is %d, Retry-After %q", status, retry)
			}
		},
		"parallel": func(t *testing.T, h *throttled, e entry) {
			attempts := make([]attempt, 40)
			for i := range attempts {
				attempts[i] = e.make(h, 1, false)
				attempts[i].path, attempts[i].addr = e.path+attempts[i].query, "192.0.2.1"
			}
			var group sync.WaitGroup
			for _, a := range attempts {
				group.Go(func() { h.send(a) })
			}
			group.Wait()
			wantReached(t, h, e.perKey())
		},
		"success": func(t *testing.T, h *throttled, e entry) {
			h.fails("")
			for range 40 {
				e.try(h, 1, 7, true)
			}
			wantReached(t, h, e.successes)
			if e.successes < 40 {
				return
			}
			for range 5 { // somebody who mistypes three times, then knows
				h.fails(e.wrong)
				for range 3 {
					e.try(h, 1, 7, false)
				}
				h.fails("")
				e.try(h, 1, 7, true)
			}
			wantReached(t, h, 40+20)
		},
		"outage": func(t *testing.T, h *throttled, e entry) {
			h.fails(core.Unavailable)
			for range 40 {
				if status, _ := e.try(h, 1, 7, false); status != cmp.Or(e.outage, http.StatusServiceUnavailable) {
					t.Fatalf("the answer is %d", status)
				}
			}
			wantReached(t, h, 40)
			h.fails(e.wrong)
			for range 40 {
				e.try(h, 1, 7, false)
			}
			wantReached(t, h, 40+e.perKey())
		},
	}
}

func wantReached(t *testing.T, h *throttled, want int) {
	t.Helper()
	if got := h.backend.asked.Load(); got != int64(want) {
		t.Errorf("%d tries reached the backend, want %d", got, want)
	}
}

// TestThrottleAtEveryEntry is the product of the ways in and the rules.
func TestThrottleAtEveryEntry(t *testing.T) {
	for _, e := range append(entries(), entriesOnPages()...) {
		for name, rule := range throttleRules() {
			t.Run(e.name+"/"+name, func(t *testing.T) {
				h := newThrottled(t, filepath.Join(t.TempDir(), "authd.db"))
				h.fails(e.wrong)
				rule(t, h, e)
			})
		}
	}
}

// TestADueChangeSharesTheCountOfLogins: two doors to one lock are not twice as
// many tries, and the owner, whose password is right, spends none on a new one
// that the backend does not like.
func TestADueChangeSharesTheCountOfLogins(t *testing.T) {
	h := newThrottled(t, filepath.Join(t.TempDir(), "authd.db"))
	h.fails(core.InvalidCredentials)
	change := entries()[slices.IndexFunc(entries(), func(e entry) bool { return e.name == "change that is due" })]
	for i := range 10 {
		loginEntry().try(h, 1, i, false)
		change.try(h, 1, 100+i, false)
	}
	wantReached(t, h, 5)

	h = newThrottled(t, filepath.Join(t.TempDir(), "authd.db"))
	change.make(h, 1, true)
	for i := range 20 {
		if status, _ := loginEntry().try(h, 1, 1, true); status != http.StatusForbidden {
			t.Fatalf("login %d: the answer is %d", i, status)
		}
	}
	wantReached(t, h, 20)
}

// withoutCredentials are the routes that verify none, and why.
func withoutCredentials() map[string]string {
	const random, nothing = "tokens are signed or 256 random bits: nobody guesses them", "it tells what everybody may know"
	return map[string]string{
		"POST /auth/logout": random, "POST /auth/on-error": random, "GET /auth/check": random, "GET /auth/permissions": random,
		"GET /auth/identity": random, "GET /auth/avatar/{id}": random, "GET /auth/sessions": random, "DELETE /auth/sessions": random, "DELETE /auth/sessions/{id}": random,
		"POST /auth/refresh": random, "POST /auth/token/refresh": random, "POST /auth/refresh-token": random, "POST /refresh": random,
		"POST /auth/backchannel/{strategy}": random, "POST /auth/exchange": random, "GET /auth/begin": random,
		"POST /auth/callback/{strategy}": "it sends the browser to the GET of the same path", "POST /auth/nonce": nothing,
		"GET /auth/config": nothing, "GET /auth/client.js": nothing, "GET /.well-known/jwks.json": nothing, "GET /openapi.yaml": nothing,
		"GET /metrics": nothing, "GET /healthz": nothing, "GET /readyz": nothing,
	}
}

// TestEveryRouteIsJudged fails for a new route until somebody has said whether
// it verifies a credential: then it belongs into entries.
func TestEveryRouteIsJudged(t *testing.T) {
	judged := map[string]bool{}
	for _, e := range entries() {
		judged[e.route()] = true
	}
	for route := range withoutCredentials() {
		if judged[route] {
			t.Errorf("%s is on both lists", route)
		}
		judged[route] = true
	}
	document, err := openapi3.NewLoader().LoadFromData(httpapi.OpenAPI())
	if err != nil {
		t.Fatal(err)
	}
	for path, item := range document.Paths.Map() {
		for method := range item.Operations() {
			if route := method + " " + path; !judged[route] {
				t.Errorf("%s is on no list: does it verify a credential?", route)
			} else {
				delete(judged, route)
			}
		}
	}
	for route := range judged {
		t.Errorf("%s is judged, and is no route", route)
	}
}

// TestRefreshesAreNotThrottled: many at once, and wrong ones too, are normal.
func TestRefreshesAreNotThrottled(t *testing.T) {
	h := newThrottled(t, filepath.Join(t.TempDir(), "authd.db"))
	for range 100 {
		if status, _ := h.send(attempt{path: "/auth/refresh", addr: "192.0.2.1", params: map[string]string{"refreshToken": "wrong"}}); status != http.StatusBadRequest {
			t.Fatalf("the answer is %d", status)
		}
	}
}

// TestThrottledTellsNothingOfAccounts compares the answers, whole, to eight
// wrong logins of an account that is there and of one that is not.
func TestThrottledTellsNothingOfAccounts(t *testing.T) {
	answers := map[core.Code]string{}
	for _, code := range []core.Code{core.InvalidCredentials, core.UnknownUser, core.Disabled} {
		h := newThrottled(t, filepath.Join(t.TempDir(), "authd.db"))
		h.fails(code)
		for range 8 {
			a := loginEntry().make(h, 1, false)
			a.path, a.addr = "/auth/login", "192.0.2.1"
			w := h.exchange(a)
			w.Header().Del("X-Request-Id")
			answers[code] += fmt.Sprint(w.Code, w.Header(), w.Body)
		}
	}
	for code, got := range answers {
		if got != answers[core.InvalidCredentials] {
			t.Errorf("%s:\n%s\nwrong:\n%s", code, got, answers[core.InvalidCredentials])
		}
	}
}
