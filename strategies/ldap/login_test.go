package ldap_test

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	goldap "github.com/go-ldap/ldap/v3"

	"github.com/authd-go/authd/core"
	"github.com/authd-go/authd/strategies/ldap"
	"github.com/authd-go/authd/strategies/ldap/ldaptest"
)

func TestLogin(t *testing.T) {
	s := open(t, config(ldaptest.Start(t, directory())))
	id, err := login(t.Context(), s, "john", johnPW)
	want := core.Identity{
		AccountID: core.AccountID{Subject: johnID}, Username: "john", Name: "John Doe",
		Email: "john@example.org", EmailVerified: true, Roles: []string{"dev", "engineering", "staff"},
	}
	if err != nil || !reflect.DeepEqual(id, want) {
		t.Errorf("got %#v, %v", id, err)
	}
	for who, code := range map[string]core.Code{"john": core.InvalidCredentials, "nobody": core.UnknownUser, "": core.UnknownUser, "*": core.UnknownUser} {
		if _, err := login(t.Context(), s, who, "wrong"); core.CodeOf(err) != code {
			t.Errorf("%q: %v", who, err)
		}
	}
}

func TestPasswordsThatNobodyIsAskedAbout(t *testing.T) {
	d := directory()
	s := open(t, config(ldaptest.Start(t, d)))
	for _, password := range []string{"", "\x00", johnPW + "\x00"} {
		if _, err := login(t.Context(), s, "john", password); core.CodeOf(err) != core.InvalidCredentials {
			t.Errorf("%q: %v", password, err)
		}
	}
	if seen := d.Seen(); len(seen) != 0 {
		t.Errorf("the directory was asked: %v", seen)
	}
}

// TestTwoEntriesAreNobody: the operator reads of it, the user does not.
func TestTwoEntriesAreNobody(t *testing.T) {
	d := directory()
	d.Put(person("jane", "1", johnPW, map[string][]string{"mail": {"john@example.org"}}))
	s := open(t, config(ldaptest.Start(t, d)))
	_, err := login(t.Context(), s, "john@example.org", johnPW)
	if core.CodeOf(err) != core.UnknownUser || core.AsError(err).Reason != ldap.ReasonAmbiguous {
		t.Errorf("got %v", err)
	}
	if _, err := login(t.Context(), s, "john", johnPW); err != nil {
		t.Errorf("the other name is his alone: %v", err)
	}
}

// TestNamesThatADirectoryTakesForAnother: each spelling has tries of its own at
// the throttle, so that only that of the entry may be its owner's. A directory
// that ignores case takes one small sigma for the other.
func TestNamesThatADirectoryTakesForAnother(t *testing.T) {
	const own, other = "νίκος", "νίκοσ"
	for name, c := range map[string]struct{ filter, suffix string }{
		"search":        {"(|(uid={username})(mail={username}))", ""},
		"by address":    {"(|(uid={username})(mail={username}))", "@example.org"},
		"with a suffix": {"(mail={username}@example.org)", ""},
	} {
		t.Run(name, func(t *testing.T) {
			d := directory()
			d.Put(person(own, "1", johnPW, nil))
			conf := config(ldaptest.Start(t, d))
			conf.Users.Filter = c.filter
			s := open(t, conf)
			if _, err := login(t.Context(), s, own+c.suffix, johnPW); err != nil {
				t.Errorf("the owner's spelling: %v", err)
			}
			if _, err := login(t.Context(), s, other+c.suffix, johnPW); core.CodeOf(err) != core.UnknownUser {
				t.Errorf("another: %v", err)
			}
		})
	}
	t.Run("bound by DN", func(t *testing.T) {
		d := directory()
		entry := person(own, "1", johnPW, nil)
		entry.DN = "uid=" + other + "," + people // where such a directory looks for it too
		d.Put(entry)
		conf := config(ldaptest.Start(t, d))
		conf.Users.Bind = "uid={username}," + people
		if _, err := login(t.Context(), open(t, conf), other, johnPW); core.CodeOf(err) != core.UnknownUser {
			t.Errorf("another: %v", err)
		}
	})
}

