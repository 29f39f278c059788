package oidc_test

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/authd-go/authd"
	"github.com/authd-go/authd/core"
	"github.com/authd-go/authd/core/flow"
	"github.com/authd-go/authd/strategies/oauth2"
	"github.com/authd-go/authd/strategies/oidc"
	"github.com/authd-go/authd/strategies/oidc/claims"
	"github.com/authd-go/authd/tools/e2e/peers"
)

// TestEveryClient walks the whole way with each kind of client that the
// certified provider knows: in, who one is, on, and out again on both sides.
func TestEveryClient(t *testing.T) {
	a := reserve(t)
	op := startOP(t, a)
	strategies := map[string]*oidc.Config{}
	for name, client := range clients() {
		strategies[name] = op.config(client)
	}
	h := newHouse(t, a, database(t), strategies)
	for name := range clients() {
		t.Run(name, func(t *testing.T) {
			p := h.person(t)
			p.signIn(name, "alice", "redirectPath", "/?here=1")
			if p.place.String() != h.url+"/?here=1" || !strings.Contains(p.page, "Alice Liddell") {
				t.Fatalf("came back to %s: %v", p.place, h.last(core.MethodLogin).Err)
			}
			id := p.get("/auth/identity")
			roles, _ := id["roles"].([]any)
			if id["id"] != name+":alice" || id["email"] != "alice@example.org" || !slices.Contains(roles, any("staff")) {
				t.Errorf("signed in as %v", id)
			}
			for range 3 {
				if got := p.call("/auth/refresh", nil); !got.Success {
					t.Fatalf("refresh: %+v", got)
				}
				if tr := h.last(core.MethodRefresh); len(tr.Steps) != 1 || tr.Steps[0].Outcome != "" {
					t.Errorf("the provider was not asked, or said no: %+v", tr.Steps)
				}
			}
			out := p.call("/auth/logout", nil)
			if !strings.HasPrefix(out.RedirectTo, op.facts["OIDC_ISSUER"]) || p.signedIn() {
				t.Fatalf("logout: %+v", out)
			}
			p.open(out.RedirectTo)
			if p.place.String() != h.url+"/login" {
				t.Errorf("after signing out there: %s", p.place)
			}
		})
	}
}

// TestAnotherMake signs in at LemonLDAP::NG: its issuer ends in a slash, it does
// not rotate refresh tokens, and it has a form.
func TestAnotherMake(t *testing.T) {
	a := reserve(t)
	f := peers.Start(t, "llng", "LLNG_REDIRECT_URIS="+a.callback("llng"))
	c := oidc.NewConfig()
	c.Issuer, c.ClientID, c.ClientSecret = f["OIDC_ISSUER"], f["OIDC_CLIENT_ID"], core.NewSecret(f["OIDC_CLIENT_SECRET"])
	c.Scopes = []string{"openid", "profile", "email", "groups", "offline_access"}
	c.Claims.Roles = "groups"
	h := newHouse(t, a, database(t), map[string]*oidc.Config{"llng": c})
	p := h.person(t)
	p.open(p.begin("llng").RedirectTo, url.Values{"user": {f["OIDC_LOGIN"]}, "password": {f["OIDC_PASSWORD"]}})
	if p.place.String() != h.url+"/" || p.name() != "Doctor Who" {
		t.Fatalf("came back to %s as %q: %s", p.place, p.name(), h.last(core.MethodLogin).Err)
	}
	if roles, _ := p.get("/auth/identity")["roles"].([]any); !slices.Equal(roles, []any{"timelords", "users"}) { // each once, although it names them twice
		t.Errorf("roles %v", roles)
	}
	for range 2 {
		if got := p.call("/auth/refresh", nil); !got.Success || len(h.last(core.MethodRefresh).Steps) != 1 {
			t.Errorf("refresh: %+v, %+v", got, h.last(core.MethodRefresh).Err)
		}
	}
	if out := p.call("/auth/logout", nil); !strings.HasPrefix(out.RedirectTo, f["OIDC_ISSUER"]) {
		t.Errorf("logout: %+v", out)
	}
}

