package oidc_test

import (
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/authd-go/authd/core"
	"github.com/authd-go/authd/strategies/oidc"
	"github.com/authd-go/authd/strategies/oidc/authcode"
	"github.com/authd-go/authd/strategies/oidc/claims"
	"github.com/authd-go/authd/strategies/oidc/oidctest"
)

func set(name string, value any) func(map[string]any) {
	return func(m map[string]any) {
		if m[name] = value; value == nil {
			delete(m, name)
		}
	}
}

func answered(name, value string) func(url.Values) {
	return func(v url.Values) {
		if v.Set(name, value); value == "" {
			v.Del(name)
		}
	}
}

// forged is one way to answer wrongly, and what must become of it.
type forged struct {
	faults func(p *oidctest.Provider) oidctest.Faults
	code   core.Code
	reason string
}

func idClaim(name string, value any) func(*oidctest.Provider) oidctest.Faults {
	return func(*oidctest.Provider) oidctest.Faults { return oidctest.Faults{Claims: set(name, value)} }
}

func back(name, value string) func(*oidctest.Provider) oidctest.Faults {
	return func(*oidctest.Provider) oidctest.Faults { return oidctest.Faults{Answer: answered(name, value)} }
}

func handle(path string, f http.HandlerFunc) func(*oidctest.Provider) oidctest.Faults {
	return func(*oidctest.Provider) oidctest.Faults {
		return oidctest.Faults{Handle: map[string]http.HandlerFunc{path: f}}
	}
}

func endless(w http.ResponseWriter, r *http.Request) {
	for r.Context().Err() == nil {
		if _, err := io.WriteString(w, " "); err != nil {
			return
		}
		_ = http.NewResponseController(w).Flush()
		time.Sleep(5 * time.Millisecond)
	}
}

func oversize(w http.ResponseWriter, _ *http.Request) {
	_, _ = io.WriteString(w, strings.Repeat(" ", 2<<20))
}

func status(code int, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(code)
		_, _ = io.WriteString(w, body)
	}
}

