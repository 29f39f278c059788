package authcode_test

import (
	"crypto/rand"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/authd-go/authd/core"
	"github.com/authd-go/authd/core/outbound"
	"github.com/authd-go/authd/strategies/oidc/authcode"
)

const callback = "https://auth.example.com/auth/callback/corp"

func origin() authcode.Origin {
	return authcode.Origin{Strategy: "corp", Site: "https://id.example.com", ClientID: "authd"}
}

// asked is a question and its right answer.
func asked(t testing.TB, o authcode.Origin) (authcode.Pending, core.Callback) {
	t.Helper()
	state := rand.Text()
	p, err := o.Begin(core.RedirectRequest{CallbackURL: callback, State: state}, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	keep, err := p.Keep()
	if err != nil {
		t.Fatal(err)
	}
	return p, core.Callback{CallbackURL: callback, State: state, Keep: keep, Query: url.Values{"code": {"c"}, "state": {state}}}
}

func TestResume(t *testing.T) {
	p, c := asked(t, origin())
	if got, err := origin().Resume(c); err != nil || got != p {
		t.Fatalf("%v", err)
	}
	for name, o := range map[string]authcode.Origin{
		"strategy": {Strategy: "x", Site: origin().Site, ClientID: "authd"}, "site": {Strategy: "corp", Site: "https://x", ClientID: "authd"},
		"client": {Strategy: "corp", Site: origin().Site, ClientID: "x"},
	} {
		if _, err := o.Resume(c); authcode.ReasonOf(err) != authcode.ReasonNotAsked {
			t.Errorf("another %s: %v", name, err)
		}
	}
	for name, change := range map[string]func(*core.Callback){
		"callback":       func(c *core.Callback) { c.CallbackURL += "/" },
		"state":          func(c *core.Callback) { c.State = "x" },
		"nothing kept":   func(c *core.Callback) { c.Keep = core.Secret{} },
		"another format": func(c *core.Callback) { c.Keep = core.NewSecret(strings.Replace(c.Keep.Reveal(), `"v":1`, `"v":2`, 1)) },
		"no verifier": func(c *core.Callback) {
			c.Keep = core.NewSecret(strings.Replace(c.Keep.Reveal(), `"verifier"`, `"x"`, 1))
		},
		"no nonce": func(c *core.Callback) { c.Keep = core.NewSecret(strings.Replace(c.Keep.Reveal(), `"nonce"`, `"x"`, 1)) },
	} {
		_, c := asked(t, origin())
		change(&c)
		if _, err := origin().Resume(c); authcode.ReasonOf(err) != authcode.ReasonNotAsked || core.CodeOf(err) != core.InvalidInput {
			t.Errorf("%s: %v", name, err)
		}
	}
	for _, name := range []string{"state", "code", "iss", "error"} {
		_, c := asked(t, origin())
		c.Query[name] = []string{c.State, c.State}
		if _, err := origin().Resume(c); authcode.ReasonOf(err) != authcode.ReasonRepeated {
			t.Errorf("two of %s: %v", name, err)
		}
	}
}

func TestNoQuestionWithoutRandomness(t *testing.T) {
	r := core.RedirectRequest{CallbackURL: callback, State: "s"}
	for _, length := range []int{0, 31, 32, 63} {
		if _, err := origin().Begin(r, strings.NewReader(strings.Repeat("x", length))); core.CodeOf(err) != core.Internal {
			t.Errorf("with %d bytes: %v", length, err)
		}
	}
	if _, err := origin().Begin(core.RedirectRequest{CallbackURL: callback}, rand.Reader); core.CodeOf(err) != core.Internal {
		t.Errorf("without a state: %v", err)
	}
}

func TestJudgeIssuer(t *testing.T) {
	const issuer = "https://id.example.com"
	for _, c := range []struct {
		iss       string
		announced bool
		reason    string
	}{
		{issuer, true, ""},
		{issuer, false, ""},
		{"", false, ""},
		{"", true, authcode.ReasonNoIssuer},
		{issuer + "/", true, authcode.ReasonIssuer},
		{issuer + "/", false, authcode.ReasonIssuer},
		{"https://x", false, authcode.ReasonIssuer},
	} {
		query := url.Values{}
		if c.iss != "" {
			query.Set("iss", c.iss)
		}
		if err := authcode.JudgeIssuer(query, issuer, c.announced); authcode.ReasonOf(err) != c.reason || (err == nil) != (c.reason == "") {
			t.Errorf("%+v: %v", c, err)
		}
	}
}

// Nothing an operator sets replaces what the protocol needs.
func TestQuestion(t *testing.T) {
	p, _ := asked(t, origin())
	hostile := map[string]string{"prompt": "login"}
	for _, name := range authcode.Reserved() {
		hostile[name] = "hostile"
	}
	problems := authcode.JudgeParams(hostile)
	if len(problems) != len(authcode.Reserved()) {
		t.Errorf("%d of %d are refused: %v", len(problems), len(authcode.Reserved()), problems)
	}
	got := p.Question([]string{"a", "b"}, hostile)
	for name, want := range map[string]string{
		"response_type": "code", "client_id": "authd", "redirect_uri": callback, "state": p.State, "scope": "a b", "code_challenge_method": "S256", "prompt": "login",
	} {
		if !slices.Equal(got[name], []string{want}) {
			t.Errorf("%s is %q", name, got[name])
		}
	}
	if got.Get("code_challenge") == "hostile" || got.Get("code_challenge") == p.Verifier {
		t.Errorf("the challenge is %s", got.Get("code_challenge"))
	}
}

func TestLink(t *testing.T) {
	got, err := authcode.Link("https://id.example.com/authorize?tenant=1&state=old", url.Values{"state": {"a&b"}})
	if err != nil || got != "https://id.example.com/authorize?state=a%26b&tenant=1" {
		t.Errorf("%s, %v", got, err)
	}
	for _, address := range []string{"", "/authorize", "https://a:b@id.example.com/", "https://id.example.com/#x", "\x00"} {
		if got, err := authcode.Link(address, nil); err == nil {
			t.Errorf("%q becomes %q", address, got)
		}
	}
}

// tokens asks a token endpoint that answers so.
func tokens(t *testing.T, status int, body string) (authcode.Token, error) {
	t.Helper()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	}))
	defer s.Close()
	client := authcode.Client{
		ID: "authd", Secret: core.NewSecret("s"), Rand: rand.Reader, Now: time.Now,
		HTTP: outbound.New(outbound.Options{Loopback: true}),
	}.For(nil, "")
	defer client.HTTP.CloseIdleConnections()
	return client.Refresh(t.Context(), s.URL, core.NewSecret("refresh-marker"))
}

