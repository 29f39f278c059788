package ldap_test

import (
	"fmt"

	ber "github.com/go-asn1-ber/asn1-ber"
	goldap "github.com/go-ldap/ldap/v3"
)

// policyResponse is the password policy control of an answer, which go-ldap can
// only read (draft-behera-ldap-password-policy-10, section 6.2).
type policyResponse struct{ err int8 }

func (p *policyResponse) GetControlType() string { return goldap.ControlTypeBeheraPasswordPolicy }
func (p *policyResponse) String() string         { return fmt.Sprint("password policy error ", p.err) }

func (p *policyResponse) Encode() *ber.Packet {
	value := ber.NewSequence("value")
	value.AppendChild(ber.NewString(ber.ClassContext, ber.TypePrimitive, 1, string([]byte{byte(p.err)}), "error"))
	out := ber.NewSequence("control")
	out.AppendChild(ber.NewString(ber.ClassUniversal, ber.TypePrimitive, ber.TagOctetString, p.GetControlType(), "type"))
	out.AppendChild(ber.NewString(ber.ClassUniversal, ber.TypePrimitive, ber.TagOctetString, string(value.Bytes()), "value"))
	return out
}
