package ldaptest

import (
	"slices"
	"strings"

	ber "github.com/go-asn1-ber/asn1-ber"
	"github.com/go-ldap/ldap/v3"
)

// matches evaluates a filter (RFC 4511, section 4.5.1.7) as far as the tests
// need it: and, or, not, equality, substrings, presence, and Active Directory's
// rule for groups of groups as plain membership.
func matches(p *ber.Packet, e Entry) bool {
	switch p.Tag {
	case ldap.FilterAnd:
		return !slices.ContainsFunc(p.Children, func(c *ber.Packet) bool { return !matches(c, e) })
	case ldap.FilterOr:
		return slices.ContainsFunc(p.Children, func(c *ber.Packet) bool { return matches(c, e) })
	case ldap.FilterNot:
		return !matches(p.Children[0], e)
	case ldap.FilterEqualityMatch:
		return slices.ContainsFunc(e.values(text(p.Children[0])), func(v string) bool { return same(v, text(p.Children[1])) })
	case ldap.FilterPresent:
		name := text(p)
		return strings.EqualFold(name, "objectClass") || len(e.values(name)) > 0
	case ldap.FilterSubstrings:
		return slices.ContainsFunc(e.values(text(p.Children[0])), func(v string) bool { return contains(v, p.Children[1].Children) })
	}
	return false
}

func text(p *ber.Packet) string { return p.Data.String() }

// same compares values: DNs as DNs, anything else in any case.
func same(a, b string) bool {
	return strings.EqualFold(a, b) || strings.Contains(a, "=") && key(a) == key(b)
}

func contains(value string, parts []*ber.Packet) bool {
	rest := strings.ToLower(value)
	for i, p := range parts {
		part := strings.ToLower(text(p))
		at := strings.Index(rest, part)
		initial := p.Tag == ldap.FilterSubstringsInitial && i == 0
		if at < 0 || initial && at != 0 {
			return false
		}
		if p.Tag == ldap.FilterSubstringsFinal && !strings.HasSuffix(rest, part) {
			return false
		}
		rest = rest[at+len(part):]
	}
	return true
}

// values returns the values of an attribute.
func (e Entry) values(name string) []string {
	for n, values := range e.Attributes {
		if strings.EqualFold(n, name) {
			return values
		}
	}
	return nil
}