// policy answers a bind with the password policy control.
func policy(code uint16, err int8) ldaptest.Answer {
	return ldaptest.Answer{Code: code, Controls: []goldap.Control{&policyResponse{err}}}
}

// TestOutcomes: what the vendors say, and what it means.
func TestOutcomes(t *testing.T) {
	const wrong, unwilling, constraint = goldap.LDAPResultInvalidCredentials, goldap.LDAPResultUnwillingToPerform, goldap.LDAPResultConstraintViolation
	data := func(code string) ldaptest.Answer {
		return ldaptest.Answer{Code: wrong, Message: "80090308: LdapErr: DSID-0C09041C, comment: AcceptSecurityContext error, data " + code + ", v4563"}
	}
	for _, c := range []struct {
		name, directory string
		answer          ldaptest.Answer
		code            core.Code
		proved          bool
		reason, action  string
	}{
		{"right", ldap.OpenLDAP, ldaptest.Answer{}, "", false, "", ""},
		{"wrong", ldap.OpenLDAP, ldaptest.Answer{Code: wrong}, core.InvalidCredentials, false, "", ""},
		{"policy: expired", ldap.OpenLDAP, policy(wrong, 0), core.PasswordExpired, true, "", ""},
		{"policy: locked", ldap.OpenLDAP, policy(wrong, 1), core.Locked, false, "", ""},
		{"policy: must change", ldap.OpenLDAP, policy(0, 2), core.ActionRequired, true, "", core.ActionNewPassword},
		{"no password", ldap.OpenLDAP, ldaptest.Answer{Code: goldap.LDAPResultInappropriateAuthentication}, core.InvalidCredentials, false, "", ""},
		{"no rights", ldap.OpenLDAP, ldaptest.Answer{Code: goldap.LDAPResultInsufficientAccessRights}, core.Unavailable, false, "", ""},
		{"unwilling", ldap.OpenLDAP, ldaptest.Answer{Code: unwilling}, core.Unavailable, false, "", ""},
		{"busy", ldap.OpenLDAP, ldaptest.Answer{Code: goldap.LDAPResultBusy}, core.Unavailable, false, "", ""},
		{"AD: wrong", ldap.ActiveDirectory, data("52e"), core.InvalidCredentials, false, "", ""},
		{"AD: unknown", ldap.ActiveDirectory, data("525"), core.UnknownUser, false, "", ""},
		{"AD: disabled", ldap.ActiveDirectory, data("533"), core.Disabled, true, "", ""},
		{"AD: account expired", ldap.ActiveDirectory, data("701"), core.Disabled, true, ldap.ReasonAccountExpired, ""},
		{"AD: password expired", ldap.ActiveDirectory, data("532"), core.PasswordExpired, true, "", ""},
		{"AD: must change", ldap.ActiveDirectory, data("773"), core.ActionRequired, true, "", core.ActionNewPassword},
		{"AD: locked", ldap.ActiveDirectory, data("775"), core.Locked, false, "", ""},
		{"AD: not at this time", ldap.ActiveDirectory, data("530"), core.Locked, true, ldap.ReasonTimeRestriction, ""},
		{"AD: not from here", ldap.ActiveDirectory, data("531"), core.Locked, true, ldap.ReasonWorkstationRestriction, ""},
		{"AD: another code", ldap.ActiveDirectory, data("abc"), core.InvalidCredentials, false, "", ""},
		{"389: inactive", ldap.DS389, ldaptest.Answer{Code: unwilling, Message: "Account inactivated."}, core.Disabled, false, "", ""},
		{"389: locked", ldap.DS389, ldaptest.Answer{Code: constraint, Message: "Exceed password retry limit."}, core.Locked, false, "", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			d := directory()
			d.Put(person("john", johnID, johnPW, map[string][]string{
				"objectClass": {"inetOrgPerson", "user"}, "objectCategory": {"person"}, "sAMAccountName": {"john"},
				"objectGUID": {"0123456789abcdef"}, "nsUniqueId": {"x"},
			}))
			d.OnBind(func(e ldaptest.Entry, _ bool) (ldaptest.Answer, bool) { return c.answer, e.DN == johnDN })
			conf := config(ldaptest.Start(t, d))
			conf.Directory = c.directory
			_, err := login(t.Context(), open(t, conf), "john", johnPW)
			e := core.AsError(err)
			if core.CodeOf(err) != c.code {
				t.Fatalf("got %v", err)
			}
			if e != nil && (e.Proved != c.proved || e.Reason != c.reason || e.Action != c.action) {
				t.Errorf("got %+v", e)
			}
		})
	}
}

