package core

import (
	"context"
	"time"
)

// ThrottleKey names something whose tries are counted, such as an account or a
// network. It is a keyed hash: nothing that somebody typed can be kept as one.
type ThrottleKey [32]byte

// Tries are what is remembered of the tries at one key. The zero value says
// that there were none.
type Tries struct {
	// FadeAt is when the last try will be forgotten. Each counted try moves it on
	// by the time in which one is forgotten, so it says how many there are.
	FadeAt time.Time
	LastAt time.Time // the newest counted try
	// TrustedUntil is the end of what a success at this key has earned.
	TrustedUntil time.Time
}

// End is when nothing in t matters any more.
func (t Tries) End() time.Time {
	if t.TrustedUntil.After(t.FadeAt) {
		return t.TrustedUntil
	}
	return t.FadeAt
}

// TriesChange is one step of a throttle.
type TriesChange struct {
	Now  time.Time
	Keys []ThrottleKey // at least one, and none twice
	// Change is handed the tries at Keys, in that order, and overwrites what is
	// to be stored. It runs inside the store: it must be quick, must call
	// nothing that waits, and may be called again with what is there by then;
	// the last call counts.
	Change func([]Tries)
}

// ThrottleStore remembers tries. The rules about them are core/guard's; a store
// has none of its own.
type ThrottleStore interface {
	// ChangeTries reads the keys, calls Change, and stores what it changed, in
	// one atomic step: of several at once, each sees what those before it
	// stored. If Change changes nothing, nothing is written.
	//
	// Tries whose End is not after Now may be forgotten at any time, and each
	// call that writes forgets some, so that they do not pile up. A change
	// without keys or with one twice is InvalidInput.
	ChangeTries(context.Context, TriesChange) error
}