func TestLifeOfAccessTokens(t *testing.T) {
	for text, want := range map[string]time.Duration{
		"60": time.Minute, `"60"`: time.Minute, "60.9": time.Minute, "0": 0, "-5": 0, "null": 0, `"soon"`: 0, "{}": 0, "1e300": (1<<31 - 1) * time.Second,
	} {
		got, err := tokens(t, 200, `{"access_token": "a", "expires_in": `+text+`}`)
		if err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		left := time.Duration(0)
		if !got.Expires.IsZero() {
			left = time.Until(got.Expires).Round(10 * time.Second)
		}
		if left != want.Round(10*time.Second) {
			t.Errorf("%s lasts %v, want %v", text, left, want)
		}
	}
}

// Whatever an endpoint writes, its own words are in no error.
func TestWordsOfTheSiteAreNotRepeated(t *testing.T) {
	for _, status := range []int{200, 400, 401, 403, 404, 500} {
		for _, body := range []string{
			"refresh-marker", `{"error": "refresh-marker"}`, `{"error": "invalid_grant", "error_description": "refresh-marker"}`,
			`{"access_token": "", "x": "refresh-marker"}`, `{"error": ["refresh-marker"]}`,
		} {
			_, err := tokens(t, status, body)
			if err == nil || strings.Contains(err.Error(), "marker") {
				t.Errorf("%d %s: %v", status, body, err)
			}
		}
	}
}

func TestHint(t *testing.T) {
	if got, err := authcode.Hint(core.Params{"login_hint": "john@example.com"}); got != "john@example.com" || err != nil {
		t.Errorf("%q, %v", got, err)
	}
	if got, err := authcode.Hint(nil); got != "" || err != nil {
		t.Errorf("%q, %v", got, err)
	}
	for _, hint := range []any{strings.Repeat("x", 321), "a\x00", true} {
		if _, err := authcode.Hint(core.Params{"login_hint": hint}); core.CodeOf(err) != core.InvalidInput {
			t.Errorf("%v: %v", hint, err)
		}
	}
}

// Nothing that somebody makes up resumes a question.
func FuzzResume(f *testing.F) {
	p, c := asked(f, origin())
	f.Add(c.Keep.Reveal(), c.State, "code", "")
	f.Add("{}", "", "", "access_denied")
	f.Add(strings.Replace(c.Keep.Reveal(), `"v":1`, `"v":9`, 1), c.State, "code", "server_error")
	f.Fuzz(func(t *testing.T, keep, state, code, word string) {
		c := core.Callback{CallbackURL: callback, State: state, Keep: core.NewSecret(keep), Query: map[string][]string{"state": {state}, "code": {code}}}
		if word != "" {
			c.Query["error"] = []string{word}
		}
		got, err := origin().Resume(c)
		if err != nil {
			if core.CodeOf(err) != core.InvalidInput || authcode.ReasonOf(err) == "" {
				t.Fatalf("%v", err)
			}
			return
		}
		if state == p.State && keep == mustKeep(p) && got != p || got.State != state || state == "" || got.Strategy != "corp" {
			t.Fatalf("%q resumes", keep)
		}
		if _, err := authcode.Code(c.Query); err != nil && (authcode.ReasonOf(err) == "" || len(word) > 30 && strings.Contains(err.Error(), word)) {
			t.Fatalf("%v", err)
		}
	})
}

func mustKeep(p authcode.Pending) string {
	keep, err := p.Keep()
	if err != nil {
		panic(err)
	}
	return keep.Reveal()
}
