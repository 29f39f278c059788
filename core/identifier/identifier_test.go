package identifier_test

import (
	"errors"
	"strings"
	"testing"

	"golang.org/x/text/unicode/norm"

	"github.com/authd-go/authd/core/identifier"
)

// Each group is one account, however it is typed; the first is its form.
func TestSpellingsAreOneForm(t *testing.T) {
	for _, group := range [][]string{
		{"john@mail.com", "John@Mail.COM", " john@mail.com\t", "\u00a0john@mail.com\u3000", "ｊｏｈｎ＠ｍａｉｌ．ｃｏｍ", "john@mail.com.", "john@mail。com", "john＠mail．com"},
		{"john", "JOHN", "  John ", "ｊｏｈｎ", "\u3000john"},
		{"anna@münchen.example", "ANNA@MÜNCHEN.EXAMPLE", "anna@xn--mnchen-3ya.example", "anna@XN--MNCHEN-3YA.example", "anna@" + norm.NFD.String("münchen") + ".example"},
		{"søren", "SØREN", "Søren"},
		{"émile", norm.NFD.String("émile"), norm.NFD.String("ÉMILE"), "ÉMILE"},
		{"josé@correo.example", norm.NFD.String("José@correo.example")},
		{"user+tag@mail.com", "User+Tag@mail.com"},
		{"ガ", "ｶﾞ", "カ\u3099"},
		{"דוד@דוגמה.com", "דוד@xn--6dbbec0c.com"},
		{"x@faß.example", "x@FAß.example", "x@xn--fa-hia.example"},
	} {
		for _, spelling := range group {
			got, err := identifier.Canonical(spelling)
			if err != nil || got != group[0] {
				t.Errorf("Canonical(%+q) = %+q, %v, want %+q", spelling, got, err, group[0])
			}
		}
	}
}

func TestDifferentPeopleStayDifferent(t *testing.T) {
	seen := map[string]string{}
	for _, s := range []string{
		"john@mail.com", "john+tag@mail.com", "jo.hn@mail.com", "john@mail.co", "john", "jóhn", "joħn",
		"john@mail.com.example", "straße@mail.com", "strasse@mail.com", "x@faß.example", "x@fass.example",
	} {
		got, err := identifier.Canonical(s)
		if err != nil {
			t.Errorf("Canonical(%q): %v", s, err)
		}
		if other, taken := seen[got]; taken {
			t.Errorf("%q and %q are both %q", s, other, got)
		}
		seen[got] = s
	}
}

func TestRefused(t *testing.T) {
	for s, want := range map[string]error{
		"":                              identifier.ErrEmpty,
		" \t\r\n\u3000":                 identifier.ErrEmpty,
		strings.Repeat("x", 255):        identifier.ErrLength,
		"@":                             identifier.ErrInvalid,
		"@mail.com":                     identifier.ErrInvalid,
		"john@":                         identifier.ErrInvalid,
		"john@.":                        identifier.ErrInvalid,
		"john@..":                       identifier.ErrInvalid,
		"john@mail..com":                identifier.ErrInvalid,
		"john@.mail.com":                identifier.ErrInvalid,
		"john@mail.com..":               identifier.ErrInvalid,
		"john doe":                      identifier.ErrInvalid,
		"john\u00a0doe":                 identifier.ErrInvalid,
		"john@ma il.com":                identifier.ErrInvalid,
		"john\x00@mail.com":             identifier.ErrInvalid,
		"john@mail\x00.com":             identifier.ErrInvalid,
		"john\nadmin":                   identifier.ErrInvalid,
		"john\u202e":                    identifier.ErrInvalid,
		"jo\u200bhn":                    identifier.ErrInvalid,
		"jo\u00adhn":                    identifier.ErrInvalid,
		"\xff\xfe":                      identifier.ErrInvalid,
		"john@\xff.com":                 identifier.ErrInvalid,
		"john@xn--a.com":                identifier.ErrInvalid,
		"john@xn--\u00fc.com":           identifier.ErrInvalid,
		"john@mail_box.com":             identifier.ErrInvalid,
		"john@mail.com/path":            identifier.ErrInvalid,
		"john@mail.com\\x":              identifier.ErrInvalid,
		"john@[127.0.0.1]":              identifier.ErrInvalid,
		"john@-mail.com":                identifier.ErrInvalid,
		"john@mail.com, eve@mail.com":   identifier.ErrInvalid,
		"<john@mail.com>":               identifier.ErrInvalid,
		"john@mail.com\r\nBcc: eve@x.y": identifier.ErrInvalid,
	} {
		got, err := identifier.Canonical(s)
		if !errors.Is(err, want) || got != "" {
			t.Errorf("Canonical(%+q) = %+q, %v, want %v", s, got, err, want)
		}
		if bare := strings.TrimSpace(s); err != nil && len(bare) > 3 && strings.Contains(err.Error(), bare) {
			t.Errorf("the error repeats %+q", s)
		}
	}
}

