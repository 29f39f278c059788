package ldap

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode"

	"github.com/go-ldap/ldap/v3"

	"github.com/authd-go/authd/core"
	"github.com/authd-go/authd/core/identifier"
)

// searcher is a search as somebody: the service or a user.
type searcher func(*ldap.SearchRequest) (*ldap.SearchResult, error)

// asService searches as the service.
func (a *accounts) asService(ctx context.Context) searcher {
	return func(r *ldap.SearchRequest) (*ldap.SearchResult, error) { return a.client.Search(ctx, r) }
}

// find returns the one entry that a canonical identifier names, or UnknownUser.
func (a *accounts) find(ctx context.Context, username string) (*ldap.Entry, error) {
	return a.findWith(a.asService(ctx), username)
}

// named says whether a text can be somebody's user name. Directories prepare
// what they compare (RFC 4518): control characters, and what one does not see,
// count as nothing there, so that many texts would be one name. Only the
// canonical one is asked about.
func named(username string) bool {
	canonical, err := identifier.Canonical(username)
	return err == nil && canonical == username
}

func (a *accounts) findWith(search searcher, username string) (*ldap.Entry, error) {
	const op = "look up a user"
	if !named(username) {
		username = rand.Text() // the same question, and nobody's name
	}
	entries, err := a.search(search, filterTemplate(a.users.Filter).fill(username, ""))
	switch {
	case err != nil:
		return nil, core.Fail(outcome(err), op, err)
	case len(entries) == 0:
		return nil, core.Fail(core.UnknownUser, op, nil)
	case len(entries) > 1:
		a.log.Warn("a user name finds more than one entry, so that nobody can sign in with it", "first", entries[0].DN, "second", entries[1].DN)
		return nil, &core.Error{Code: core.UnknownUser, Op: op, Reason: ReasonAmbiguous}
	case !a.holds(entries[0], username):
		return nil, core.Fail(core.UnknownUser, op, errOtherSpelling)
	}
	return entries[0], a.complete(entries[0])
}

var errOtherSpelling = errors.New("the directory takes the name for another one, which is spelt differently")

// holds says whether an entry has the name that found it. Directories compare
// more loosely than identifier.Canonical: Active Directory finds john by "jöhn".
// If such names were his, each would have tries of its own, and there are
// thousands. Plain letters are believed: a name has one spelling in them. So is
// an entry whose names may be compared and not read.
func (a *accounts) holds(e *ldap.Entry, username string) bool {
	if !strings.ContainsFunc(username, func(r rune) bool { return r > unicode.MaxASCII }) {
		return true
	}
	unread := true
	for _, attribute := range filterTemplate(a.users.Filter).compared() {
		for _, value := range e.GetEqualFoldAttributeValues(attribute) {
			name, err := identifier.Canonical(value)
			if err != nil {
				name = strings.ToLower(value)
			}
			if strings.Contains(name, username) {
				return true
			}
			unread = false
		}
	}
	return unread
}

// outcome is the code of a search that failed: a directory that refuses the
// search has not answered the question who somebody is.
func outcome(err error) core.Code {
	var answer *ldap.Error
	if core.CodeOf(err) != core.Unavailable && errors.As(err, &answer) && answer.ResultCode == ldap.LDAPResultNoSuchObject {
		return core.UnknownUser
	}
	return core.Unavailable
}

// search returns at most two entries; more than one is too many for everybody
// who asks. Referrals (RFC 4511, section 4.5.3) are not followed.
func (a *accounts) search(search searcher, filter string) ([]*ldap.Entry, error) {
	scope := ldap.ScopeWholeSubtree
	if a.users.Scope == "one" {
		scope = ldap.ScopeSingleLevel
	}
	result, err := search(ldap.NewSearchRequest(a.users.BaseDN, scope, ldap.NeverDerefAliases, 2, 0, false, filter, a.attributes(), nil))
	var answer *ldap.Error
	if errors.As(err, &answer) && answer.ResultCode == ldap.LDAPResultSizeLimitExceeded && result != nil && len(result.Entries) > 0 {
		err = nil
	}
	if err != nil {
		return nil, explain(err)
	}
	return result.Entries, nil
}

