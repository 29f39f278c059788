package ldap_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	goldap "github.com/go-ldap/ldap/v3"

	"github.com/authd-go/authd"
	"github.com/authd-go/authd/core"
	"github.com/authd-go/authd/strategies/ldap"
	"github.com/authd-go/authd/strategies/strategytest"
	"github.com/authd-go/authd/tools/e2e/peers"
)

// change is what an administrator does to somebody.
type change struct {
	name string
	do   func(admin *goldap.Conn, dn string) error
	ends bool // the session, that is
}

func replace(attribute string, values ...string) func(*goldap.Conn, string) error {
	return func(admin *goldap.Conn, dn string) error {
		m := modify(dn, attribute, values...)
		return admin.Modify(&m)
	}
}

// changes are the same everywhere but for what a vendor calls it.
func changes(v vendor) []change {
	elsewhere := map[string]string{"slapd": "ou=services,dc=example,dc=org", "samba": "CN=Users,DC=ad,DC=example,DC=org", "ds389": "ou=groups,dc=example,dc=org"}
	out := []change{
		{"nothing", func(*goldap.Conn, string) error { return nil }, false},
		{"another name", replace("displayName", "Somebody Else"), false},
		{"switched off", func(admin *goldap.Conn, dn string) error { return admin.Modify(v.off(dn)) }, true},
		{"removed", func(admin *goldap.Conn, dn string) error { return admin.Del(goldap.NewDelRequest(dn, nil)) }, true},
		{"moved out of the base", func(admin *goldap.Conn, dn string) error {
			return admin.ModifyDN(goldap.NewModifyDNRequest(dn, firstPart(dn), true, elsewhere[v.peer]))
		}, true},
		{"renamed", func(admin *goldap.Conn, dn string) error {
			return admin.ModifyDN(goldap.NewModifyDNRequest(dn, "cn=renamed", true, ""))
		}, false},
	}
	switch v.peer {
	case "slapd":
		out = append(out, change{"locked for good", replace("pwdAccountLockedTime", "000001010000Z"), true},
			change{"ended", replace("pwdEndTime", "20200101000000Z"), true}, change{"ends later", replace("pwdEndTime", "29990101000000Z"), false})
	case "samba":
		out = append(out, change{"expired", replace("accountExpires", "126500000000000000"), true})
	}
	return out
}

func firstPart(dn string) string {
	first, _, _ := strings.Cut(dn, ",")
	return first
}

// TestSessionsFollowTheDirectory: what an administrator does there, the next
// refresh does here.
func TestSessionsFollowTheDirectory(t *testing.T) {
	eachVendor(t, func(t *testing.T, v vendor, f peers.Facts, admin *goldap.Conn) {
		suffix := f["LDAP_BASE_DN"] + f["AD_BASE_DN"]
		if v.peer == "samba" { // where people are in another place
			if err := admin.Add(add("OU=people,"+suffix, "objectClass", "organizationalUnit")); err != nil {
				t.Fatal(err)
			}
		}
		c := v.config(f)
		c.Users.BaseDN = "ou=people," + suffix
		h := house(t, c)
		for i, change := range changes(v) {
			account := strategytest.Account{Identifier: "zoe" + string(rune('a'+i)), Password: "zoe's own secret 1"}
			entry, err := v.person(suffix, account.Identifier, account)
			if err != nil {
				t.Fatal(err)
			}
			if err := admin.Add(entry); err != nil {
				t.Fatal(err)
			}
			s := ask(t, h, "/auth/login", map[string]string{"username": account.Identifier, "password": account.Password})
			if s.status != http.StatusOK {
				t.Fatalf("%s: login: %+v", change.name, s)
			}
			if err := change.do(admin, entry.DN); err != nil {
				t.Fatalf("%s: %v", change.name, err)
			}
			for range 2 { // it stays so
				got := ask(t, h, "/auth/refresh", map[string]string{"refreshToken": s.Token})
				if ended := got.status == http.StatusBadRequest && got.Code == core.Unauthenticated; ended != change.ends || !ended && got.status != http.StatusOK {
					t.Errorf("%s: %+v", change.name, got)
				}
			}
		}
	})
}

// TestOutageGrace: an outage keeps sessions, for as long as the operator says
// and no longer, and ends none.
func TestOutageGrace(t *testing.T) {
	t.Parallel()
	f := peers.Start(t, "slapd", "SLAPD_BULK=1")
	c := vendors()[0].config(f)
	proxy := peers.Proxy(t, strings.TrimPrefix(f["LDAP_URL"], "ldap://"))
	c.URLs, c.TLS, c.AttemptTimeout = []string{"ldap://" + proxy.Listen}, ldap.NewConfig().TLS, attempt
	const grace = 2 * time.Second
	h := house(t, c, func(o *authd.StrategyOptions) { o.OutageGrace = grace })
	alice := ask(t, h, "/auth/login", map[string]string{"username": "alice", "password": "alice-pw"})
	refresh := func() said {
		return ask(t, h, "/auth/refresh", map[string]string{"refreshToken": alice.Token})
	}
	proxy.Stop()
	if got := refresh(); got.status != http.StatusOK {
		t.Errorf("in an outage: %+v", got)
	}
	time.Sleep(grace)
	if got := refresh(); got.status != http.StatusServiceUnavailable || got.Code != core.Unavailable {
		t.Errorf("in a long outage: %+v", got)
	}
	if err := proxy.Start(); err != nil {
		t.Fatal(err)
	}
	for deadline := time.Now().Add(10 * time.Second); ; time.Sleep(100 * time.Millisecond) {
		if got := refresh(); got.status == http.StatusOK {
			return
		} else if time.Now().After(deadline) {
			t.Fatalf("after the outage: %+v", got)
		}
	}
}

// TestTheThrottleComesFirst: whoever guesses is stopped here before the
// directory locks the owner out, which it would do for everybody.
func TestTheThrottleComesFirst(t *testing.T) {
	t.Parallel()
	f := peers.Start(t, "slapd", "SLAPD_BULK=1", "SLAPD_LOG=stats")
	v := vendors()[0]
	admin := v.admin(t, f)
	m := goldap.NewModifyRequest("cn=default,ou=policies,dc=example,dc=org", nil)
	m.Replace("pwdMaxFailure", []string{"8"}) // authd lets five through, and then one for each wait
	m.Replace("pwdLockoutDuration", []string{"600"})
	if err := admin.Modify(m); err != nil {
		t.Fatal(err)
	}
	h := house(t, v.config(f))
	throttled := 0
	for range 60 {
		switch got := ask(t, h, "/auth/login", map[string]string{"username": "alice", "password": "wrong-pw"}); got.status {
		case http.StatusTooManyRequests:
			throttled++
		case http.StatusBadRequest:
		default:
			t.Fatalf("got %+v", got)
		}
	}
	if throttled < 50 {
		t.Errorf("%d of 60 were refused", throttled)
	}
	own, err := goldap.DialURL(f["LDAP_URL"])
	if err != nil {
		t.Fatal(err)
	}
	defer own.Close()
	if err := own.Bind(aliceDN(v), "alice-pw"); err != nil {
		t.Errorf("the directory has locked the owner out: %v", err)
	}
}
