package ldap_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	goldap "github.com/go-ldap/ldap/v3"

	"github.com/authd-go/authd/core"
	"github.com/authd-go/authd/strategies/ldap"
	"github.com/authd-go/authd/tools/e2e/peers"
)

// account is one login of somebody the directories are seeded with, and what
// should come of it.
type account struct {
	typed, password string
	want            core.Code // "" signs in
	name            string    // of whom; checked if it signs in
	roles           string    // with commas, sorted; checked if it signs in
	reason          string    // core.Error.Reason
	shown           core.Code // what the person is told
}

const (
	nobody  = core.InvalidCredentials
	engDev  = "dev,engineering,staff"
	special = "special-pw"
)

func slapdAccounts() []account {
	wrong := func(typed string) account {
		return account{typed, "wrong-pw", core.InvalidCredentials, "", "", "", nobody}
	}
	return []account{
		{"alice", "alice-pw", "", "Alice L.", "Admins, (All) *," + engDev + ",unique,wheel", "", ""},
		{"ALICE", "alice-pw", "", "Alice L.", "Admins, (All) *," + engDev + ",unique,wheel", "", ""},
		{"alice@example.org", "alice-pw", "", "Alice L.", "Admins, (All) *," + engDev + ",unique,wheel", "", ""},
		{"bob", "bob-password-pw", "", "Bob", "engineering,ops,staff,wheel", "", ""},
		{"bob.builder@example.org", "bob-password-pw", "", "Bob", "engineering,ops,staff,wheel", "", ""},
		{"carol", "carol-pw", "", "Carol", "staff", "", ""},
		{"dora", "dora-pw", "", "Dora", "ring-a,ring-b", "", ""},
		{"dirk", "dirk-pw", "", "Dirk", "", "", ""},
		{"twins@example.org", "dora-pw", core.UnknownUser, "", "", ldap.ReasonAmbiguous, nobody},
		{"twice", "twice-pw", core.UnknownUser, "", "", ldap.ReasonAmbiguous, nobody},
		{"eve", "eve-pw", core.Disabled, "", "", "", core.Disabled},
		{"locked", "locked-pw", core.Locked, "", "", "", nobody},
		{"expired", "expired-pw", core.PasswordExpired, "", "", "", core.PasswordExpired},
		{"grace", "grace-pw", "", "Grace", "", "", ""},
		{"aging", "aging-pw", "", "Aging", "", "", ""},
		{"mustchange", "mustchange-pw", core.ActionRequired, "", "", "", core.ActionRequired},
		{"nopass", "nopass-pw", core.InvalidCredentials, "", "", "", nobody},
		{"h-ssha", "hashed-pw", "", "Hash SSHA", "", "", ""},
		{"h-crypt6", "hashed-pw", "", "Hash crypt sha512", "", "", ""},
		{"h-argon2", "hashed-pw", "", "Hash argon2id", "", "", ""},
		{"comma", special, "", "Doe, John", engDev, "", ""},
		{"plus+sign", special, "", "Plus", "", "", ""},
		{"user+tag@example.org", special, "", "Plus", "", "", ""},
		{"jürgen", special, "", "Jürgen Müller", "", "", ""},
		{"ju\u0308rgen", special, "", "Jürgen Müller", "", "", ""},
		{"日本", special, "", "Nihon", "", "", ""},
		{"lead", special, "", " lead", "", "", ""},
		{"hash", special, "", `#hash "q" <lt> ; semi = eq`, "", "", ""},
		{"a*b", special, "", "Asterisk", "", "", ""},
		{"p(q)r", special, "", "Paren", "", "", ""},
		{`back\slash`, special, "", "Backslash", "", "", ""},
		{"o'neil@example.org", special, "", "O'Neil", "", "", ""},
		{"ghost", "ghost-pw", core.UnknownUser, "", "", "", nobody},
		{"alias", "alice-pw", core.UnknownUser, "", "", "", nobody},
		{"bulk0001", "hashed-pw", core.UnknownUser, "", "", "", nobody}, // in another branch
		{"reader", "reader-secret", core.UnknownUser, "", "", "", nobody},
		{"limited", "limited-secret", core.UnknownUser, "", "", "", nobody},
		{"manager", "manager-secret", core.UnknownUser, "", "", "", nobody},
		{"nobody-here", "x", core.UnknownUser, "", "", "", nobody},
		{"*", "alice-pw", core.UnknownUser, "", "", "", nobody},
		wrong("alice"), wrong("eve"), wrong("expired"), wrong("mustchange"),
	}
}

