package core

import (
	"context"
	"errors"
)

// Code is an outcome. One string is sentinel, JSON value and metric label at
// once: errors.Is(err, core.InvalidCredentials) holds for every error that
// carries the code, however deeply it is wrapped.
type Code string

// The outcomes. Their meaning in a login chain and their HTTP status are in
// the reference under docs/; HTTP statuses exist in core/httpapi only.
const (
	// UnknownUser says that the backend has no such account. Clients never
	// see it: they are shown InvalidCredentials.
	UnknownUser Code = "unknown_user"
	// InvalidCredentials says that the account is the backend's and the proof is wrong.
	InvalidCredentials Code = "invalid_credentials"
	// Unavailable says that the backend could not answer; time-outs land here.
	Unavailable Code = "unavailable"
	// Locked says that the account exists and may not enter for the time being.
	Locked Code = "locked"
	// Disabled says that the account exists and was switched off.
	Disabled Code = "disabled"
	// PasswordExpired says that the password was right once and must be replaced.
	PasswordExpired Code = "password_expired"
	// ActionRequired says that a further step is due; Error.Action names it.
	ActionRequired Code = "action_required"
	// Throttled says that there were too many tries; Error.RetryAfter says how long to wait.
	Throttled Code = "throttled"
	// Unauthenticated says that the request carries no good session, or that it ended.
	Unauthenticated Code = "unauthenticated"
	// Forbidden says that the caller is known and may not do this.
	Forbidden Code = "forbidden"
	// Conflict says that the thing to be made exists already.
	Conflict Code = "conflict"
	// Expired says that a token was good once and is no longer.
	Expired Code = "expired"
	// InvalidInput says that the request is malformed; Error.Fields says where.
	InvalidInput Code = "invalid_input"
	// Unsupported says that no backend is configured that can do this.
	Unsupported Code = "unsupported"
	// Internal is everything unrecognised; its text stays in the log.
	Internal Code = "internal"
)

// Codes lists every outcome code, in the order of the reference.
func Codes() []Code {
	return []Code{
		UnknownUser, InvalidCredentials, Unavailable, Locked, Disabled, PasswordExpired, ActionRequired,
		Throttled, Unauthenticated, Forbidden, Conflict, Expired, InvalidInput, Unsupported, Internal,
	}
}

// Error makes a bare code usable as an error.
func (c Code) Error() string { return string(c) }

// CodeOf returns the outcome an error stands for: "" for nil, the code it
// unwraps to, Unavailable for an expired deadline or a cancelled context, and
// Internal for everything else.
func CodeOf(err error) Code {
	if err == nil {
		return ""
	}
	var c Code
	if errors.As(err, &c) {
		return c
	}
	if errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled) {
		return Unavailable
	}
	return Internal
}
