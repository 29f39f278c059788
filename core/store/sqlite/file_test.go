package sqlite_test

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/authd-go/authd/core"
	"github.com/authd-go/authd/core/store/sqlite"
)

// modes returns the modes of the files beside path, by suffix.
func modes(t *testing.T, path string) map[string]os.FileMode {
	t.Helper()
	found := map[string]os.FileMode{}
	for _, suffix := range []string{"", "-wal", "-shm", "-journal"} {
		if info, err := os.Stat(path + suffix); err == nil {
			found[suffix] = info.Mode().Perm()
		}
	}
	return found
}

func TestFilesAreTheOwnersOnly(t *testing.T) {
	path := newPath(t)
	s := open(t, path)
	if err := s.CreateSession(t.Context(), newSession("s1")); err != nil {
		t.Fatal(err)
	}
	got := modes(t, path)
	for _, suffix := range []string{"", "-wal", "-shm"} {
		if mode, ok := got[suffix]; !ok || mode != 0o600 {
			t.Errorf("%q while open: mode %04o, present %v; want 0600", suffix, mode, ok)
		}
	}
	closeStore(t, s)
	if got := modes(t, path); len(got) != 1 || got[""] != 0o600 {
		t.Errorf("after Close: %v; want the file alone, 0600", got)
	}
}

func TestLooseModesAreRefused(t *testing.T) {
	for _, mode := range []os.FileMode{0o640, 0o620, 0o604, 0o602, 0o644, 0o666, 0o777} {
		path := filepath.Join(t.TempDir(), "it's mine.db")
		closeStore(t, open(t, path))
		if err := os.Chmod(path, mode); err != nil {
			t.Fatal(err)
		}
		wantRefusal(t, path, fmt.Sprintf("mode %04o", mode), "chmod 600", `'\''s mine.db'`)
	}
	path := newPath(t)
	closeStore(t, open(t, path))
	if err := os.WriteFile(path+"-wal", nil, 0o644); err != nil {
		t.Fatal(err)
	}
	wantRefusal(t, path, "authd.db-wal", "mode 0644", "chmod 600")
}

// wantRefusal demands that Open fails with words that help, and leaves the
// file as it was.
func wantRefusal(t *testing.T, path string, words ...string) {
	t.Helper()
	before, _ := os.ReadFile(path)
	s, err := sqlite.Open(t.Context(), sqlite.Options{Path: path})
	if err == nil {
		closeStore(t, s)
		t.Errorf("%s was opened", path)
		return
	}
	for _, word := range words {
		if !strings.Contains(err.Error(), word) {
			t.Errorf("the error does not say %q: %v", word, err)
		}
	}
	if after, _ := os.ReadFile(path); !bytes.Equal(before, after) {
		t.Errorf("%s was changed by the refused Open", path)
	}
}

func TestPathsThatCannotBe(t *testing.T) {
	folder := t.TempDir()
	missing := filepath.Join(folder, "no", "such")
	wantRefusal(t, filepath.Join(missing, "authd.db"), missing, "does not exist")
	wantRefusal(t, folder, folder, "folder")
	wantRefusal(t, folder+"/", "folder")
	wantRefusal(t, "", "empty")
	wantRefusal(t, ":memory:", "name a file")
	wantRefusal(t, "a\x00b", "NUL")
	if entries, _ := os.ReadDir(folder); len(entries) != 0 {
		t.Errorf("refused paths left %v", entries)
	}
	link := filepath.Join(folder, "link.db")
	if err := os.Symlink(filepath.Join(folder, "gone.db"), link); err != nil {
		t.Fatal(err)
	}
	wantRefusal(t, link, "link.db")
}

func TestAnyPathWorks(t *testing.T) {
	t.Chdir(t.TempDir())
	for _, name := range []string{
		"plain.db", "with space.db", "what?mode=ro.db", "frag#ment.db", "100%.db", "%41.db", "a&b=c;d.db", "ünï🙂.db",
		"file:x.db", "back\\slash.db", "quote'\"s.db", ".hidden", "new\nline.db",
	} {
		s := open(t, name)
		if err := s.CreateSession(t.Context(), newSession("s1")); err != nil {
			t.Errorf("%q: %v", name, err)
		}
		if _, err := os.Stat(name + "-wal"); err != nil {
			t.Errorf("%q: the log is somewhere else: %v", name, err)
		}
		closeStore(t, s)
		if _, err := open(t, name).Session(t.Context(), "s1"); err != nil {
			t.Errorf("%q: after opening again: %v", name, err)
		}
	}
	if _, err := os.Stat("A.db"); err == nil {
		t.Error(`"%41.db" was unescaped`)
	}
}

