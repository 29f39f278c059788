package core

import (
	"encoding/json"
	"time"
)

// Refusal is the public face of an error: the title and text a person may
// read, and what a program may act on. It unwraps to its Code.
type Refusal struct {
	Name       string            `json:"name"`    // a title for people
	Message    string            `json:"message"` // a text for people
	Code       Code              `json:"code"`
	Reason     string            `json:"reason,omitempty"`
	Action     string            `json:"action,omitempty"`
	Errors     map[string]string `json:"errors,omitempty"` // by parameter, for InvalidInput
	RetryAfter time.Duration     `json:"-"`
}

// Error is the text for people.
func (r *Refusal) Error() string { return r.Message }

// Unwrap returns the code.
func (r *Refusal) Unwrap() error { return r.Code }

// Notification is the message of a success that would otherwise be invisible.
type Notification struct {
	Message     string `json:"message"`
	Description string `json:"description,omitempty"`
}

// Tokens are what a login or refresh gives the caller. They are not part of a
// result's JSON: the transport decides whether they travel in the body, in
// cookies or both.
type Tokens struct {
	Access         Secret
	AccessExpires  time.Time
	Refresh        Secret
	RefreshExpires time.Time
	IssuedAt       time.Time // by the clock that made the expiries, so that lifetimes can be told without another clock
	Persistent     bool      // whether cookies should outlive the browser
	User           Identity
}

// ActionResult answers login, logout, register, forgotPassword,
// updatePassword and refresh. Its JSON is the contract's action answer: absent
// fields are absent, and no redirectTo means "stay".
type ActionResult struct {
	Success             bool
	RedirectTo          string
	Error               *Refusal
	SuccessNotification *Notification
	Extra               map[string]any // further keys of the JSON object
	Tokens              *Tokens        // not in the JSON
	Pending             *PendingLogin  // not in the JSON; of a login that goes on at another site
}

// MarshalJSON writes the action answer. With an error, its code, message and
// errors also stand at the top level, where data providers look for them.
func (r ActionResult) MarshalJSON() ([]byte, error) {
	out := withError(r.Extra, r.Error)
	out["success"] = r.Success
	setNonEmpty(out, "redirectTo", r.RedirectTo)
	if r.SuccessNotification != nil {
		out["successNotification"] = r.SuccessNotification
	}
	return json.Marshal(out)
}

// CheckResult answers check.
type CheckResult struct {
	Authenticated bool
	RedirectTo    string
	Logout        bool
	Error         *Refusal
	Identity      *Identity // who, as far as the token says; not in the JSON
}

// MarshalJSON writes the contract's check answer.
func (r CheckResult) MarshalJSON() ([]byte, error) {
	out := withError(nil, r.Error)
	out["authenticated"] = r.Authenticated
	setNonEmpty(out, "redirectTo", r.RedirectTo)
	if r.Logout {
		out["logout"] = true
	}
	return json.Marshal(out)
}

// ErrorResult answers onError. The empty result means "do nothing".
type ErrorResult struct {
	Logout     bool
	RedirectTo string
	Error      *Refusal
	Tokens     *Tokens // set if the session was refreshed on the way; not in the JSON
}

// MarshalJSON writes the contract's error answer.
func (r ErrorResult) MarshalJSON() ([]byte, error) {
	out := withError(nil, r.Error)
	setNonEmpty(out, "redirectTo", r.RedirectTo)
	if r.Logout {
		out["logout"] = true
	}
	return json.Marshal(out)
}

// ValueResult answers getPermissions and getIdentity, whose JSON is the bare
// value: anything but undefined, null without a session.
type ValueResult struct {
	Value any
	Error *Refusal
}

// MarshalJSON writes the bare value.
func (r ValueResult) MarshalJSON() ([]byte, error) { return json.Marshal(r.Value) }

// SessionsResult answers the list of own sessions.
type SessionsResult struct {
	Sessions []SessionInfo
	Error    *Refusal
}

// MarshalJSON writes {"sessions": [...]}, or the error.
func (r SessionsResult) MarshalJSON() ([]byte, error) {
	out := withError(nil, r.Error)
	if r.Error == nil {
		out["sessions"] = append([]SessionInfo{}, r.Sessions...)
	}
	return json.Marshal(out)
}

// SessionInfo is what a person may see of a session of theirs.
type SessionInfo struct {
	ID        string    `json:"id"`
	Current   bool      `json:"current"`
	Strategy  string    `json:"strategy"`
	CreatedAt time.Time `json:"createdAt"`
	LastUsed  time.Time `json:"lastUsedAt"`
	ExpiresAt time.Time `json:"expiresAt"`
	Addr      string    `json:"address,omitempty"`
	UserAgent string    `json:"userAgent,omitempty"`
}

// Info is what a person may see of the session.
func (s Session) Info() SessionInfo {
	return SessionInfo{
		ID: s.ID, Strategy: s.Identity.Strategy, CreatedAt: s.CreatedAt, LastUsed: s.AdvancedAt,
		ExpiresAt: s.IdleExpires, Addr: s.Addr, UserAgent: s.UserAgent,
	}
}

func withError(extra map[string]any, e *Refusal) map[string]any {
	out := make(map[string]any, len(extra)+6)
	for k, v := range extra {
		out[k] = v
	}
	if e == nil {
		return out
	}
	out["error"] = e
	out["code"] = e.Code
	out["message"] = e.Message
	if len(e.Errors) > 0 {
		out["errors"] = e.Errors
	}
	return out
}

func setNonEmpty(out map[string]any, key, value string) {
	if value != "" {
		out[key] = value
	}
}
