// Package oidc_test signs in at real OpenID providers: a certified one with
// switches for faults, and one of another make.
package oidc_test

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"io"
	"net"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/authd-go/authd"
	"github.com/authd-go/authd/core"
	"github.com/authd-go/authd/core/httpapi"
	"github.com/authd-go/authd/core/session"
	"github.com/authd-go/authd/core/store/sqlite"
	"github.com/authd-go/authd/strategies/oidc"
	"github.com/authd-go/authd/tools/e2e/peers"
)

// address reserves where a house will answer, since providers want to know
// before they start.
type address struct {
	listener net.Listener
	url      *url.URL
}

func reserve(t testing.TB) address {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	return address{l, &url.URL{Scheme: "http", Host: l.Addr().String()}}
}

func (a address) callback(strategy string) string {
	return a.url.String() + core.CallbackPath + strategy
}

// house is the whole service on a port, with its hosted pages.
type house struct {
	*authd.Registry
	url    string
	path   string // of its database
	mu     sync.Mutex
	traces []core.Trace
}

type change func(*authd.Options)

func newHouse(t testing.TB, a address, database string, strategies map[string]*oidc.Config, changes ...change) *house {
	t.Helper()
	h := &house{url: a.url.String(), path: database}
	store, err := sqlite.Open(t.Context(), sqlite.Options{Path: database})
	if err != nil {
		t.Fatal(err)
	}
	sessions, err := session.Open(t.Context(), session.Options{
		Sessions: store, Keys: store, Secret: core.NewSecret(strings.Repeat("s", session.MinSecretBytes)), Issuer: h.url,
	})
	if err != nil {
		t.Fatal(err)
	}
	o := authd.Options{
		Strategies: map[string]authd.StrategyOptions{}, Methods: authd.DefaultMethods(), PublicURL: a.url,
		Sessions: sessions, Tries: store, Once: store, Tokens: session.NewOneTime(store, time.Now, rand.Reader),
		Tracer: core.TracerFunc(func(_ context.Context, tr core.Trace) {
			h.mu.Lock()
			defer h.mu.Unlock()
			h.traces = append(h.traces, tr)
		}),
	}
	var names []string
	for name, c := range strategies {
		o.Strategies[name] = authd.StrategyOptions{Kind: "oidc", Config: c}
		names = append(names, name)
	}
	o.Methods.Login.Use = authd.Names(names...)
	for _, c := range changes {
		c(&o)
	}
	if h.Registry, err = authd.New(t.Context(), o); err != nil {
		t.Fatal(err)
	}
	handler, err := httpapi.New(httpapi.Options{
		Backend: h.Registry, Keys: sessions, PublicURL: a.url, Pages: &httpapi.Pages{},
		Ready: func(ctx context.Context) (out []httpapi.Check) {
			for name, err := range h.Ready(ctx) {
				out = append(out, httpapi.Check{Name: name, Err: err})
			}
			return out
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewUnstartedServer(handler)
	_ = server.Listener.Close()
	server.Listener = a.listener
	server.Start()
	t.Cleanup(func() {
		server.Close()
		_ = h.Close(context.Background())
		_ = sessions.Close()
		_ = store.Close()
	})
	return h
}

func database(t testing.TB) string { return filepath.Join(t.TempDir(), "authd.db") }

// last returns the trace of the last decision that a method made.
func (h *house) last(method string) core.Trace {
	h.mu.Lock()
	defer h.mu.Unlock()
	for i := len(h.traces) - 1; i >= 0; i-- {
		if h.traces[i].Method == method {
			return h.traces[i]
		}
	}
	return core.Trace{}
}

// person is somebody with a browser: cookies, and redirects that are followed.
type person struct {
	t     testing.TB
	h     *house
	http  *http.Client
	place *url.URL // where the browser is
	page  string
}

func (h *house) person(t testing.TB) *person {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	return &person{t: t, h: h, http: &http.Client{Jar: jar, Timeout: 20 * time.Second}}
}

// answer is what the API says.
type answer struct {
	status     int
	Success    bool      `json:"success"`
	RedirectTo string    `json:"redirectTo"`
	Code       core.Code `json:"code"`
	Error      struct {
		Reason string `json:"reason"`
	} `json:"error"`
	Refresh string `json:"refreshToken"`
	Nonce   string `json:"nonce"`
}

func (p *person) call(path string, params map[string]any, header ...string) answer {
	p.t.Helper()
	if params == nil {
		params = map[string]any{}
	}
	body, err := json.Marshal(params)
	if err != nil {
		p.t.Fatal(err)
	}
	r, err := http.NewRequestWithContext(p.t.Context(), http.MethodPost, p.h.url+path, bytes.NewReader(body))
	if err != nil {
		p.t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Authd-Transport", "cookie")
	for i := 0; i+1 < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	response, err := p.http.Do(r)
	if err != nil {
		p.t.Fatal(err)
	}
	defer response.Body.Close()
	out := answer{status: response.StatusCode}
	if err := json.NewDecoder(response.Body).Decode(&out); err != nil {
		p.t.Fatalf("%s: %v", path, err)
	}
	return out
}

// open goes to an address, wherever it leads.
func (p *person) open(address string, form ...url.Values) {
	p.t.Helper()
	method, body := http.MethodGet, io.Reader(nil)
	if len(form) > 0 {
		method, body = http.MethodPost, strings.NewReader(form[0].Encode())
	}
	r, err := http.NewRequestWithContext(p.t.Context(), method, address, body)
	if err != nil {
		p.t.Fatal(err)
	}
	r.Header.Set("Accept", "text/html")
	if body != nil {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	response, err := p.http.Do(r)
	if err != nil {
		p.t.Fatal(err)
	}
	defer response.Body.Close()
	page, err := io.ReadAll(response.Body)
	if err != nil {
		p.t.Fatal(err)
	}
	p.place, p.page = response.Request.URL, string(page)
}

// begin asks for the address of the other site.
func (p *person) begin(strategy string, params ...any) answer {
	p.t.Helper()
	body := map[string]any{"providerName": strategy}
	for i := 0; i+1 < len(params); i += 2 {
		body[params[i].(string)] = params[i+1]
	}
	got := p.call("/auth/login", body)
	if !got.Success || got.RedirectTo == "" {
		p.t.Fatalf("login at %s: %+v", strategy, got)
	}
	return got
}

// signIn signs in at a provider that asks no questions.
func (p *person) signIn(strategy, login string, params ...any) {
	p.t.Helper()
	p.open(p.begin(strategy, append(params, "login_hint", login)...).RedirectTo)
}

// ask is the status and the text of the answer at a path.
func (p *person) ask(path string) (status int, body []byte) {
	p.t.Helper()
	r, err := http.NewRequestWithContext(p.t.Context(), http.MethodGet, p.h.url+path, nil)
	if err != nil {
		p.t.Fatal(err)
	}
	response, err := p.http.Do(r)
	if err != nil {
		p.t.Fatal(err)
	}
	defer response.Body.Close()
	if body, err = io.ReadAll(response.Body); err != nil {
		p.t.Fatal(err)
	}
	return response.StatusCode, body
}

// get reads a value of the API, which is nil if nobody is signed in.
func (p *person) get(path string) map[string]any {
	p.t.Helper()
	status, body := p.ask(path)
	if status != http.StatusOK {
		return nil
	}
	var out map[string]any
	if err := json.Unmarshal(body, &out); err != nil {
		p.t.Fatal(err)
	}
	return out
}

// read is the text at a path, which must have that status.
func (p *person) read(path string, want int) string {
	p.t.Helper()
	status, body := p.ask(path)
	if status != want {
		p.t.Errorf("%s: status %d, want %d", path, status, want)
	}
	return string(body)
}

func (p *person) name() string {
	p.t.Helper()
	name, _ := p.get("/auth/identity")["name"].(string)
	return name
}

func (p *person) signedIn() bool { p.t.Helper(); return p.get("/auth/check") != nil }

// provider is the certified one.
type provider struct {
	t     testing.TB
	facts peers.Facts
	key   string // the file of authd-key's
}

func startOP(t testing.TB, a address, settings ...string) provider {
	t.Helper()
	var callbacks []string
	for name := range clients() {
		callbacks = append(callbacks, a.callback(name))
	}
	file, public := clientKey(t)
	settings = append([]string{
		"OP_CLIENT_JWKS=" + public,
		"OP_REDIRECT_URIS=" + strings.Join(callbacks, ","),
		"OP_POST_LOGOUT_URIS=" + a.url.String() + "/login",
		"OP_BACKCHANNEL_URI=" + a.url.String() + "/auth/backchannel/basic",
	}, settings...)
	return provider{t, peers.Start(t, "op", settings...), file}
}

// clientKey makes the key of a client that has one in place of a secret: its
// file, and the set that the provider knows it by.
func clientKey(t testing.TB) (file, public string) {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	point, err := private.PublicKey.Bytes() // 4, x, y
	if err != nil {
		t.Fatal(err)
	}
	file = filepath.Join(t.TempDir(), "client.pem")
	if err := os.WriteFile(file, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}), 0o600); err != nil {
		t.Fatal(err)
	}
	x, y := base64.RawURLEncoding.EncodeToString(point[1:33]), base64.RawURLEncoding.EncodeToString(point[33:])
	return file, `{"keys":[{"kty":"EC","crv":"P-256","use":"sig","alg":"ES256","kid":"authd-1","x":"` + x + `","y":"` + y + `"}]}`
}

// control turns one of the provider's switches.
func (p provider) control(method, path string, body ...any) {
	p.t.Helper()
	var reader io.Reader
	if len(body) > 0 {
		text, err := json.Marshal(body[0])
		if err != nil {
			p.t.Fatal(err)
		}
		reader = bytes.NewReader(text)
	}
	r, err := http.NewRequestWithContext(p.t.Context(), method, p.facts["OIDC_CONTROL_URL"]+path, reader)
	if err != nil {
		p.t.Fatal(err)
	}
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		p.t.Fatal(err)
	}
	_ = response.Body.Close()
	if response.StatusCode != http.StatusOK {
		p.t.Fatalf("%s: %s", path, response.Status)
	}
}

// config is how an operator sets up one of the provider's clients.
func (p provider) config(client string) *oidc.Config {
	c := oidc.NewConfig()
	c.Issuer, c.ClientID = p.facts["OIDC_ISSUER"], client
	switch client {
	case "authd-public":
	case "authd-key":
		c.Key = oidc.Key{File: p.key, ID: "authd-1"}
	default:
		c.ClientSecret = core.NewSecret(p.facts["OIDC_CLIENT_SECRET"])
	}
	if client == "authd-post" {
		c.ClientAuth = "client_secret_post"
	}
	c.PAR = client == "authd-par" // of whom it insists; its metadata cannot say that of one client
	c.Scopes = []string{"openid", "profile", "email", "groups", "offline_access"}
	c.Params = map[string]string{"prompt": "consent"} // without it this provider gives no refresh token
	c.Claims.Roles = "groups"
	return c
}

// clients are the provider's, by the name of the strategy that uses each.
func clients() map[string]string {
	return map[string]string{
		"basic": "authd", "post": "authd-post", "public": "authd-public", "es256": "authd-es256",
		"par": "authd-par", "jwt": "authd-jwt-userinfo", "key": "authd-key",
	}
}
