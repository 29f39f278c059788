package core

import (
	"errors"
	"strings"
	"time"
)

// Error is an outcome with what an operator needs to understand it. It
// unwraps to its Code and to its cause. Nothing in it is shown to clients but
// Code, Reason, Action, Fields and RetryAfter; the text goes to the log.
type Error struct {
	Code       Code
	Op         string            // what was tried, such as "authenticate"
	Strategy   string            // the backend's name, stamped by the registry
	Reason     string            // finer than the code, a stable lower_snake_case word; may be empty
	Subject    string            // the account of Strategy that was refused, for the audit trail; may be empty, never shown
	Proved     bool              // the password was right, so its owner may be told of Locked, Disabled and PasswordExpired, and no try was wasted
	Action     string            // with ActionRequired: the step that is due, such as ActionNewPassword
	Fields     map[string]string // with InvalidInput: parameter name to what is wrong with it
	RetryAfter time.Duration     // with Throttled and Unavailable: when to try again; 0 is unknown
	Err        error             // the cause; may be nil
}

// ActionNewPassword is the Action of somebody whose password was right and must
// be changed before they may sign in: by AuthProvider.UpdatePassword, with the
// identifier and the old password.
const ActionNewPassword = "new_password"

// Error names strategy, operation, code and cause, for the log.
func (e *Error) Error() string {
	var b strings.Builder
	for _, part := range []string{e.Strategy, e.Op} {
		if part != "" {
			b.WriteString(part + ": ")
		}
	}
	b.WriteString(string(e.Code))
	if e.Reason != "" {
		b.WriteString(" (" + e.Reason + ")")
	}
	for _, name := range sortedKeys(e.Fields) {
		b.WriteString("; " + name + ": " + e.Fields[name])
	}
	if e.Err != nil {
		b.WriteString(": " + e.Err.Error())
	}
	return b.String()
}

// Unwrap gives errors.Is and errors.As both the code and the cause. The code
// comes first, so that CodeOf never takes the cause's word over the wrapper's.
func (e *Error) Unwrap() []error {
	if e.Err == nil {
		return []error{e.Code}
	}
	return []error{e.Code, e.Err}
}

// Fail is the short way to write an Error: what was tried, its outcome, and
// the cause, which may be nil.
func Fail(code Code, op string, cause error) *Error {
	return &Error{Code: code, Op: op, Err: cause}
}

// InvalidField is the InvalidInput error for one parameter. The text is shown
// to clients and must not repeat the value.
func InvalidField(name, text string) *Error {
	return &Error{Code: InvalidInput, Fields: map[string]string{name: text}}
}

// AsError returns the *Error in err's tree, or a new one that carries
// CodeOf(err) and err as its cause. It returns nil for nil.
func AsError(err error) *Error {
	if err == nil {
		return nil
	}
	var e *Error
	if errors.As(err, &e) {
		return e
	}
	var c Code
	if errors.As(err, &c) && err == error(c) {
		return &Error{Code: c}
	}
	return &Error{Code: CodeOf(err), Err: err}
}
