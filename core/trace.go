package core

import (
	"context"
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
	RequestID string
	Start     time.Time
	Duration  time.Duration
	Outcome   Code   // "" for success
	Reason    string // as in Refusal
	Account   AccountID
	SessionID string
	Steps     []Step
	Err       error // the error behind Outcome, for the log
}

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
