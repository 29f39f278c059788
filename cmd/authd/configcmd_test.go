package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func TestConfigShow(t *testing.T) {
	_, file := folder(t, `server: {listen: "127.0.0.1:9999"}
strategies:
  demo: {type: mock, users: [{email: jo@mail.com, password: hunter2marker}]}
methods: {login: {use: demo}}
`)
	code, out, errs := cli(t, "", "-c", file, "--set", "session.idleTTL=5h", "config", "show")
	if code != exitOK || errs != "" || strings.Contains(out, "hunter2marker") {
		t.Fatalf("exit code %d, stdout\n%s\nstderr %q", code, out, errs)
	}
	lines := strings.Split(strings.ReplaceAll(out, file, "authd.yaml"), "\n")
	for _, want := range []string{
		`server.listen: 127.0.0.1:9999                         # authd.yaml:1:18`,
		`session.accessTTL: 10m                                # default`,
		`session.idleTTL: 5h                                   # --set session.idleTTL`,
		`strategies.demo.users: [{email: jo@mail.com, password: '[redacted]'}]  # authd.yaml:3:30`,
	} {
		if !slices.Contains(lines, want) {
			t.Errorf("no line %s in\n%s", want, out)
		}
	}

	code, out, _ = cli(t, "", "-c", file, "config", "show", "--json")
	var shown []struct {
		Key, Source string
		Value       any
	}
	if err := json.Unmarshal([]byte(out), &shown); err != nil || code != exitOK || strings.Contains(out, "hunter2marker") {
		t.Fatalf("exit code %d, %v in\n%s", code, err, out)
	}
	if first := shown[0]; first.Key != "server.listen" || first.Value != "127.0.0.1:9999" || first.Source != file+":1:18" {
		t.Errorf("the first is %+v", first)
	}

	if code, out, errs = cli(t, "", "-c", file, "--set", "session.idleTL=5h", "config", "show"); code != exitUsage || out != "" || !strings.Contains(errs, `did you mean "idleTTL"?`) {
		t.Errorf("of a wrong configuration: %d %q %q", code, out, errs)
	}
}

// TestConfigShowOfPresets: what follows from the name of a preset is in effect,
// too, and what was set stays.
func TestConfigShowOfPresets(t *testing.T) {
	_, file := folder(t, `strategies:
  corp:
    type: ldap
    directory: activeDirectory
    urls: [ldaps://dc1.example.com]
    bindDN: cn=authd,dc=example,dc=com
    bindPassword: hunter2marker
    users: {baseDN: "dc=example,dc=com", attributes: {name: cn}}
  google: {type: oidc, preset: google, clientID: x, clientSecret: hunter2marker}
  github: {type: oauth2, preset: github, clientID: x, clientSecret: hunter2marker}
methods: {login: {use: [corp, google, github]}}
server: {publicURL: https://auth.example.com}
`)
	code, out, errs := cli(t, "", "-c", file, "config", "show")
	if code != exitOK || strings.Contains(out+errs, "hunter2marker") {
		t.Fatalf("exit code %d, stdout\n%s\nstderr %q", code, out, errs)
	}
	for _, want := range []string{
		`strategies.corp.users.filter: (&(objectCategory=person)`,
		`strategies.corp.users.attributes.id: objectGUID `,
		`strategies.corp.users.attributes.name: cn `,
		`strategies.corp.bindPassword: '[redacted]'`,
		`strategies.google.issuer: https://accounts.google.com `,
		`strategies.google.scopes: [openid, `,
		`strategies.github.tokenURL: https://github.com/login/oauth/access_token `,
	} {
		if !strings.Contains(out, want) {
			t.Errorf("no line %s in\n%s", want, out)
		}
	}
}

func TestConfigShowOfTheDemo(t *testing.T) {
	t.Chdir(t.TempDir())
	if code, out, errs := cli(t, "", "config", "show"); code != exitOK || errs != "" || !strings.Contains(out, "# demo.yaml:") {
		t.Errorf("exit code %d, %q, %q", code, out, errs)
	}
}

// TestConfigInit goes from nothing to a configuration that is fine.
func TestConfigInit(t *testing.T) {
	t.Chdir(t.TempDir())
	_, printed, _ := cli(t, "", "config", "init")
	code, out, errs := cli(t, "", "config", "init", "authd.yaml")
	if code != exitOK || errs != "" || !strings.Contains(out, "authd --config authd.yaml config check") {
		t.Fatalf("exit code %d, %q, %q", code, out, errs)
	}
	text, err := os.ReadFile("authd.yaml")
	if err != nil || string(text) != printed || !strings.Contains(printed, "# yaml-language-server: $schema=authd.schema.json\n") {
		t.Errorf("%v; the file and what is printed without one differ, or name no schema:\n%s", err, printed)
	}
	if info, err := os.Stat("authd.yaml"); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}
	if code, out, errs = cli(t, "", "config", "check"); code != exitOK || errs != "" || out != "the configuration is fine\n" {
		t.Errorf("check: %d %q %q", code, out, errs)
	}

	if err := os.WriteFile("authd.yaml", []byte("mine"), 0o600); err != nil {
		t.Fatal(err)
	}
	code, out, errs = cli(t, "", "config", "init", "authd.yaml")
	if text, _ := os.ReadFile("authd.yaml"); code != exitFailed || out != "" || errs != "authd: authd.yaml exists already\n" || string(text) != "mine" {
		t.Errorf("over a file: %d %q %q, %q", code, out, errs, text)
	}
	if err := os.Symlink("nowhere", "link.yaml"); err != nil {
		t.Fatal(err)
	}
	if code, _, _ = cli(t, "", "config", "init", "link.yaml"); code != exitFailed {
		t.Error("a link is followed")
	}
	if code, _, errs = cli(t, "", "config", "init", filepath.Join("no", "folder.yaml")); code != exitFailed || !strings.Contains(errs, "no such file") {
		t.Errorf("into no folder: %d %q", code, errs)
	}
}

// TestConfigSchema is the file that is kept for editors.
func TestConfigSchema(t *testing.T) {
	want, err := os.ReadFile("../../docs/authd.schema.json")
	if err != nil {
		t.Fatal(err)
	}
	if code, out, errs := cli(t, "", "config", "schema"); code != exitOK || errs != "" || out != string(want) {
		t.Errorf("exit code %d, %q, %d bytes that are not those of docs/authd.schema.json", code, errs, len(out))
	}
}
