package ldap

import (
	"maps"
	"slices"

	"github.com/authd-go/authd/core"
)

// The kinds of directory.
const (
	Generic         = "generic"
	OpenLDAP        = "openldap"
	ActiveDirectory = "activeDirectory"
	DS389           = "ds389"
	FreeIPA         = "freeipa"
)

// preset is what is known of a kind of directory. It is data: every line of
// users and groups can be set in the configuration instead.
type preset struct {
	users  Users
	groups Groups
	state  []stateRule
	policy bool // understands the password policy control (draft-behera-ldap-password-policy)
	codes  map[uint16]refusal
	// method writes passwords; empty means MethodExtended.
	method string
	// marksResets is whether a reset may leave the mark pwdReset behind.
	marksResets bool
}

// presets lists the kinds of directory.
func presets() map[string]preset {
	return map[string]preset{
		Generic: {
			users: Users{
				Filter:     "(uid={username})",
				Attributes: Attributes{ID: "entryUUID", Username: "uid", Name: "displayName", Email: "mail", Photo: "jpegPhoto"},
			},
			groups: Groups{Filter: "(|(member={dn})(uniqueMember={dn})(memberUid={username}))", Nested: NestedNone},
			policy: true, marksResets: true,
		},
		OpenLDAP: {
			users: Users{
				Filter:     "(&(objectClass=inetOrgPerson)(|(uid={username})(mail={username})))",
				Attributes: Attributes{ID: "entryUUID", Username: "uid", Name: "displayName", Email: "mail", Photo: "jpegPhoto"},
			},
			groups: Groups{Filter: "(|(member={dn})(uniqueMember={dn})(memberUid={username}))", Nested: NestedWalk},
			state: []stateRule{
				{attribute: "pwdAccountLockedTime", test: equals("000001010000Z"), code: core.Locked},
				{attribute: "pwdEndTime", test: generalizedTimePast, code: core.Disabled},
			},
			policy: true, marksResets: true,
		},
		ActiveDirectory: {
			users: Users{
				Filter: "(&(objectCategory=person)(objectClass=user)" +
					"(|(sAMAccountName={username})(userPrincipalName={username})(mail={username})))",
				Attributes: Attributes{ID: "objectGUID", Username: "sAMAccountName", Name: "displayName", Email: "mail", Photo: "thumbnailPhoto"},
			},
			groups: Groups{Filter: "(&(objectClass=group)(member={dn}))", Nested: NestedInChain},
			state: []stateRule{
				{attribute: "userAccountControl", test: hasBits(accountDisable), code: core.Disabled},
				{attribute: "accountExpires", test: fileTimePast, code: core.Disabled},
			},
			method: MethodUnicodePwd,
		},
		DS389: {
			users: Users{
				Filter:     "(&(objectClass=inetOrgPerson)(|(uid={username})(mail={username})))",
				Attributes: Attributes{ID: "nsUniqueId", Username: "uid", Name: "displayName", Email: "mail", Photo: "jpegPhoto"},
			},
			groups: Groups{Filter: "(|(member={dn})(uniqueMember={dn}))", Nested: NestedWalk},
			state:  []stateRule{{attribute: "nsAccountLock", test: equals("true"), code: core.Disabled}},
			policy: true,
			codes:  codes389(),
		},
		FreeIPA: {
			users: Users{
				Filter:     "(&(objectClass=person)(|(uid={username})(mail={username})(krbPrincipalName={username})))",
				Attributes: Attributes{ID: "ipaUniqueID", Username: "uid", Name: "displayName", Email: "mail", Photo: "jpegPhoto"},
			},
			groups: Groups{Filter: "(member={dn})", Nested: NestedWalk},
			state: []stateRule{
				{attribute: "nsAccountLock", test: equals("true"), code: core.Disabled},
				{attribute: "krbPrincipalExpiration", test: generalizedTimePast, code: core.Disabled},
			},
			policy: true,
			codes:  codes389(),
		},
	}
}

// directories lists the names of the kinds, sorted.
func directories() []string { return slices.Sorted(maps.Keys(presets())) }

// Complete implements core.Completer.
func (c *Config) Complete() core.StrategyConfig { return c.complete() }

// complete is c with what is known of its kind of directory, where it is silent.
func (c *Config) complete() *Config {
	out, known := *c, presets()[c.Directory]
	out.Users, out.Groups, out.Passwords = c.Users.with(known.users), c.Groups.with(known.groups), c.Passwords.with(known)
	return &out
}

// with fills in what is empty.
func (u Users) with(p Users) Users {
	fill(&u.Filter, p.Filter)
	fill(&u.Attributes.ID, p.Attributes.ID)
	fill(&u.Attributes.Username, p.Attributes.Username)
	fill(&u.Attributes.Name, p.Attributes.Name)
	fill(&u.Attributes.Email, p.Attributes.Email)
	fill(&u.Attributes.Photo, p.Attributes.Photo)
	return u
}

func (g Groups) with(p Groups) Groups {
	fill(&g.Filter, p.Filter)
	fill(&g.Nested, p.Nested)
	return g
}

func (p Passwords) with(kind preset) Passwords {
	fill(&p.Method, kind.method)
	fill(&p.Method, MethodExtended)
	return p
}

func fill(field *string, value string) {
	if *field == "" {
		*field = value
	}
}