func sambaAccounts() []account {
	return []account{
		{"alice", "alice-pw", "", "Alice L.", "Dev,Engineering,Everyone Staff", "", ""},
		{"Alice@AD.example.org", "alice-pw", "", "Alice L.", "Dev,Engineering,Everyone Staff", "", ""},
		{"alice@example.org", "alice-pw", "", "Alice L.", "Dev,Engineering,Everyone Staff", "", ""},
		{"bob", "bob-pw-1", "", "Bob, the Builder", "Dev,Engineering,Everyone Staff", "", ""},
		{"carol@corp.example.com", "carol-pw", "", "Carol", "Everyone Staff", "", ""},
		{"carol", "carol-pw", "", "Carol", "Everyone Staff", "", ""},
		{"juergen", "juergen-pw", "", "Jürgen (Ext.) *", "", "", ""},
		{"jürgen@ad.example.org", "juergen-pw", "", "Jürgen (Ext.) *", "", "", ""},
		{"svc-authd", "svc-secret-1", "", "Svc Authd", "", "", ""}, // a user like any other there
		{"Administrator", "Admin-pw-2026", core.UnknownUser, "", "", "", nobody},
		{"disabled", "disabled-pw", core.Disabled, "", "", "", core.Disabled},
		{"disabled", "wrong-pw", core.InvalidCredentials, "", "", "", nobody},
		{"past", "past-pw-1", core.Disabled, "", "", ldap.ReasonAccountExpired, core.Disabled},
		{"past", "wrong-pw", core.InvalidCredentials, "", "", "", nobody},
		{"mustchange", "mustchange-pw", core.ActionRequired, "", "", "", core.ActionRequired},
		{"stale", "stale-pw", core.PasswordExpired, "", "", "", core.PasswordExpired},
		{"alice", "wrong-pw", core.InvalidCredentials, "", "", "", nobody},
		{"nobody-here", "x", core.UnknownUser, "", "", "", nobody},
		{"*", "alice-pw", core.UnknownUser, "", "", "", nobody},
	}
}

func ds389Accounts() []account {
	return []account{
		{"alice", "alice-pw", "", "Alice Liddell", "dev,staff", "", ""},
		{"alice@example.org", "alice-pw", "", "Alice Liddell", "dev,staff", "", ""},
		{"comma", special, "", "Doe, John", "dev,staff", "", ""},
		{"reader", "reader-secret", core.UnknownUser, "", "", "", nobody},
		{"manager", "manager-secret", core.UnknownUser, "", "", "", nobody},
		{"inactive", "inactive-pw", core.Disabled, "", "", "", nobody},
		{"inactive", "wrong-pw", core.Disabled, "", "", "", nobody},
		{"alice", "wrong-pw", core.InvalidCredentials, "", "", "", nobody},
		{"nobody-here", "x", core.UnknownUser, "", "", "", nobody},
	}
}

// tables has the accounts of each directory.
func tables() map[string][]account {
	return map[string][]account{"slapd": slapdAccounts(), "samba": sambaAccounts(), "ds389": ds389Accounts()}
}

