package session_test

import (
	"crypto/ed25519"
	"encoding/base64"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/authd-go/authd/core"
	"github.com/authd-go/authd/core/session"
)

func TestAccessTokenSays(t *testing.T) {
	h := newHouse(t)
	issued := h.login()
	claims, err := h.Verify(t.Context(), issued.Tokens.Access.Reveal())
	if err != nil {
		t.Fatal(err)
	}
	id := claims.Identity
	if claims.SessionID != issued.SessionID || id.AccountID != john || id.Name != "John" || id.Email != "john@mail.com" ||
		len(id.Roles) != 1 || id.Roles[0] != "admin" || id.Claims["team"] != "red" {
		t.Errorf("claims are %+v", claims)
	}
	if _, ok := id.Claims["secret"]; ok {
		t.Error("a claim that is not named is in the token")
	}
	if want := start.Add(10*time.Minute + time.Second).Truncate(time.Second); !claims.Expires.Equal(want) || !issued.Tokens.AccessExpires.Equal(want) {
		t.Errorf("expires %v and %v, want %v", claims.Expires, issued.Tokens.AccessExpires, want)
	}
	header, body := parts(t, issued.Tokens.Access.Reveal())
	if header["typ"] != "at+jwt" || header["alg"] != "EdDSA" || header["kid"] == "" {
		t.Errorf("header is %v", header)
	}
	for _, name := range []string{"iss", "aud", "sub", "sid", "iat", "exp", "jti"} {
		if body[name] == nil {
			t.Errorf("claim %s is missing", name)
		}
	}
}

func parts(t *testing.T, token string) (header, body map[string]any) {
	t.Helper()
	p := strings.Split(token, ".")
	for i, into := range []*map[string]any{&header, &body} {
		raw, err := base64.RawURLEncoding.DecodeString(p[i])
		if err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal(raw, into); err != nil {
			t.Fatal(err)
		}
	}
	return header, body
}

// TestRefreshTokenSays pins that a refresh token follows from its row and from
// nothing else, no clock in particular.
func TestRefreshTokenSays(t *testing.T) {
	h := newHouse(t)
	issued := h.next(h.login())
	row := h.row(issued.SessionID)
	header, body := parts(t, issued.Tokens.Refresh.Reveal())
	if len(header) != 2 || header["typ"] != "rt+jwt" || header["alg"] != "HS256" {
		t.Errorf("header is %v", header)
	}
	if len(body) != 4 || body["sid"] != row.ID || body["gen"] != float64(1) || body["iat"] != float64(row.AdvancedAt.Unix()) ||
		body["exp"] != float64(row.IdleExpires.Unix()) {
		t.Errorf("claims are %v for %+v", body, row)
	}
}

// TestCallersShareNoMemory changes a result and asks again.
func TestCallersShareNoMemory(t *testing.T) {
	h := newHouse(t)
	issued := h.login()
	for range 3 {
		claims, err := h.Verify(t.Context(), issued.Tokens.Access.Reveal())
		if err != nil || claims.Identity.Roles[0] != "admin" || claims.Identity.Claims["team"] != "red" {
			t.Fatalf("%+v, %v", claims, err)
		}
		claims.Identity.Roles[0], claims.Identity.Claims["team"] = "changed", "changed"
		issued.Tokens.User.Roles[0] = "changed"
	}
}

// TestCallersShareNoMemoryInsideClaims: a claim may be a block or a list, and
// whoever is let in by the same token must not see what a handler made of it.
func TestCallersShareNoMemoryInsideClaims(t *testing.T) {
	h := newHouse(t)
	issued, err := h.Create(t.Context(), session.NewSession{Identity: core.Identity{
		AccountID: john, Claims: map[string]any{"team": map[string]any{"names": []any{"red"}}},
	}})
	if err != nil {
		t.Fatal(err)
	}
	for range 3 {
		claims, err := h.Verify(t.Context(), issued.Tokens.Access.Reveal())
		if err != nil {
			t.Fatal(err)
		}
		team, _ := claims.Identity.Claims["team"].(map[string]any)
		names, _ := team["names"].([]any)
		if len(names) != 1 || names[0] != "red" || len(team) != 1 {
			t.Fatalf("the claim is %v", team)
		}
		names[0], team["more"] = "changed", true
	}
}

