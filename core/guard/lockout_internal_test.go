package guard

import (
	"cmp"
	"slices"
	"testing"
	"time"

	"github.com/authd-go/authd/core"
)

// guesser tries one account of a directory by each of its names, from ever
// changing networks, as soon as it may and at a pace of its own.
type guesser struct {
	tally
	names []core.Tries
	now   time.Time
}

// next waits for the pace and then until a name may be tried.
func (g *guesser) next(pace time.Duration) {
	g.now = g.now.Add(pace)
	wait := func(t core.Tries) time.Duration { return g.wait(t, g.now) }
	slices.SortFunc(g.names, func(a, b core.Tries) int { return cmp.Compare(wait(a), wait(b)) })
	g.now = g.now.Add(wait(g.names[0]))
	g.names[0] = g.take(g.names[0], g.now)
}

// mostInARow is how far the counter of a directory gets that forgets everything
// when nothing was wrong for a while, as Active Directory does, before the
// guesser has made 500 tries. The guesser begins with a burst of any size and
// goes on at any pace.
func mostInARow(s ThrottleSettings, forgets time.Duration, names int) (most int) {
	const paces, tries = 100, 500
	for pace := range paces {
		for burst := range s.FreeTries*names + 1 {
			g := guesser{(ledger{settings: s}).tally(s.FreeTries, forgetShared), make([]core.Tries, names), time.Unix(0, 0)}
			counter, last := 0, g.now
			for i := range tries {
				if i < burst {
					g.next(0)
				} else {
					g.next(forgets * time.Duration(pace) / paces)
				}
				if g.now.Sub(last) >= forgets {
					counter = 0
				}
				counter, last = counter+1, g.now
				most = max(most, counter)
			}
		}
	}
	return most
}

// TestLimitsBelowADirectorysLockout: the settings that the README of the ldap
// strategy tells for a directory that locks after ten tries in ten minutes.
func TestLimitsBelowADirectorysLockout(t *testing.T) {
	const locks = 10
	for _, c := range []struct {
		free        int
		first, most time.Duration
		names       int
		holds       bool
	}{
		{5, 10 * time.Minute, 30 * time.Minute, 1, true},
		{2, 10 * time.Minute, time.Hour, 2, true},
		{5, 10 * time.Minute, 30 * time.Minute, 2, false}, // so that this shows something
		{5, time.Second, 15 * time.Minute, 1, false},
	} {
		s := ThrottleSettings{FreeTries: c.free, FirstDelay: c.first, MaxDelay: c.most}
		if n := mostInARow(s, 10*time.Minute, c.names); n < locks != c.holds {
			t.Errorf("%+v: %d wrong passwords in a row reach the directory", c, n)
		}
	}
}
