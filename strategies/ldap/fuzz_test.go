package ldap_test

import (
	"regexp"
	"testing"

	ber "github.com/go-asn1-ber/asn1-ber"
	goldap "github.com/go-ldap/ldap/v3"

	"github.com/authd-go/authd/strategies/ldap"
)

// FuzzRefusedPassword: whatever a server says, people are told one of our own
// texts, or words of a rule of syntax; and what is no control breaks nothing.
func FuzzRefusedPassword(f *testing.F) {
	for _, text := range []string{
		"0000052D: Constraint violation - check_password_restrictions: the password is too short.", "password in history",
		"invalid password syntax - password must be at least 8 characters long", "uid=john <script>", "",
	} {
		f.Add(uint16(19), text, (&policyResponse{6}).Encode().Bytes())
		f.Add(uint16(53), text, []byte{0x30, 0x80})
	}
	words := regexp.MustCompile(`^[a-zA-Z0-9 ,;:'-]*$`)
	f.Fuzz(func(t *testing.T, code uint16, text string, control []byte) {
		envelope := ber.NewSequence("message")
		for range 2 {
			envelope.AppendChild(ber.NewSequence(""))
		}
		controls := ber.NewSequence("controls")
		if p, err := ber.DecodePacketErr(control); err == nil {
			controls.AppendChild(p)
		}
		envelope.AppendChild(controls)
		told := ldap.RefusedPassword(&goldap.Error{ResultCode: code, Err: textError(text), Packet: envelope})
		if len(told) > 200 || !words.MatchString(told) {
			t.Errorf("people are told %q", told)
		}
	})
}

type textError string

func (e textError) Error() string { return string(e) }
