package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/authd-go/authd/core"
	"github.com/authd-go/authd/strategies"
)

func TestStrategies(t *testing.T) {
	_, file := folder(t, `strategies:
  staff: {type: local, registration: false}
  demo: {type: mock, without: [updatePassword, getIdentity]}
methods: {login: {use: [staff, demo]}}
`)
	code, out, errs := cli(t, "", "-c", file, "strategies")
	const want = `STRATEGY            demo  staff
KIND                mock  local
login               yes   yes
redirect login      -     -
login by token      -     -
register            yes   -
recover a password  yes   yes
change a password   -     yes
revalidate          yes   yes
renew               -     -
tell permissions    yes   yes
tell an identity    -     yes
redirect logout     -     -
receive a logout    -     -
show a picture      -     -
`
	if code != exitOK || errs != "" || out != want {
		t.Errorf("exit code %d, stderr %q, stdout\n%swant\n%s", code, errs, out, want)
	}
	code, out, _ = cli(t, "", "-c", file, "strategies", "--json")
	var views []strategyView
	if err := json.Unmarshal([]byte(out), &views); err != nil || code != exitOK || len(views) != 2 {
		t.Fatalf("exit code %d, %v in\n%s", code, err, out)
	}
	if v := views[1]; v.Strategy != "staff" || v.Kind != "local" || slices.Contains(v.Capabilities, core.CanRegister) || !slices.Contains(v.Capabilities, core.CanLogin) {
		t.Errorf("got %+v", v)
	}
	if left, err := filepath.Glob(filepath.Join(filepath.Dir(file), "*")); err != nil || len(left) != 1 {
		t.Errorf("something was made: %v, %v", left, err)
	}
	if code, out, _ = cli(t, "", "-c", file, "--set", "strategies.demo.without=x", "strategies"); code != exitUsage || out != "" {
		t.Errorf("of a wrong configuration: %d %q", code, out)
	}
}

// kindViews is what --kinds knows.
func kindViews(t *testing.T) []strategyView {
	t.Helper()
	t.Chdir(t.TempDir())
	code, out, errs := cli(t, "", "strategies", "--kinds", "--json")
	var views []strategyView
	if err := json.Unmarshal([]byte(out), &views); err != nil || code != exitOK || errs != "" || len(views) != len(strategies.All()) {
		t.Fatalf("exit code %d, %q, %v in\n%s", code, errs, err, out)
	}
	return views
}

func TestKindsAreShownWithoutAConfiguration(t *testing.T) {
	kindViews(t)
	code, out, _ := cli(t, "", "-c", "none.yaml", "strategies", "--kinds")
	if code != exitOK || !strings.HasPrefix(out, "KIND ") || strings.Contains(out, "STRATEGY") || strings.Count(out, "\n") < 1+len(core.AllCapabilities()) {
		t.Errorf("exit code %d\n%s", code, out)
	}
}

// TestCapabilityTables compares the table in README.md, and those of the kinds,
// with what the kinds can do with the options that they have by default.
func TestCapabilityTables(t *testing.T) {
	tables := map[string]string{"": "../../README.md"}
	for _, kind := range strategies.All() {
		tables[kind.Name] = "../../strategies/" + kind.Name + "/README.md"
	}
	texts := map[string]string{}
	for kind, file := range tables {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		texts[kind] = string(text)
	}
	views := kindViews(t)
	header := regexp.MustCompile(`(?m)^\| strategy \|(.*)\|$`).FindStringSubmatch(texts[""])
	if header == nil {
		t.Fatal("README.md has no table of capabilities")
	}
	columns := strings.Split(header[1], "|")
	for i, view := range views {
		if i >= len(columns) || !strings.Contains(columns[i], "["+view.Kind+"](") {
			t.Errorf("README.md: column %d is not %s", i, view.Kind)
			continue
		}
		for _, capability := range core.AllCapabilities() {
			checkCell(t, "README.md", texts[""], view, capability, i)
			checkCell(t, tables[view.Kind], texts[view.Kind], view, capability, 0)
		}
	}
}

// checkCell looks at one cell: empty and "no" deny, everything else is a yes
// that may have conditions. Of a kind that its defaults are not enough for, it
// only has to be there.
func checkCell(t *testing.T, file, text string, view strategyView, c core.Capability, column int) {
	t.Helper()
	row := regexp.MustCompile(`(?m)^\| ` + string(c) + ` \|(.*)\|$`).FindStringSubmatch(text)
	if row == nil {
		t.Errorf("%s has no row %q", file, c)
		return
	}
	cells := strings.Split(row[1], "|")
	if column >= len(cells) {
		t.Errorf("%s: the row %q has no cell for %s", file, c, view.Kind)
		return
	}
	cell := strings.TrimSpace(cells[column])
	if says, can := cell != "" && cell != "no", slices.Contains(view.Capabilities, c); says != can && view.Needs == "" {
		t.Errorf("%s: %q says %q of %s, the truth is %v", file, c, cell, view.Kind, can)
	}
}
