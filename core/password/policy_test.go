package password_test

import (
	"errors"
	"strings"
	"testing"

	"golang.org/x/text/unicode/norm"

	"github.com/authd-go/authd/core"
	"github.com/authd-go/authd/core/password"
)

func TestPolicy(t *testing.T) {
	words := []string{"john.doe@mail.com", "", "Johnny-The-User"}
	for name, c := range map[string]struct{ pw, want string }{
		"empty":               {"", "must not be empty"},
		"7 characters":        {"ab3-xy9", "must have at least 8 characters"},
		"7 wide characters":   {"ΩΩΩΩΩΩΩ", "must have at least 8 characters"},
		"7 decomposed":        {norm.NFD.String("äëïöüÿé"), "must have at least 8 characters"},
		"8 characters":        {"ab3-xy9z", ""},
		"8 wide characters":   {"ΩΩΩΩΩΩΩΩ", ""},
		"256 bytes":           {strings.Repeat("x", 256), ""},
		"257 bytes":           {strings.Repeat("x", 257), "must not be longer than 256 bytes"},
		"a megabyte":          {strings.Repeat("x", 1<<20), "must not be longer than 256 bytes"},
		"not UTF-8":           {"ab3-xy9z\xff", "must be valid UTF-8"},
		"common":              {"password", "is too common and would be guessed first"},
		"common, other case":  {"PassWord", "is too common and would be guessed first"},
		"common with a tail":  {"password of the horse", ""},
		"a common list's end": {"zzzzzzz1", "is too common and would be guessed first"},
		"after the list":      {"~~~~~~~~~~", ""},
		"before the list":     {"        !", ""},
		"the address":         {"John.Doe@Mail.com", "must not be the name or address of the account"},
		"its local part":      {"john.DOE", "must not be the name or address of the account"},
		"the user name":       {"johnny-the-user", "must not be the name or address of the account"},
		"contains the name":   {"johnny-the-user's horse", ""},
		"only spaces":         {"          ", ""},
		"no composition":      {"onlylowercaseletters", ""},
	} {
		err := password.DefaultPolicy().Check(core.NewSecret(c.pw), words...)
		if c.want == "" {
			if err != nil {
				t.Errorf("%s: %v", name, err)
			}
			continue
		}
		e := core.AsError(err)
		if !errors.Is(err, core.InvalidInput) || e.Fields["password"] != c.want {
			t.Errorf("%s: %v, want %q", name, err, c.want)
		}
	}
}

func TestPolicyTextReadsWellBehindTheField(t *testing.T) {
	err := password.DefaultPolicy().Check(core.NewSecret("short"))
	got := core.DefaultMessages().Refuse(err).Message
	if want := "Some of the input is missing or not valid: password must have at least 8 characters."; got != want {
		t.Errorf("%q, want %q", got, want)
	}
}

func FuzzPolicy(f *testing.F) {
	f.Add("password", "john@mail.com")
	f.Add("\xff\u0300", "@")
	f.Fuzz(func(t *testing.T, pw, word string) {
		err := password.DefaultPolicy().Check(core.NewSecret(pw), word)
		if err != nil && !errors.Is(err, core.InvalidInput) {
			t.Fatalf("%+q: %v", pw, err)
		}
		if err == nil && (len(pw) > 256 || strings.EqualFold(pw, word)) {
			t.Fatalf("%+q was accepted", pw)
		}
	})
}