func forgedTokens() map[string]forged {
	now := time.Now()
	signs := func(f func(*oidctest.Provider, map[string]any) string) func(*oidctest.Provider) oidctest.Faults {
		return func(p *oidctest.Provider) oidctest.Faults {
			return oidctest.Faults{Sign: func(c map[string]any) string { return f(p, c) }}
		}
	}
	tamper := func(p *oidctest.Provider, c map[string]any) string {
		good := strings.Split(p.Sign(c), ".")
		c["sub"] = "somebody-else"
		return good[0] + "." + strings.Split(p.Sign(c), ".")[1] + "." + good[2]
	}
	typed := func(typ string) func(*oidctest.Provider) oidctest.Faults {
		return signs(func(p *oidctest.Provider, c map[string]any) string { return p.SignAs(typ, c) })
	}
	return map[string]forged{
		"issuer":             {idClaim("iss", "https://other.example.com"), core.InvalidInput, oidc.ReasonIssuer},
		"issuer with slash":  {func(p *oidctest.Provider) oidctest.Faults { return oidctest.Faults{Claims: set("iss", p.URL+"/")} }, core.InvalidInput, oidc.ReasonIssuer},
		"issuer missing":     {idClaim("iss", nil), core.InvalidInput, oidc.ReasonIssuer},
		"audience":           {idClaim("aud", "another-client"), core.InvalidInput, oidc.ReasonAudience},
		"audience missing":   {idClaim("aud", nil), core.InvalidInput, oidc.ReasonAudience},
		"audiences, no azp":  {idClaim("aud", []string{clientID, "another-client"}), core.InvalidInput, oidc.ReasonParty},
		"azp":                {idClaim("azp", "another-client"), core.InvalidInput, oidc.ReasonParty},
		"nonce":              {idClaim("nonce", "another"), core.InvalidInput, oidc.ReasonNonce},
		"nonce missing":      {idClaim("nonce", nil), core.InvalidInput, oidc.ReasonNonce},
		"signature":          {signs(tamper), core.InvalidInput, oidc.ReasonSignature},
		"another's key":      {signs(func(p *oidctest.Provider, c map[string]any) string { return p.SignUnder(p.KeyID(), c) }), core.InvalidInput, oidc.ReasonSignature},
		"no key's name":      {signs(func(p *oidctest.Provider, c map[string]any) string { return p.SignUnder("", c) }), core.InvalidInput, oidc.ReasonSignature},
		"alg none":           {signs((*oidctest.Provider).Unsigned), core.InvalidInput, oidc.ReasonAlgorithm},
		"HS256, public key":  {signs((*oidctest.Provider).SignWithPublicKey), core.InvalidInput, oidc.ReasonAlgorithm},
		"unknown kid":        {signs(func(p *oidctest.Provider, c map[string]any) string { return p.SignUnder("made-up", c) }), core.InvalidInput, oidc.ReasonUnknownKey},
		"expired":            {idClaim("exp", now.Add(-time.Minute).Unix()), core.InvalidInput, oidc.ReasonExpired},
		"exp missing":        {idClaim("exp", nil), core.InvalidInput, oidc.ReasonExpired},
		"from the future":    {idClaim("iat", now.Add(time.Hour).Unix()), core.InvalidInput, oidc.ReasonFuture},
		"iat missing":        {idClaim("iat", nil), core.InvalidInput, oidc.ReasonIssuedAt},
		"sub missing":        {idClaim("sub", nil), core.InvalidInput, oidc.ReasonSubject},
		"sub too long":       {idClaim("sub", strings.Repeat("x", 256)), core.InvalidInput, oidc.ReasonSubject},
		"at_hash":            {idClaim("at_hash", "AAAAAAAAAAAAAAAAAAAAAA"), core.InvalidInput, oidc.ReasonAccessHash},
		"no claims":          {signs(func(*oidctest.Provider, map[string]any) string { return "a.b.c" }), core.InvalidInput, oidc.ReasonMalformed},
		"claims of no kind":  {idClaim("nonce", 7), core.InvalidInput, oidc.ReasonMalformed},
		"too large":          {idClaim("x", strings.Repeat("x", 100_000)), core.InvalidInput, oidc.ReasonMalformed},
		"a logout token":     {idClaim("events", map[string]any{"http://schemas.openid.net/event/backchannel-logout": map[string]any{}}), core.InvalidInput, oidc.ReasonType},
		"a logout type":      {typed("logout+jwt"), core.InvalidInput, oidc.ReasonType},
		"an access token":    {typed("at+JWT"), core.InvalidInput, oidc.ReasonType},
		"no ID token":        {func(*oidctest.Provider) oidctest.Faults { return oidctest.Faults{Granted: set("id_token", nil)} }, core.InvalidInput, oidc.ReasonNoToken},
		"userinfo, no sub":   {func(*oidctest.Provider) oidctest.Faults { return oidctest.Faults{Told: set("sub", nil)} }, core.InvalidInput, oidc.ReasonUserInfoOther},
		"userinfo, another":  {func(*oidctest.Provider) oidctest.Faults { return oidctest.Faults{Told: set("sub", "jane-1")} }, core.InvalidInput, oidc.ReasonUserInfoOther},
		"userinfo, no JSON":  {handle("/userinfo", status(200, "<html>")), core.InvalidInput, oidc.ReasonUserInfo},
		"no access token":    {func(*oidctest.Provider) oidctest.Faults { return oidctest.Faults{Granted: set("access_token", nil)} }, core.Unavailable, authcode.ReasonMalformed},
		"another token type": {func(*oidctest.Provider) oidctest.Faults { return oidctest.Faults{Granted: set("token_type", "DPoP")} }, core.Unavailable, authcode.ReasonMalformed},
	}
}

