package core

import (
	"context"
	"net/netip"
	"time"
)

// Verdict says what a step meant for the method that took it.
type Verdict string

// The verdicts.
const (
	VerdictAccept Verdict = "accept" // the step's answer is the method's answer
	VerdictNext   Verdict = "next"   // the chain went on
	VerdictStop   Verdict = "stop"   // the chain ended here, refused
	VerdictSkip   Verdict = "skip"   // the backend was not asked: the identifier is none of its
)

// Step is one question put to one backend.
type Step struct {
	Strategy string
	Op       string // "authenticate", "register", ...
	Outcome  Code   // "" if the backend said yes
	Verdict  Verdict
	Duration time.Duration
	Err      error // the backend's words, for the log
}

// Trace is one decision of the registry: which backends were asked, what each
// said, and what came of it. It holds no secret and nothing that was typed.
type Trace struct {
	Method    string
	Op        string // for a method that does one of several things: which, such as OpResetPassword
	RequestID string
	Addr      netip.Addr // the client's; may be invalid
	Start     time.Time
	Duration  time.Duration
	Outcome   Code   // "" for success
	Reason    string // as in Refusal
	Account   AccountID
	SessionID string
	Ended     int // with MethodRemoteLogout: how many live sessions ended
	Steps     []Step
	Err       error // the error behind Outcome, for the log
}

// What a method did that can do one of several things.
const (
	OpBeginLogin     = "begin login"     // MethodLogin at another site: the browser is sent there
	OpFinishLogin    = "finish login"    // MethodLogin at another site: the browser is back
	OpExchange       = "exchange"        // MethodLogin: the code of a finished login becomes tokens
	OpTokenLogin     = "login by token"  //nolint:gosec // a name; MethodLogin with a token of another site
	OpChangePassword = "change password" // MethodUpdatePassword with the old password
	OpResetPassword  = "reset password"  // MethodUpdatePassword with a one-time token
	OpListSessions   = "list sessions"   // MethodSessions
	OpShowPicture    = "show a picture"  // MethodGetIdentity: what the person looks like
	OpEndSessions    = "end sessions"    // MethodSessions
)

// Tracer receives traces. It is called once per decision, in the caller's
// goroutine, after the decision and before the answer; it must be quick and
// safe for concurrent use.
type Tracer interface {
	Trace(context.Context, Trace)
}

// TracerFunc makes a function a Tracer.
type TracerFunc func(context.Context, Trace)

// Trace calls f.
func (f TracerFunc) Trace(ctx context.Context, t Trace) { f(ctx, t) }