// TestWithoutCookies is the way of a front end that keeps the tokens itself.
func TestWithoutCookies(t *testing.T) {
	a := reserve(t)
	op := startOP(t, a)
	h := newHouse(t, a, database(t), map[string]*oidc.Config{"basic": op.config("authd")})
	p := h.person(t)
	const verifier = "the-pages-own-secret-of-forty-three-or-more"
	sum := sha256.Sum256([]byte(verifier))
	begun := p.call("/auth/login", map[string]any{
		"providerName": "basic", "login_hint": "bob", "redirectPath": "/openapi.yaml", "codeChallenge": base64.RawURLEncoding.EncodeToString(sum[:]),
	}, "Authd-Transport", "bearer")
	p.open(begun.RedirectTo)
	code := p.place.Query().Get("authd_code")
	if code == "" || p.signedIn() {
		t.Fatalf("came back to %s", p.place)
	}
	exchange := func(verifier string) answer {
		return p.call("/auth/exchange", map[string]any{"code": code, "codeVerifier": verifier}, "Authd-Transport", "bearer")
	}
	if got := exchange(verifier); !got.Success || got.Refresh == "" {
		t.Fatalf("exchange: %+v", got)
	}
	if got := exchange(verifier); got.status != http.StatusBadRequest || got.Error.Reason != flow.ReasonCodeUsed {
		t.Errorf("the second time: %+v", got)
	}
}

// TestRefusals come back to the login page, which says what happened.
func TestRefusals(t *testing.T) {
	a := reserve(t)
	op := startOP(t, a)
	dev := op.config("authd")
	dev.Require = map[string][]string{"groups": {"dev", "qa"}}
	h := newHouse(t, a, database(t), map[string]*oidc.Config{"basic": dev})
	for login, want := range map[string]struct{ query, text string }{
		"!access_denied": {"error=forbidden&reason=access_denied", "Signing in was cancelled, or the other site refused it."},
		"bob":            {"error=forbidden&reason=requirement_unmet", "does not have what is required"},
		"carol":          {"error=forbidden&reason=requirement_unmet", "does not have what is required"},
		"alice":          {"", "Alice Liddell"},
		"onegroup":       {"", "One"},
	} {
		p := h.person(t)
		p.signIn("basic", login)
		if p.place.RawQuery != want.query || !strings.Contains(p.page, want.text) || p.signedIn() != (want.query == "") {
			t.Errorf("%s: came to %s; %v", login, p.place, h.last(core.MethodLogin).Err)
		}
	}
}

// TestTwoTabs: tabs of one browser sign in at the same time, also at one provider.
func TestTwoTabs(t *testing.T) {
	a := reserve(t)
	op := startOP(t, a)
	h := newHouse(t, a, database(t), map[string]*oidc.Config{"basic": op.config("authd"), "post": op.config("authd-post")})
	p := h.person(t)
	begun := map[string]answer{}
	for tab, strategy := range map[string]string{"1": "basic", "2": "basic", "3": "post"} {
		begun[tab] = p.begin(strategy, "redirectPath", "/?tab="+tab)
	}
	for _, tab := range []string{"2", "3", "1"} {
		p.open(begun[tab].RedirectTo)
		if p.place.Query().Get("tab") != tab || !p.signedIn() {
			t.Errorf("tab %s came to %s", tab, p.place)
		}
	}
}

// TestLogoutThere: who signs out at the provider is signed out here, at once.
func TestLogoutThere(t *testing.T) {
	a := reserve(t)
	op := startOP(t, a)
	h := newHouse(t, a, database(t), map[string]*oidc.Config{"basic": op.config("authd")})
	p, other := h.person(t), h.person(t)
	p.signIn("basic", "alice")
	other.signIn("basic", "alice")
	if !p.signedIn() || !other.signedIn() {
		t.Fatal("nobody is signed in")
	}
	p.open(op.facts["OIDC_ISSUER"] + "/session/end?client_id=authd")
	if p.signedIn() {
		t.Error("still signed in here")
	}
	if !other.signedIn() {
		t.Error("a session of another browser has ended")
	}
	if tr := h.last(core.MethodRemoteLogout); tr.Outcome != "" || tr.Account.Subject != "alice" || tr.Ended != 1 {
		t.Errorf("traced %+v", tr)
	}
}