func TestVerifyExpires(t *testing.T) {
	h := newHouse(t)
	cold, warm := h.login(), h.login()
	if err := h.verify(warm); err != nil {
		t.Fatal(err)
	}
	h.clock.Advance(warm.Tokens.AccessExpires.Sub(start) - time.Millisecond)
	if err := h.verify(warm); err != nil {
		t.Error(err)
	}
	h.clock.Advance(time.Millisecond)
	wantError(t, h.verify(warm), core.Unauthenticated, session.ReasonTokenExpired)
	wantError(t, h.verify(cold), core.Unauthenticated, session.ReasonTokenExpired)
	for _, issued := range []session.Issued{cold, warm} {
		if id, ok := h.Owner(issued.Tokens.Access.Reveal(), ""); !ok || id != issued.SessionID {
			t.Errorf("an expired token's owner is %q, %v", id, ok)
		}
	}
}

// TestShorterAccessTTL restarts with a shorter life: older tokens must not
// outlive what the revoked set remembers.
func TestShorterAccessTTL(t *testing.T) {
	h := newHouse(t, func(o *session.Options) {
		o.Lifetimes = session.DefaultLifetimes()
		o.Lifetimes.AccessTTL = 10 * time.Hour
	})
	issued := h.login()
	o := h.opts
	o.Lifetimes.AccessTTL = time.Minute
	m := open(t, o)
	if _, err := m.Verify(t.Context(), issued.Tokens.Access.Reveal()); err != nil {
		t.Fatal(err)
	}
	h.clock.Advance(62 * time.Second)
	_, err := m.Verify(t.Context(), issued.Tokens.Access.Reveal())
	wantError(t, err, core.Unauthenticated, session.ReasonTokenExpired)
}

func TestOwner(t *testing.T) {
	h := newHouse(t)
	a, b := h.login(), h.login()
	h.clock.Advance(1000 * time.Hour)
	h.untouched(func() {
		for _, c := range []struct{ access, refresh, want string }{
			{a.Tokens.Access.Reveal(), b.Tokens.Refresh.Reveal(), a.SessionID},
			{"", b.Tokens.Refresh.Reveal(), b.SessionID},
			{"junk", b.Tokens.Refresh.Reveal(), b.SessionID},
			{b.Tokens.Refresh.Reveal(), a.Tokens.Access.Reveal(), ""},
			{"", "", ""},
		} {
			if id, ok := h.Owner(c.access, c.refresh); id != c.want || ok != (c.want != "") {
				t.Errorf("the owner is %q, %v; want %q", id, ok, c.want)
			}
		}
	})
}

