package core

import "context"

// Runner runs work that keeps a processor busy for long, such as password
// hashing, without taking the machine away from everything else.
type Runner interface {
	// Run runs work once, on whatever goroutine, and returns nil when it has
	// ended. If there is no room for it, or ctx ends before it has, the error
	// is Unavailable, with RetryAfter if that is known. Work that was begun is
	// finished even then, with nobody waiting for it: what it writes may be
	// read after nil only.
	//
	// Callers that share a network (see Client.Network) share their turn.
	Run(ctx context.Context, work func()) error
}
