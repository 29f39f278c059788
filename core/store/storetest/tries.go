package storetest

import (
	"context"
	"fmt"
	"time"

	"github.com/authd-go/authd/core"
	"github.com/authd-go/authd/core/store"
)

func triesRules() []rule {
	return []rule{
		{"tries are kept", "a throttle that forgets lets everybody guess on", triesKept},
		{"tries have their own key", "one person's wrong passwords must not count against another", triesByKey},
		{"tries unchanged", "a refused try that wrote something would make the next wait longer", triesUnchanged},
		{"parallel tries", "of many guesses at once, as many get through as the throttle allows", parallelTries},
		{"parallel tries at many keys", "the counts of an account and of a network change together, or guesses get lost", parallelPairs},
		{"tries over are harmless", "forgetting must take what is over and nothing else", triesForgotten},
		{"broken change of tries", "a throttle with no key would count nothing", brokenTries},
	}
}

// triesKey is a key that differs from all others by its bytes.
func triesKey(n int) core.ThrottleKey { return core.ThrottleKey{byte(n >> 8), byte(n), 31: byte(n)} }

// one is a stored try.
func oneTry() core.Tries {
	return core.Tries{FadeAt: after(time.Hour), LastAt: after(time.Minute), TrustedUntil: after(2 * time.Hour)}
}

// changeTries changes the keys at a time and returns what was there before.
func changeTries(ctx context.Context, s core.ThrottleStore, now time.Time, change func([]core.Tries), keys ...core.ThrottleKey) ([]core.Tries, error) {
	var before []core.Tries
	err := s.ChangeTries(ctx, core.TriesChange{Now: now, Keys: keys, Change: func(t []core.Tries) {
		before = append([]core.Tries(nil), t...)
		change(t)
	}})
	return before, err
}

// wantTries looks without changing anything.
func wantTries(ctx context.Context, s core.ThrottleStore, key core.ThrottleKey, want core.Tries) error {
	got, err := changeTries(ctx, s, start(), func([]core.Tries) {}, key)
	if err != nil {
		return err
	}
	return equal("the tries", got, []core.Tries{want})
}

func setTries(ctx context.Context, s core.ThrottleStore, key core.ThrottleKey, t core.Tries) error {
	_, err := changeTries(ctx, s, start(), func(all []core.Tries) { all[0] = t }, key)
	return err
}

func triesKept(ctx context.Context, s store.Store) error {
	partly := core.Tries{FadeAt: after(time.Hour), LastAt: after(time.Minute)} // the zero time is a time like any other
	return all(
		func() error { return wantTries(ctx, s, triesKey(1), core.Tries{}) },
		func() error { return setTries(ctx, s, triesKey(1), oneTry()) },
		func() error { return wantTries(ctx, s, triesKey(1), oneTry()) },
		func() error { return setTries(ctx, s, triesKey(1), partly) },
		func() error { return wantTries(ctx, s, triesKey(1), partly) },
		func() error { return setTries(ctx, s, triesKey(1), core.Tries{}) },
		func() error { return wantTries(ctx, s, triesKey(1), core.Tries{}) },
	)
}

func triesByKey(ctx context.Context, s store.Store) error {
	first, second := oneTry(), core.Tries{FadeAt: after(3 * time.Hour), LastAt: after(time.Second)}
	_, err := changeTries(ctx, s, start(), func(t []core.Tries) { t[0], t[2] = first, second }, triesKey(2), triesKey(1), triesKey(3))
	if err != nil {
		return err
	}
	got, err := changeTries(ctx, s, start(), func([]core.Tries) {}, triesKey(3), triesKey(4), triesKey(2), triesKey(1))
	if err != nil {
		return err
	}
	return equal("the tries, in the keys' order", got, []core.Tries{second, {}, first, {}})
}

