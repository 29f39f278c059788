package authcode

import (
	"errors"

	"github.com/authd-go/authd/core"
	"github.com/authd-go/authd/core/outbound"
)

// The reasons of refusals, finer than their codes.
const (
	ReasonNotAsked     = "answer_without_question" // nothing was kept, or it belongs to another answer
	ReasonState        = "state_wrong"
	ReasonRepeated     = "parameter_repeated"
	ReasonIssuer       = "answer_from_another_provider" // the answer's iss parameter, RFC 9207
	ReasonNoIssuer     = "answer_without_issuer"
	ReasonNoCode       = "answer_without_code"
	ReasonDenied       = "access_denied"
	ReasonLogin        = "login_required"
	ReasonConsent      = "consent_required"
	ReasonOther        = "refused_by_provider"
	ReasonMisled       = "request_refused" // the site does not like the question: the configuration is wrong
	ReasonClient       = "client_refused"  // the site does not know this client, or refused its authentication
	ReasonGrant        = "grant_refused"   // the code or the refresh token is unknown, used, revoked or too old
	ReasonTrouble      = "provider_trouble"
	ReasonUnreachable  = "provider_unreachable"
	ReasonAddress      = "provider_address_refused"
	ReasonRedirected   = "provider_redirects"
	ReasonTooLarge     = "answer_too_large"
	ReasonMalformed    = "answer_malformed"
	ReasonUnauthorized = "token_refused" // a resource does not take the access token
	ReasonPushing      = "pushed_requests_unsupported"
)

// fail is an error with a reason.
func fail(code core.Code, op, reason string, cause error) *core.Error {
	return &core.Error{Code: code, Op: op, Reason: reason, Err: cause}
}

// ReasonOf returns the reason of an error, or "".
func ReasonOf(err error) string {
	var e *core.Error
	if errors.As(err, &e) {
		return e.Reason
	}
	return ""
}

// Unreached says why a site could not be asked. The cause names the address and
// what went wrong with it; secrets travel in bodies and headers only.
func Unreached(op string, cause error) *core.Error {
	reason := ReasonUnreachable
	for _, known := range []struct {
		err    error
		reason string
	}{
		{outbound.ErrRedirect, ReasonRedirected},
		{outbound.ErrTooLarge, ReasonTooLarge},
		{outbound.ErrAddress, ReasonAddress},
		{outbound.ErrInsecure, ReasonAddress},
	} {
		if errors.Is(cause, known.err) {
			reason = known.reason
		}
	}
	return fail(core.Unavailable, op, reason, cause)
}
