package ldap

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/go-ldap/ldap/v3"

	"github.com/authd-go/authd/core"
	"github.com/authd-go/authd/core/identifier"
)

// group is a group that somebody is in.
type group struct{ dn, name string }

// groupPage is how many groups a page holds.
const groupPage = 500

// inChain is Active Directory's matching rule that follows groups of groups
// (MS-ADTS, section 3.1.1.3.4.4.3).
const inChain = "(member:1.2.840.113556.1.4.1941:=" + placeDN + ")"

// rolesOf returns the names of the groups an entry is in, sorted. Where the
// operator's role map names a group in another way, by DN or by pattern, it is
// the operator's way of writing that is returned.
func (a *accounts) rolesOf(ctx context.Context, e *ldap.Entry) ([]string, error) {
	groups, err := a.groupsOf(ctx, e)
	if err != nil {
		return nil, err
	}
	var roles []string
	for _, g := range groups {
		roles = append(roles, a.rolesFor(g)...)
	}
	slices.Sort(roles)
	return slices.Compact(roles), nil
}

func (a *accounts) rolesFor(g group) []string {
	var out []string
	for _, key := range a.roles {
		if g.matches(key) {
			out = append(out, key)
		}
	}
	if len(out) == 0 && g.name != "" {
		out = append(out, g.name)
	}
	return out
}

// matches says whether a key of the role map means the group: a DN, compared
// as directories compare them, a name in any case, or a name with "*" for any run.
func (g group) matches(key string) bool {
	if strings.Contains(key, "=") {
		return sameDN(key, g.dn)
	}
	return strings.EqualFold(key, g.name) ||
		strings.Contains(key, "*") && identifier.Match(strings.ToLower(key), strings.ToLower(g.name))
}

// sameDN compares two DNs without regard to case, to spaces around separators
// and to the ways of escaping (RFC 4514).
func sameDN(a, b string) bool {
	x, err := ldap.ParseDN(a)
	y, err2 := ldap.ParseDN(b)
	return err == nil && err2 == nil && x.EqualFold(y)
}

// dnKey is one text for all spellings of a DN.
func dnKey(dn string) string {
	d, err := ldap.ParseDN(dn)
	if err != nil {
		return dn
	}
	return strings.ToLower(d.String())
}

// groupsOf lists the groups of an entry.
func (a *accounts) groupsOf(ctx context.Context, e *ldap.Entry) ([]group, error) {
	if a.groups.BaseDN == "" {
		return memberOf(e), nil
	}
	username := e.GetEqualFoldAttributeValue(a.users.Attributes.Username)
	switch a.groups.Nested {
	case NestedWalk:
		return a.walk(ctx, e.DN, username)
	case NestedInChain:
		return a.groupsBy(ctx, filterTemplate(inChain).fill("", e.DN))
	case NestedTokenGroups:
		return a.tokenGroups(ctx, e.DN)
	}
	return a.groupsBy(ctx, filterTemplate(a.groups.Filter).fill(username, e.DN))
}

// memberOf takes the user's own list. A group's name is the value of the first
// part of its DN.
func memberOf(e *ldap.Entry) []group {
	var out []group
	for _, dn := range e.GetEqualFoldAttributeValues("memberOf") {
		g := group{dn: dn}
		if d, err := ldap.ParseDN(dn); err == nil && len(d.RDNs) > 0 && len(d.RDNs[0].Attributes) > 0 {
			g.name = d.RDNs[0].Attributes[0].Value
		}
		out = append(out, g)
	}
	return out
}

