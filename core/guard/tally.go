package guard

import (
	"time"

	"github.com/authd-go/authd/core"
)

// tally is how the tries at one kind of key are counted: so many are free,
// then each must wait for twice as long as the one before, and one is
// forgotten each time the forget interval has passed.
type tally struct {
	free   int
	first  time.Duration // the first wait
	most   time.Duration // the longest wait
	forget time.Duration
}

// count returns how many tries are remembered at now.
func (c tally) count(t core.Tries, now time.Time) int {
	left := t.FadeAt.Sub(now)
	if left <= 0 {
		return 0
	}
	// A clock that was set back makes them more than there can be.
	return int(min((left-1)/c.forget+1, time.Duration(c.limit())))
}

// delay returns how long the next try must wait after the last of n.
func (c tally) delay(n int) time.Duration {
	if n < c.free {
		return 0
	}
	d := c.first
	for ; n > c.free && d < c.most; n-- {
		d *= 2
	}
	return min(d, c.most)
}

// limit is the count from which on more tries make no difference.
func (c tally) limit() int {
	n := c.free
	for d := c.first; d < c.most; d *= 2 {
		n++
	}
	return n
}

// wait returns how long the next try must wait at now; 0 lets it through. It
// follows from the count at the last try, so that a wait that was told stays.
func (c tally) wait(t core.Tries, now time.Time) time.Duration {
	d := c.delay(c.count(t, t.LastAt))
	return max(0, min(d, t.LastAt.Add(d).Sub(now)))
}

// take counts a try.
func (c tally) take(t core.Tries, now time.Time) core.Tries {
	from, most := now, now.Add(time.Duration(c.limit())*c.forget)
	if t.FadeAt.After(from) {
		from = t.FadeAt
	}
	t.FadeAt, t.LastAt = from.Add(c.forget), now
	if t.FadeAt.After(most) {
		t.FadeAt = most
	}
	return t
}

// back takes n tries back.
func (c tally) back(t core.Tries, n int) core.Tries {
	t.FadeAt = t.FadeAt.Add(-time.Duration(n) * c.forget)
	return t
}