// TestAccountGoneThere ends the session at the next refresh, and a change shows.
func TestAccountGoneThere(t *testing.T) {
	a := reserve(t)
	op := startOP(t, a)
	h := newHouse(t, a, database(t), map[string]*oidc.Config{"basic": op.config("authd")})
	p := h.person(t)
	p.signIn("basic", "newbie")
	op.control(http.MethodPut, "/accounts/newbie", map[string]any{"name": "New Name", "preferred_username": "newbie", "groups": []string{"qa"}})
	if got := p.call("/auth/refresh", nil); !got.Success || p.name() != "New Name" {
		t.Errorf("after a change: %+v, %q", got, p.name())
	}
	op.control(http.MethodDelete, "/accounts/newbie")
	if got := p.call("/auth/refresh", nil); got.Success || got.Error.Reason != "account_gone" || p.signedIn() {
		t.Errorf("gone: %+v", got)
	}
}

// TestTokenOfAButton takes an ID token that a page was handed, once, from the
// browser whose nonce is in it.
func TestTokenOfAButton(t *testing.T) {
	a := reserve(t)
	op := startOP(t, a)
	h := newHouse(t, a, database(t), map[string]*oidc.Config{"public": op.config("authd-public")})
	p, thief := h.person(t), h.person(t)
	nonce := p.call("/auth/nonce", nil).Nonce
	token := op.idToken(a.callback("public"), nonce)
	if got := thief.call("/auth/login", map[string]any{"providerName": "public", "credential": token}); got.Success || got.Code != core.InvalidCredentials {
		t.Errorf("from another browser: %+v", got)
	}
	if got := p.call("/auth/login", map[string]any{"providerName": "public", "credential": token}); !got.Success || !p.signedIn() {
		t.Errorf("%+v, %v", got, h.last(core.MethodLogin).Err)
	}
	if got := p.call("/auth/login", map[string]any{"providerName": "public", "credential": token}); got.Success {
		t.Error("the same token a second time")
	}
}