// walk asks for the groups of the user, then for the groups of these, and so
// on, one question for each step. Each group is asked about once, so that a loop ends.
func (a *accounts) walk(ctx context.Context, dn, username string) ([]group, error) {
	var all []group
	seen := map[string]bool{dnKey(dn): true}
	members := []string{dn}
	for depth := 0; len(members) > 0; depth++ {
		if depth == a.groups.MaxDepth {
			a.log.WarnContext(ctx, "groups are nested deeper than groups.maxDepth; those above are not seen", "user", dn)
			break
		}
		var above []string
		for some := range slices.Chunk(members, walkTogether) {
			found, err := a.groupsBy(ctx, a.groupsOfAny(some, username))
			if err != nil {
				return nil, err
			}
			for _, g := range found {
				if key := dnKey(g.dn); !seen[key] {
					seen[key] = true
					all, above = append(all, g), append(above, g.dn)
				}
			}
		}
		if err := a.tooMany(len(all)); err != nil {
			return nil, err
		}
		members, username = above, rand.Text() // only the user has a user name
	}
	return all, nil
}

// walkTogether is about how many members one question of a walk is.
const walkTogether = 50

// groupsOfAny finds the groups of any of the members.
func (a *accounts) groupsOfAny(members []string, username string) string {
	var filters strings.Builder
	for _, dn := range members {
		filters.WriteString(filterTemplate(a.groups.Filter).fill(username, dn))
	}
	if len(members) == 1 {
		return filters.String()
	}
	return "(|" + filters.String() + ")"
}

func (a *accounts) tooMany(n int) error {
	if n > a.groups.MaxGroups {
		return core.Fail(core.Unavailable, "list groups", fmt.Errorf("more than groups.maxGroups, %d", a.groups.MaxGroups))
	}
	return nil
}

// groupsBy lists the groups that a filter finds: in one answer, or page by page
// (RFC 2696) where the server limits what one answer holds. Not in pages at
// once, since the first page costs a server more than a whole answer.
func (a *accounts) groupsBy(ctx context.Context, filter string) ([]group, error) {
	request := func() *ldap.SearchRequest { // paging writes into it
		return ldap.NewSearchRequest(a.groups.BaseDN, ldap.ScopeWholeSubtree, ldap.NeverDerefAliases, 0, 0, false, filter, []string{a.groups.Name}, nil)
	}
	var out []group
	err := a.client.AsService(ctx, func(l *ldap.Conn) error {
		out = nil
		result, err := l.Search(request())
		if ldap.IsErrorWithCode(err, ldap.LDAPResultSizeLimitExceeded) {
			result, err = l.SearchWithPaging(request(), groupPage)
		}
		if err != nil {
			return err
		}
		for _, e := range result.Entries {
			out = append(out, group{e.DN, e.GetEqualFoldAttributeValue(a.groups.Name)})
		}
		return nil
	})
	var answer *ldap.Error
	if errors.As(err, &answer) && answer.ResultCode == ldap.LDAPResultNoSuchObject {
		err = fmt.Errorf("groups.baseDN does not exist, or the service may not see it: %w", err)
	}
	if err != nil {
		return nil, core.Fail(core.Unavailable, "list groups", err)
	}
	return out, a.tooMany(len(out))
}

// tokenGroups reads the security identifiers of all groups, nested ones too,
// from the user's entry, and looks up whose they are.
func (a *accounts) tokenGroups(ctx context.Context, dn string) ([]group, error) {
	result, err := a.client.Search(ctx, ldap.NewSearchRequest(dn, ldap.ScopeBaseObject, ldap.NeverDerefAliases, 1, 0, false,
		"(objectClass=*)", []string{"tokenGroups"}, nil))
	if err != nil {
		return nil, core.Fail(core.Unavailable, "read tokenGroups", err)
	}
	var all []group
	for _, e := range result.Entries {
		for sids := range slices.Chunk(e.GetEqualFoldRawAttributeValues("tokenGroups"), 100) {
			var filter strings.Builder
			for _, sid := range sids {
				filter.WriteString("(objectSid=" + escapeBytes(sid) + ")")
			}
			found, err := a.groupsBy(ctx, "(|"+filter.String()+")")
			if err != nil {
				return nil, err
			}
			all = append(all, found...)
		}
	}
	return all, a.tooMany(len(all))
}
