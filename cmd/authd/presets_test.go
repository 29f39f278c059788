package main

import (
	"fmt"
	"os"
	"regexp"
	"slices"
	"testing"
)

// TestPresetsInThreeLines: for each provider that is known, a name and three
// lines do, and for those that have many installations or tenants the line that
// says which. None goes unmentioned in the READMEs.
func TestPresetsInThreeLines(t *testing.T) {
	const id = "8eaef023-2b34-4da1-9baa-8bc8c9d6a490"
	which := map[string]string{
		"auth0": "domain: example.eu.auth0.com", "kinde": "domain: example.kinde.com", "okta": "domain: example.okta.com",
		"keycloak": "domain: id.example.com\n    tenant: staff", "microsoft": "tenant: " + id,
	}
	kinds := map[string][]string{
		"oidc":   {"apple", "auth0", "gitlab", "google", "keycloak", "kinde", "microsoft", "okta"},
		"oauth2": {"discord", "github"},
	}
	for kind, presets := range kinds {
		for _, preset := range presets {
			t.Run(preset, func(t *testing.T) {
				_, file := folder(t, fmt.Sprintf(`strategies:
  other:
    type: %s
    preset: %s
    clientID: a
    %s
methods: {login: {use: other}}
`, kind, preset, which[preset]))
				secret := "--set=strategies.other.clientSecret=s"
				if code, _, errs := cli(t, "", "-c", file, secret, "config", "check"); code != exitOK || errs != "" {
					t.Errorf("exit code %d, %s", code, errs)
				}
				if code, out, errs := cli(t, "", "-c", file, secret, "strategies"); code != exitOK || !regexp.MustCompile(`redirect login +yes`).MatchString(out) {
					t.Errorf("exit code %d, %s, %s", code, out, errs)
				}
			})
		}
		text, err := os.ReadFile("../../strategies/" + kind + "/README.md")
		if err != nil {
			t.Fatal(err)
		}
		var told []string
		for _, m := range regexp.MustCompile("(?m)^\\| `([a-z0-9]+)` \\|.*$").FindAllStringSubmatch(section(string(text), "| preset |"), -1) {
			told = append(told, m[1])
		}
		if slices.Sort(told); kind == "oidc" && !slices.Equal(told, presets) {
			t.Errorf("%s/README.md tells of %v", kind, told)
		}
	}
}

// section is the table that begins with a line.
func section(text, first string) string {
	return regexp.MustCompile(`(?ms)^` + regexp.QuoteMeta(first) + `.*?\n\n`).FindString(text)
}