// TestTheAccountsOwnAttributes: a bind that succeeds is not everything.
func TestTheAccountsOwnAttributes(t *testing.T) {
	for _, c := range []struct {
		name, directory, attribute, value string
		code                              core.Code
	}{
		{"a rule of the operator's", ldap.OpenLDAP, "employeeType", "DISABLED", core.Disabled},
		{"another value", ldap.OpenLDAP, "employeeType", "clerk", ""},
		{"locked by an administrator", ldap.OpenLDAP, "pwdAccountLockedTime", "000001010000Z", core.Locked},
		{"locked for a while", ldap.OpenLDAP, "pwdAccountLockedTime", "20260101000000Z", ""},
		{"switched off", ldap.ActiveDirectory, "userAccountControl", "514", core.Disabled},
		{"switched on", ldap.ActiveDirectory, "userAccountControl", "512", ""},
		{"expired in 2001", ldap.ActiveDirectory, "accountExpires", "126500000000000000", core.Disabled},
		{"never expires", ldap.ActiveDirectory, "accountExpires", "9223372036854775807", ""},
		{"never expires, too", ldap.ActiveDirectory, "accountExpires", "0", ""},
		{"ended in 2020", ldap.OpenLDAP, "pwdEndTime", "20200101000000Z", core.Disabled},
		{"ended in 2020, by another zone", ldap.OpenLDAP, "pwdEndTime", "20200101000000.5+0100", core.Disabled},
		{"ends in 2999", ldap.OpenLDAP, "pwdEndTime", "29990101000000Z", ""},
		{"ends who knows when", ldap.OpenLDAP, "pwdEndTime", "soon", ""},
		{"expired in 2020", ldap.FreeIPA, "krbPrincipalExpiration", "20200101000000Z", core.Disabled},
		{"inactive", ldap.DS389, "nsAccountLock", "TRUE", core.Disabled},
	} {
		t.Run(c.name, func(t *testing.T) {
			d := directory()
			d.Put(person("john", johnID, johnPW, map[string][]string{
				"objectClass": {"inetOrgPerson", "user", "person"}, "objectCategory": {"person"}, "sAMAccountName": {"john"},
				"objectGUID": {"0123456789abcdef"}, "nsUniqueId": {"x"}, "ipaUniqueID": {"y"}, c.attribute: {c.value},
			}))
			conf := config(ldaptest.Start(t, d))
			conf.Directory = c.directory
			conf.Users.Disabled = ldap.Condition{Attribute: "employeeType", Values: []string{"disabled"}}
			s := open(t, conf)
			id, err := login(t.Context(), s, "john", johnPW)
			if core.CodeOf(err) != c.code || (c.code != "" && !core.AsError(err).Proved) {
				t.Fatalf("login: %v", err)
			}
			if c.code != "" {
				id.Subject = core.AsError(err).Subject
			}
			if _, err := s.Revalidator.Revalidate(t.Context(), id.Subject); core.CodeOf(err) != c.code {
				t.Errorf("revalidate: %v", err)
			}
		})
	}
}

// TestRevalidate: who is gone, or no longer found by the filter, is out; an
// outage says nothing.
func TestRevalidate(t *testing.T) {
	d := directory()
	server := ldaptest.Start(t, d)
	s := open(t, config(server))
	if id, err := s.Revalidator.Revalidate(t.Context(), johnID); err != nil || !slices.Equal(id.Roles, []string{"dev", "engineering", "staff"}) {
		t.Errorf("got %+v, %v", id, err)
	}
	d.Put(person("john", johnID, johnPW, map[string][]string{"objectClass": {"device"}}))
	if _, err := s.Revalidator.Revalidate(t.Context(), johnID); core.CodeOf(err) != core.UnknownUser {
		t.Errorf("no longer a person: %v", err)
	}
	d.Remove(johnDN)
	for _, subject := range []string{johnID, "", "*", "no-such-subject"} {
		if _, err := s.Revalidator.Revalidate(t.Context(), subject); core.CodeOf(err) != core.UnknownUser {
			t.Errorf("%q: %v", subject, err)
		}
	}
	server.Stop()
	if _, err := s.Revalidator.Revalidate(t.Context(), johnID); core.CodeOf(err) != core.Unavailable {
		t.Errorf("an outage: %v", err)
	}
}

