package core

import "context"

// Runner runs work that keeps a processor busy for long, such as password
// hashing, without taking the machine away from everything else.
type Runner interface {
	// Run runs work once, on whatever goroutine, and returns when it has ended.
	// If it returns an error, work was never begun and never will be: the
	// error is Unavailable, with RetryAfter if it is known. Work that was begun
	// is always finished, even if ctx ends meanwhile.
	//
	// Callers that share a network (see Client.Network) share their turn.
	Run(ctx context.Context, work func()) error
}