// TestAccounts signs in as everybody that each directory is seeded with.
func TestAccounts(t *testing.T) {
	accounts := tables()
	eachVendor(t, func(t *testing.T, v vendor, f peers.Facts, _ *goldap.Conn) {
		s := open(t, v.config(f))
		for _, a := range accounts[v.peer] {
			t.Run(a.typed+"/"+a.password, func(t *testing.T) { a.check(t, s) })
		}
		t.Run("locked by wrong passwords", func(t *testing.T) { lockedOut(t, v, s) })
		t.Run("subjects", func(t *testing.T) { subjects(t, s, accounts[v.peer]) })
	})
}

// told is what people read who are not let in.
func told() map[core.Code]string {
	return map[core.Code]string{
		core.InvalidCredentials: "The email or password does not match any account.",
		core.Disabled:           "This account has been disabled.",
		core.PasswordExpired:    "The password of this account has expired and must be changed.",
		core.ActionRequired:     "This password must be changed before you can sign in.",
	}
}

func (a account) check(t *testing.T, s core.Strategy) {
	id, err := login(t.Context(), s, a.typed, a.password)
	if got := core.CodeOf(err); got != a.want {
		t.Fatalf("outcome %q, want %q: %v", got, a.want, err)
	}
	if err == nil {
		roles := slices.Sorted(slices.Values(id.Roles))
		name := id.Name
		if name == "" {
			name = id.Username
		}
		if strings.TrimSpace(name) != strings.TrimSpace(a.name) || strings.Join(roles, ",") != a.roles {
			t.Errorf("signed in as %q with %q, want %q with %q", name, roles, a.name, a.roles)
		}
		return
	}
	if got := core.AsError(err).Reason; got != a.reason {
		t.Errorf("reason %q, want %q", got, a.reason)
	}
	if shown := core.DefaultMessages().Refuse(err); shown.Code != a.shown || shown.Message != told()[a.shown] {
		t.Errorf("the person is told %q (%s), want %q", shown.Message, shown.Code, told()[a.shown])
	}
}

// lockedOut has the directory lock an account, as every directory here does
// after three wrong passwords for two seconds, and looks that nobody is told who
// does not know the password.
func lockedOut(t *testing.T, v vendor, s core.Strategy) {
	for range 3 {
		if _, err := login(t.Context(), s, "alice", "wrong-pw"); core.CodeOf(err) != core.InvalidCredentials && core.CodeOf(err) != core.Locked {
			t.Fatalf("a wrong password: %v", err)
		}
	}
	_, err := login(t.Context(), s, "alice", "alice-pw")
	if core.CodeOf(err) != core.Locked {
		t.Errorf("after three wrong passwords: %v", err)
	}
	if shown := core.DefaultMessages().Refuse(err); shown.Code != core.InvalidCredentials {
		t.Errorf("the person is told %s", shown.Code)
	}
	for deadline := time.Now().Add(10 * time.Second); ; time.Sleep(200 * time.Millisecond) {
		if _, err = login(t.Context(), s, "alice", "alice-pw"); err == nil {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("%s: the lock does not end: %v", v.peer, err)
		}
	}
}

// subjects asks for each account again as a refresh does.
func subjects(t *testing.T, s core.Strategy, accounts []account) {
	seen := map[string]string{}
	for _, a := range accounts {
		if a.want != "" {
			continue
		}
		id, err := login(t.Context(), s, a.typed, a.password)
		if err != nil {
			t.Errorf("%s: %v", a.typed, err)
			continue
		}
		if whose, ok := seen[id.Subject]; ok && whose != id.Username {
			t.Errorf("%s and %s are one subject", whose, id.Username)
		}
		seen[id.Subject] = id.Username
		again, err := s.Revalidator.Revalidate(t.Context(), id.Subject)
		if err != nil || again.Subject != id.Subject || again.Name != id.Name || !slices.Equal(again.Roles, id.Roles) {
			t.Errorf("%s: asked again: %+v, %v", a.typed, again, err)
		}
	}
}