func forgedAnswers() map[string]forged {
	return map[string]forged{
		"answer's issuer":       {back("iss", "https://other.example.com"), core.InvalidInput, authcode.ReasonIssuer},
		"answer without issuer": {back("iss", ""), core.InvalidInput, authcode.ReasonNoIssuer},
		"answer without code":   {back("code", ""), core.InvalidInput, authcode.ReasonNoCode},
		"endless code":          {back("code", strings.Repeat("x", 9000)), core.InvalidInput, authcode.ReasonNoCode},
		"a code of nobody's":    {back("code", "code-made-up"), core.InvalidInput, authcode.ReasonGrant},
		"another state":         {back("state", "another"), core.InvalidInput, authcode.ReasonState},
		"no state":              {back("state", ""), core.InvalidInput, authcode.ReasonState},
		"two codes": {func(*oidctest.Provider) oidctest.Faults {
			return oidctest.Faults{Answer: func(v url.Values) { v.Add("code", "code-2") }}
		}, core.InvalidInput, authcode.ReasonRepeated},
		"denied":              {back("error", "access_denied"), core.Forbidden, authcode.ReasonDenied},
		"login required":      {back("error", "login_required"), core.Forbidden, authcode.ReasonLogin},
		"consent required":    {back("error", "consent_required"), core.Forbidden, authcode.ReasonConsent},
		"an error of its own": {back("error", "code-and-secret-of-its-own"), core.Forbidden, authcode.ReasonOther},
		"busy":                {back("error", "temporarily_unavailable"), core.Unavailable, authcode.ReasonTrouble},
		"server error":        {back("error", "server_error"), core.Unavailable, authcode.ReasonTrouble},
		"bad request":         {back("error", "invalid_scope"), core.InvalidInput, authcode.ReasonMisled},
		"redirect of the token endpoint": {handle("/token", func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "/elsewhere", http.StatusTemporaryRedirect)
		}), core.Unavailable, authcode.ReasonRedirected},
		"redirect of userinfo": {handle("/userinfo", func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "https://other.example.com/", http.StatusFound)
		}), core.Unavailable, authcode.ReasonRedirected},
		"oversize token answer":    {handle("/token", oversize), core.Unavailable, authcode.ReasonTooLarge},
		"oversize keys":            {handle("/keys", oversize), core.Unavailable, authcode.ReasonTooLarge},
		"oversize userinfo":        {handle("/userinfo", oversize), core.Unavailable, authcode.ReasonTooLarge},
		"endless token answer":     {handle("/token", endless), core.Unavailable, authcode.ReasonUnreachable},
		"endless userinfo":         {handle("/userinfo", endless), core.Unavailable, authcode.ReasonUnreachable},
		"endless keys":             {handle("/keys", endless), core.Unavailable, authcode.ReasonUnreachable},
		"token endpoint fails":     {handle("/token", status(500, `{"error": "invalid_grant"}`)), core.Unavailable, authcode.ReasonTrouble},
		"token endpoint, busy":     {handle("/token", status(429, "")), core.Unavailable, authcode.ReasonTrouble},
		"token endpoint, no JSON":  {handle("/token", status(200, "<html>")), core.Unavailable, authcode.ReasonMalformed},
		"an error with status 200": {handle("/token", status(200, `{"error": "invalid_grant"}`)), core.InvalidInput, authcode.ReasonGrant},
		"client unknown":           {handle("/token", status(401, `{"error": "invalid_client"}`)), core.Unavailable, authcode.ReasonClient},
		"request misunderstood":    {handle("/token", status(400, `{"error": "invalid_request"}`)), core.Unavailable, authcode.ReasonMisled},
		"an error that repeats":    {handle("/token", status(400, `{"error": "code-marker", "error_description": "refresh-marker"}`)), core.Unavailable, authcode.ReasonTrouble},
		"keys, no JSON":            {handle("/keys", status(200, "[]")), core.Unavailable, authcode.ReasonMalformed},
		"userinfo refuses":         {handle("/userinfo", status(401, "")), core.Unavailable, authcode.ReasonUnauthorized},
		"userinfo fails":           {handle("/userinfo", status(503, "")), core.Unavailable, authcode.ReasonTrouble},
	}
}

// Each wrong answer is refused, and for its own reason.
func TestForgedAnswers(t *testing.T) {
	for _, table := range []map[string]forged{forgedTokens(), forgedAnswers()} {
		for name, c := range table {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				p := provider(t)
				s := open(t, config(p), func(e *core.Env) { e.HTTP = &http.Client{Timeout: 500 * time.Millisecond} })
				p.Set(c.faults(p))
				g, err := login(t.Context(), s, p)
				refused(t, err, c.code, c.reason)
				if g.Identity.Subject != "" || !g.Keep.Empty() {
					t.Errorf("it names %q", g.Identity.Subject)
				}
				p.Set(oidctest.Faults{})
				if name == "unknown kid" || c.code == core.Unavailable {
					return // the next one waits for its turn
				}
				if _, err := login(t.Context(), s, p); err != nil {
					t.Errorf("the right one after it: %v", err)
				}
			})
		}
	}
}

// What is right in another way than usual is believed.
func TestUnusualAnswers(t *testing.T) {
	for name, c := range map[string]func(map[string]any){
		"two audiences and azp": func(m map[string]any) { m["aud"], m["azp"] = []string{"other", clientID}, clientID },
		"a clock that is fast":  set("iat", time.Now().Add(20*time.Second).Unix()),
		"a clock that is slow":  set("exp", time.Now().Add(-20*time.Second).Unix()),
		"fractions":             set("iat", float64(time.Now().UnixMilli())/1000),
		"no sid":                set("sid", nil),
	} {
		t.Run(name, func(t *testing.T) {
			p := provider(t)
			p.Set(oidctest.Faults{Claims: c})
			mustLogin(t, open(t, config(p)), p)
		})
	}
	t.Run("RS256", func(t *testing.T) {
		p := provider(t)
		p.UseRSA()
		mustLogin(t, open(t, config(p)), p)
	})
}

