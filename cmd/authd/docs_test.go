package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
)

// block is one fenced block of a page.
type block struct{ language, text string }

func blocks(t *testing.T, path string) []block {
	t.Helper()
	page, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var out []block
	for _, m := range regexp.MustCompile("(?ms)^```([a-z]+)\n(.*?)^```$").FindAllStringSubmatch(string(page), -1) {
		out = append(out, block{m[1], m[2]})
	}
	return out
}

// TestYAMLOnPages checks every whole configuration in the documents: the YAML
// blocks whose first line starts with "# authd.yaml".
func TestYAMLOnPages(t *testing.T) {
	var pages []string
	for _, pattern := range []string{"../../*.md", "../../docs/*.md", "../../strategies/*/README.md", "../../examples/*/README.md"} {
		found, err := filepath.Glob(pattern)
		if err != nil {
			t.Fatal(err)
		}
		pages = append(pages, found...)
	}
	checked := 0
	for _, page := range pages {
		for _, b := range blocks(t, page) {
			if b.language != "yaml" || !strings.HasPrefix(b.text, "# authd.yaml") {
				continue
			}
			checked++
			_, file := folder(t, b.text)
			if code, _, errs := cli(t, "", "-c", file, "config", "check"); code != exitOK {
				t.Errorf("%s: a configuration on the page is wrong:\n%s", page, errs)
			}
		}
	}
	if checked < 2 {
		t.Errorf("only %d configurations were found on %d pages", checked, len(pages))
	}
}

// TestGettingStarted follows the guide: it writes its authd.yaml, runs its
// shell blocks in one shell, and compares what they print with the text blocks
// behind them, in which "..." stands for anything.
func TestGettingStarted(t *testing.T) {
	bash := needs(t, "bash")
	needs(t, "curl")
	dir, port := t.TempDir(), freePort(t)
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(exe, filepath.Join(dir, "authd")); err != nil {
		t.Fatal(err)
	}
	const separator = "=====\n"
	var script, want strings.Builder
	// A guide that fails half-way must not leave its daemon behind.
	script.WriteString("set -eu\ntrap 'kill $(jobs -p) 2>/dev/null || true' EXIT\n")
	for _, b := range blocks(t, "../../docs/getting-started.md") {
		text := strings.ReplaceAll(b.text, "8080", port)
		switch {
		case b.language == "yaml":
			if err := os.WriteFile(filepath.Join(dir, "authd.yaml"), []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
		case b.language == "sh":
			script.WriteString("printf '" + strings.TrimSpace(separator) + "\\n'\n" + text)
			want.WriteString(separator)
		case b.language == "text":
			want.WriteString(text)
		}
	}
	cmd := exec.CommandContext(t.Context(), bash, "-c", script.String())
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), asDaemon+"=1", "PATH="+dir+":"+os.Getenv("PATH"))
	var out, daemonLog strings.Builder
	cmd.Stdout = &out
	cmd.Stderr = &daemonLog
	cmd.WaitDelay = 10 * time.Second // for what still holds the pipes
	if err := cmd.Run(); err != nil {
		t.Fatalf("%v\n%s\n%s", err, out.String(), daemonLog.String())
	}
	pattern := "^" + strings.ReplaceAll(regexp.QuoteMeta(want.String()), `\.\.\.`, ".*") + "$"
	printed := regexp.MustCompile(`(?m) +$`).ReplaceAllString(out.String(), "") // tables pad their last column
	if !regexp.MustCompile(pattern).MatchString(printed) {
		t.Errorf("the guide's commands print\n%s\nthe guide says\n%s\nstderr:\n%s", printed, want.String(), daemonLog.String())
	}
}

// TestFrontEndSnippet runs the guide's provider against a demo, in Node, with
// just enough of a browser: cookies and a location.
func TestFrontEndSnippet(t *testing.T) {
	node := needs(t, "node")
	dir := t.TempDir()
	d := startDaemon(t, dir, freePort(t))
	var provider string
	for _, b := range blocks(t, "../../docs/getting-started.md") {
		if b.language == "js" {
			provider = strings.ReplaceAll(b.text, "http://localhost:8080", d.url)
		}
	}
	walk, err := os.ReadFile("testdata/walk.mjs")
	if err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{"authProvider.mjs": provider, "walk.mjs": string(walk)} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	out, err := exec.CommandContext(t.Context(), node, filepath.Join(dir, "walk.mjs")).CombinedOutput()
	if err != nil || !strings.HasSuffix(strings.TrimSpace(string(out)), "walked") {
		t.Errorf("%v\n%s", err, out)
	}
}
