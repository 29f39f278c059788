package claims_test

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/authd-go/authd/core"
	"github.com/authd-go/authd/strategies/oidc/claims"
)

const document = `{
	"sub": "u1", "n": 42, "big": 12345678901234567890, "half": 1.5, "exp": 1e3, "zero": -0, "yes": true, "none": null,
	"groups": ["staff", "dev", 7, null, {"x": 1}, ["nested"]],
	"realm_access": {"roles": ["a", "b"]},
	"https://example.com/roles": "admin", "back\\slash": "b",
	"teams": [{"key": "t1", "in": {"k": "v1"}}, {"key": "t2"}, "text"]
}`

func decode(t testing.TB, text string) claims.Claims {
	t.Helper()
	c, err := claims.Decode([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestPaths(t *testing.T) {
	c := decode(t, document)
	for text, want := range map[string][]string{
		"sub": {"u1"}, "n": {"42"}, "big": {"12345678901234567890"}, "half": nil, "exp": nil, "zero": nil, "yes": {"true"}, "none": nil, "missing": nil,
		"groups": {"staff", "dev", "7", "nested"}, "realm_access.roles": {"a", "b"}, "realm_access": nil, "realm_access.roles.x": nil, "sub.x": nil,
		`https://example\.com/roles`: {"admin"}, "https://example.com/roles": nil, `back\\slash`: {"b"},
		"teams.key": {"t1", "t2"}, "teams.in.k": {"v1"}, "": nil,
	} {
		p, err := claims.ParsePath(text)
		if err != nil {
			t.Fatalf("%s: %v", text, err)
		}
		if got := p.Values(c); !slices.Equal(got, want) {
			t.Errorf("%s: %q, want %q", text, got, want)
		}
		if p.String() != text {
			t.Errorf("%s is written %s", text, p)
		}
	}
	for _, text := range []string{".", "a.", ".a", "a..b", `a\`, `a\b`, "a.b.c.d.e.f.g.h.i"} {
		if p, err := claims.ParsePath(text); err == nil {
			t.Errorf("%s is taken, as %q", text, []string(p))
		}
	}
}

func TestDecode(t *testing.T) {
	for _, text := range []string{"", "null", "[]", `"x"`, "{", "{} {}", "{}x", `{"a":}`} {
		if c, err := claims.Decode([]byte(text)); err == nil {
			t.Errorf("%s is taken, as %v", text, c)
		}
	}
}

func standard() claims.Map {
	return claims.Map{
		ID: "sub", Username: "preferred_username", Name: "name", Email: "email", EmailVerified: "email_verified", Avatar: "picture", Roles: "groups",
	}
}

func TestIdentity(t *testing.T) {
	r, err := claims.Compile(standard(), nil)
	if err != nil {
		t.Fatal(err)
	}
	id, err := r.Identity("test", decode(t, `{"sub": "u1", "preferred_username": "John", "name": " John\u0000 \u0007Doe\n", "email": "John@Example.com",
		"email_verified": true, "picture": "https://example.com/j.png", "groups": ["dev", "dev", "", "a\u0000b", "staff"]}`))
	want := core.Identity{
		AccountID: core.AccountID{Subject: "u1"}, Username: "john", Name: "John Doe", Email: "john@example.com", EmailVerified: true,
		Avatar: "https://example.com/j.png", Roles: []string{"dev", "staff"},
	}
	if err != nil || !reflect.DeepEqual(id, want) {
		t.Errorf("got %+v, %v", id, err)
	}
}

func TestEmailIsVerifiedOnlyByAPlainYes(t *testing.T) {
	r, err := claims.Compile(standard(), nil)
	if err != nil {
		t.Fatal(err)
	}
	for value, want := range map[string]bool{
		"true": true, `"true"`: true, "false": false, `"false"`: false, "null": false, "1": false, `"yes"`: false, "[true]": true, "[true, false]": false,
		"[false, true]": false, "{}": false, `"TRUE"`: false,
	} {
		id, err := r.Identity("test", decode(t, `{"sub": "u1", "email": "j@example.com", "email_verified": `+value+`}`))
		if err != nil || id.EmailVerified != want {
			t.Errorf("%s: %v, %v", value, id.EmailVerified, err)
		}
	}
	id, err := r.Identity("test", decode(t, `{"sub": "u1", "email": "no address", "email_verified": true}`))
	if err != nil || id.EmailVerified || id.Email != "" {
		t.Errorf("what is no address: %+v, %v", id, err)
	}
}

func TestSubjects(t *testing.T) {
	r, err := claims.Compile(standard(), nil)
	if err != nil {
		t.Fatal(err)
	}
	for value, want := range map[string]string{
		`"u1"`: "u1", "42": "42", "12345678901234567890": "12345678901234567890", `"` + strings.Repeat("x", 255) + `"`: strings.Repeat("x", 255),
		`"` + strings.Repeat("x", 256) + `"`: "", `""`: "", "null": "", "1.5": "", "1e3": "", "{}": "", `["a", "b"]`: "", `"a\u0000"`: "", `"a\nb"`: "",
	} {
		id, err := r.Identity("test", decode(t, `{"sub": `+value+`}`))
		if id.Subject != want || (want == "") != (core.CodeOf(err) == core.InvalidInput) {
			t.Errorf("%s: %q, %v", value, id.Subject, err)
		}
	}
}

func TestPictures(t *testing.T) {
	r, err := claims.Compile(standard(), nil)
	if err != nil {
		t.Fatal(err)
	}
	for value, want := range map[string]bool{
		"https://example.com/x.png?a=b": true, "http://example.com/x.png": false, "javascript:alert(1)": false, "data:image/png;base64,AA": false,
		"//example.com/x.png": false, "/x.png": false, "https:///x.png": false, "https://u:p@example.com/x": false, "https://example.com/" + strings.Repeat("x", 2048): false,
	} {
		id, err := r.Identity("test", claims.Claims{"sub": "u1", "picture": value})
		if err != nil || (id.Avatar == value) != want || !want && id.Avatar != "" {
			t.Errorf("%s: %q, %v", value, id.Avatar, err)
		}
	}
}

func TestRequirements(t *testing.T) {
	r, err := claims.Compile(standard(), map[string][]string{"groups": {"staff", "boss"}, "org.id": {"7"}, "email_verified": {"true"}})
	if err != nil {
		t.Fatal(err)
	}
	for text, want := range map[string]string{
		`"groups": ["dev", "staff"], "org": {"id": 7}, "email_verified": true`: "",
		`"groups": "boss", "org": {"id": "7"}, "email_verified": "true"`:       "",
		`"groups": ["dev"], "org": {"id": 7}, "email_verified": true`:          "groups",
		`"groups": ["Staff"], "org": {"id": 7}, "email_verified": true`:        "groups",
		`"groups": "staff dev", "org": {"id": 7}, "email_verified": true`:      "groups",
		`"org": {"id": 7}, "email_verified": true`:                             "groups",
		`"groups": ["staff"], "org": {"id": 8}, "email_verified": true`:        `org.id`,
		`"groups": ["staff"], "org.id": 7, "email_verified": true`:             `org.id`,
		`"groups": ["staff"], "org": {"id": 7}, "email_verified": false`:       "email_verified",
	} {
		id, err := r.Identity("test", decode(t, `{"sub": "u1", `+text+`}`))
		if want == "" && err == nil && id.Subject == "u1" {
			continue
		}
		e := core.AsError(err)
		if want == "" || e == nil || e.Code != core.Forbidden || e.Reason != claims.ReasonRequirement || e.Subject != "u1" || id.Subject != "" ||
			!strings.Contains(e.Error(), "the claim "+want+" ") {
			t.Errorf("%s: %+v, %v", text, id, err)
		}
	}
}

func TestCompileSaysWhatIsWrong(t *testing.T) {
	m := standard()
	m.Roles, m.Name = "a..b", `x\`
	_, err := claims.Compile(m, map[string][]string{"": {"x"}, "groups": {}, "a..": {"x"}})
	for _, want := range []string{"claims.roles: ", "claims.name: ", "require: has an empty claim", "require.groups: must list", "require.a..: "} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s is not in %v", want, err)
		}
	}
}

func TestTooManyRoles(t *testing.T) {
	r, err := claims.Compile(standard(), nil)
	if err != nil {
		t.Fatal(err)
	}
	var groups []any
	for i := range 1001 {
		groups = append(groups, fmt.Sprint("g", i))
	}
	if id, err := r.Identity("test", claims.Claims{"sub": "u1", "groups": groups[:1000]}); err != nil || len(id.Roles) != 1000 {
		t.Errorf("%d roles, %v", len(id.Roles), err)
	}
	if _, err := r.Identity("test", claims.Claims{"sub": "u1", "groups": groups}); core.CodeOf(err) != core.Unavailable {
		t.Errorf("got %v", err)
	}
}

func TestPruneAndOver(t *testing.T) {
	m := standard()
	m.Roles = "realm_access.roles"
	r, err := claims.Compile(m, map[string][]string{"org.id": {"7"}})
	if err != nil {
		t.Fatal(err)
	}
	full := decode(t, `{"sub": "u1", "name": "J", "realm_access": {"roles": ["a"]}, "org": {"id": 7}, "secret": "x"}`)
	pruned := r.Prune(full)
	if _, ok := pruned["secret"]; ok || len(pruned) != 4 {
		t.Errorf("pruned to %v", pruned)
	}
	over := claims.Claims{"name": "K"}.Over(pruned)
	if over["name"] != "K" || over["sub"] != "u1" || pruned["name"] != "J" {
		t.Errorf("got %v over %v", over, pruned)
	}
}

func FuzzPath(f *testing.F) {
	for _, seed := range []string{"sub", "realm_access.roles", `https://example\.com/roles`, `a\\.b`, "..", `\`, "teams.key"} {
		f.Add(seed, document)
	}
	f.Fuzz(func(t *testing.T, text, document string) {
		p, err := claims.ParsePath(text)
		if err != nil {
			return
		}
		again, err := claims.ParsePath(p.String())
		if err != nil || !slices.Equal(again, p) {
			t.Fatalf("%q is written %q, which is read as %q, %v", []string(p), p, []string(again), err)
		}
		c, err := claims.Decode([]byte(document))
		if err != nil {
			return
		}
		p.Values(c)
	})
}

func FuzzIdentity(f *testing.F) {
	f.Add(document)
	f.Add(`{"sub": 1, "email": "a@b.example", "email_verified": "true", "groups": "x", "picture": "https://x/y"}`)
	r, err := claims.Compile(standard(), map[string][]string{"groups": {"staff", "x"}})
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, document string) {
		c, err := claims.Decode([]byte(document))
		if err != nil {
			return
		}
		id, err := r.Identity("test", c)
		if err != nil {
			if id.Subject != "" || core.CodeOf(err) == core.Internal {
				t.Fatalf("%+v, %v", id, err)
			}
			return
		}
		if !claims.ValidSubject(id.Subject) || id.EmailVerified && id.Email == "" || strings.ContainsAny(id.Name, "\x00\n") {
			t.Fatalf("%+v", id)
		}
	})
}
