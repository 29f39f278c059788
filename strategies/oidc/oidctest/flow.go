package oidctest

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/go-jose/go-jose/v4"
)

// authorize lets the person in and sends the browser back.
func (p *Provider) authorize(w http.ResponseWriter, r *http.Request) {
	query := r.URL.Query()
	p.mu.Lock()
	if uri := query.Get("request_uri"); uri != "" {
		query = p.pushed[uri]
		delete(p.pushed, uri)
	}
	_, known := p.clients[query.Get("client_id")]
	fault := p.faults.Answer
	code := "code-" + rand.Text()
	p.grants[code] = &grant{query: query, person: maps.Clone(p.person), session: "session-" + rand.Text()}
	p.mu.Unlock()
	back, err := url.Parse(query.Get("redirect_uri"))
	if err != nil || back.Host == "" || !known || query.Get("code_challenge_method") != "S256" {
		http.Error(w, "this is no request", http.StatusBadRequest)
		return
	}
	answer := url.Values{"code": {code}, "state": {query.Get("state")}, "iss": {p.URL}}
	if fault != nil {
		fault(answer)
	}
	back.RawQuery = answer.Encode()
	http.Redirect(w, r, back.String(), http.StatusFound)
}

func (p *Provider) push(w http.ResponseWriter, r *http.Request) {
	c, ok := p.authenticated(r)
	if !ok || r.PostForm.Get("client_id") != c.ID {
		refuse(w, http.StatusUnauthorized, "invalid_client")
		return
	}
	uri := "urn:ietf:params:oauth:request_uri:" + rand.Text()
	p.mu.Lock()
	p.pushed[uri] = maps.Clone(r.PostForm)
	p.mu.Unlock()
	reply(w, http.StatusCreated, map[string]any{"request_uri": uri, "expires_in": 60})
}

// authenticated says which client asks, if it proves that.
func (p *Provider) authenticated(r *http.Request) (Client, bool) {
	if r.ParseForm() != nil {
		return Client{}, false
	}
	id, secret, basic := r.BasicAuth()
	if basic { // encoded as a form, RFC 6749, section 2.3.1
		id, _ = url.QueryUnescape(id)
		secret, _ = url.QueryUnescape(secret)
	} else {
		id, secret = r.PostForm.Get("client_id"), r.PostForm.Get("client_secret")
	}
	p.mu.Lock()
	c, known := p.clients[id]
	p.mu.Unlock()
	assertion := r.PostForm.Get("client_assertion")
	used := map[bool]string{true: "client_secret_basic", false: "client_secret_post"}[basic]
	switch {
	case assertion != "":
		used = "private_key_jwt"
	case secret == "":
		used = "none"
	}
	if !known || c.Method != "" && c.Method != used || secret != c.Secret {
		return Client{}, false
	}
	return c, assertion == "" || p.asserted(c, assertion)
}

// asserted verifies a client assertion (RFC 7523).
func (p *Provider) asserted(c Client, assertion string) bool {
	jws, err := jose.ParseSignedCompact(assertion, []jose.SignatureAlgorithm{jose.RS256, jose.ES256, jose.EdDSA})
	if err != nil {
		return false
	}
	payload, err := jws.Verify(c.Key)
	var claims struct {
		Issuer   string `json:"iss"`
		Subject  string `json:"sub"`
		Audience string `json:"aud"`
		ID       string `json:"jti"`
		Expires  int64  `json:"exp"`
	}
	return err == nil && json.Unmarshal(payload, &claims) == nil && claims.Issuer == c.ID && claims.Subject == c.ID && claims.ID != "" &&
		(claims.Audience == p.URL || claims.Audience == p.URL+"/token") && time.Unix(claims.Expires, 0).After(p.Now())
}