// TestTheServiceIsRefused: the service's wrong password is an outage, and never
// the user's.
func TestTheServiceIsRefused(t *testing.T) {
	c := config(ldaptest.Start(t, directory()))
	c.BindPassword = core.NewSecret("not-the-word")
	_, err := login(t.Context(), open(t, c), "john", johnPW)
	if core.CodeOf(err) != core.Unavailable || strings.Contains(err.Error(), "not-the-word") {
		t.Errorf("got %v", err)
	}
}

func TestBindFirst(t *testing.T) {
	for name, template := range map[string]string{"by DN": "uid={username}," + people, "by name": "{username}@ad.example.org", "by domain and name": `AD\{username}`} {
		t.Run(name, func(t *testing.T) {
			d := directory()
			d.Put(ldaptest.Entry{DN: "john@ad.example.org", Password: johnPW})
			d.Put(ldaptest.Entry{DN: `AD\john`, Password: johnPW})
			d.Put(person("john", johnID, johnPW, map[string][]string{
				"displayName": {"John Doe"}, "userPrincipalName": {"John@ad.example.org"}, "sAMAccountName": {"John"},
			}))
			c := config(ldaptest.Start(t, d))
			c.Users.Bind = template
			s := open(t, c)
			id, err := login(t.Context(), s, "john", johnPW)
			if err != nil || id.Subject != johnID || len(id.Roles) != 3 {
				t.Errorf("got %+v, %v", id, err)
			}
			if _, err := login(t.Context(), s, "john", "wrong"); core.CodeOf(err) != core.InvalidCredentials {
				t.Errorf("a wrong password: %v", err)
			}
			if _, err := login(t.Context(), s, "x,"+people, johnPW); err == nil {
				t.Error("a name that reaches into the DN was let in")
			}
			d.Remove(johnDN)
			if template[0] != 'u' {
				if _, err := login(t.Context(), s, "john", johnPW); core.CodeOf(err) != core.UnknownUser {
					t.Errorf("a name without an entry: %v", err)
				}
			}
		})
	}
}

// TestBindFirstAsSomebodyElse: the entry that the filter finds is not always the
// one that was bound. Then it is nobody's, whoever knows which password.
func TestBindFirstAsSomebodyElse(t *testing.T) {
	const upn = "{username}@ad.example.org"
	mail := map[string][]string{"mail": {"john"}}
	for name, c := range map[string]struct {
		bind   string
		other  map[string][]string // of the entry with which John's name is found
		as     string              // what the server says who is bound
		reason string
		code   core.Code
	}{
		"a principal name of one is an account name of the other": {upn, map[string][]string{"uid": {"john"}, "userPrincipalName": {"jd@corp.example.com"}}, "", ldap.ReasonNotBound, core.UnknownUser},
		"no principal name at all":                                {upn, map[string][]string{"uid": {"john"}}, "", ldap.ReasonNotBound, core.UnknownUser},
		"another account name":                                    {`AD\{username}`, map[string][]string{"uid": {"john"}, "sAMAccountName": {"jd"}}, "", ldap.ReasonNotBound, core.UnknownUser},
		"a DN that was bound, and another's mail":                 {"uid={username},ou=elsewhere," + base, mail, "", "", core.UnknownUser},
		"the server says that it is the same":                     {upn, map[string][]string{"uid": {"john"}}, "uid=found," + people, "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			d := directory()
			d.Remove(johnDN)
			d.Put(person("found", "another-subject", "another's password", c.other))
			bound := strings.ReplaceAll(c.bind, "{username}", "john")
			d.Put(ldaptest.Entry{DN: bound, Password: johnPW, Authz: c.as, Attributes: map[string][]string{"entryUUID": {johnID}}})
			conf := config(ldaptest.Start(t, d))
			conf.Users.Bind = c.bind
			id, err := login(t.Context(), open(t, conf), "john", johnPW)
			if core.CodeOf(err) != c.code || (err != nil && core.AsError(err).Reason != c.reason) {
				t.Errorf("got %+v, %v", id, err)
			}
		})
	}
}

