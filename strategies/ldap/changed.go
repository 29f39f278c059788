package ldap

import (
	"context"
	"errors"
	"regexp"
	"strings"

	ber "github.com/go-asn1-ber/asn1-ber"
	"github.com/go-ldap/ldap/v3"

	"github.com/authd-go/authd/core"
)

// ReasonNotAllowed is the Reason of Forbidden where the directory lets an
// account's owner change no password.
const ReasonNotAllowed = "password_change_not_allowed"

// The errors of the password policy control that are about a new password
// (draft-behera-ldap-password-policy-10, section 6.2).
const (
	policyNotAllowed  = 3
	policyMustSupply  = 4
	policyQuality     = 5
	policyTooShort    = 6
	policyTooYoung    = 7
	policyUsedBefore  = 8
	textQuality       = "is not strong enough for the directory's rules"
	textTooShort      = "is too short for the directory's rules"
	textTooYoung      = "was changed too recently to be changed again"
	textUsedBefore    = "was used before; choose another one"
	textDomain        = "does not meet the domain's rules: its length, which characters it has, whether it was used before, or how old the present one is"
	textNotStored     = "has characters that the directory does not take"
	textPolicyRefuses = "is refused by the directory's password policy"
)

// Who makes a change, and so whose fault a refusal is.
const (
	owner  = "owner"
	setter = "setter"
)

// The system error codes that begin Active Directory's texts (MS-ERREF, section 2.2).
const (
	adInvalidPassword = "00000056" // the old one is wrong
	adRestriction     = "0000052D" // length, complexity, history or age
)

// changed says what the answer to a change of a password means.
func (w writer) changed(ctx context.Context, err error, who string) error {
	var answer *ldap.Error
	if err == nil || core.CodeOf(err) == core.Unavailable || !errors.As(err, &answer) {
		return err
	}
	op := opChange
	if who == setter {
		op = opReset
	}
	text := answer.Error()
	if fields := refusedFields(answer); fields != "" {
		return &core.Error{Code: core.InvalidInput, Op: op, Fields: map[string]string{"password": fields}, Err: err}
	}
	switch code := answer.ResultCode; {
	case who == owner && (code == ldap.LDAPResultInvalidCredentials || adCode(text) == adInvalidPassword):
		return core.Fail(core.InvalidCredentials, op, err)
	case who == owner && (code == ldap.LDAPResultInsufficientAccessRights || policyOf(answer) == policyNotAllowed):
		return &core.Error{Code: core.Forbidden, Op: op, Reason: ReasonNotAllowed, Err: err}
	case code == ldap.LDAPResultNoSuchObject:
		return core.Fail(core.UnknownUser, op, err)
	case code == ldap.LDAPResultInsufficientAccessRights:
		w.log.ErrorContext(ctx, "the account that sets passwords may not do so", "error", err)
	}
	return core.Fail(core.Unavailable, op, err)
}

// refusedFields is what is wrong with the new password, or "". What the server
// says is shown only where it is known what it says: some texts hold names.
func refusedFields(answer *ldap.Error) string {
	switch policyOf(answer) {
	case policyQuality:
		return orSyntax(answer.Error(), textQuality)
	case policyTooShort:
		return orSyntax(answer.Error(), textTooShort)
	case policyTooYoung:
		return textTooYoung
	case policyUsedBefore:
		return textUsedBefore
	}
	text := answer.Error()
	restricted := adCode(text) == adRestriction
	switch answer.ResultCode {
	case ldap.LDAPResultInvalidAttributeSyntax:
		return textNotStored
	case ldap.LDAPResultConstraintViolation, ldap.LDAPResultUnwillingToPerform:
		if known := knownText(text); known != "" {
			return known
		}
		if restricted {
			return textDomain
		}
	}
	if answer.ResultCode == ldap.LDAPResultConstraintViolation && adCode(text) == "" {
		return textPolicyRefuses
	}
	return ""
}

// syntaxText is how 389 Directory Server says which rule of syntax was broken,
// such as "password must be at least 8 characters long".
var syntaxText = regexp.MustCompile(`invalid password syntax - password (must [a-z0-9 ,-]{1,100})`)

// orSyntax prefers the server's own words about a rule of syntax.
func orSyntax(text, otherwise string) string {
	if m := syntaxText.FindStringSubmatch(text); m != nil {
		return strings.TrimSpace(m[1])
	}
	return otherwise
}

// knownText recognises what servers say without a control: Samba, 389 Directory
// Server and OpenLDAP.
func knownText(text string) string {
	if own := orSyntax(text, ""); own != "" {
		return own
	}
	lower := strings.ToLower(text)
	for _, known := range []struct{ words, meaning string }{
		{"in history", textUsedBefore},
		{"already used", textUsedBefore},
		{"too young", textTooYoung},
		{"minimum age", textTooYoung},
		{"too short", textTooShort},
		{"complexity", textQuality},
		{"quality checking", textQuality},
		{"based off of user entry", "must not be made of your name or address"},
	} {
		if strings.Contains(lower, known.words) {
			return known.meaning
		}
	}
	return ""
}

var systemCode = regexp.MustCompile(`(?:^|[\s"(])([0-9A-Fa-f]{8}): `)

// adCode is the system error code that Active Directory's text begins with, or "".
func adCode(text string) string {
	if m := systemCode.FindStringSubmatch(text); m != nil {
		return strings.ToUpper(m[1])
	}
	return ""
}

// policyOf returns the password policy's error that came with a refusal, or -1.
func policyOf(answer *ldap.Error) int8 {
	if answer.Packet == nil || len(answer.Packet.Children) < 3 {
		return -1
	}
	for _, child := range answer.Packet.Children[2].Children {
		if c, ok := decodeControl(child).(*ldap.ControlBeheraPasswordPolicy); ok {
			return c.Error
		}
	}
	return -1
}

// decodeControl is nil for what is no control.
func decodeControl(p *ber.Packet) ldap.Control {
	if p == nil || len(p.Children) == 0 {
		return nil
	}
	c, err := ldap.DecodeControl(p)
	if err != nil {
		return nil
	}
	return c
}
