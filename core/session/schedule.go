package session

import "time"

const (
	maxAhead  = 24 * time.Hour
	maxMaxAge = time.Hour
)

// schedule says when keys sign and when their successors are made. It is pure,
// and every node of a store comes to the same answer, so that the store's
// Conflict is all the agreement that nodes need.
type schedule struct {
	rotation  time.Duration // how long a key signs
	accessTTL time.Duration
}

// ahead is how long before its first use a key is published.
func (s schedule) ahead() time.Duration { return min(maxAhead, s.rotation/2) }

// maxAge is how long a verifier may keep the published keys: short enough to
// have met every key before its first use.
func (s schedule) maxAge() time.Duration { return min(maxMaxAge, s.ahead()/2) }

// publishUntil is when the last token of a key that starts at start is over.
// It leaves room to sign on while the store takes no successor.
func (s schedule) publishUntil(start time.Time) time.Time {
	return start.Add(s.rotation + 2*s.ahead() + s.accessTTL + skew)
}

// signsUntil is the moment after which a key's tokens would outlive its
// publication.
func (s schedule) signsUntil(k signingKey) time.Time {
	return k.publishUntil.Add(-s.accessTTL - skew)
}

// signer picks the newest key that may sign at now.
func (s schedule) signer(keys []signingKey, now time.Time) (signingKey, bool) {
	for i := len(keys) - 1; i >= 0; i-- {
		if k := keys[i]; !k.activeFrom.After(now) && now.Before(s.signsUntil(k)) {
			return k, true
		}
	}
	return signingKey{}, false
}

// next says whether a new key is due, and when it shall start to sign: in
// time, when the last one is to stop; if that is too soon for verifiers to
// learn of it (all nodes were down, the rotation was shortened) a little
// later, as long as the last key can bridge the time; else at once.
func (s schedule) next(keys []signingKey, now time.Time) (start time.Time, due bool) {
	if len(keys) == 0 {
		return now.Truncate(time.Hour), true
	}
	last := keys[len(keys)-1]
	end := earlier(last.activeFrom.Add(s.rotation), s.signsUntil(last))
	if now.Before(end.Add(-s.ahead())) {
		return time.Time{}, false
	}
	if !end.Before(now.Add(s.ahead() / 2)) {
		return end, true
	}
	if late := now.Add(s.ahead()).Truncate(time.Minute); !late.After(s.signsUntil(last)) {
		return late, true
	}
	if start = now.Truncate(time.Hour); !start.After(last.activeFrom) {
		start = now
	}
	return start, true
}