func TestTheFormIsNoLongerThanWhatMayBeTyped(t *testing.T) {
	for _, s := range []string{
		strings.Repeat("x", 254),
		strings.Repeat(" ", 5000) + "john" + strings.Repeat(" ", 5000),
		strings.Repeat("\u0390", 120),
		"x@" + strings.Repeat("xn--mnchen-3ya.", 16) + "example",
		"x@xn--" + strings.Repeat("4", 200) + ".com",
		strings.Repeat("\uff76\uff9e", 40),
		strings.Repeat("\u1e9e", 84),
		"x@" + strings.Repeat("\ufdfa", 80) + ".com", // each becomes 18 characters in a domain
		strings.Repeat("\ufdfa", 80),
	} {
		got, err := identifier.Canonical(s)
		if len(got) > identifier.MaxLength || (err == nil) == (got == "") {
			t.Errorf("Canonical(%.20q...) is %d bytes, %v", s, len(got), err)
		}
	}
}

func TestEmail(t *testing.T) {
	if got, err := identifier.Email(" John@Mail.com"); err != nil || got != "john@mail.com" {
		t.Errorf("%q, %v", got, err)
	}
	for s, want := range map[string]error{
		"john": identifier.ErrEmail, "a@b@mail.com": identifier.ErrEmail, "": identifier.ErrEmpty,
		"@mail.com": identifier.ErrInvalid, "john@": identifier.ErrInvalid,
	} {
		if got, err := identifier.Email(s); !errors.Is(err, want) || got != "" {
			t.Errorf("Email(%q) = %q, %v, want %v", s, got, err, want)
		}
	}
}

func TestMatch(t *testing.T) {
	for _, c := range []struct {
		pattern, canonical string
		want               bool
	}{
		{"*", "", true},
		{"*", "john", true},
		{"*@example.com", "john@example.com", true},
		{"*@Example.COM", "john@example.com", true},
		{"*@example.com", "john@example.com.evil.example", false},
		{"*@example.com", "john@notexample.com", false},
		{"*@*.example.com", "john@hr.example.com", true},
		{"*@*.example.com", "john@example.com", false},
		{"john", "john", true},
		{"john", "johnny", false},
		{"JOHN", "john", true},
		{"", "john", false},
		{"", "", true},
		{"a*a", "a", false},
		{"a*a", "aa", true},
		{"ab*ba", "aba", false},
		{"a*b*c", "axxbyyc", true},
		{"a*b*c", "acb", false},
		{"a*bc*c", "abc", false},
		{"**", "x", true},
		{"svc-*", "svc-backup", true},
		{"?ohn", "john", false},
	} {
		if got := identifier.Match(c.pattern, c.canonical); got != c.want {
			t.Errorf("Match(%q, %q) = %v", c.pattern, c.canonical, got)
		}
	}
}

func FuzzCanonical(f *testing.F) {
	for _, s := range []string{
		"john@mail.com", "＠ｊ＠ｘ。", "a@xn--ls8h.la", "x@דוגמה.com", "İ@İ.com", "ΣΑΣ@ΣΑΣ.gr", "\ufdfa@\ufdfa",
		"a@b..", "a@xn--mnchen-3ya", "ｶﾞ", "\u0345\u0399", "ẞ@ẞ", "a\u200cb", "\u1e9b\u0323", "\uff61@\uff61", "a@\u00ad.",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		got, err := identifier.Canonical(s)
		if err != nil {
			if got != "" {
				t.Fatalf("%+q: a form beside an error", s)
			}
			return
		}
		if got == "" || len(got) > identifier.MaxLength || strings.ContainsAny(got, " \t\r\n\x00") {
			t.Fatalf("%+q has the form %+q", s, got)
		}
		for _, spelling := range []string{got, " " + s + "\t", strings.ToUpper(got), norm.NFD.String(got)} {
			again, err := identifier.Canonical(spelling)
			if spelling == got && (err != nil || again != got) {
				t.Fatalf("%+q: the form of %+q is %+q, %v", s, got, again, err)
			}
			if strings.TrimSpace(spelling) == strings.TrimSpace(s) && again != got {
				t.Fatalf("%+q and %+q differ", s, spelling)
			}
			if spelling == norm.NFD.String(got) && err == nil && again != got {
				t.Fatalf("%+q decomposed is %+q", got, again)
			}
		}
	})
}

func FuzzMatch(f *testing.F) {
	f.Add("*@example.com", "john@example.com")
	f.Add("a*b*c", "abc")
	f.Fuzz(func(t *testing.T, pattern, canonical string) {
		if len(pattern)+len(canonical) > 40 {
			t.Skip("the slow definition takes too long for more")
		}
		if got, want := identifier.Match(pattern, canonical), slowMatch(strings.ToLower(pattern), canonical); got != want {
			t.Fatalf("Match(%q, %q) = %v, want %v", pattern, canonical, got, want)
		}
	})
}

// slowMatch is the definition of Match, by trying everything.
func slowMatch(pattern, s string) bool {
	// fits[j] says whether the pattern so far fits the first j bytes of s.
	fits := make([]bool, len(s)+1)
	fits[0] = true
	for i := range len(pattern) {
		next := make([]bool, len(s)+1)
		for j := range next {
			if pattern[i] == '*' {
				next[j] = fits[j] || j > 0 && next[j-1]
			} else {
				next[j] = j > 0 && fits[j-1] && s[j-1] == pattern[i]
			}
		}
		fits = next
	}
	return fits[len(s)]
}

func BenchmarkCanonical(b *testing.B) {
	for _, s := range []string{"john@mail.com", "Anna@MÜNCHEN.example"} {
		b.Run(s, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := identifier.Canonical(s); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