func TestRolesByTheOperatorsNames(t *testing.T) {
	e := env()
	e.RoleKeys = []string{"CN=Dev, OU=groups, DC=example, DC=org", "ENGINEERING", "st*"}
	s := openWith(t, config(ldaptest.Start(t, directory())), e)
	id, err := login(t.Context(), s, "john", johnPW)
	if err != nil || !slices.Equal(id.Roles, e.RoleKeys) {
		t.Errorf("got %q, %v", id.Roles, err)
	}
}

func TestGroups(t *testing.T) {
	for _, c := range []struct {
		name   string
		change func(*ldap.Config)
		want   []string
		err    core.Code
	}{
		{"walk", func(*ldap.Config) {}, []string{"dev", "engineering", "staff"}, ""},
		{"one step", func(c *ldap.Config) { c.Groups.MaxDepth = 1 }, []string{"dev"}, ""},
		{"none", func(c *ldap.Config) { c.Groups.Nested = ldap.NestedNone }, []string{"dev"}, ""},
		{"too many", func(c *ldap.Config) { c.Groups.MaxGroups = 2 }, nil, core.Unavailable},
		{"memberOf", func(c *ldap.Config) { c.Groups = ldap.Groups{Name: "cn", MaxDepth: 1, MaxGroups: 10} }, []string{"Admins, all", "dev"}, ""},
		{"no such base", func(c *ldap.Config) { c.Groups.BaseDN = "ou=nowhere," + base }, nil, core.Unavailable},
	} {
		t.Run(c.name, func(t *testing.T) {
			d := directory()
			d.Put(person("john", johnID, johnPW, map[string][]string{"memberOf": {groupDN("dev"), `cn=Admins\2C all,ou=groups,` + base}}))
			conf := config(ldaptest.Start(t, d))
			c.change(conf)
			id, err := login(context.Background(), open(t, conf), "john", johnPW)
			if core.CodeOf(err) != c.err || !slices.Equal(id.Roles, c.want) {
				t.Errorf("got %q, %v", id.Roles, err)
			}
		})
	}
}

func TestFailoverDuringLogins(t *testing.T) {
	d := directory()
	one, two := ldaptest.Start(t, d), ldaptest.Start(t, d)
	s := open(t, config(one, two))
	for i := range 30 {
		if i == 10 {
			one.Stop()
		}
		if i == 20 {
			one.Resume(t)
			two.Stop()
		}
		if _, err := login(t.Context(), s, "john", johnPW); err != nil {
			t.Fatalf("login %d: %v", i, err)
		}
	}
	one.Stop()
	if _, err := login(t.Context(), s, "john", johnPW); !errors.Is(err, core.Unavailable) {
		t.Errorf("with both down: %v", err)
	}
}

// TestAWalkAsksOnceForEachStep, however many groups there are.
func TestAWalkAsksOnceForEachStep(t *testing.T) {
	d := directory()
	for i := range 120 {
		d.Put(group(fmt.Sprintf("team-%03d", i), johnDN))
	}
	c := config(ldaptest.Start(t, d))
	c.AttemptTimeout = time.Minute // a question that is asked again would count
	s := open(t, c)
	id, err := login(t.Context(), s, "john", johnPW)
	if err != nil || len(id.Roles) != 123 {
		t.Fatalf("%d roles, %v", len(id.Roles), err)
	}
	asked := 0
	for _, seen := range d.Seen() {
		if seen.Op == "search" && strings.HasPrefix(seen.Name, "ou=groups") {
			asked++
		}
	}
	if asked != 1+3+1+1 { // John, 121 groups in three parts, engineering, staff
		t.Errorf("%d questions for groups", asked)
	}
}
