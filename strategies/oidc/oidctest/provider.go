// Package oidctest is an OpenID provider in this process, for tests: it signs
// right things, and wrong ones on demand. It lets everybody in without asking.
package oidctest

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"sync"
	"testing"
	"time"
)

// Client is a party that the provider knows.
type Client struct {
	ID     string
	Secret string
	Method string // of authentication, such as client_secret_basic; empty takes any that proves Secret
	Key    any    // the public key, for private_key_jwt
}

// Faults are what the provider does wrong, or otherwise than usual. Nil is as it should be.
type Faults struct {
	Metadata func(map[string]any)             // changes the discovery document
	Answer   func(url.Values)                 // changes the redirect back
	Claims   func(map[string]any)             // changes the ID token's claims
	Sign     func(map[string]any) string      // signs the ID token in the provider's place
	Granted  func(map[string]any)             // changes the token endpoint's answer
	Told     func(map[string]any)             // changes what userinfo tells
	Handle   map[string]http.HandlerFunc      // answers at a path in the provider's place
	Allow    func(*http.Request, Client) bool // is asked at the token endpoint beside the client's authentication
}

// Provider is a running one. Its paths are /authorize, /token, /userinfo,
// /keys, /par and /logout.
type Provider struct {
	URL   string // the issuer
	Now   func() time.Time
	Codes func() // is called with each code that is redeemed; nil does nothing

	server *httptest.Server
	done   chan struct{}

	mu      sync.Mutex
	clients map[string]Client
	faults  Faults
	person  map[string]any
	keys    []signer
	grants  map[string]*grant // by code or refresh token
	pushed  map[string]url.Values
	access  map[string]*grant
	seen    map[string]int
	hanging bool
}

// grant is what somebody agreed to.
type grant struct {
	query   url.Values
	person  map[string]any
	session string
	access  string
}

// Start runs a provider until the test ends. It knows the clients, and one person.
func Start(t testing.TB, clients ...Client) *Provider {
	t.Helper()
	p := &Provider{
		Now: time.Now, done: make(chan struct{}), clients: map[string]Client{}, grants: map[string]*grant{}, pushed: map[string]url.Values{},
		access: map[string]*grant{}, seen: map[string]int{},
		person: map[string]any{
			"sub": "john-1", "name": "John Doe", "preferred_username": "john", "email": "john@example.com", "email_verified": true,
			"groups": []any{"staff", "dev"},
		},
	}
	for _, c := range clients {
		p.clients[c.ID] = c
	}
	p.Rotate(false)
	p.server = httptest.NewServer(p.handler())
	p.URL = p.server.URL
	t.Cleanup(p.Close)
	return p
}

// Close stops the provider. It may be called twice.
func (p *Provider) Close() {
	p.mu.Lock()
	select {
	case <-p.done:
	default:
		close(p.done)
	}
	p.mu.Unlock()
	p.server.CloseClientConnections()
	p.server.Close()
}

// Hang makes the provider take requests and never answer them.
func (p *Provider) Hang() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.hanging = true
}

// Set replaces the faults.
func (p *Provider) Set(f Faults) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.faults = f
}

// Know adds a client, or replaces it.
func (p *Provider) Know(c Client) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.clients[c.ID] = c
}

// Person changes what the provider knows of its one person from now on. A nil
// value takes a claim away.
func (p *Provider) Person(claims map[string]any) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.person = maps.Clone(p.person)
	for name, value := range claims {
		if p.person[name] = value; value == nil {
			delete(p.person, name)
		}
	}
}

// Revoke ends all grants: no code, refresh token or access token is good any more.
func (p *Provider) Revoke() {
	p.mu.Lock()
	defer p.mu.Unlock()
	clear(p.grants)
	clear(p.access)
}

// Seen says how often a path was asked for.
func (p *Provider) Seen(path string) int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.seen[path]
}

// Visit plays the browser and its owner: it follows an authorization URL and
// returns the parameters with which the provider sends the browser back.
func (p *Provider) Visit(ctx context.Context, address string) (url.Values, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return nil, err
	}
	browser := &http.Transport{DisableKeepAlives: true}
	answer, err := browser.RoundTrip(r)
	if err != nil {
		return nil, err
	}
	defer answer.Body.Close()
	back, err := answer.Location()
	if err != nil {
		return nil, fmt.Errorf("the provider answered %s: %w", answer.Status, err)
	}
	return back.Query(), nil
}

// handler is the provider as the network sees it.
func (p *Provider) handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /.well-known/openid-configuration", p.metadata)
	mux.HandleFunc("GET /keys", p.jwks)
	mux.HandleFunc("GET /authorize", p.authorize)
	mux.HandleFunc("POST /par", p.push)
	mux.HandleFunc("POST /token", p.token)
	mux.HandleFunc("GET /userinfo", p.userinfo)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		p.mu.Lock()
		p.seen[r.URL.Path]++
		hanging, instead := p.hanging, p.faults.Handle[r.URL.Path]
		p.mu.Unlock()
		if hanging {
			select {
			case <-p.done:
			case <-r.Context().Done():
			}
			return
		}
		if instead != nil {
			instead(w, r)
			return
		}
		w.Header().Set("Date", p.Now().UTC().Format(http.TimeFormat))
		mux.ServeHTTP(w, r)
	})
}

func (p *Provider) metadata(w http.ResponseWriter, _ *http.Request) {
	m := map[string]any{
		"issuer": p.URL, "authorization_endpoint": p.URL + "/authorize", "token_endpoint": p.URL + "/token",
		"userinfo_endpoint": p.URL + "/userinfo", "jwks_uri": p.URL + "/keys", "end_session_endpoint": p.URL + "/logout",
		"pushed_authorization_request_endpoint":          p.URL + "/par",
		"authorization_response_iss_parameter_supported": true,
		"id_token_signing_alg_values_supported":          []string{"RS256", "ES256", "EdDSA", "HS256", "none"},
		"code_challenge_methods_supported":               []string{"S256"},
	}
	p.change(func(f Faults) func(map[string]any) { return f.Metadata }, m)
	reply(w, http.StatusOK, m)
}

// change lets a fault at a document.
func (p *Provider) change(which func(Faults) func(map[string]any), document map[string]any) {
	p.mu.Lock()
	fault := which(p.faults)
	p.mu.Unlock()
	if fault != nil {
		fault(document)
	}
}

func reply(w http.ResponseWriter, status int, document any) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(document)
}

func refuse(w http.ResponseWriter, status int, word string) {
	reply(w, status, map[string]string{"error": word, "error_description": "words of the provider's own"})
}

// Secret returns a text that could not appear anywhere by chance.
func Secret() string { return "secret-" + rand.Text() }
