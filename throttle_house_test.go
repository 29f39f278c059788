package authd_test

import (
	"cmp"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/authd-go/authd"
	"github.com/authd-go/authd/core"
	"github.com/authd-go/authd/core/httpapi"
	"github.com/authd-go/authd/core/session"
	"github.com/authd-go/authd/core/store/sqlite"
)

// counted is a backend that can do everything, counts how often it is asked
// about credentials, and answers as it was told to.
type counted struct {
	asked atomic.Int64
	err   atomic.Pointer[core.Error]
	due   atomic.Bool // a right password must be changed before anybody signs in
}

func (*counted) Validate() error { return nil }

func (c *counted) Open(context.Context, core.Env) (core.Strategy, error) {
	return core.Strategy{Authenticator: c, Registrar: c, Recoverer: c, PasswordChanger: c, Redirector: c, TokenAuthenticator: c}, nil
}

func (*counted) Begin(_ context.Context, r core.RedirectRequest) (core.Redirect, error) {
	return core.Redirect{URL: "https://op.example.com/authorize?state=" + r.State}, nil
}

func (c *counted) Complete(context.Context, core.Callback) (core.Grant, error) {
	return core.Grant{Identity: core.Identity{AccountID: core.AccountID{Subject: "1"}}}, c.answer()
}

func (c *counted) AuthenticateToken(_ context.Context, t core.TokenCredentials) (core.TokenGrant, error) {
	return core.TokenGrant{
		ID:    t.Credential.Reveal(),
		Grant: core.Grant{Identity: core.Identity{AccountID: core.AccountID{Subject: "1"}}}, Expires: time.Now().Add(24 * time.Hour),
	}, c.answer()
}

func (c *counted) answer() error {
	c.asked.Add(1)
	if e := c.err.Load(); e != nil {
		return e
	}
	return nil
}

func (c *counted) Authenticate(context.Context, core.Credentials) (core.Identity, error) {
	err := c.answer()
	if err == nil && c.due.Load() {
		err = &core.Error{Code: core.ActionRequired, Action: core.ActionNewPassword, Subject: "1", Proved: true}
	}
	return core.Identity{AccountID: core.AccountID{Subject: "1"}}, err
}

func (c *counted) Register(context.Context, core.Registration) (core.Identity, error) {
	return core.Identity{AccountID: core.AccountID{Subject: "1"}}, c.answer()
}

func (c *counted) FindAccount(context.Context, string) (core.Identity, error) {
	return core.Identity{AccountID: core.AccountID{Subject: "1"}}, c.answer()
}

func (c *counted) ChangePassword(context.Context, core.PasswordChange) error {
	if c.due.Load() {
		return nil // Authenticate has counted the try
	}
	return c.answer()
}

func (c *counted) ResetPassword(context.Context, string, core.Secret) error { return nil }

// countedTokens is where a one-time token is verified.
type countedTokens struct {
	core.TokenStore
	backend *counted
}

func (c countedTokens) TakeToken(ctx context.Context, hash []byte, purpose string, now time.Time) (core.OneTimeToken, error) {
	if err := c.backend.answer(); core.CodeOf(err) == core.Unavailable {
		return core.OneTimeToken{}, err
	}
	return c.TokenStore.TakeToken(ctx, hash, purpose, now)
}

// throttled is a whole server over a counting backend, with a clock set by hand.
type throttled struct {
	t        *testing.T
	backend  *counted
	sessions *session.Manager
	tokens   *session.OneTime
	handler  http.Handler
	now      atomic.Int64 // milliseconds
	traced   sync.Map     // outcome to how often
	close    func()
}

