package ldap_test

import (
	"bufio"
	"os"
	"regexp"
	"testing"
)

// readLog counts the searches in slapd's log, and returns those that did not run
// on a connection whose last bind was the service's.
func readLog(t *testing.T, path, service string) (searches int, foreign []string) {
	t.Helper()
	file, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	bind := regexp.MustCompile(`conn=(\d+) op=\d+ BIND dn="([^"]*)" method=`)
	search := regexp.MustCompile(`conn=(\d+) op=\d+ SRCH base="([^"]*)"`)
	last := map[string]string{}
	for lines := bufio.NewScanner(file); lines.Scan(); {
		if m := bind.FindStringSubmatch(lines.Text()); m != nil {
			last[m[1]] = m[2]
		}
		m := search.FindStringSubmatch(lines.Text())
		if m == nil || last[m[1]] == "cn=admin,dc=example,dc=org" {
			continue // the script's own
		}
		searches++
		if last[m[1]] != service {
			foreign = append(foreign, lines.Text())
		}
	}
	return searches, foreign
}