// TestForgeries tries what is known to fool token readers. None may pass, and
// none may reach the store.
func TestForgeries(t *testing.T) {
	h := newHouse(t)
	good := h.login()
	h.next(good)
	access, refresh := good.Tokens.Access.Reveal(), good.Tokens.Refresh.Reveal()
	set, _ := h.JWKS()
	public, kid := publicKey(t, set)
	_, foreign, _ := ed25519.GenerateKey(nil)
	other := newHouse(t, func(o *session.Options) { o.Secret = core.NewSecret(strings.Repeat("other", 10)) }).login()
	claims := jwt.MapClaims{
		"iss": "https://auth.example.com", "aud": "app", "sub": "members:john:1", "sid": good.SessionID, "gen": 0,
		"iat": start.Unix(), "exp": start.Add(time.Hour).Unix(),
	}
	sign := func(m jwt.SigningMethod, key any, typ, kid string) string {
		tok := jwt.NewWithClaims(m, claims)
		tok.Header["typ"] = typ
		if kid != "" {
			tok.Header["kid"] = kid
		}
		text, err := tok.SignedString(key)
		if err != nil {
			t.Fatal(err)
		}
		return text
	}
	forged := map[string]string{
		"junk":               "junk",
		"dots":               "..",
		"four parts":         access + ".x",
		"two parts":          access[:strings.LastIndexByte(access, '.')],
		"line break":         access + "\n",
		"padding":            refresh + "=",
		"NUL":                "\x00",
		"oversized":          strings.Repeat("a", 1<<20),
		"alg none":           sign(jwt.SigningMethodNone, jwt.UnsafeAllowNoneSignatureType, "at+jwt", kid),
		"alg none, refresh":  sign(jwt.SigningMethodNone, jwt.UnsafeAllowNoneSignatureType, "rt+jwt", ""),
		"HS256 by public":    sign(jwt.SigningMethodHS256, []byte(public), "at+jwt", kid),
		"HS256 by public, r": sign(jwt.SigningMethodHS256, []byte(public), "rt+jwt", kid),
		"HS256 by secret":    sign(jwt.SigningMethodHS256, []byte(testSecret), "rt+jwt", ""),
		"HS256 by nothing":   sign(jwt.SigningMethodHS256, []byte{}, "rt+jwt", ""),
		"HS512":              sign(jwt.SigningMethodHS512, []byte(testSecret), "rt+jwt", ""),
		"foreign key":        sign(jwt.SigningMethodEdDSA, foreign, "at+jwt", kid),
		"unknown kid":        sign(jwt.SigningMethodEdDSA, foreign, "at+jwt", "nobody"),
		"no kid":             sign(jwt.SigningMethodEdDSA, foreign, "at+jwt", ""),
		"other deployment":   other.Tokens.Access.Reveal(),
		"other deployment r": other.Tokens.Refresh.Reveal(),
		"changed body":       swapBody(access, claims),
		"changed body r":     swapBody(refresh, claims),
	}
	for name, token := range forged {
		t.Run(name, func(t *testing.T) {
			h.untouched(func() {
				_, err := h.Verify(t.Context(), token)
				wantError(t, err, core.Unauthenticated, session.ReasonInvalidToken)
				_, err = h.Refresh(t.Context(), token, nil)
				wantError(t, err, core.Unauthenticated, session.ReasonInvalidToken)
				if id, ok := h.Owner(token, token); ok {
					t.Errorf("a forged token belongs to %q", id)
				}
			})
		})
	}
	h.untouched(func() {
		_, err := h.Verify(t.Context(), refresh)
		wantError(t, err, core.Unauthenticated, session.ReasonInvalidToken)
		_, err = h.Refresh(t.Context(), access, nil)
		wantError(t, err, core.Unauthenticated, session.ReasonInvalidToken)
		_, err = h.Verify(t.Context(), "")
		wantError(t, err, core.Unauthenticated, session.ReasonNoToken)
		_, err = h.Refresh(t.Context(), "", nil)
		wantError(t, err, core.Unauthenticated, session.ReasonNoToken)
	})
}

func swapBody(token string, claims jwt.MapClaims) string {
	body, _ := json.Marshal(claims)
	p := strings.Split(token, ".")
	return p[0] + "." + base64.RawURLEncoding.EncodeToString(body) + "." + p[2]
}

func publicKey(t *testing.T, set []byte) (ed25519.PublicKey, string) {
	t.Helper()
	var s struct{ Keys []map[string]string }
	if err := json.Unmarshal(set, &s); err != nil || len(s.Keys) == 0 {
		t.Fatalf("%s: %v", set, err)
	}
	x, err := base64.RawURLEncoding.DecodeString(s.Keys[0]["x"])
	if err != nil {
		t.Fatal(err)
	}
	return x, s.Keys[0]["kid"]
}

