package peers

import (
	"flag"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write the golden files anew") //nolint:gochecknoglobals // a test flag

// Authd builds authd and returns the program, which goes with the test.
func Authd(t *testing.T) string {
	t.Helper()
	exe := filepath.Join(t.TempDir(), "authd")
	_, here, _, _ := runtime.Caller(0)
	root := filepath.Join(filepath.Dir(here), "..", "..", "..")
	if out, err := exec.CommandContext(t.Context(), "go", "build", "-C", root, "-o", exe, "./cmd/authd").CombinedOutput(); err != nil { //nolint:gosec // ours
		t.Fatalf("build authd: %v\n%s", err, out)
	}
	return exe
}

// Visit is one run of authd doctor.
type Visit struct {
	Golden     string // the file's name below testdata, without its ending
	Strategies string // the block of the YAML, in which one is called staff
	Args       []string
	Stdin      string
	Code       int      // that it must exit with
	Secrets    []string // that it may not print
}

// Doctor runs authd doctor and compares what it prints with a golden file,
// less what differs from run to run.
func Doctor(t *testing.T, exe string, v Visit) {
	t.Helper()
	dir := filepath.Join(os.TempDir(), "doctor-"+FreePort(t)) // always as long, since lines are wrapped
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	files := map[string]string{
		"authd.yaml": "server: {publicURL: 'https://auth.example.com'}\nsecretFile: " + dir + "/authd.secret\nstore: {url: 'sqlite:" + dir +
			"/authd.db'}\nstrategies:\n" + v.Strategies + "methods: {login: {use: [staff]}}\n",
		"authd.secret": strings.Repeat("0123456789abcdef", 3),
	}
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if strings.HasSuffix(v.Golden, "healthy") {
		prepare := exec.CommandContext(t.Context(), exe, "-c", "authd.yaml", "audit", "--json")
		prepare.Dir = dir
		if out, err := prepare.CombinedOutput(); err != nil {
			t.Fatalf("make the store: %v\n%s", err, out)
		}
	}
	cmd := exec.CommandContext(t.Context(), exe, append([]string{"-c", "authd.yaml", "doctor"}, v.Args...)...) //nolint:gosec // ours
	cmd.Dir, cmd.Stdin = dir, strings.NewReader(v.Stdin)
	out, _ := cmd.CombinedOutput()
	if code := cmd.ProcessState.ExitCode(); code != v.Code {
		t.Errorf("exit code %d, want %d", code, v.Code)
	}
	for _, secret := range v.Secrets {
		if strings.Contains(string(out), secret) {
			t.Errorf("it prints the secret %q", secret)
		}
	}
	compare(t, filepath.Join("testdata", v.Golden+".golden"), normal(string(out), dir))
}

func compare(t *testing.T, path, got string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path) //nolint:gosec // a test names it
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s has changed; it is now (go test -update writes it)\n%s", path, got)
	}
}

// normal takes out what differs from run to run, without moving a column.
func normal(out, dir string) string {
	var lines []string
	for line := range strings.Lines(out) {
		if took := regexp.MustCompile(`^  (ok|warning|failed) `); took.MatchString(line) && strings.TrimSpace(line[28:36]) != "" {
			line = line[:28] + "   .. ms" + line[36:]
		}
		lines = append(lines, line)
	}
	out = strings.ReplaceAll(strings.Join(lines, ""), dir, "/var/lib/authd")
	for pattern, with := range map[string]string{
		`(127\.0\.0\.1|localhost):\d{5}`:            "$1:PORT",
		`\d{4}-\d\d-\d\d(T\d\d:\d\d:\d\dZ)?`:        "DATE",
		`version \d+`:                               "version N",
		`\d+ kB`:                                    "N kB",
		`[0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12}`: "UUID",
		`in \d+ days`:                               "in N days",
		`clock is \w+ `:                             "clock is TIME ",
	} {
		out = regexp.MustCompile(pattern).ReplaceAllString(out, with)
	}
	return regexp.MustCompile(`(?m) +$`).ReplaceAllString(out, "")
}
