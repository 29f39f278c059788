package ldap

import (
	"errors"
	"strings"

	"github.com/go-ldap/ldap/v3"
)

// The placeholders of filters and bind names.
const (
	placeUsername = "{username}"
	placeDN       = "{dn}"
)

// filterTemplate is a filter (RFC 4515) with placeholders for values. What is
// put in is escaped once, here, for this grammar.
type filterTemplate string

func (t filterTemplate) fill(username, dn string) string {
	return strings.NewReplacer(
		placeUsername, ldap.EscapeFilter(username),
		placeDN, ldap.EscapeFilter(dn),
	).Replace(string(t))
}

// compared lists the attributes that a user name is compared with.
func (t filterTemplate) compared() []string {
	var out []string
	before := strings.Split(string(t), placeUsername)
	for _, text := range before[:len(before)-1] {
		item := text[strings.LastIndexByte(text, '(')+1:]
		attribute := strings.TrimSpace(item[:max(0, strings.IndexAny(item, "=~<>:"))])
		if attribute != "" {
			out = append(out, attribute)
		}
	}
	return out
}

// check says what is wrong with the template. One of the placeholders must be there.
func (t filterTemplate) check(placeholders ...string) error {
	found := false
	for _, p := range placeholders {
		found = found || strings.Contains(string(t), p)
	}
	if !found {
		return errors.New("must contain " + strings.Join(placeholders, " or "))
	}
	if strings.Contains(string(t), ":="+placeUsername) {
		return errors.New("must not use an extensible match for " + placeUsername + "; who has any user name cannot be asked with it")
	}
	if _, err := ldap.CompileFilter(t.fill("x", "cn=x")); err != nil {
		return errors.New("is no LDAP filter (RFC 4515): " + strings.TrimPrefix(err.Error(), `LDAP Result Code 201 "Filter Compile Error": ldap: `))
	}
	return nil
}

// bindTemplate is the name to bind as without a search: a DN (RFC 4514), a user
// principal name or DOMAIN\user.
type bindTemplate string

// isDN says which grammar the template has.
func (t bindTemplate) isDN() bool { return strings.Contains(string(t), "=") }

// fill escapes for a DN. The other forms know no escaping: an identifier that
// holds a separator of theirs would name somebody else, and has no such name.
func (t bindTemplate) fill(username string) (name string, ok bool) {
	if t.isDN() {
		return strings.ReplaceAll(string(t), placeUsername, ldap.EscapeDN(username)), true
	}
	if strings.ContainsAny(username, `@\/`) {
		return "", false
	}
	return strings.ReplaceAll(string(t), placeUsername, username), true
}

func (t bindTemplate) check() error {
	if !strings.Contains(string(t), placeUsername) {
		return errors.New("must contain " + placeUsername)
	}
	if t.isDN() {
		name, _ := t.fill("x")
		if _, err := ldap.ParseDN(name); err != nil {
			return errors.New("is no DN (RFC 4514)")
		}
	}
	return nil
}