// TestChangedAfterItWasChecked changes each character of a token that the
// manager has checked before and remembers.
func TestChangedAfterItWasChecked(t *testing.T) {
	h := newHouse(t)
	issued := h.login()
	good := issued.Tokens.Access.Reveal()
	for range 2 {
		if err := h.verify(issued); err != nil {
			t.Fatal(err)
		}
	}
	for i := range good {
		for _, c := range []byte("Ax.=") {
			changed := good[:i] + string(c) + good[i+1:]
			if changed == good {
				continue
			}
			for range 2 { // what was refused is not remembered as good
				_, err := h.Verify(t.Context(), changed)
				wantError(t, err, core.Unauthenticated, session.ReasonInvalidToken)
			}
		}
	}
	if err := h.verify(issued); err != nil {
		t.Error(err)
	}
}

// TestForeignAudience shows a good token of the same keys to another audience
// and issuer.
func TestForeignAudience(t *testing.T) {
	h := newHouse(t)
	issued := h.login()
	for _, change := range []func(*session.Options){
		func(o *session.Options) { o.Audience = "another" },
		func(o *session.Options) { o.Issuer = "https://evil.example.com" },
	} {
		o := h.opts
		change(&o)
		_, err := open(t, o).Verify(t.Context(), issued.Tokens.Access.Reveal())
		wantError(t, err, core.Unauthenticated, session.ReasonInvalidToken)
	}
}

func TestEndIsSeenAtOnce(t *testing.T) {
	h := newHouse(t)
	a, b, c := h.login(), h.login(), h.login()
	if err := h.verify(a); err != nil { // in the cache now
		t.Fatal(err)
	}
	if n, err := h.End(t.Context(), core.SessionEnd{Account: john, Except: b.SessionID, Reason: "others"}); n != 2 || err != nil {
		t.Errorf("ended %d, %v", n, err)
	}
	wantError(t, h.verify(a), core.Unauthenticated, session.ReasonSessionEnded)
	wantError(t, h.verify(c), core.Unauthenticated, session.ReasonSessionEnded)
	if err := h.verify(b); err != nil {
		t.Error(err)
	}
	list, err := h.List(t.Context(), john)
	if err != nil || len(list) != 1 || list[0].ID != b.SessionID {
		t.Errorf("list: %v, %v", list, err)
	}
	_, err = h.Session(t.Context(), a.SessionID)
	wantError(t, err, core.Unauthenticated, session.ReasonSessionEnded)
	_, err = h.Session(t.Context(), "nobody")
	wantError(t, err, core.Unauthenticated, session.ReasonSessionEnded)
	if row, err := h.Session(t.Context(), b.SessionID); err != nil || row.ID != b.SessionID {
		t.Error(row, err)
	}
	_, err = h.End(t.Context(), core.SessionEnd{Reason: "nothing named"})
	wantError(t, err, core.Internal, "")
}

func TestTooLargeAToken(t *testing.T) {
	h := newHouse(t)
	_, err := h.Create(t.Context(), session.NewSession{Identity: core.Identity{AccountID: john, Name: strings.Repeat("x", 20_000)}})
	wantError(t, err, core.Internal, "")
	if list, _ := h.List(t.Context(), john); len(list) != 0 {
		t.Error("a session without tokens was stored")
	}
}

func TestEveryNamedClaim(t *testing.T) {
	h := newHouse(t, func(o *session.Options) {
		o.Claims = []string{"name", "email", "emailVerified", "username", "avatar", "roles", "team", "absent"}
	})
	id := core.Identity{
		AccountID: john, Name: "John", Email: "j@mail.com", EmailVerified: true, Username: "john", Avatar: "/a.png",
		Roles: []string{"a", "b"}, Claims: map[string]any{"team": "red"},
	}
	issued, err := h.Create(t.Context(), session.NewSession{Identity: id})
	if err != nil {
		t.Fatal(err)
	}
	claims, err := h.Verify(t.Context(), issued.Tokens.Access.Reveal())
	if err != nil {
		t.Fatal(err)
	}
	got, _ := json.Marshal(claims.Identity)
	want, _ := json.Marshal(id)
	wantEqual(t, "the identity", string(got), string(want))
}
