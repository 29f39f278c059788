package ldaptest

import (
	"slices"
	"strings"
	"unicode/utf16"

	ber "github.com/go-asn1-ber/asn1-ber"
	"github.com/go-ldap/ldap/v3"
)

// Change is a change of one entry's password that a server was asked for.
type Change struct {
	Entry Entry  // as it is now
	As    string // the DN that the connection is bound as
	Old   string // what was said to be the present password; empty if nothing was
	New   string
	Right bool // Old is the present password
}

// OnChange lets the test decide about changes of passwords, before anything is
// compared. It returns false to leave it at what servers do: a change is the
// user's own, or proved by Old, or made by an Administrator.
func (d *Directory) OnChange(f func(Change) (Answer, bool)) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.change = f
}

// passwordModify is the name of the operation of RFC 3062.
const passwordModify = "1.3.6.1.4.1.4203.1.11.1"

// modifyPassword answers the operation of RFC 3062.
func (d *Directory) modifyPassword(as string, value *ber.Packet) Answer {
	request, err := ber.DecodePacketErr(value.Data.Bytes())
	if err != nil {
		return Answer{Code: ldap.LDAPResultProtocolError}
	}
	c := Change{As: as}
	dn := as
	for _, p := range request.Children {
		switch text := p.Data.String(); p.Tag {
		case 0:
			dn = text
		case 1:
			c.Old = text
		case 2:
			c.New = text
		}
	}
	return d.setPassword(dn, c)
}

// setPassword decides about a change and makes it.
func (d *Directory) setPassword(dn string, c Change) Answer {
	var found bool
	if c.Entry, found = d.lookup(dn); !found {
		return Answer{Code: ldap.LDAPResultNoSuchObject}
	}
	c.Right = c.Old != "" && c.Old == c.Entry.Password
	d.mu.Lock()
	decide := d.change
	d.mu.Unlock()
	if decide != nil {
		if a, decided := decide(c); decided {
			return a
		}
	}
	switch {
	case c.Old != "" && !c.Right:
		return Answer{Code: ldap.LDAPResultConstraintViolation, Message: "00000056: the old password is wrong"}
	case !c.Right && key(c.As) != key(dn) && !d.administers(c.As):
		return Answer{Code: ldap.LDAPResultInsufficientAccessRights}
	}
	c.Entry.Password = c.New
	d.Put(c.Entry)
	return Answer{}
}

func (d *Directory) administers(dn string) bool {
	e, ok := d.lookup(dn)
	return ok && e.Administrator
}

// modify answers changes of attributes. Those of a password are decided about
// as one change; others are the administrators' only.
func (s *Server) modify(l *link, op *ber.Packet) Answer {
	dn := text(op.Children[0])
	s.note(Seen{Op: "modify", As: l.as, Name: dn})
	e, ok := s.lookup(dn)
	if !ok {
		return Answer{Code: ldap.LDAPResultNoSuchObject}
	}
	c, password := Change{As: l.as}, false
	for _, change := range op.Children[1].Children {
		attribute := text(change.Children[1].Children[0])
		var values []string
		for _, v := range change.Children[1].Children[1].Children {
			values = append(values, text(v))
		}
		kind, _ := change.Children[0].Value.(int64)
		switch {
		case isPassword(attribute) && len(values) == 1:
			password = true
			if kind == ldap.DeleteAttribute {
				c.Old = plain(attribute, values[0])
			} else {
				c.New = plain(attribute, values[0])
			}
		case !s.administers(l.as):
			return Answer{Code: ldap.LDAPResultInsufficientAccessRights}
		default:
			e.set(attribute, values)
		}
	}
	if !password {
		s.Put(e)
		return Answer{}
	}
	return s.setPassword(dn, c)
}

func isPassword(attribute string) bool {
	return strings.EqualFold(attribute, "unicodePwd") || strings.EqualFold(attribute, "userPassword")
}

// plain is the text of a value: unicodePwd holds it in double quotes, in UTF-16
// with the least significant byte first.
func plain(attribute, value string) string {
	if !strings.EqualFold(attribute, "unicodePwd") {
		return value
	}
	var units []uint16
	for pair := range slices.Chunk([]byte(value), 2) {
		if len(pair) == 2 {
			units = append(units, uint16(pair[0])|uint16(pair[1])<<8)
		}
	}
	return strings.TrimSuffix(strings.TrimPrefix(string(utf16.Decode(units)), `"`), `"`)
}

// set replaces the values of an attribute; none removes it.
func (e *Entry) set(name string, values []string) {
	attributes := map[string][]string{}
	for n, present := range e.Attributes {
		if !strings.EqualFold(n, name) {
			attributes[n] = present
		}
	}
	if len(values) > 0 {
		attributes[name] = values
	}
	e.Attributes = attributes
}