func TestLinkToFileWorks(t *testing.T) {
	path := newPath(t)
	link := path + ".link"
	closeStore(t, open(t, path))
	if err := os.Symlink(path, link); err != nil {
		t.Fatal(err)
	}
	first, second := open(t, path), open(t, link)
	if err := first.CreateSession(t.Context(), newSession("s1")); err != nil {
		t.Fatal(err)
	}
	if _, err := second.Session(t.Context(), "s1"); err != nil {
		t.Errorf("through the link: %v", err)
	}
}

func TestDamagedFiles(t *testing.T) {
	text := newPath(t)
	if err := os.WriteFile(text, []byte(strings.Repeat("this is no database\n", 500)), 0o600); err != nil {
		t.Fatal(err)
	}
	wantRefusal(t, text, text, "not a SQLite database")

	// The first page is the header and the schema.
	torn := filledFile(t)
	overwrite(t, torn, 100, 3900)
	wantRefusal(t, torn, torn, "damaged")
}

// A page that is damaged deep inside is found when it is read. The answer is
// an outage: never an unknown user.
func TestDamageFoundLater(t *testing.T) {
	path := filledFile(t)
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	const page = 4096
	half := int(info.Size()) / 2 / page * page // the schema lies before it, the users behind
	overwrite(t, path, int64(half), int(info.Size())-half)
	s, err := sqlite.Open(t.Context(), sqlite.Options{Path: path})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = s.Close() }()
	users := s.Users("members")
	outages := 0
	for i := range 400 {
		switch _, err := users.User(t.Context(), newUser(i).ID); core.CodeOf(err) {
		case "":
		case core.Unavailable:
			outages++
		default:
			t.Fatalf("user %d: %v", i, err)
		}
	}
	if outages == 0 {
		t.Error("no read met the damage")
	}
}

// filledFile is a closed database with 400 users.
func filledFile(t *testing.T) string {
	t.Helper()
	path := newPath(t)
	s := open(t, path)
	for i := range 400 {
		u := newUser(i)
		u.Name = strings.Repeat("x", 300)
		if err := s.Users("members").CreateUser(t.Context(), u); err != nil {
			t.Fatal(err)
		}
	}
	closeStore(t, s)
	return path
}

func overwrite(t *testing.T, path string, offset int64, n int) {
	t.Helper()
	f, err := os.OpenFile(path, os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.WriteAt(bytes.Repeat([]byte{0xA5}, n), offset); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
}

func TestPathOfURL(t *testing.T) {
	for url, want := range map[string]string{
		"sqlite:authd.db":            "authd.db",
		"sqlite:/var/lib/authd.db":   "/var/lib/authd.db",
		"sqlite:///var/lib/authd.db": "/var/lib/authd.db",
		"sqlite:../a b?c#d%20.db":    "../a b?c#d%20.db",
		"sqlite:":                    "",
		"sqlite://":                  "",
		"sqlite://host/authd.db":     "",
		"sqlite:folder/":             "",
		"sqlite::memory:":            "",
		"sqlite:a\x00b":              "",
		"postgres://db":              "",
		"authd.db":                   "",
		"SQLITE:authd.db":            "",
		"":                           "",
	} {
		got, err := sqlite.Path(url)
		if (err == nil) != (want != "") || (err == nil && got != want) {
			t.Errorf("Path(%q) = %q, %v; want %q", url, got, err, want)
		}
	}
}

func FuzzPath(f *testing.F) {
	for _, seed := range []string{"sqlite:authd.db", "sqlite:///a/b", "sqlite://h/x", "sqlite:a?b#c%00", "postgres://x", ""} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, url string) {
		path, err := sqlite.Path(url)
		if err != nil {
			return
		}
		if path == "" || strings.ContainsRune(path, 0) || !strings.HasSuffix(url, path) || !strings.HasPrefix(url, "sqlite:") {
			t.Errorf("Path(%q) = %q", url, path)
		}
		if again, err := sqlite.Path("sqlite:" + path); err == nil && again != path && !strings.HasPrefix(path, "//") {
			t.Errorf("Path of %q gives %q", path, again)
		}
	})
}
