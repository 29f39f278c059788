package main

import (
	"encoding/json"
	"os"
	"regexp"
	"strings"
	"testing"
)

func TestVersionAndHelp(t *testing.T) {
	if code, out, _ := cli(t, "", "version"); code != exitOK || !strings.HasPrefix(out, "authd ") {
		t.Errorf("version: %d %q", code, out)
	}
	for _, args := range [][]string{
		{"--help"},
		{"serve", "--help"},
		{"config", "check", "--help"},
		{"config", "show", "--help"},
		{"config", "init", "--help"},
		{"config", "schema", "--help"},
		{"strategies", "--help"},
		{"doctor", "--help"},
		{"user", "--help"},
		{"user", "add", "--help"},
		{"session", "revoke", "--help"},
		{"completion", "bash"},
		{"completion", "zsh"},
		{"completion", "fish"},
	} {
		if code, out, errs := cli(t, "", args...); code != exitOK || len(out) < 100 || errs != "" {
			t.Errorf("%v: exit code %d, %d bytes, %q", args, code, len(out), errs)
		}
	}
}

func TestUsageErrors(t *testing.T) {
	for _, args := range [][]string{
		{"--nonsense"},
		{"nonsense"},
		{"user"},
		{"config"},
		{"config", "show", "x"},
		{"config", "show", "--yaml"},
		{"config", "init", "a.yaml", "b.yaml"},
		{"config", "schema", "x"},
		{"config", "nonsense"},
		{"strategies", "x"},
		{"strategies", "--kind"},
		{"session"},
		{"user", "show"},
		{"user", "add"},
		{"user", "nonsense"},
		{"session", "revoke"},
		{"session", "revoke", "x", "--user", "y"},
		{"serve", "x"},
		{"--set", "nonsense", "config", "check"},
	} {
		code, out, errs := cli(t, "", args...)
		if code != exitUsage || out != "" || !strings.HasPrefix(errs, "authd: ") || !strings.Contains(errs, `--help" for usage`) {
			t.Errorf("%v: exit code %d, stdout %q, stderr %q", args, code, out, errs)
		}
	}
}

// TestConfigCheckReportsAll is the report of a file that is wrong in three
// unrelated places: an ability that is missing, a key and a type misspelt.
func TestConfigCheckReportsAll(t *testing.T) {
	_, file := folder(t, `server:
  listen: 127.0.0.1:8080
strategies:
  members:
    type: local
    registration: false
    hash: {bcryptcosts: 12}
  staff:
    type: ldapp
  demo:
    type: mock
methods:
  login: {use: [members, demo]}
  register:
    use: members
`)
	code, out, errs := cli(t, "", "config", "check", "-c", file)
	errs = strings.ReplaceAll(errs, file, "authd.yaml")
	want, err := os.ReadFile("testdata/config-check.txt")
	if err != nil {
		t.Fatal(err)
	}
	if code != exitUsage || out != "" || errs != string(want) {
		t.Errorf("exit code %d, stdout %q, stderr:\n%swant:\n%s", code, out, errs, want)
	}
}

func TestConfigCheckOfNothingAndOfAMissingFile(t *testing.T) {
	t.Chdir(t.TempDir())
	if code, out, errs := cli(t, "", "config", "check"); code != exitOK || !strings.Contains(out, "demo") {
		t.Errorf("nothing: %d %q %q", code, out, errs)
	}
	if code, _, errs := cli(t, "", "config", "check", "-c", "no.yaml"); code != exitUsage || !strings.Contains(errs, "no.yaml: ") {
		t.Errorf("a missing file: %d %q", code, errs)
	}
}

