package ldap_test

import (
	"maps"
	"slices"
	"testing"
	"time"

	goldap "github.com/go-ldap/ldap/v3"

	"github.com/authd-go/authd"
	"github.com/authd-go/authd/core"
	"github.com/authd-go/authd/tools/e2e/peers"
)

// TestGuessingStopsBeforeTheDirectoryLocks: with limits below the directory's,
// as the strategy's README has them, nobody locks an owner out through authd, at
// whichever door they try.
func TestGuessingStopsBeforeTheDirectoryLocks(t *testing.T) {
	eachVendor(t, func(t *testing.T, v vendor, f peers.Facts, admin *goldap.Conn) {
		lockout := map[string][]goldap.ModifyRequest{
			"slapd": {modify("cn=default,ou=policies,dc=example,dc=org", "pwdLockoutDuration", "600")},
			"samba": {
				modify("DC=ad,DC=example,DC=org", "lockoutDuration", "-6000000000"),
				modify("DC=ad,DC=example,DC=org", "lockOutObservationWindow", "-6000000000"),
			},
			"ds389": {modify("cn=config", "passwordLockoutDuration", "600"), modify("cn=config", "passwordResetFailureCount", "600")},
		}
		apply(t, admin, lockout[v.peer]...)
		h := houseWith(t, v.writable(f), func(o *authd.Options) {
			o.Methods.UpdatePassword.Use = authd.Names(authd.Session)
			o.Throttle.FreeTries, o.Throttle.FirstDelay, o.Throttle.MaxDelay = 1, 10*time.Minute, 30*time.Minute
		})
		codes := map[core.Code]int{}
		for range 20 {
			for _, spelling := range []string{"alice", "ALICE", " alice "} {
				codes[ask(t, h, "/auth/login", map[string]string{"username": spelling, "password": "wrong-pw"}).Code]++
				codes[ask(t, h, "/auth/update-password", map[string]string{
					"username": spelling, "oldPassword": "wrong-pw", "password": fresh,
				}).Code]++
			}
		}
		if codes[core.InvalidCredentials] != 1 || codes[core.Throttled] != 119 {
			t.Errorf("answers: %v", codes)
		}
		s := open(t, v.config(f)) // the directory itself, which locks after three wrong ones
		if _, err := login(t.Context(), s, "alice", "alice-pw"); err != nil {
			t.Errorf("the owner, at the directory: %v", err)
		}
		for range 3 {
			_, _ = login(t.Context(), s, "alice", "wrong-pw")
		}
		if _, err := login(t.Context(), s, "alice", "alice-pw"); core.CodeOf(err) != core.Locked {
			t.Errorf("the directory does not lock, so that this shows nothing: %v", err)
		}
	})
}

// TestSignedInGuessesCount: whoever sits at somebody's open browser cannot try old
// passwords for long.
func TestSignedInGuessesCount(t *testing.T) {
	t.Parallel()
	v := vendors()[0]
	f := start(t, v)
	apply(t, v.admin(t, f), v.lenient)
	h, _ := passwordHouse(t, v.writable(f))
	in := ask(t, h, "/auth/login", map[string]string{"username": "alice", "password": "alice-pw"})
	codes := map[core.Code]int{}
	for range 20 {
		codes[askAs(t, h, in.Access, "/auth/update-password", map[string]string{"oldPassword": "wrong-pw", "password": fresh}).Code]++
	}
	if codes[core.InvalidCredentials] != 5 || codes[core.Throttled] != 15 {
		t.Errorf("answers: %v", slices.Sorted(maps.Keys(codes)))
	}
}
