package ldap_test

import (
	"encoding/base64"
	"os"
	"slices"
	"strings"
	"testing"
)

// entry is one of an LDIF file (RFC 2849), with the names of attributes in
// small letters.
type entry map[string][]string

func readLDIF(t *testing.T, path string) []entry {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var out []entry
	for _, block := range strings.Split(strings.ReplaceAll(string(text), "\n ", ""), "\n\n") {
		e := entry{}
		for _, line := range strings.Split(block, "\n") {
			name, value, ok := strings.Cut(line, ":")
			if !ok || strings.HasPrefix(line, "#") {
				continue
			}
			if encoded, ok := strings.CutPrefix(value, ":"); ok {
				if raw, err := base64.StdEncoding.DecodeString(strings.TrimSpace(encoded)); err == nil {
					value = string(raw) // what is no base64 becomes a password when the peer starts
				}
			}
			name = strings.ToLower(name)
			e[name] = append(e[name], strings.TrimPrefix(value, " "))
		}
		out = append(out, e)
	}
	return out
}

func (e entry) is(classes ...string) bool {
	return slices.ContainsFunc(e["objectclass"], func(c string) bool { return slices.Contains(classes, c) })
}

// names are those that somebody may try to sign in with.
func (e entry) names() []string {
	out := append(slices.Clone(e["uid"]), e["samaccountname"]...)
	if len(out) == 0 && e.is("organizationalRole") {
		out = e["cn"] // a service
	}
	return out
}

// TestTheTableIsWhole: everybody that a directory is seeded with has a line in
// the table of accounts, and every group is somebody's role there.
func TestTheTableIsWhole(t *testing.T) {
	for peer, accounts := range tables() {
		typed, roles := map[string]bool{}, map[string]bool{}
		for _, a := range accounts {
			typed[a.typed] = true
			for _, r := range strings.Split(a.roles, ",") {
				roles[r] = true
			}
			if strings.Contains(a.roles, "Admins, (All) *") {
				roles["Admins, (All) *"] = true
			}
		}
		people, groups := 0, 0
		for _, e := range readLDIF(t, "../../peers/"+peer+".d/seed.ldif") {
			if e.is("groupOfNames", "groupOfUniqueNames", "posixGroup", "group") {
				groups++
				name := firstRDN(e["dn"][0])
				if len(e["cn"]) > 0 {
					name = e["cn"][0]
				}
				if !roles[name] {
					t.Errorf("%s: nobody in the table has the group %q", peer, name)
				}
				continue
			}
			for _, name := range e.names() {
				people++
				if !typed[name] {
					t.Errorf("%s: %q is not in the table", peer, name)
				}
			}
		}
		if people < 4 || groups < 2 {
			t.Errorf("%s: only %d people and %d groups are in the seed", peer, people, groups)
		}
	}
}

func firstRDN(dn string) string {
	first, _, _ := strings.Cut(dn, ",")
	_, value, _ := strings.Cut(first, "=")
	return value
}
