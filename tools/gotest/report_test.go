package main

import (
	"bytes"
	"slices"
	"strings"
	"testing"
)

// follow feeds lines of go test -json to a report.
func follow(t *testing.T, lines ...string) (good bool, shown string) {
	t.Helper()
	var out bytes.Buffer
	r := newReport(&out)
	if err := r.read(strings.NewReader(strings.Join(lines, "\n"))); err != nil {
		t.Fatal(err)
	}
	return r.summarise(), out.String()
}

func TestReport(t *testing.T) {
	const (
		passes   = `{"Action":"pass","Package":"p","Test":"TestA"}`
		closing  = `{"Action":"output","Package":"p","Output":"ok  \tp\t0.1s\n"}`
		says     = `{"Action":"output","Package":"p","Test":"TestB","Output":"    b_test.go:7: needs a thing\n"}`
		saysNot  = `{"Action":"output","Package":"p","Test":"TestB","Output":"    b_test.go:7: does not apply: read only\n"}`
		skips    = `{"Action":"skip","Package":"p","Test":"TestB"}`
		fails    = `{"Action":"fail","Package":"p","Test":"TestB"}`
		pkgFails = `{"Action":"fail","Package":"p"}`
		noTests  = `{"Action":"skip","Package":"q"}`
	)
	for name, c := range map[string]struct {
		lines []string
		good  bool
		shows string
	}{
		"passed":         {[]string{passes, closing}, true, "ok  \tp\t0.1s"},
		"skipped":        {[]string{passes, says, skips}, false, "p TestB: needs a thing"},
		"no reason":      {[]string{passes, skips}, false, "p TestB: no reason given"},
		"not applicable": {[]string{passes, saysNot, skips}, true, "p TestB: does not apply: read only"},
		"fuzz seed":      {[]string{`{"Action":"skip","Package":"p","Test":"FuzzA/seed#0"}`}, true, "1 passed"},
		"fuzz target":    {[]string{passes, `{"Action":"skip","Package":"p","Test":"FuzzA"}`}, false, "1 skipped"},
		"failed":         {[]string{passes, says, fails, pkgFails}, false, "needs a thing"},
		"package failed": {[]string{passes, pkgFails}, false, "FAILED:\n  p"},
		"no tests here":  {[]string{passes, noTests}, true, "1 passed, 0 failed, 0 skipped"},
		"nothing ran":    {nil, false, "no test ran"},
		"build error":    {[]string{`{"ImportPath":"p","Action":"build-output","Output":"p.go:1: wrong\n"}`}, false, "p.go:1: wrong"},
		"not an event":   {[]string{passes, "warning: something"}, true, "warning: something"},
	} {
		t.Run(name, func(t *testing.T) {
			good, shown := follow(t, c.lines...)
			if good != c.good || !strings.Contains(shown, c.shows) {
				t.Errorf("good = %v, want %v; %q must be in:\n%s", good, c.good, c.shows, shown)
			}
		})
	}
}

func TestOutputOfPassedTestsIsNotShown(t *testing.T) {
	_, shown := follow(t,
		`{"Action":"output","Package":"p","Test":"TestA","Output":"chatter\n"}`,
		`{"Action":"pass","Package":"p","Test":"TestA"}`)
	if strings.Contains(shown, "chatter") {
		t.Errorf("shown: %s", shown)
	}
}

func TestGoTestArgs(t *testing.T) {
	got := goTestArgs([]string{"-C", "..", "-race", "./..."})
	if want := []string{"test", "-C", "..", "-json", "-race", "./..."}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}
