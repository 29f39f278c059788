package session

import (
	"time"

	"github.com/authd-go/authd/core"
)

// verdict is what a presented refresh token means for its session.
type verdict int

const (
	advance  verdict = iota // the newest: move on by one generation
	again                   // not the newest, and good: the newest token once more, nothing is written
	reused                  // superseded for good: stolen, or the client is broken
	ahead                   // newer than the row: the store was rolled back
	ended                   // the session was ended
	timedOut                // the session's time is over
)

// rule decides over refresh tokens. It is all there is to rotation, and pure.
type rule struct {
	rotation Rotation
	idle     time.Duration
	grace    time.Duration
}

func (r rule) judge(row core.Session, generation int64, at time.Time) verdict {
	behind := row.Generation - generation
	switch {
	case !row.EndedAt.IsZero():
		return ended
	case !at.Before(endOf(row)):
		return timedOut
	case behind < 0:
		return ahead
	case r.rotation == RotateNever:
		return r.extend(row, at)
	case behind == 0:
		return advance
	case behind == 1 && r.rotation == RotateUntilUsed:
		return again
	case behind <= 2 && at.Sub(row.AdvancedAt) <= r.grace:
		return again
	}
	return reused
}

// extend is the rule without rotation: every token is good, and the row is
// written only to move the idle end, once a tenth of the idle time has passed.
func (r rule) extend(row core.Session, at time.Time) verdict {
	if at.Add(r.idle).Sub(row.IdleExpires) < r.idle/10 || !row.IdleExpires.Before(row.Expires) {
		return again
	}
	return advance
}

// endOf is when the row's time is over unless it advances: the exp of its
// refresh token. Tokens carry whole seconds, so the row counts in them too.
func endOf(row core.Session) time.Time {
	return earlier(row.IdleExpires, row.Expires).Truncate(time.Second)
}

func earlier(a, b time.Time) time.Time {
	if b.Before(a) {
		return b
	}
	return a
}