func triesUnchanged(ctx context.Context, s store.Store) error {
	if err := setTries(ctx, s, triesKey(1), oneTry()); err != nil {
		return err
	}
	// Changed and changed back is unchanged.
	_, err := changeTries(ctx, s, after(time.Minute), func(t []core.Tries) { old := t[0]; t[0] = core.Tries{}; t[0] = old }, triesKey(1))
	return all(
		func() error { return err },
		func() error { return wantTries(ctx, s, triesKey(1), oneTry()) },
	)
}

// countTry counts in minutes of FadeAt, up to a limit.
func countTry(ctx context.Context, s core.ThrottleStore, limit int, keys ...core.ThrottleKey) (bool, error) {
	taken := false
	_, err := changeTries(ctx, s, start(), func(t []core.Tries) {
		taken = t[0].FadeAt.Before(after(time.Duration(limit) * time.Minute))
		if !taken {
			return
		}
		for i := range t {
			if t[i].FadeAt.IsZero() {
				t[i].FadeAt = start()
			}
			t[i].FadeAt = t[i].FadeAt.Add(time.Minute)
		}
	}, keys...)
	return taken, err
}

func parallelTries(ctx context.Context, s store.Store) error {
	counts := parallel(40, func(int) core.Code {
		taken, err := countTry(ctx, s, 5, triesKey(1))
		if err == nil && !taken {
			return core.Throttled
		}
		return core.CodeOf(err)
	})
	return equal("outcomes", counts, map[core.Code]int{"": 5, core.Throttled: 35})
}

// parallelPairs lets callers that share one key, in different places, count.
func parallelPairs(ctx context.Context, s store.Store) error {
	counts := parallel(30, func(i int) core.Code {
		keys := []core.ThrottleKey{triesKey(100 + i), triesKey(1)}
		if i%2 == 0 {
			keys[0], keys[1] = keys[1], keys[0]
		}
		_, err := countTry(ctx, s, 1000, keys...)
		return core.CodeOf(err)
	})
	return all(
		func() error { return equal("outcomes", counts, map[core.Code]int{"": 30}) },
		func() error { return wantTries(ctx, s, triesKey(1), core.Tries{FadeAt: after(30 * time.Minute)}) },
		func() error { return wantTries(ctx, s, triesKey(107), core.Tries{FadeAt: after(time.Minute)}) },
	)
}

func triesForgotten(ctx context.Context, s store.Store) error {
	faded := core.Tries{FadeAt: after(time.Minute), LastAt: start()}
	alive := core.Tries{FadeAt: after(time.Minute + time.Millisecond), LastAt: start()}
	trusted := core.Tries{FadeAt: start(), TrustedUntil: after(time.Hour)}
	for i, t := range []core.Tries{faded, alive, trusted} {
		if err := setTries(ctx, s, triesKey(i), t); err != nil {
			return err
		}
	}
	for i := range 100 { // room for any way of forgetting a little each time
		if _, err := changeTries(ctx, s, after(time.Minute), func(t []core.Tries) { t[0] = oneTry() }, triesKey(1000+i)); err != nil {
			return err
		}
	}
	gone := wantTries(ctx, s, triesKey(0), core.Tries{})
	if gone != nil {
		gone = wantTries(ctx, s, triesKey(0), faded) // they may go, they need not
	}
	return all(
		func() error { return gone },
		func() error { return wantTries(ctx, s, triesKey(1), alive) },
		func() error { return wantTries(ctx, s, triesKey(2), trusted) },
	)
}

func brokenTries(ctx context.Context, s store.Store) error {
	for _, keys := range [][]core.ThrottleKey{nil, {}, {triesKey(1), triesKey(2), triesKey(1)}} {
		_, err := changeTries(ctx, s, start(), func(t []core.Tries) { clear(t) }, keys...)
		if err := outcome(fmt.Sprintf("%d keys", len(keys)), err, core.InvalidInput); err != nil {
			return err
		}
	}
	return nil
}

func triesCalls() []call {
	return []call{
		{"ChangeTries", true, func(ctx context.Context, s store.Store) error { return setTries(ctx, s, triesKey(1), oneTry()) }},
	}
}