// explain adds what to do about an answer that operators meet.
func explain(err error) error {
	var answer *ldap.Error
	if errors.As(err, &answer) && answer.ResultCode == ldap.LDAPResultReferral {
		return fmt.Errorf("other servers keep this part of the directory, and referrals are not followed: list them in urls, or as a strategy of their own: %w", err)
	}
	return err
}

// attributes lists what is read of an entry.
func (a *accounts) attributes() []string {
	at := a.users.Attributes
	out := append([]string{at.ID, at.Username, at.Name, at.Email, "cn"}, filterTemplate(a.users.Filter).compared()...)
	for _, rule := range a.rules {
		out = append(out, rule.attribute)
	}
	if a.groups.BaseDN == "" {
		out = append(out, "memberOf")
	}
	if bind := bindTemplate(a.users.Bind); bind != "" && !bind.isDN() {
		out = append(out, attrUPN, attrSAMAccount)
	}
	return out
}

// complete refuses an entry that cannot be an account.
func (a *accounts) complete(e *ldap.Entry) error {
	if a.subject(e) == "" {
		return core.Fail(core.Unavailable, "read a user",
			fmt.Errorf("the entry %q has no %s that the service may read; users.attributes.id must name an attribute that every user has", e.DN, a.users.Attributes.ID))
	}
	return nil
}

// subject is the account's lasting name; "" if it has none.
func (a *accounts) subject(e *ldap.Entry) string {
	if e == nil {
		return ""
	}
	raw := e.GetEqualFoldRawAttributeValue(a.users.Attributes.ID)
	if strings.EqualFold(a.users.Attributes.ID, "objectGUID") {
		return guidText(raw)
	}
	return string(raw)
}

// findSubject returns the entry with this subject, as long as the filter for
// users still finds it.
func (a *accounts) findSubject(ctx context.Context, op, subject string) (*ldap.Entry, error) {
	value := ldap.EscapeFilter(subject)
	if strings.EqualFold(a.users.Attributes.ID, "objectGUID") {
		raw, ok := guidBytes(subject)
		if !ok {
			return nil, core.Fail(core.UnknownUser, op, nil)
		}
		value = escapeBytes(raw)
	}
	if subject == "" {
		return nil, core.Fail(core.UnknownUser, op, nil)
	}
	everybody := strings.ReplaceAll(a.users.Filter, placeUsername, "*")
	entries, err := a.search(a.asService(ctx), fmt.Sprintf("(&(%s=%s)%s)", a.users.Attributes.ID, value, everybody))
	switch {
	case err != nil:
		return nil, core.Fail(outcome(err), op, err)
	case len(entries) != 1:
		return nil, core.Fail(core.UnknownUser, op, nil)
	}
	return entries[0], nil
}

// identity makes an identity of an entry and its groups.
func (a *accounts) identity(ctx context.Context, e *ldap.Entry) (core.Identity, error) {
	id := a.person(e)
	var err error
	if id.Roles, err = a.rolesOf(ctx, e); err != nil {
		return core.Identity{}, err
	}
	id.HasPicture = a.hasPhoto(ctx, e)
	return id, nil
}

// person is what the entry itself says.
func (a *accounts) person(e *ldap.Entry) core.Identity {
	at := a.users.Attributes
	username, _ := identifier.Canonical(e.GetEqualFoldAttributeValue(at.Username))
	emails := addresses(e.GetEqualFoldAttributeValues(at.Email))
	name := e.GetEqualFoldAttributeValue(at.Name)
	if name == "" {
		name = e.GetEqualFoldAttributeValue("cn")
	}
	id := core.Identity{AccountID: core.AccountID{Subject: a.subject(e)}, Username: username, Name: name}
	if len(emails) > 0 {
		id.Email, id.EmailVerified = emails[0], true
	}
	if len(emails) > 1 {
		id.Claims = map[string]any{ClaimEmails: emails}
	}
	return id
}

// ClaimEmails is the claim that holds all addresses of somebody who has several.
const ClaimEmails = "emails"

// addresses lists the values that are addresses, in their canonical form, in
// the directory's order.
func addresses(values []string) []string {
	var out []string
	for _, v := range values {
		if email, err := identifier.Email(v); err == nil && !slices.Contains(out, email) {
			out = append(out, email)
		}
	}
	return out
}
