package ldap

import (
	"errors"
	"regexp"
	"strings"

	"github.com/go-ldap/ldap/v3"

	"github.com/authd-go/authd/core"
)

// The reasons of refusals, finer than their codes.
const (
	ReasonTimeRestriction        = "time_restriction"
	ReasonWorkstationRestriction = "workstation_restriction"
	ReasonAccountExpired         = "account_expired"
	ReasonAmbiguous              = "ambiguous_user"
)

// refusal is what a directory's word about a bind means.
type refusal struct {
	code   core.Code
	proved bool // the directory says this only to whoever has the right password
	action string
	reason string
}

func (r refusal) err(subject string, cause error) error {
	return &core.Error{Code: r.code, Op: opAuthenticate, Reason: r.reason, Subject: subject, Proved: r.proved, Action: r.action, Err: cause}
}

// codesAD are the data codes that Active Directory puts into the text of
// invalidCredentials: Windows system error codes in hexadecimal. 533, 701, 773,
// 532, 530 and 531 come only with the right password; 775 (locked) with any.
func codesAD() map[string]refusal {
	return map[string]refusal{
		"525": {code: core.UnknownUser},
		"52e": {code: core.InvalidCredentials},
		"530": {code: core.Locked, proved: true, reason: ReasonTimeRestriction},
		"531": {code: core.Locked, proved: true, reason: ReasonWorkstationRestriction},
		"532": {code: core.PasswordExpired, proved: true},
		"533": {code: core.Disabled, proved: true},
		"701": {code: core.Disabled, proved: true, reason: ReasonAccountExpired},
		"773": {code: core.ActionRequired, proved: true, action: core.ActionNewPassword},
		"775": {code: core.Locked},
	}
}

// codes389 are result codes that 389 Directory Server gives a meaning of its
// own: an account that was switched off, and one with too many wrong passwords.
// It says both before it looks at the password.
func codes389() map[uint16]refusal {
	return map[uint16]refusal{
		ldap.LDAPResultUnwillingToPerform:  {code: core.Disabled},
		ldap.LDAPResultConstraintViolation: {code: core.Locked},
	}
}

var dataCode = regexp.MustCompile(`(?i)\bdata ([0-9a-f]{3,8})\b`)

// The errors of the password policy control (draft-behera-ldap-password-policy-10, section 6.2).
const (
	policyExpired     = 0
	policyLocked      = 1
	policyChangeReset = 2
)

// judge says what the answer to a bind means. nil is a right password.
func (a *accounts) judge(subject string, result *ldap.SimpleBindResult, err error) error {
	policy := policyError(result)
	if err == nil {
		if policy == policyChangeReset {
			return refusal{code: core.ActionRequired, proved: true, action: core.ActionNewPassword}.err(subject, nil)
		}
		return nil
	}
	var answer *ldap.Error
	if core.CodeOf(err) == core.Unavailable || !errors.As(err, &answer) {
		return err // nobody answered, whatever the servers' faults were
	}
	if r, ok := a.codes[answer.ResultCode]; ok {
		return r.err(subject, err)
	}
	switch answer.ResultCode {
	case ldap.LDAPResultInvalidCredentials:
		return a.changeable(invalidCredentials(policy, answer)).err(subject, err)
	case ldap.LDAPResultNoSuchObject, ldap.LDAPResultInappropriateAuthentication:
		return refusal{code: core.InvalidCredentials}.err(subject, err) // no such entry by now, or one without a password
	case ldap.ErrorEmptyPassword, ldap.LDAPResultInvalidDNSyntax:
		return refusal{code: core.InvalidCredentials}.err(subject, err)
	}
	return core.Fail(core.Unavailable, opAuthenticate, err)
}

// changeable asks for a new password in place of one that has expired, where
// one can be set.
func (a *accounts) changeable(r refusal) refusal {
	if r.code == core.PasswordExpired && r.proved && a.expiredToo {
		r.code, r.action = core.ActionRequired, core.ActionNewPassword
	}
	return r
}

func invalidCredentials(policy int8, answer *ldap.Error) refusal {
	switch policy {
	case policyExpired:
		return refusal{code: core.PasswordExpired, proved: true}
	case policyLocked:
		return refusal{code: core.Locked}
	}
	if m := dataCode.FindStringSubmatch(answer.Error()); m != nil {
		if r, ok := codesAD()[strings.ToLower(m[1])]; ok {
			return r
		}
	}
	return refusal{code: core.InvalidCredentials}
}

// policyError returns the password policy's error, or -1.
func policyError(result *ldap.SimpleBindResult) int8 {
	if result == nil {
		return -1
	}
	control, ok := ldap.FindControl(result.Controls, ldap.ControlTypeBeheraPasswordPolicy).(*ldap.ControlBeheraPasswordPolicy)
	if !ok {
		return -1
	}
	return control.Error
}