// idToken gets an ID token as a page's own button does, without authd.
func (p provider) idToken(callback, nonce string) string {
	p.t.Helper()
	const verifier = "a-verifier-of-forty-three-characters-or-more"
	sum := sha256.Sum256([]byte(verifier))
	var code string
	c := &http.Client{CheckRedirect: func(r *http.Request, _ []*http.Request) error {
		if strings.HasPrefix(r.URL.String(), callback) {
			code = r.URL.Query().Get("code")
			return http.ErrUseLastResponse
		}
		return nil
	}, Jar: (&house{}).person(p.t).http.Jar}
	ask := func(r *http.Request, err error) *http.Response {
		if err != nil {
			p.t.Fatal(err)
		}
		response, err := c.Do(r)
		if err != nil {
			p.t.Fatal(err)
		}
		return response
	}
	_ = ask(http.NewRequestWithContext(p.t.Context(), http.MethodGet, p.facts["OIDC_ISSUER"]+"/auth?"+url.Values{
		"client_id": {"authd-public"}, "response_type": {"code"}, "scope": {"openid"}, "redirect_uri": {callback}, "nonce": {nonce},
		"code_challenge": {base64.RawURLEncoding.EncodeToString(sum[:])}, "code_challenge_method": {"S256"}, "login_hint": {"alice"},
	}.Encode(), nil)).Body.Close()
	r, err := http.NewRequestWithContext(p.t.Context(), http.MethodPost, p.facts["OIDC_ISSUER"]+"/token", strings.NewReader(url.Values{
		"client_id": {"authd-public"}, "grant_type": {"authorization_code"}, "code": {code}, "redirect_uri": {callback}, "code_verifier": {verifier},
	}.Encode()))
	if err == nil {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	response := ask(r, err)
	defer response.Body.Close()
	var got struct {
		IDToken string `json:"id_token"`
	}
	if err := json.NewDecoder(response.Body).Decode(&got); err != nil || got.IDToken == "" {
		p.t.Fatalf("no ID token: %v, %s", err, response.Status)
	}
	return got.IDToken
}

// TestTwoNodesOneSession: the provider ends everything when a refresh token is
// shown twice, and two nodes refresh one session all the time.
func TestTwoNodesOneSession(t *testing.T) {
	a, b := reserve(t), reserve(t)
	op := startOP(t, a)
	path := database(t)
	first := newHouse(t, a, path, map[string]*oidc.Config{"basic": op.config("authd")})
	second := newHouse(t, b, path, map[string]*oidc.Config{"basic": op.config("authd")}, func(o *authd.Options) { o.PublicURL = a.url })
	p := first.person(t)
	p.signIn("basic", "alice")
	token := p.call("/auth/refresh", nil, "Authd-Transport", "bearer")
	if token.Success {
		t.Fatal("a refresh without a token")
	}
	refresh := p.refreshCookie()
	for round := range 10 {
		var wg sync.WaitGroup
		next := make([]string, 8)
		for i := range next {
			node := first
			if i%2 == 1 {
				node = second
			}
			wg.Go(func() {
				got := node.person(t).call("/auth/refresh", map[string]any{"refreshToken": refresh}, "Authd-Transport", "bearer")
				if !got.Success {
					t.Errorf("round %d: %+v", round, got)
				}
				next[i] = got.Refresh
			})
		}
		wg.Wait()
		refresh = next[0]
	}
	op.control(http.MethodPut, "/accounts/alice", map[string]any{"name": "Alice Again", "preferred_username": "alice"})
	if got := p.call("/auth/refresh", map[string]any{"refreshToken": refresh}, "Authd-Transport", "bearer"); !got.Success {
		t.Errorf("in the end: %+v", got)
	}
	if tr := first.last(core.MethodRefresh); len(tr.Steps) != 1 || tr.Steps[0].Outcome != "" {
		t.Errorf("the provider's word at the end: %+v", tr.Steps)
	}
}

func (p *person) refreshCookie() string {
	u, err := url.Parse(p.h.url)
	if err != nil {
		p.t.Fatal(err)
	}
	for _, c := range p.http.Jar.Cookies(u) {
		if c.Name == "authd-refresh" {
			return c.Value
		}
	}
	p.t.Fatal("there is no refresh cookie")
	return ""
}

// TestWithoutIDTokens signs in by the kind oauth2, which believes what the
// holder of the access token is told, and asks again with the refresh token.
func TestWithoutIDTokens(t *testing.T) {
	a := reserve(t)
	op := startOP(t, a)
	issuer := op.facts["OIDC_ISSUER"]
	c := oauth2.NewConfig()
	c.AuthorizeURL, c.TokenURL, c.UserInfoURL = issuer+"/auth", issuer+"/token", issuer+"/me"
	c.ClientID, c.ClientSecret = "authd", core.NewSecret(op.facts["OIDC_CLIENT_SECRET"])
	c.Scopes, c.Params = []string{"openid", "profile", "email", "groups", "offline_access"}, map[string]string{"prompt": "consent"}
	c.Claims = claims.Map{ID: "sub", EmailVerified: "email_verified", Roles: "groups"}
	h := newHouse(t, a, database(t), nil, func(o *authd.Options) {
		s := authd.StrategyOptions{Kind: "oauth2", Config: c}
		s.TrustEmail = true
		o.Strategies["basic"] = s
		o.Methods.Login.Use = authd.Names("basic")
	})
	p := h.person(t)
	p.signIn("basic", "alice")
	id := p.get("/auth/identity")
	roles, _ := id["roles"].([]any)
	if id["id"] != "basic:alice" || id["email"] != "alice@example.org" || !slices.Contains(roles, any("staff")) {
		t.Fatalf("signed in as %v: %v", id, h.last(core.MethodLogin).Err)
	}
	for range 2 {
		if got, tr := p.call("/auth/refresh", nil), h.last(core.MethodRefresh); !got.Success || len(tr.Steps) != 1 || tr.Steps[0].Outcome != "" {
			t.Errorf("refresh: %+v, %+v", got, tr.Steps)
		}
	}
	op.control(http.MethodDelete, "/accounts/alice")
	if got := p.call("/auth/refresh", nil); got.Success || got.Error.Reason != "account_gone" {
		t.Errorf("gone: %+v", got)
	}
}
