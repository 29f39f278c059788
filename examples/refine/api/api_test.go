package main

import (
	"crypto/ed25519"
	"encoding/base64"
	"encoding/json"
	"maps"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

const issuer = "https://auth.example.com"

// signer is the side of authd: keys at a URL, and tokens signed with one.
type signer struct {
	key  ed25519.PrivateKey
	jwks string
}

func newSigner(t *testing.T) signer {
	t.Helper()
	public, private, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	keys := map[string]any{"keys": []any{map[string]string{
		"kty": "OKP", "crv": "Ed25519", "use": "sig", "alg": "EdDSA", "kid": "k1", "x": base64.RawURLEncoding.EncodeToString(public),
	}}}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		if err := json.NewEncoder(w).Encode(keys); err != nil {
			t.Error(err)
		}
	}))
	t.Cleanup(server.Close)
	return signer{private, server.URL}
}

// token signs a good token, changed in the header and the claims as told.
func (s signer) token(t *testing.T, header, claims map[string]any) string {
	t.Helper()
	h := map[string]any{"alg": "EdDSA", "kid": "k1", "typ": "at+jwt"}
	c := map[string]any{"iss": issuer, "aud": issuer, "sub": "demo:1", "exp": time.Now().Add(time.Minute).Unix(), "roles": []string{"editor"}}
	maps.Copy(h, header)
	maps.Copy(c, claims)
	part := func(v any) string {
		text, err := json.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		return base64.RawURLEncoding.EncodeToString(text)
	}
	signed := part(h) + "." + part(c)
	return signed + "." + base64.RawURLEncoding.EncodeToString(ed25519.Sign(s.key, []byte(signed)))
}

func newAPI(t *testing.T, s signer) http.Handler {
	t.Helper()
	handler, err := newHandler(newVerifier(t.Context(), issuer, s.jwks), []string{"https://app.example.com"})
	if err != nil {
		t.Fatal(err)
	}
	return handler
}

func call(h http.Handler, method, target string, header map[string]string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, target, nil)
	for name, value := range header {
		r.Header.Set(name, value)
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

func TestTokens(t *testing.T) {
	s, other := newSigner(t), newSigner(t)
	h := newAPI(t, s)
	good := s.token(t, nil, nil)
	for name, c := range map[string]struct {
		header map[string]string
		want   int
	}{
		"no token":              {nil, 401},
		"bearer":                {map[string]string{"Authorization": "Bearer " + good}, 200},
		"scheme in lower case":  {map[string]string{"Authorization": "bearer " + good}, 200},
		"cookie":                {map[string]string{"Cookie": "authd-access=" + good}, 200},
		"cookie of https":       {map[string]string{"Cookie": "__Host-authd-access=" + good}, 200},
		"another cookie":        {map[string]string{"Cookie": "authd-refresh=" + good}, 401},
		"bad header, no cookie": {map[string]string{"Authorization": "Basic " + good}, 401},
		"no JWT":                {map[string]string{"Authorization": "Bearer nonsense"}, 401},
		"another issuer":        {map[string]string{"Authorization": "Bearer " + s.token(t, nil, map[string]any{"iss": "https://evil.example.com"})}, 401},
		"another audience":      {map[string]string{"Authorization": "Bearer " + s.token(t, nil, map[string]any{"aud": "https://shop.example.com"})}, 401},
		"expired":               {map[string]string{"Authorization": "Bearer " + s.token(t, nil, map[string]any{"exp": time.Now().Add(-time.Minute).Unix()})}, 401},
		"an ID token":           {map[string]string{"Authorization": "Bearer " + s.token(t, map[string]any{"typ": "JWT"}, nil)}, 401},
		"a refresh token":       {map[string]string{"Authorization": "Bearer " + s.token(t, map[string]any{"typ": "rt+jwt"}, nil)}, 401},
		"another's signature":   {map[string]string{"Authorization": "Bearer " + other.token(t, nil, nil)}, 401},
		"unsigned":              {map[string]string{"Authorization": "Bearer " + s.token(t, map[string]any{"alg": "none"}, nil)}, 401},
		"changed after signing": {map[string]string{"Authorization": "Bearer " + strings.Replace(good, ".", ".e30", 1)}, 401},
	} {
		t.Run(name, func(t *testing.T) {
			w := call(h, "GET", "/api/posts", c.header)
			if w.Code != c.want {
				t.Errorf("status %d, want %d: %s", w.Code, c.want, w.Body)
			}
		})
	}
}

func TestAnswers(t *testing.T) {
	s := newSigner(t)
	h := newAPI(t, s)
	editor := map[string]string{"Authorization": "Bearer " + s.token(t, nil, nil)}
	admin := map[string]string{"Authorization": "Bearer " + s.token(t, nil, map[string]any{"roles": []string{"admin"}})}
	for _, c := range []struct {
		method, target string
		header         map[string]string
		want           int
		says           string
	}{
		{"GET", "/api/posts", editor, 200, `"total":4`},
		{"GET", "/api/report", editor, 403, `"message":"Only admins may see the report."`},
		{"GET", "/api/report", admin, 200, `"signIns":87`},
		{"GET", "/api/report", nil, 401, `"message":"Please sign in."`},
		{"POST", "/api/demand/401", editor, 401, `"message":"The API says that you are not signed in."`},
		{"GET", "/api/demand/403", editor, 403, `"message":"The API says that you may not do this."`},
		{"POST", "/api/demand/500", editor, 404, `"message":`},
		{"POST", "/api/demand/403", nil, 401, `"message":"Please sign in."`},
	} {
		w := call(h, c.method, c.target, c.header)
		if w.Code != c.want || !strings.Contains(w.Body.String(), c.says) {
			t.Errorf("%s %s: status %d, body %s; want %d and %s", c.method, c.target, w.Code, w.Body, c.want, c.says)
		}
	}
}

func TestOtherOrigins(t *testing.T) {
	s := newSigner(t)
	h := newAPI(t, s)
	cookie := "authd-access=" + s.token(t, nil, nil)
	for _, c := range []struct {
		origin string
		want   int
	}{
		{"https://app.example.com", 401},
		{"https://evil.example.com", 403},
	} {
		w := call(h, "POST", "/api/demand/401", map[string]string{"Cookie": cookie, "Origin": c.origin})
		readable := w.Header().Get("Access-Control-Allow-Origin") == c.origin
		if w.Code != c.want || readable != (c.want == 401) {
			t.Errorf("%s: status %d, readable %v", c.origin, w.Code, readable)
		}
		if preflight := call(h, "OPTIONS", "/api/posts", map[string]string{"Origin": c.origin}); preflight.Code != 204 ||
			(preflight.Header().Get("Access-Control-Allow-Credentials") == "true") != (c.want == 401) {
			t.Errorf("%s: preflight %d, %v", c.origin, preflight.Code, preflight.Header())
		}
	}
	if _, err := newHandler(newVerifier(t.Context(), issuer, s.jwks), []string{"no origin"}); err == nil {
		t.Error("an origin that is none was taken")
	}
}