func newThrottled(t *testing.T, path string) *throttled {
	t.Helper()
	h := &throttled{t: t, backend: new(counted)}
	h.now.Store(time.Now().UnixMilli())
	clock := func() time.Time { return time.UnixMilli(h.now.Load()) }
	store, err := sqlite.Open(t.Context(), sqlite.Options{Path: path})
	if err != nil {
		t.Fatal(err)
	}
	h.sessions, err = session.Open(t.Context(), session.Options{
		Sessions: store, Keys: store, Secret: core.NewSecret(strings.Repeat("s", 32)), Issuer: localhost().String(), Now: clock,
	})
	if err != nil {
		t.Fatal(err)
	}
	h.tokens = session.NewOneTime(countedTokens{store, h.backend}, clock, rand.Reader)
	methods, all := authd.DefaultMethods(), authd.Names("all")
	methods.Login.Use, methods.Register.Use, methods.ForgotPassword.Use, methods.UpdatePassword.Use = all, all, all, all
	registry, err := authd.New(t.Context(), authd.Options{
		Methods: methods, Strategies: map[string]authd.StrategyOptions{"all": {Config: h.backend}},
		Sessions: h.sessions, Tokens: h.tokens, Tries: store, Once: store, PublicURL: localhost(), Now: clock,
		Tracer: core.TracerFunc(func(_ context.Context, trace core.Trace) {
			n, _ := h.traced.LoadOrStore(trace.Outcome, new(atomic.Int64))
			n.(*atomic.Int64).Add(1)
		}),
	})
	if err != nil {
		t.Fatal(err)
	}
	h.handler, err = httpapi.New(httpapi.Options{
		Backend: registry, Keys: h.sessions, PublicURL: localhost(), TrustedProxies: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")},
		Pages:    &httpapi.Pages{},
		Describe: httpapi.Description{Methods: []string{core.MethodLogin, core.MethodRegister, core.MethodForgotPassword, core.MethodUpdatePassword}},
	})
	if err != nil {
		t.Fatal(err)
	}
	h.close = sync.OnceFunc(func() {
		if err := errors.Join(registry.Close(context.Background()), h.sessions.Close(), store.Close()); err != nil {
			t.Error(err)
		}
	})
	t.Cleanup(h.close)
	return h
}

// fails sets what the backend answers from now on; "" is success.
func (h *throttled) fails(code core.Code) {
	if code == "" {
		h.backend.err.Store(nil)
		return
	}
	h.backend.err.Store(core.Fail(code, "answer", nil))
}

// access returns an access token of an account that a new session was made for.
func (h *throttled) access(account int) string {
	h.t.Helper()
	h.now.Add(10) // sessions begun before a change of password do not count
	issued, err := h.sessions.Create(h.t.Context(), session.NewSession{
		Identity: core.Identity{AccountID: core.AccountID{Strategy: "all", Subject: strconv.Itoa(account)}}, AuthAt: time.UnixMilli(h.now.Load()),
	})
	if err != nil {
		h.t.Fatal(err)
	}
	return issued.Tokens.Access.Reveal()
}

// attempt is one request.
type attempt struct {
	path, access, addr string
	method             string // default POST
	cookie, query      string
	params             map[string]string
	page               bool // the form of a hosted page, sent by a browser
}

func (h *throttled) send(a attempt) (status int, retryAfter string) {
	w := h.exchange(a)
	return w.Code, w.Header().Get("Retry-After")
}

func (h *throttled) exchange(a attempt) *httptest.ResponseRecorder {
	body, err := json.Marshal(a.params)
	if err != nil {
		h.t.Error(err)
	}
	r := httptest.NewRequestWithContext(h.t.Context(), cmp.Or(a.method, http.MethodPost), "http://localhost:8080"+a.path, strings.NewReader(string(body)))
	r.Header.Set("Content-Type", "application/json")
	r.RemoteAddr = a.addr + ":4711"
	if a.cookie != "" {
		r.Header.Set("Cookie", a.cookie)
	}
	if a.page {
		fields := url.Values{}
		for name, value := range a.params {
			fields.Set(name, value)
		}
		r.Body = io.NopCloser(strings.NewReader(fields.Encode()))
		r.ContentLength = int64(len(fields.Encode()))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.Header.Set("Sec-Fetch-Site", "same-origin")
		r.Header.Set("Cookie", "authd-access="+a.access)
	} else if a.access != "" {
		r.Header.Set("Authorization", "Bearer "+a.access)
	}
	w := httptest.NewRecorder()
	h.handler.ServeHTTP(w, r)
	return w
}
