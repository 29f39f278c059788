package config_test

import (
	"errors"
	"flag"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/authd-go/authd/config"
)

var update = flag.Bool("update", false, "write the golden files")

// load reads a text as authd.yaml, with what its comments ask for:
//
//	# env: NAME=VALUE
//	# flag: KEY=VALUE
//	# file: PATH=CONTENT
func load(t testing.TB, text string) (*config.Config, error) {
	t.Helper()
	s := config.Sources{Files: []string{"authd.yaml"}, Kinds: kinds(), Flags: map[string]string{}}
	files := map[string]string{"authd.yaml": text}
	for line := range strings.Lines(text) {
		line = strings.TrimSuffix(line, "\n")
		if v, ok := strings.CutPrefix(line, "# env: "); ok {
			s.Env = append(s.Env, v)
		}
		if v, ok := strings.CutPrefix(line, "# flag: "); ok {
			key, value, _ := strings.Cut(v, "=")
			s.Flags[key] = value
		}
		if v, ok := strings.CutPrefix(line, "# file: "); ok {
			path, content, _ := strings.Cut(v, "=")
			files[path] = content
		}
	}
	s.ReadFile = func(path string) ([]byte, error) {
		if content, ok := files[path]; ok {
			return []byte(content), nil
		}
		return nil, &fs.PathError{Op: "open", Path: path, Err: fs.ErrNotExist}
	}
	return config.Load(t.Context(), s)
}

// report returns the problems of a broken configuration.
func report(t testing.TB, err error) *config.Report {
	t.Helper()
	var r *config.Report
	if !errors.As(err, &r) {
		t.Fatalf("got %v, want a report", err)
	}
	return r
}

// TestBroken holds the texts of mistakes, one file each.
func TestBroken(t *testing.T) {
	files, err := filepath.Glob("testdata/broken/*.yaml")
	if err != nil || len(files) < 40 {
		t.Fatalf("found %d broken files, %v", len(files), err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".yaml"), func(t *testing.T) {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			_, err = load(t, string(text))
			r := report(t, err)
			assertPlaced(t, r)
			golden(t, strings.TrimSuffix(file, ".yaml")+".golden", r.Error()+"\n")
		})
	}
}

// assertPlaced sees to it that every problem says where it is.
func assertPlaced(t testing.TB, r *config.Report) {
	t.Helper()
	if len(r.Problems) == 0 {
		t.Error("a report without problems")
	}
	for _, p := range r.Problems {
		if p.Message == "" || p.File == "" || p.File == "authd.yaml" && (p.Line < 1 || p.Column < 1) {
			t.Errorf("a problem without a place: %+v", p)
		}
	}
}

func golden(t *testing.T, file, got string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s differs\n got:\n%s\nwant:\n%s", file, got, want)
	}
}