func TestUserCommands(t *testing.T) {
	_, file := twoLocalsFile(t)
	do := func(stdin string, args ...string) (int, string, string) {
		t.Helper()
		return cli(t, stdin, append([]string{"-c", file}, args...)...)
	}
	ok := func(want, stdin string, args ...string) string {
		t.Helper()
		code, out, errs := do(stdin, args...)
		if code != exitOK || !strings.Contains(out, want) {
			t.Fatalf("%v: exit code %d, stdout %q, stderr %q", args, code, out, errs)
		}
		return out
	}
	fails := func(want, stdin string, args ...string) {
		t.Helper()
		code, out, errs := do(stdin, args...)
		if code != exitFailed || out != "" || !strings.Contains(errs, want) {
			t.Errorf("%v: exit code %d, stdout %q, stderr %q, want %q", args, code, out, errs, want)
		}
	}

	fails("choose one with --strategy: members, staff", "a long password\n", "user", "add", "jo@mail.com")
	fails("no such strategy of type local", "", "user", "list", "--strategy", "guests")
	fails("must have at least 8 characters", "short\n", "user", "add", "jo@mail.com", "--strategy", "staff")
	fails("no password on standard input", "", "user", "add", "jo@mail.com", "--strategy", "staff")
	ok("added jo@mail.com to staff", "a long password\n", "user", "add", "Jo@MAIL.com", "--strategy", "staff",
		"--username", "Jo", "--name", "Jo Doe", "--role", "admin", "--role", "editor")
	fails("is taken", "a long password\n", "user", "add", "jo@mail.com", "--strategy", "staff")
	ok("added jo@mail.com to members", "another password", "user", "add", "jo@mail.com", "--strategy", "members")
	ok("added visitor to staff", "", "user", "add", "--username", "Visitor", "--no-password", "--strategy", "staff")

	var shown []map[string]any
	if err := json.Unmarshal([]byte(ok("", "", "user", "list", "--json", "--strategy", "staff")), &shown); err != nil || len(shown) != 2 {
		t.Fatalf("list: %v, %v", shown, err)
	}
	var jo map[string]any
	if err := json.Unmarshal([]byte(ok("", "", "user", "show", "--json", "--strategy", "staff", " JO ")), &jo); err != nil {
		t.Fatal(err)
	}
	if jo["email"] != "jo@mail.com" || jo["username"] != "jo" || jo["hasPassword"] != true || len(jo["roles"].([]any)) != 2 {
		t.Errorf("show: %v", jo)
	}
	for key := range jo {
		if strings.Contains(strings.ToLower(key), "hash") {
			t.Errorf("the hash is shown: %v", jo)
		}
	}
	ok("visitor", "", "user", "show", "visitor", "--strategy", "staff")
	fails(`there is no user "nobody"`, "", "user", "show", "nobody", "--strategy", "staff")

	ok("password set for jo@mail.com", "a newer password\n", "user", "passwd", "jo@mail.com", "--strategy", "staff")
	fails("too common", "password123\n", "user", "passwd", "jo@mail.com", "--strategy", "staff")
	link := ok("http://localhost:8080/update-password?token=", "", "user", "reset", "jo", "--strategy", "staff")
	if !regexp.MustCompile(`\?token=[A-Za-z0-9_-]{43}\n$`).MatchString(link) {
		t.Errorf("link %q", link)
	}
	ok("disabled jo@mail.com; sessions ended: 0", "", "user", "disable", "jo", "--strategy", "staff")
	ok("disabled", "", "user", "show", "jo", "--strategy", "staff")
	ok("enabled jo@mail.com", "", "user", "enable", "jo", "--strategy", "staff")
	ok("EMAIL", "", "user", "list", "--strategy", "staff")
	ok("deleted jo@mail.com", "", "user", "delete", "jo", "--strategy", "staff")
	fails("there is no user", "", "user", "delete", "jo", "--strategy", "staff")
	ok("jo@mail.com", "", "user", "show", "jo@mail.com", "--strategy", "members")
}

func TestSessionCommandsOnNothing(t *testing.T) {
	_, file := twoLocalsFile(t)
	code, out, errs := cli(t, "", "-c", file, "session", "list", "staff:nobody")
	if code != exitOK || !strings.HasPrefix(out, "ID") {
		t.Errorf("list: %d %q %q", code, out, errs)
	}
	code, out, errs = cli(t, "", "-c", file, "session", "revoke", "nonsense")
	if code != exitOK || out != "sessions ended: 0\n" {
		t.Errorf("revoke: %d %q %q", code, out, errs)
	}
	if code, _, errs = cli(t, "", "-c", file, "session", "list", "nobody", "--strategy", "staff"); code != exitFailed || !strings.Contains(errs, "no user") {
		t.Errorf("list of nobody: %d %q", code, errs)
	}
}

func TestPrintableKeepsTerminalsSafe(t *testing.T) {
	if got := printable("Jo\x1b[2J\u202eDoe\u009b"); got != "Jo?[2J?Doe?" {
		t.Errorf("got %q", got)
	}
}
