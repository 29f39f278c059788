package htpasswd_test

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/crypto/bcrypt"

	"example.com/htpasswd"

	"github.com/authd-go/authd/core"
	"github.com/authd-go/authd/strategies/strategytest"
)

// johns is as htpasswd -nbB -C 4 john "apple tree" writes it.
const johns = "john:$2y$04$ESsNSQYtrTzXZZkVrw5z8eYYmoDtY1Z7EbIRWVTl0zhvmvnhnqXsa\n"

func openFile(t *testing.T, text string) (core.Strategy, string) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "users")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	s, err := (&htpasswd.Config{File: path}).Open(t.Context(), core.Env{Name: "staff"})
	if err != nil {
		t.Fatal(err)
	}
	return s, path
}

func login(ctx context.Context, s core.Strategy, name, password string) error {
	_, err := s.Authenticator.Authenticate(ctx, core.Credentials{Identifier: name, Typed: name, Password: core.NewSecret(password)})
	return err
}

// A file that was written is in force at the next question.
func TestChangesCountAtOnce(t *testing.T) {
	s, path := openFile(t, "# nobody yet\n")
	jane := strategytest.Account{Identifier: "jane", Password: "sixteen hens"}
	if got := core.CodeOf(login(t.Context(), s, jane.Identifier, jane.Password)); got != core.UnknownUser {
		t.Errorf("before: %q", got)
	}
	if err := add(path, jane); err != nil {
		t.Fatal(err)
	}
	if err := login(t.Context(), s, jane.Identifier, jane.Password); err != nil {
		t.Errorf("after: %v", err)
	}
	if err := remove(path, "jane"); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Revalidator.Revalidate(t.Context(), "jane"); core.CodeOf(err) != core.UnknownUser {
		t.Errorf("in the end: %v", err)
	}
}

// Hashes of several costs in one file do not tell who is in it.
func TestMixedCostsCostTheSame(t *testing.T) {
	text := ""
	for name, cost := range map[string]int{"cheap": 4, "dear": 7} {
		hash, err := bcrypt.GenerateFromPassword([]byte("the same for both"), cost)
		if err != nil {
			t.Fatal(err)
		}
		text += name + ":" + string(hash) + "\n"
	}
	s, _ := openFile(t, text)
	for _, name := range []string{"cheap", "dear", "nobody", ""} {
		for _, password := range []string{"the same for both", "wrong", strings.Repeat("long", 100), ""} {
			before := htpasswd.Work(s)
			_ = login(t.Context(), s, name, password)
			if got := htpasswd.Work(s) - before; got != 1<<7 {
				t.Errorf("%q with a password of %d bytes: %d rounds, want %d", name, len(password), got, 1<<7)
			}
		}
	}
}

// What cannot be read as a whole is not read at all, and the report shows
// nothing of it.
func TestBrokenFiles(t *testing.T) {
	for what, text := range map[string]string{
		"no colon":       "canary\n",
		"no name":        ":" + strings.Split(johns, ":")[1],
		"plain text":     "john:canary\n",
		"an old scheme":  "john:$apr1$canary$xxxxxxxxxxxxxxxxxxxxxx\n",
		"a cost of 31":   strings.Replace(johns, "$04$", "$31$", 1),
		"one name twice": johns + strings.Replace(johns, "john", "JOHN", 1),
		"a long file":    strings.Repeat("# canary canary canary canary canary\n", 40_000),
		"a long line":    "john:" + strings.Repeat("canary", 20_000),
	} {
		s, _ := openFile(t, text)
		err := login(t.Context(), s, "john", "apple tree")
		if core.CodeOf(err) != core.Unavailable || core.CodeOf(s.Ready(t.Context())) != core.Unavailable {
			t.Errorf("%s: login says %v, Ready %v", what, err, s.Ready(t.Context()))
		}
		if err != nil && strings.Contains(err.Error(), "canary") {
			t.Errorf("%s: the error shows the line: %v", what, err)
		}
	}
	if _, err := (&htpasswd.Config{}).Open(t.Context(), core.Env{}); err == nil {
		t.Error("opened without a file")
	}
}

func FuzzFile(f *testing.F) {
	f.Add(johns, "john")
	f.Add("# a comment\r\n\n"+johns+"jane@mail.com:x", "jane@mail.com")
	f.Fuzz(func(t *testing.T, text, name string) {
		s, _ := openFile(t, text)
		if ready := s.Ready(t.Context()); ready != nil && core.CodeOf(ready) != core.Unavailable {
			t.Errorf("Ready: %v", ready)
		}
		id, err := s.Revalidator.Revalidate(t.Context(), name)
		if err == nil && id.Subject != name {
			t.Errorf("asked for %q, got %q", name, id.Subject)
		}
	})
}
