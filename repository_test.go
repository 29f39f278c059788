package authd_test

import (
	"io/fs"
	"os"
	"path"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// maxLines bounds a Go file that is no test: one subject fits.
const maxLines = 400

// longFiles are the files that may be longer, with the reason.
var longFiles = map[string]string{}

// sources returns the repository's Go and Markdown files by path. Reading them
// also tells go test's cache that the results in this package depend on them.
func sources(t *testing.T) map[string]string {
	t.Helper()
	files := map[string]string{}
	root := os.DirFS(".")
	err := fs.WalkDir(root, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() {
			if name != "." && (strings.HasPrefix(d.Name(), ".") || slices.Contains([]string{"bin", "node_modules", "testdata"}, d.Name())) {
				return fs.SkipDir
			}
			return nil
		}
		if ext := path.Ext(name); ext != ".go" && ext != ".md" {
			return nil
		}
		text, err := fs.ReadFile(root, name)
		files[name] = string(text)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

func isProduction(name string) bool {
	return strings.HasSuffix(name, ".go") && !strings.HasSuffix(name, "_test.go")
}

func TestNoInitFunctions(t *testing.T) {
	initFunc := regexp.MustCompile(`(?m)^func init\(`)
	for name, text := range sources(t) {
		if strings.HasSuffix(name, ".go") && initFunc.MatchString(text) {
			t.Errorf("%s: has an init function; what a package needs is handed to it", name)
		}
	}
}

func TestNothingIsLeftForLater(t *testing.T) {
	// Written apart, so that this file does not find itself.
	marker := regexp.MustCompile(`\b(TO` + `DO|FIX` + `ME|XX` + `X)\b`)
	for name, text := range sources(t) {
		for i, line := range strings.Split(text, "\n") {
			if marker.MatchString(line) {
				t.Errorf("%s:%d: %s", name, i+1, strings.TrimSpace(line))
			}
		}
	}
}

func TestFilesAreShort(t *testing.T) {
	files := sources(t)
	for name, text := range files {
		lines := strings.Count(text, "\n")
		if isProduction(name) && lines > maxLines && longFiles[name] == "" {
			t.Errorf("%s has %d lines, more than %d: split it by subject, or list it with a reason", name, lines, maxLines)
		}
	}
	for name := range longFiles {
		if strings.Count(files[name], "\n") <= maxLines {
			t.Errorf("%s is listed as long and is not", name)
		}
	}
}

func TestPackagesSayWhatTheyOwn(t *testing.T) {
	comment := regexp.MustCompile(`(?m)^// (Package [a-z0-9]+|Command [a-z]+) .+\n(//.*\n)*package `)
	documented := map[string]bool{}
	for name, text := range sources(t) {
		if isProduction(name) {
			documented[path.Dir(name)] = documented[path.Dir(name)] || comment.MatchString(text)
		}
	}
	for dir, ok := range documented {
		if !ok {
			t.Errorf("%s: no file has a package comment", dir)
		}
	}
}

func TestStrategiesHaveReadmes(t *testing.T) {
	entries, err := os.ReadDir("strategies")
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if !e.IsDir() {
			continue
		}
		if _, err := os.Stat(path.Join("strategies", e.Name(), "README.md")); err != nil {
			t.Errorf("strategies/%s has no README.md", e.Name())
		}
	}
}

func TestChangelogHasARoomForTheNextRelease(t *testing.T) {
	if !strings.Contains(sources(t)["CHANGELOG.md"], "\n## [Unreleased]\n") {
		t.Error(`CHANGELOG.md has no "## [Unreleased]" section`)
	}
}

// TestLinksLeadSomewhere follows the relative links of the documentation.
func TestLinksLeadSomewhere(t *testing.T) {
	link := regexp.MustCompile(`\]\(([^)\s]+)\)`)
	files := sources(t)
	for name, text := range files {
		if path.Ext(name) != ".md" {
			continue
		}
		for _, m := range link.FindAllStringSubmatch(text, -1) {
			target, _, _ := strings.Cut(m[1], "#")
			if target == "" || strings.Contains(target, "://") || strings.HasPrefix(target, "mailto:") {
				continue
			}
			if _, err := os.Stat(path.Join(path.Dir(name), target)); err != nil {
				t.Errorf("%s: the link to %s leads nowhere", name, target)
			}
		}
	}
}
