package ldap_test

import (
	"slices"
	"testing"

	goldap "github.com/go-ldap/ldap/v3"

	"github.com/authd-go/authd/core"
	"github.com/authd-go/authd/strategies/ldap"
)

// bindNames are the ways to bind without a search, and what should come of it.
type bindNames struct {
	peer, template string
	accounts       []account
}

func bindsFirst() []bindNames {
	const wrong = "wrong-pw"
	people := []account{
		{"alice", "alice-pw", "", "Alice L.", "Dev,Engineering,Everyone Staff", "", ""},
		{"Bob", "bob-pw-1", "", "Bob, the Builder", "Dev,Engineering,Everyone Staff", "", ""},
		{"disabled", "disabled-pw", core.Disabled, "", "", "", core.Disabled},
		{"disabled", wrong, nobody, "", "", "", nobody},
		{"past", "past-pw-1", core.Disabled, "", "", ldap.ReasonAccountExpired, core.Disabled},
		{"mustchange", "mustchange-pw", core.ActionRequired, "", "", "", core.ActionRequired},
		{"stale", "stale-pw", core.PasswordExpired, "", "", "", core.PasswordExpired},
		{"alice", wrong, nobody, "", "", "", nobody},
		{"nobody-here", "x", nobody, "", "", "", nobody},
		{"alice@ad.example.org", "alice-pw", core.UnknownUser, "", "", "", nobody}, // would name somebody of another domain
	}
	return []bindNames{
		{"slapd", "uid={username},ou=people,dc=example,dc=org", []account{
			{"alice", "alice-pw", "", "Alice L.", "Admins, (All) *," + engDev + ",unique,wheel", "", ""},
			{"a*b", special, "", "Asterisk", "", "", ""},
			{"p(q)r", special, "", "Paren", "", "", ""},
			{`back\slash`, special, "", "Backslash", "", "", ""},
			{"o'neil@example.org", special, "", "O'Neil", "", "", ""},
			{"日本", special, "", "Nihon", "", "", ""},
			{"eve", "eve-pw", core.Disabled, "", "", "", core.Disabled},
			{"locked", "locked-pw", core.Locked, "", "", "", nobody},
			{"expired", "expired-pw", core.PasswordExpired, "", "", "", core.PasswordExpired},
			{"mustchange", "mustchange-pw", core.ActionRequired, "", "", "", core.ActionRequired},
			{"nopass", "nopass-pw", nobody, "", "", "", nobody},
			{"alice", wrong, nobody, "", "", "", nobody},
			{"nobody-here", "x", nobody, "", "", "", nobody},
			{"alice,ou=people,dc=example,dc=org", "alice-pw", nobody, "", "", "", nobody},
			{"twice", "twice-pw", "", "Twice One", "", "", ""}, // a DN is never ambiguous
		}},
		{"ds389", "uid={username},ou=people,dc=example,dc=org", []account{
			{"alice", "alice-pw", "", "Alice Liddell", "dev,staff", "", ""},
			{"inactive", "inactive-pw", core.Disabled, "", "", "", nobody},
			{"alice", wrong, nobody, "", "", "", nobody},
			{"nobody-here", "x", nobody, "", "", "", nobody},
		}},
		{"samba", "{username}@ad.example.org", append(slices.Clone(people), account{"carol", "carol-pw", core.UnknownUser, "", "", ldap.ReasonNotBound, nobody})},
		{"samba", `AD\{username}`, append(slices.Clone(people), account{"carol", "carol-pw", "", "Carol", "Everyone Staff", "", ""}, account{"juergen", "juergen-pw", "", "Jürgen (Ext.) *", "", "", ""})},
	}
}

// TestBindFirst binds by DN, by user principal name and by domain and name, and
// reads the entry as the user.
func TestBindFirst(t *testing.T) {
	for _, b := range bindsFirst() {
		t.Run(b.peer+" "+b.template, func(t *testing.T) {
			t.Parallel()
			var v vendor
			for _, v = range vendors() {
				if v.peer == b.peer {
					break
				}
			}
			f := start(t, v)
			if v.peer == "ds389" {
				letReadThemselves(t, v.admin(t, f), f["LDAP_BASE_DN"])
			}
			c := v.config(f)
			c.Users.Bind = b.template
			s := open(t, c)
			for _, a := range b.accounts {
				t.Run(a.typed+"/"+a.password, func(t *testing.T) { a.check(t, s) })
			}
		})
	}
}

// letReadThemselves is a right that OpenLDAP and Active Directory give by
// default.
func letReadThemselves(t *testing.T, admin *goldap.Conn, base string) {
	t.Helper()
	m := goldap.NewModifyRequest(base, nil)
	m.Add("aci", []string{`(targetattr="* || nsUniqueId")(version 3.0; acl "own entry"; allow (read,search,compare) userdn="ldap:///self";)`})
	if err := admin.Modify(m); err != nil {
		t.Fatal(err)
	}
}
