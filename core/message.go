package core

import (
	"maps"
	"strings"
)

// Message is the public text of an outcome. Name is the title.
type Message struct {
	Name    string `koanf:"name"`
	Message string `koanf:"message"`
}

// Messages are the public texts by code.
type Messages map[Code]Message

// DefaultMessages returns the texts used where the configuration has none. It
// has one for every code but UnknownUser, which is never shown.
func DefaultMessages() Messages {
	return Messages{
		InvalidCredentials: {"Login failed", "The email or password does not match any account."},
		Unavailable:        {"Please try again", "The service cannot answer at the moment. Please try again in a few minutes."},
		Locked:             {"Account locked", "This account is locked for the time being. Please try again later."},
		Disabled:           {"Account disabled", "This account has been disabled."},
		PasswordExpired:    {"Password expired", "The password of this account has expired and must be changed."},
		ActionRequired:     {"One more step", "A further step is needed to sign in."},
		Throttled:          {"Too many attempts", "There were too many attempts. Please wait a moment and try again."},
		Unauthenticated:    {"Not signed in", "Please sign in."},
		Forbidden:          {"Not allowed", "You are not allowed to do this."},
		Conflict:           {"Already exists", "An account with this name or address already exists."},
		Expired:            {"No longer valid", "This link or session is no longer valid."},
		InvalidInput:       {"Invalid input", "Some of the input is missing or not valid."},
		Unsupported:        {"Not available", "This is not available here."},
		Internal:           {"Something went wrong", "An unexpected error occurred. It has been logged."},
	}
}

// With returns the texts with those of other in place of m's. Empty names and
// messages in other keep m's.
func (m Messages) With(other Messages) Messages {
	out := maps.Clone(m)
	for code, text := range other {
		merged := out[code]
		if text.Name != "" {
			merged.Name = text.Name
		}
		if text.Message != "" {
			merged.Message = text.Message
		}
		out[code] = merged
	}
	return out
}

// Refuse turns an error into what a client may see. It returns nil for nil.
//
// UnknownUser is shown as InvalidCredentials, and so are Locked, Disabled and
// PasswordExpired unless the error says that the password was Proved: an
// account's state is nobody's business but its owner's.
func (m Messages) Refuse(err error) *Refusal {
	e := AsError(err)
	if e == nil {
		return nil
	}
	code := e.Code
	if code == "" {
		code = CodeOf(err)
	}
	switch code {
	case UnknownUser:
		return m.refusal(&Error{Code: InvalidCredentials})
	case Locked, Disabled, PasswordExpired:
		if !e.Proved {
			return m.refusal(&Error{Code: InvalidCredentials})
		}
	}
	shown := *e
	shown.Code = code
	return m.refusal(&shown)
}

func (m Messages) refusal(e *Error) *Refusal {
	text, ok := m[e.Code]
	if !ok {
		text = DefaultMessages()[Internal]
	}
	if text == DefaultMessages()[e.Code] {
		text = moreThan(text, e)
	}
	return &Refusal{
		Name: text.Name, Message: withFields(text.Message, e.Fields), Code: e.Code, Reason: e.Reason, Action: e.Action,
		Errors: maps.Clone(e.Fields), RetryAfter: e.RetryAfter,
	}
}

// withFields tells a person which parameters were refused, since front ends
// show the message and seldom the errors beside it.
func withFields(message string, fields map[string]string) string {
	if len(fields) == 0 {
		return message
	}
	details := make([]string, 0, len(fields))
	for _, name := range sortedKeys(fields) {
		details = append(details, name+" "+fields[name])
	}
	return strings.TrimSuffix(message, ".") + ": " + strings.Join(details, "; ") + "."
}

// moreThan says more than the code's own text does. It gives way to a text that
// the operator chose for the code.
func moreThan(text Message, e *Error) Message {
	if e.Action == ActionNewPassword {
		return Message{"New password needed", "This password must be changed before you can sign in."}
	}
	if why, ok := reasonText(e.Reason); ok {
		text.Message = why
	}
	return text
}

func reasonText(reason string) (string, bool) {
	switch reason {
	case "refresh_reused":
		return "An old refresh token was used again, so this session was ended for safety. Please sign in.", true
	case "session_expired":
		return "This session was not used for too long. Please sign in.", true
	case "password_not_due":
		return "This password need not be changed now. Sign in to change it.", true
	case "account_gone":
		return "This account can no longer sign in.", true
	case "access_denied":
		return "Signing in was cancelled, or the other site refused it.", true
	case "requirement_unmet":
		return "Your account at the other site does not have what is required to sign in here.", true
	case "login_not_begun":
		return "This browser has not begun to sign in, or took too long. Please sign in again.", true
	}
	return "", false
}
