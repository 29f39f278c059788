package config_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/authd-go/authd/config"
)

// marker stands wherever a secret can. No report may show it.
const marker = "hunter2marker"

// TestNoSecretInReports makes mistakes around a secret, on every line of a
// configuration that holds it in every form.
func TestNoSecretInReports(t *testing.T) {
	values := []string{
		marker, `"` + marker, `'` + marker, "*" + marker, "&" + marker, "!" + marker, "!!" + marker + " x", "@" + marker, "%" + marker, "`" + marker,
		"[" + marker, "[" + marker + "]", "{" + marker + "}", "{a: " + marker, marker + ": x", "${" + marker + "}", "${" + marker, "|" + marker, "> " + marker,
		`"\q` + marker + `"`, "? " + marker, "- " + marker, "12" + strings.Repeat("3", 30), "0x" + marker, "[" + marker + ", *" + marker + "]",
		`"${env:KEY}${env:NONE}"`, `"${file:key}${file:none}"`, "${env:KEY}: " + marker, "\t" + marker, marker + "\x01", "'" + marker + "' " + marker,
	}
	shapes := []string{
		"strategies:\n  staff:\n    type: %[2]s\n    urls: [x]\n    %[3]s: %[1]s\n    pool: many\nmethods: {login: {use: staff}}\n",
		"strategies:\n  staff: {type: %[2]s, urls: [x], %[3]s: %[1]s, pool: many}\nmethods: {login: {use: nobody}}\n",
		"strategies:\n  staff: {type: %[2]s, urls: [x], %[3]s:%[1]s}\nmethods: {login: {use: staff}}\n",
		"strategies:\n  staff:\n    type: %[2]s\n    %[3]s:%[1]s\n    urls: [x]\nmethods: {login: {use: staff}}\n",
		"strategies:\n  demo: {type: mock, users: [{email: a@b.example, password: %[1]s}], without: 1, %[2]s: 1, %[3]s: 1}\nmethods: {login: {use: demo}}\n",
	}
	reports := 0
	for _, shape := range shapes {
		for _, kind := range []string{"ldap", "ldpa"} {
			for _, key := range []string{"bindPassword", "bindPasswrod"} {
				for _, value := range values {
					text := fmt.Sprintf(shape, value, kind, key)
					_, err := config.Load(t.Context(), config.Sources{
						Files: []string{"authd.yaml"}, Kinds: kinds(), Env: []string{"KEY=" + marker, "AUTHD_STRATEGIES__STAFF__BIND_PASSWRD=" + marker},
						ReadFile: secretFiles(text),
					})
					var r *config.Report
					if !errors.As(err, &r) {
						continue
					}
					reports++
					if strings.Contains(r.Error(), marker) {
						t.Errorf("%q\n%v", text, r)
					}
					assertPlaced(t, r)
				}
			}
		}
	}
	if reports < 500 {
		t.Errorf("only %d reports were looked at", reports)
	}
}

func secretFiles(text string) func(string) ([]byte, error) {
	return func(path string) ([]byte, error) {
		switch path {
		case "authd.yaml":
			return []byte(text), nil
		case "key":
			return []byte(marker), nil
		}
		return nil, errors.New("no such file")
	}
}

// TestNoSecretInConfig prints a configuration in every way.
func TestNoSecretInConfig(t *testing.T) {
	c := mustLoad(t, "strategies: {staff: {type: ldap, urls: [x], bindPassword: "+marker+"}}\nmethods: {login: {use: staff}}\n")
	for _, format := range []string{"%v", "%+v", "%#v", "%s"} {
		if text := fmt.Sprintf(format, c); strings.Contains(text, marker) {
			t.Errorf("%s shows a secret", format)
		}
		if text := fmt.Sprintf(format, *c.Strategies["staff"].Config.(*ldapConfig)); strings.Contains(text, marker) {
			t.Errorf("%s shows a secret of a strategy", format)
		}
	}
}
