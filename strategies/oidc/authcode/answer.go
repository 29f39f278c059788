package authcode

import (
	"errors"
	"fmt"

	"github.com/authd-go/authd/core"
)

// maxCode bounds an authorization code, in bytes.
const maxCode = 8 << 10

// single refuses an answer that says something twice (RFC 6749, section 3.1):
// two readers could each believe another half of it.
func single(query map[string][]string) error {
	for _, name := range []string{"state", "code", "iss", "error"} {
		if len(query[name]) > 1 {
			return fail(core.InvalidInput, opComplete, ReasonRepeated, errors.New(name+" is there more than once"))
		}
	}
	return nil
}

func first(query map[string][]string, name string) string {
	if values := query[name]; len(values) > 0 {
		return values[0]
	}
	return ""
}

// JudgeIssuer checks that the answer comes from the site that was asked (RFC
// 9207). A site that says it always names itself must.
func JudgeIssuer(query map[string][]string, issuer string, announced bool) error {
	switch got := first(query, "iss"); {
	case got == "" && announced:
		return fail(core.InvalidInput, opComplete, ReasonNoIssuer, nil)
	case got != "" && got != issuer:
		return fail(core.InvalidInput, opComplete, ReasonIssuer, nil)
	}
	return nil
}

// Code returns the authorization code, or what the site's refusal means. The
// question has been resumed, so nothing is there twice.
func Code(query map[string][]string) (core.Secret, error) {
	if word := first(query, "error"); word != "" {
		return core.Secret{}, refusal(word)
	}
	code := first(query, "code")
	if code == "" || len(code) > maxCode {
		return core.Secret{}, fail(core.InvalidInput, opComplete, ReasonNoCode, nil)
	}
	return core.NewSecret(code), nil
}

// refusal says what an error of the authorization endpoint means (RFC 6749,
// section 4.1.2.1, and OpenID Connect Core, section 3.1.2.6). Whoever holds the
// state can make one up, so only words that are known are repeated.
func refusal(word string) error {
	known := map[string]*core.Error{
		"access_denied":              fail(core.Forbidden, opComplete, ReasonDenied, nil),
		"login_required":             fail(core.Forbidden, opComplete, ReasonLogin, nil),
		"interaction_required":       fail(core.Forbidden, opComplete, ReasonLogin, nil),
		"account_selection_required": fail(core.Forbidden, opComplete, ReasonLogin, nil),
		"consent_required":           fail(core.Forbidden, opComplete, ReasonConsent, nil),
		"temporarily_unavailable":    fail(core.Unavailable, opComplete, ReasonTrouble, nil),
		"server_error":               fail(core.Unavailable, opComplete, ReasonTrouble, nil),
		"unauthorized_client":        fail(core.Unavailable, opComplete, ReasonClient, nil),
		"invalid_request":            fail(core.InvalidInput, opComplete, ReasonMisled, nil),
		"unsupported_response_type":  fail(core.InvalidInput, opComplete, ReasonMisled, nil),
		"invalid_scope":              fail(core.InvalidInput, opComplete, ReasonMisled, nil),
		"invalid_request_uri":        fail(core.InvalidInput, opComplete, ReasonMisled, nil),
		"invalid_request_object":     fail(core.InvalidInput, opComplete, ReasonMisled, nil),
		"request_not_supported":      fail(core.InvalidInput, opComplete, ReasonMisled, nil),
		"request_uri_not_supported":  fail(core.InvalidInput, opComplete, ReasonMisled, nil),
		"registration_not_supported": fail(core.InvalidInput, opComplete, ReasonMisled, nil),
	}
	if e := known[word]; e != nil {
		e.Err = fmt.Errorf("the provider said %s", word)
		return e
	}
	return fail(core.Forbidden, opComplete, ReasonOther, errors.New("the provider said an error of its own"))
}
