package ldap_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	goldap "github.com/go-ldap/ldap/v3"

	"github.com/authd-go/authd/core"
	"github.com/authd-go/authd/strategies/ldap"
	"github.com/authd-go/authd/tools/e2e/peers"
)

// TestGroups finds the groups of the same people in each way that a directory
// has, and in those that it has not.
func TestGroups(t *testing.T) {
	eachVendor(t, func(t *testing.T, v vendor, f peers.Facts, _ *goldap.Conn) {
		for _, c := range groupings()[v.peer] {
			t.Run(c.name, func(t *testing.T) {
				config := v.config(f)
				c.change(&config.Groups)
				e := env()
				e.RoleKeys = c.keys
				s := openWith(t, config, e)
				for who, want := range c.want {
					name, password, _ := strings.Cut(who, " ")
					id, err := login(t.Context(), s, name, password)
					if want == unavailable {
						if core.CodeOf(err) != core.Unavailable {
							t.Errorf("%s: %v", name, err)
						}
						continue
					}
					if got := strings.Join(slices.Sorted(slices.Values(id.Roles)), ","); err != nil || got != want {
						t.Errorf("%s has %q, want %q; %v", name, got, want, err)
					}
				}
			})
		}
	})
}

// unavailable stands for roles that could not be had.
const unavailable = "unavailable"

type grouping struct {
	name   string
	change func(*ldap.Groups)
	keys   []string // of the role map
	want   map[string]string
}

func nested(how string) func(*ldap.Groups) { return func(g *ldap.Groups) { g.Nested = how } }

func ownList(g *ldap.Groups) { g.BaseDN, g.Nested = "", "" }

func groupings() map[string][]grouping {
	const alice, bob, dora, comma = "alice alice-pw", "bob bob-password-pw", "dora dora-pw", "comma " + special
	const adBob, adCarol = "bob bob-pw-1", "carol carol-pw"
	return map[string][]grouping{
		"slapd": {
			{"walk", nested(ldap.NestedWalk), nil, map[string]string{
				alice: "Admins, (All) *," + engDev + ",unique,wheel", bob: "engineering,ops,staff,wheel", dora: "ring-a,ring-b", comma: engDev,
			}},
			{"direct", nested(ldap.NestedNone), nil, map[string]string{
				alice: "Admins, (All) *,dev,unique,wheel", bob: "ops,wheel", dora: "ring-b", comma: "dev",
			}},
			{"two steps", func(g *ldap.Groups) { g.MaxDepth = 2 }, nil, map[string]string{bob: "engineering,ops,wheel"}},
			{"too many", func(g *ldap.Groups) { g.MaxGroups = 3 }, nil, map[string]string{alice: unavailable, comma: engDev}},
			{"member", func(g *ldap.Groups) { g.Filter = "(member={dn})" }, nil, map[string]string{alice: "Admins, (All) *," + engDev}},
			{"uniqueMember", func(g *ldap.Groups) { g.Filter = "(uniqueMember={dn})" }, nil, map[string]string{alice: "unique", bob: ""}},
			{"memberUid", func(g *ldap.Groups) { g.Filter = "(memberUid={username})" }, nil, map[string]string{alice: "wheel", bob: "wheel", comma: ""}},
			{"memberOf", ownList, nil, map[string]string{alice: "Admins, (All) *,dev", bob: "ops", comma: "dev"}},
			{"by DN and pattern", nested(ldap.NestedWalk), []string{`CN=admins\2C (all) *, OU=Groups, DC=example,DC=org`, "eng*", "STAFF"}, map[string]string{
				alice: `CN=admins\2C (all) *, OU=Groups, DC=example,DC=org,STAFF,dev,eng*,unique,wheel`,
			}},
			{"a base that is not there", func(g *ldap.Groups) { g.BaseDN = "ou=nowhere,dc=example,dc=org" }, nil, map[string]string{alice: unavailable}},
		},
		"samba": {
			{"in chain", nested(ldap.NestedInChain), nil, map[string]string{alice: adGroups, adBob: adGroups, adCarol: "Everyone Staff"}},
			{"walk", nested(ldap.NestedWalk), nil, map[string]string{alice: adGroups, adBob: adGroups, adCarol: "Everyone Staff"}},
			// tokenGroups knows the primary group too, and what that is in.
			{"tokenGroups", nested(ldap.NestedTokenGroups), nil, map[string]string{
				alice: "Dev,Domain Users,Engineering,Everyone Staff,Users", adBob: "Dev,Domain Users,Engineering,Everyone Staff,Users",
				adCarol: "Domain Users,Everyone Staff,Users",
			}},
			{"direct", nested(ldap.NestedNone), nil, map[string]string{alice: "Dev", adBob: "Dev", adCarol: "Everyone Staff"}},
			{"memberOf", ownList, nil, map[string]string{alice: "Dev", adBob: "Dev", adCarol: "Everyone Staff"}},
			{"too many", func(g *ldap.Groups) { g.MaxGroups = 2 }, nil, map[string]string{alice: unavailable, adCarol: "Everyone Staff"}},
			{"too many tokens", func(g *ldap.Groups) { g.Nested, g.MaxGroups = ldap.NestedTokenGroups, 2 }, nil, map[string]string{alice: unavailable}},
		},
		"ds389": {
			{"walk", nested(ldap.NestedWalk), nil, map[string]string{alice: "dev,staff", comma: "dev,staff"}},
			{"direct", nested(ldap.NestedNone), nil, map[string]string{alice: "dev", comma: "dev"}},
			{"memberOf", ownList, nil, map[string]string{alice: "dev,staff", comma: "dev,staff"}}, // nested by the server itself
		},
	}
}

const adGroups = "Dev,Engineering,Everyone Staff"

// TestManyGroups: a directory that limits what one answer holds is asked page by
// page. OpenLDAP is told to give the service 500 entries at once.
func TestManyGroups(t *testing.T) {
	t.Parallel()
	v := vendors()[0]
	f := start(t, v, "SLAPD_BULK=1")
	admin := v.admin(t, f)
	for i := range 600 {
		if err := admin.Add(v.group(f["LDAP_BASE_DN"], fmt.Sprintf("team%03d", i), "uid=carol,ou=people,"+f["LDAP_BASE_DN"])); err != nil {
			t.Fatal(err)
		}
	}
	for _, how := range []string{ldap.NestedNone, ldap.NestedWalk} {
		c := v.config(f)
		c.Groups.Nested = how
		id, err := login(t.Context(), open(t, c), "carol", "carol-pw")
		if err != nil || len(id.Roles) != 601 { // and staff
			t.Errorf("%s: %d roles, %v", how, len(id.Roles), err)
		}
	}
}