// An answer is taken once by the provider, and only for the question it is to.
func TestAnswersToOtherQuestions(t *testing.T) {
	p := provider(t)
	s := open(t, config(p))
	ctx := t.Context()
	c, err := visit(ctx, s, p)
	if err != nil {
		t.Fatal(err)
	}
	other, err := visit(ctx, s, p)
	if err != nil {
		t.Fatal(err)
	}
	mixed := c
	mixed.Query = other.Query
	_, err = s.Redirector.Complete(ctx, mixed)
	refused(t, err, core.InvalidInput, authcode.ReasonState)
	mixed = c
	mixed.Keep = other.Keep
	_, err = s.Redirector.Complete(ctx, mixed)
	refused(t, err, core.InvalidInput, authcode.ReasonNotAsked)
	mixed = c
	mixed.Query = map[string][]string{"code": other.Query["code"], "state": c.Query["state"], "iss": c.Query["iss"]}
	_, err = s.Redirector.Complete(ctx, mixed) // its challenge was another
	refused(t, err, core.InvalidInput, authcode.ReasonGrant)
	mixed = c
	mixed.CallbackURL += "x"
	_, err = s.Redirector.Complete(ctx, mixed)
	refused(t, err, core.InvalidInput, authcode.ReasonNotAsked)
	if _, err := s.Redirector.Complete(ctx, c); err != nil {
		t.Fatal(err)
	}
	_, err = s.Redirector.Complete(ctx, c)
	refused(t, err, core.InvalidInput, authcode.ReasonGrant)
}

// Two providers, one of which is not honest: it cannot have the other's codes,
// and its own are not taken for the other's.
func TestMixUp(t *testing.T) {
	honest, wicked := provider(t), provider(t)
	ctx := t.Context()
	good := open(t, config(honest))
	bad := open(t, config(wicked), func(e *core.Env) { e.Name = "wicked" })
	r, c, err := begin(ctx, bad, nil)
	if err != nil {
		t.Fatal(err)
	}
	// It sends the browser on to the honest one, with its own question.
	if c.Query, err = honest.Visit(ctx, strings.Replace(r.URL, wicked.URL, honest.URL, 1)); err != nil {
		t.Fatal(err)
	}
	_, err = bad.Redirector.Complete(ctx, c)
	refused(t, err, core.InvalidInput, authcode.ReasonIssuer)
	if wicked.Seen("/token") != 0 {
		t.Error("the other provider was shown the code")
	}
	toBad, err := visit(ctx, bad, wicked)
	if err != nil {
		t.Fatal(err)
	}
	_, err = good.Redirector.Complete(ctx, toBad)
	refused(t, err, core.InvalidInput, authcode.ReasonNotAsked)

	// One that names another's endpoints in its metadata is its own undoing.
	wicked.Set(oidctest.Faults{Metadata: func(m map[string]any) {
		m["authorization_endpoint"] = honest.URL + "/authorize"
	}})
	again := open(t, config(wicked), func(e *core.Env) { e.Name = "wicked" })
	c, err = visit(ctx, again, honest)
	if err != nil {
		t.Fatal(err)
	}
	_, err = again.Redirector.Complete(ctx, c)
	refused(t, err, core.InvalidInput, authcode.ReasonIssuer)
}

func TestRequirementsAreARefusal(t *testing.T) {
	p := provider(t)
	c := config(p)
	c.Require = map[string][]string{"groups": {"boss"}}
	_, err := login(t.Context(), open(t, c), p)
	refused(t, err, core.Forbidden, claims.ReasonRequirement)
	c.Require["groups"] = []string{"boss", "staff"}
	mustLogin(t, open(t, c), p)
}

func TestMaxAge(t *testing.T) {
	p := provider(t)
	c := config(p)
	c.MaxAge = 10 * time.Minute
	s := open(t, c)
	r, _, err := begin(t.Context(), s, nil)
	if err != nil || !strings.Contains(r.URL, "max_age=600") {
		t.Errorf("%s, %v", r.URL, err)
	}
	mustLogin(t, s, p)
	for name, value := range map[string]any{"missing": nil, "old": time.Now().Add(-time.Hour).Unix(), "odd": "yes", "ahead": time.Now().Add(time.Hour).Unix()} {
		t.Run(name, func(t *testing.T) {
			p.Set(oidctest.Faults{Claims: set("auth_time", value)})
			_, err := login(t.Context(), s, p)
			want := oidc.ReasonAuthTime
			if name == "odd" {
				want = oidc.ReasonMalformed
			}
			refused(t, err, core.InvalidInput, want)
		})
	}
}