func (p *Provider) token(w http.ResponseWriter, r *http.Request) {
	c, ok := p.authenticated(r)
	p.mu.Lock()
	allow := p.faults.Allow
	p.mu.Unlock()
	if !ok || allow != nil && !allow(r, c) {
		refuse(w, http.StatusUnauthorized, "invalid_client")
		return
	}
	form := r.PostForm
	refreshing := form.Get("grant_type") == "refresh_token"
	name := form.Get("code")
	if refreshing {
		name = form.Get("refresh_token")
	}
	g, next, ok := p.spend(name, refreshing)
	if !ok || g.query.Get("client_id") != c.ID || !refreshing && !proves(g.query, form) {
		refuse(w, http.StatusBadRequest, "invalid_grant")
		return
	}
	claims := p.idClaims(g, c.ID, refreshing)
	p.change(func(f Faults) func(map[string]any) { return f.Claims }, claims)
	granted := map[string]any{
		"access_token": g.access, "token_type": "Bearer", "expires_in": 300, "refresh_token": next, "id_token": p.issue(claims),
	}
	p.change(func(f Faults) func(map[string]any) { return f.Granted }, granted)
	reply(w, http.StatusOK, granted)
}

// spend takes a code or a refresh token, once, and makes the next one.
func (p *Provider) spend(name string, refreshing bool) (g *grant, next string, ok bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	g, ok = p.grants[name]
	if !ok || refreshing != strings.HasPrefix(name, "refresh-") {
		return nil, "", false
	}
	delete(p.grants, name)
	if refreshing {
		g.person = maps.Clone(p.person)
	} else if p.Codes != nil {
		p.Codes()
	}
	next, g.access = "refresh-"+rand.Text(), "access-"+rand.Text()
	p.grants[next], p.access[g.access] = g, g
	return g, next, true
}

// proves says whether a code is redeemed by whoever asked for it.
func proves(query, form url.Values) bool {
	sum := sha256.Sum256([]byte(form.Get("code_verifier")))
	return form.Get("redirect_uri") == query.Get("redirect_uri") &&
		base64.RawURLEncoding.EncodeToString(sum[:]) == query.Get("code_challenge")
}

func (p *Provider) idClaims(g *grant, client string, refreshing bool) map[string]any {
	now := p.Now()
	out := maps.Clone(g.person)
	out["iss"], out["aud"], out["iat"], out["exp"] = p.URL, client, now.Unix(), now.Add(5*time.Minute).Unix()
	out["sid"], out["auth_time"] = g.session, now.Unix()
	if !refreshing {
		out["nonce"] = g.query.Get("nonce")
	}
	return out
}

func (p *Provider) userinfo(w http.ResponseWriter, r *http.Request) {
	p.mu.Lock()
	g := p.access[strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer ")]
	p.mu.Unlock()
	if g == nil {
		refuse(w, http.StatusUnauthorized, "invalid_token")
		return
	}
	told := maps.Clone(g.person)
	p.change(func(f Faults) func(map[string]any) { return f.Told }, told)
	reply(w, http.StatusOK, told)
}

// issue signs an ID token, as the faults have it.
func (p *Provider) issue(claims map[string]any) string {
	p.mu.Lock()
	sign := p.faults.Sign
	p.mu.Unlock()
	if sign == nil {
		sign = p.Sign
	}
	return sign(claims)
}

// IDToken returns a token that is right, but for the changes: a nil takes a claim away.
func (p *Provider) IDToken(client string, changes map[string]any) string {
	p.mu.Lock()
	g := &grant{person: maps.Clone(p.person), session: "session-" + rand.Text()}
	p.mu.Unlock()
	return p.Sign(changed(p.idClaims(g, client, true), changes))
}

// LogoutToken returns one that is right, but for the changes.
func (p *Provider) LogoutToken(client string, changes map[string]any) string {
	now := p.Now()
	return p.SignAs("logout+jwt", changed(map[string]any{
		"iss": p.URL, "aud": client, "iat": now.Unix(), "exp": now.Add(2 * time.Minute).Unix(), "jti": rand.Text(), "sub": "john-1",
		"events": map[string]any{"http://schemas.openid.net/event/backchannel-logout": map[string]any{}},
	}, changes))
}

func changed(claims, changes map[string]any) map[string]any {
	for _, name := range slices.Sorted(maps.Keys(changes)) {
		if claims[name] = changes[name]; changes[name] == nil {
			delete(claims, name)
		}
	}
	return claims
}
