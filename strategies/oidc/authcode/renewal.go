package authcode

import "github.com/authd-go/authd/core"

// What an answer means for a session that has a grant; see core.Renewer.

// Ended is a definite no: the session ends.
func Ended(op, reason string, cause error) error {
	return &core.Error{Code: core.UnknownUser, Op: op, Reason: reason, Err: cause}
}

// Unanswered is an answer that cannot be believed: a fault of the site's, and no
// word about the person.
func Unanswered(err error) error {
	e := *core.AsError(err)
	e.Code = core.Unavailable
	return &e
}

// Judged is what the reading of claims came to: somebody who was let in once may
// not be any more.
func Judged(err error) error {
	if core.CodeOf(err) != core.Forbidden {
		return Unanswered(err)
	}
	e := *core.AsError(err)
	e.Code = core.Disabled
	return &e
}

// RefreshFailed is a token endpoint's refusal of a refresh token. Only its word
// that the token is not good any more is definite.
func RefreshFailed(op string, err error) error {
	if ReasonOf(err) == ReasonGrant {
		return Ended(op, ReasonGrant, err)
	}
	return Unanswered(err)
}
