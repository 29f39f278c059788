package ldap

import (
	"encoding/binary"
	"unicode/utf16"

	ber "github.com/go-asn1-ber/asn1-ber"
	"github.com/go-ldap/ldap/v3"

	"github.com/authd-go/authd/core"
)

// The values of Passwords.Method.
const (
	MethodExtended     = "extended"
	MethodUnicodePwd   = "unicodePwd"
	MethodUserPassword = "userPassword"
)

// passwordModify is the operation of RFC 3062.
const passwordModify = "1.3.6.1.4.1.4203.1.11.1"

// policyHints makes Active Directory hold the new password of a reset against
// the password history, as it does that of a change (MS-ADTS, section
// 3.1.1.3.4.1.27): the value is SEQUENCE { INTEGER 1 }. Servers that do not
// know it may ignore it.
const (
	policyHints      = "1.2.840.113556.1.4.2239"
	policyHintsValue = "\x30\x03\x02\x01\x01"
)

// method is how the password of one entry is written.
type method struct {
	name     string
	dn       string
	controls []ldap.Control
}

func (w writer) writerOf(dn string, controls []ldap.Control) method {
	return method{w.Method, dn, controls}
}

// proves says whether the server compares the old password itself, whoever
// makes the change.
func (m method) proves() bool { return m.name == MethodUnicodePwd }

// change replaces the old password, on a connection that is bound as the user.
// It may be another's if the method proves.
func (m method) change(before, after core.Secret) func(*ldap.Conn) error {
	switch m.name {
	case MethodUnicodePwd:
		// Deleting one value and adding another is a change; replacing is a reset
		// (MS-ADTS, section 3.1.1.3.1.5).
		return m.modify(func(r *ldap.ModifyRequest) {
			r.Delete("unicodePwd", []string{utf16Quoted(before)})
			r.Add("unicodePwd", []string{utf16Quoted(after)})
		})
	case MethodUserPassword:
		return m.set(after)
	}
	return m.extended("", before.Reveal(), after.Reveal())
}

// set sets the password on a connection that is bound as whoever may.
func (m method) set(pw core.Secret) func(*ldap.Conn) error {
	switch m.name {
	case MethodUnicodePwd:
		m.controls = append(m.controls[:len(m.controls):len(m.controls)], ldap.NewControlString(policyHints, false, policyHintsValue))
		return m.modify(func(r *ldap.ModifyRequest) { r.Replace("unicodePwd", []string{utf16Quoted(pw)}) })
	case MethodUserPassword:
		return m.modify(func(r *ldap.ModifyRequest) { r.Replace("userPassword", []string{pw.Reveal()}) })
	}
	return m.extended(m.dn, "", pw.Reveal())
}

func (m method) modify(fill func(*ldap.ModifyRequest)) func(*ldap.Conn) error {
	return func(l *ldap.Conn) error {
		r := ldap.NewModifyRequest(m.dn, m.controls)
		fill(r)
		return l.Modify(r)
	}
}

// extended is the operation of RFC 3062, section 2. Without an identity it is
// about whoever is bound.
func (m method) extended(identity, before, after string) func(*ldap.Conn) error {
	return func(l *ldap.Conn) error {
		value := ber.NewSequence("PasswdModifyRequestValue")
		for tag, text := range []string{identity, before, after} {
			if text != "" {
				value.AppendChild(ber.NewString(ber.ClassContext, ber.TypePrimitive, ber.Tag(tag), text, ""))
			}
		}
		r := ldap.NewExtendedRequest(passwordModify, value)
		r.Controls = m.controls
		_, err := l.Extended(r)
		return err
	}
}

// utf16Quoted is a password as Active Directory's unicodePwd takes it: in double
// quotes, in UTF-16 with the least significant byte first.
func utf16Quoted(pw core.Secret) string {
	var out []byte
	for _, unit := range utf16.Encode([]rune(`"` + pw.Reveal() + `"`)) {
		out = binary.LittleEndian.AppendUint16(out, unit)
	}
	return string(out)
}
