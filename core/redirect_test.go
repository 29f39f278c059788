package core_test

import (
	"bufio"
	"encoding/json"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/authd-go/authd/core"
)

type redirectCase struct {
	target string
	allow  bool
	where  string // where a browser goes: same, listed, away or invalid
}

func redirectCorpus(t testing.TB) []redirectCase {
	t.Helper()
	f, err := os.Open("testdata/redirects.txt")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var cases []redirectCase
	for lines := bufio.NewScanner(f); lines.Scan(); {
		if lines.Text() == "" || strings.HasPrefix(lines.Text(), "#") {
			continue
		}
		fields := strings.Split(lines.Text(), "\t")
		if len(fields) != 3 {
			t.Fatalf("line %q has %d fields", lines.Text(), len(fields))
		}
		c := redirectCase{allow: fields[1] == "allow", where: fields[2]}
		if err := json.Unmarshal([]byte(fields[0]), &c.target); err != nil {
			t.Fatal(err)
		}
		cases = append(cases, c)
	}
	return cases
}

func testPolicy(t testing.TB) core.RedirectPolicy {
	t.Helper()
	p, err := core.NewRedirectPolicy("https://app.example.com", "https://Other.example.com:443/")
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestRedirectCorpus(t *testing.T) {
	policy := testPolicy(t)
	cases := redirectCorpus(t)
	if len(cases) < 100 {
		t.Fatalf("the corpus has only %d targets", len(cases))
	}
	for _, c := range cases {
		err := policy.Judge(c.target)
		if c.allow != (err == nil) {
			t.Errorf("%q: allow = %v, want %v (%v)", c.target, err == nil, c.allow, err)
		}
		if c.allow && c.where != "same" && c.where != "listed" {
			t.Errorf("%q is allowed, but a browser goes %s", c.target, c.where)
		}
	}
}

// TestRedirectCorpusInNode holds the corpus against the URL parser of browsers.
func TestRedirectCorpusInNode(t *testing.T) {
	node, err := exec.LookPath("node")
	if err != nil {
		if os.Getenv("CI") != "" {
			t.Fatal("node is not installed; .ci/setup installs it")
		}
		t.Skip("needs node, as a WHATWG URL parser; make test installs it")
	}
	out, err := exec.CommandContext(t.Context(), node, "testdata/redirects.mjs", "testdata/redirects.txt").Output()
	if err != nil {
		t.Fatal(err)
	}
	where := strings.Fields(string(out))
	cases := redirectCorpus(t)
	if len(where) != len(cases) {
		t.Fatalf("node judged %d targets of %d", len(where), len(cases))
	}
	for i, c := range cases {
		if where[i] != c.where {
			t.Errorf("%q: the corpus says %s, node says %s", c.target, c.where, where[i])
		}
	}
}

// FuzzRedirect holds the judge against a second reading of the WHATWG rules
// that shares no code with it: whatever is allowed must stay on the origin, or
// lead to the listed one.
func FuzzRedirect(f *testing.F) {
	for _, c := range redirectCorpus(f) {
		f.Add(c.target)
	}
	policy := testPolicy(f)
	f.Fuzz(func(t *testing.T, target string) {
		if policy.Judge(target) != nil {
			return
		}
		if where := browserGoes(target); where != "same" && where != "app.example.com" && where != "other.example.com" {
			t.Errorf("%q is allowed, but a browser goes to %q", target, where)
		}
	})
}

// browserGoes returns "same" or the host that a browser on an https page would
// open, after the steps of the URL standard's basic parser.
func browserGoes(target string) string {
	s := strings.TrimFunc(target, func(r rune) bool { return r <= ' ' })
	s = strings.NewReplacer("\t", "", "\n", "", "\r", "", `\`, "/").Replace(s)
	if scheme, rest, ok := strings.Cut(s, ":"); ok && isScheme(scheme) {
		if !strings.EqualFold(scheme, "https") {
			return "scheme " + scheme
		}
		return hostOf(strings.TrimLeft(rest, "/"))
	}
	if strings.HasPrefix(s, "//") {
		return hostOf(strings.TrimLeft(s, "/"))
	}
	return "same"
}

func isScheme(s string) bool {
	for i, r := range strings.ToLower(s) {
		letter := r >= 'a' && r <= 'z'
		if !letter && (i == 0 || !strings.ContainsRune("0123456789+-.", r)) {
			return false
		}
	}
	return s != ""
}

func hostOf(s string) string {
	if i := strings.IndexAny(s, "/?#"); i >= 0 {
		s = s[:i]
	}
	if i := strings.LastIndexByte(s, '@'); i >= 0 {
		s = s[i+1:]
	}
	return strings.TrimSuffix(strings.ToLower(s), ":443")
}

func TestParseOrigin(t *testing.T) {
	for in, want := range map[string]string{
		"https://App.Example.com":     "https://app.example.com",
		"https://app.example.com:443": "https://app.example.com",
		"http://localhost:3000/":      "http://localhost:3000",
		"http://[::1]:80":             "http://[::1]",
	} {
		if got, err := core.ParseOrigin(in); err != nil || got != want {
			t.Errorf("ParseOrigin(%q) = %q, %v, want %q", in, got, err, want)
		}
	}
	for _, in := range []string{"", "*", "null", "app.example.com", "https://a/b", "https://a?b", "https://u@a", "ftp://a", "https://", "https://ä.example"} {
		if got, err := core.ParseOrigin(in); err == nil {
			t.Errorf("ParseOrigin(%q) = %q, want an error", in, got)
		}
	}
}
