package core

import (
	"context"
	"time"
)

// Mark is what came of one step. It is its own JSON value.
type Mark string

// The marks.
const (
	MarkOK      Mark = "ok"
	MarkWarning Mark = "warning" // it works, and somebody should know
	MarkFailed  Mark = "failed"  // logins that need this do not work
)

// Finding is one thing that a diagnosis tried. None of its texts may hold a secret.
type Finding struct {
	Name   string        // what was tried: one or two words, such as "connect"
	Target string        // where, such as a server's URL; the same for steps that belong together
	Took   time.Duration // 0 if nothing was waited for
	Mark   Mark
	Detail string // what was seen
	Advice string // what to do about it, and which key to change; empty with MarkOK
}

// DiagnoseRequest says what is to be looked at.
type DiagnoseRequest struct {
	// Identifier is whose login is walked through, in canonical form; empty looks
	// at the backend as a whole, and at nobody in particular.
	Identifier string
}

// Diagnoser finds out, step by step, why a backend does not work. It is for the
// operator's eyes: what a step shows of an account is more than its owner or a
// client is ever told.
type Diagnoser interface {
	// Diagnose tries what a login needs, against the backend as it is now, and
	// hands each step to report as soon as it is over, one at a time. It goes on
	// after a failure wherever something else can still be looked at, returns
	// soon after ctx ends, and changes nothing. A backend that cannot be reached
	// has at least one step with MarkFailed.
	Diagnose(ctx context.Context, r DiagnoseRequest, report func(Finding))
}
