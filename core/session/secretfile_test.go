package session_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/authd-go/authd/core/session"
)

func TestSecretFile(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "authd.secret")
	first, err := session.LoadSecret(path)
	if err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}
	if again, err := session.LoadSecret(path); err != nil || !again.Equal(first) || len(first.Reveal()) < 32 {
		t.Errorf("the second start reads another secret: %v", err)
	}
	if left, _ := filepath.Glob(filepath.Join(dir, ".*")); len(left) != 0 {
		t.Errorf("left behind: %v", left)
	}
	for _, c := range []struct {
		name, content string
		mode          os.FileMode
		want          string
	}{
		{"open", strings.Repeat("x", 32), 0o640, "chmod 600"},
		{"short", "too short", 0o600, "at least 32 random bytes"},
		{"empty", "", 0o600, "at least 32 random bytes"},
	} {
		path := filepath.Join(dir, c.name)
		if err := os.WriteFile(path, []byte(c.content), c.mode); err != nil {
			t.Fatal(err)
		}
		if _, err := session.LoadSecret(path); err == nil || !strings.Contains(err.Error(), c.want) || (c.content != "" && strings.Contains(err.Error(), c.content)) {
			t.Errorf("%s: %v", c.name, err)
		}
	}
	if _, err := session.LoadSecret(filepath.Join(dir, "no", "folder")); err == nil {
		t.Error("a missing folder is no error")
	}
}

func TestParallelFirstStartsAgreeOnTheSecret(t *testing.T) {
	path := filepath.Join(t.TempDir(), "authd.secret")
	found := make(chan string, 8)
	for range cap(found) {
		go func() {
			s, err := session.LoadSecret(path)
			if err != nil {
				t.Error(err)
			}
			found <- s.Reveal()
		}()
	}
	first := <-found
	for range cap(found) - 1 {
		if other := <-found; other != first {
			t.Error("two starts, two secrets")
		}
	}
}
