package ldap

import (
	"fmt"
	"strings"

	"github.com/go-ldap/ldap/v3"

	"github.com/authd-go/authd/core"
)

// ReasonNotBound is the reason of a refusal where the entry that was found need
// not be the one that the password belongs to.
const ReasonNotBound = "not_the_bound_entry"

// The names that Active Directory binds.
const (
	attrUPN        = "userPrincipalName"
	attrSAMAccount = "sAMAccountName"
)

// readBound reads, as a user who was bound by name, the entry that the name
// belongs to. It must match the filter for users.
func (a *accounts) readBound(l *ldap.Conn, name, username string) (*ldap.Entry, error) {
	if bindTemplate(a.users.Bind).isDN() {
		return a.readAt(l, name, username)
	}
	entry, err := a.findWith(l.Search, username)
	if err != nil {
		return nil, err
	}
	if !a.isBound(l, entry, name, username) {
		a.log.Warn("the entry that was found is not known to be the one that was bound, so that nobody can sign in with it",
			"name", name, "entry", entry.DN, attrUPN, entry.GetEqualFoldAttributeValue(attrUPN))
		return nil, &core.Error{Code: core.UnknownUser, Op: "look up a user", Reason: ReasonNotBound}
	}
	return entry, nil
}

// readAt reads the entry with a DN. People who may read their own entry may
// not always search for it.
func (a *accounts) readAt(l *ldap.Conn, dn, username string) (*ldap.Entry, error) {
	const op = "read the own entry"
	result, err := l.Search(ldap.NewSearchRequest(dn, ldap.ScopeBaseObject, ldap.NeverDerefAliases, 1, 0, false,
		filterTemplate(a.users.Filter).fill(username, ""), a.attributes(), nil))
	switch {
	case err != nil:
		return nil, core.Fail(outcome(err), op, err)
	case len(result.Entries) == 0:
		return nil, core.Fail(core.UnknownUser, op, fmt.Errorf("%q does not match users.filter, or may not read itself", dn))
	case !a.holds(result.Entries[0], username):
		return nil, core.Fail(core.UnknownUser, op, errOtherSpelling)
	}
	return result.Entries[0], a.complete(result.Entries[0])
}

// isBound says whether an entry is who a connection is bound as. A name alone
// does not tell: in Active Directory one account's principal name may be
// another's account name with the domain's suffix.
func (a *accounts) isBound(l *ldap.Conn, e *ldap.Entry, name, username string) bool {
	if a.isNamed(e, name, username) {
		return true
	}
	who, err := l.WhoAmI(nil) // RFC 4532
	if err != nil {
		return false
	}
	if dn, ok := strings.CutPrefix(who.AuthzID, "dn:"); ok {
		return sameDN(dn, e.DN)
	}
	_, account, ok := strings.Cut(who.AuthzID, `\`)
	return ok && strings.EqualFold(e.GetEqualFoldAttributeValue(attrSAMAccount), account)
}

// isNamed says whether the name that was bound is written in the entry.
func (a *accounts) isNamed(e *ldap.Entry, name, username string) bool {
	switch {
	case bindTemplate(a.users.Bind).isDN():
		return sameDN(name, e.DN)
	case strings.Contains(name, `\`):
		return strings.EqualFold(e.GetEqualFoldAttributeValue(attrSAMAccount), username)
	}
	return strings.EqualFold(e.GetEqualFoldAttributeValue(attrUPN), name)
}
