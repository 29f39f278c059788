package load_test

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/authd-go/authd/tools/bench/load"
)

// staller is a server that answers at once, but for a time in which it does
// not answer at all.
type staller struct{ from, until time.Time }

func newStaller(after, during time.Duration) staller {
	from := time.Now().Add(after)
	return staller{from, from.Add(during)}
}

func (s staller) call() error {
	if now := time.Now(); !now.Before(s.from) && now.Before(s.until) {
		time.Sleep(s.until.Sub(now))
	}
	return nil
}

func calls(n int, call load.Call) []load.Call {
	out := make([]load.Call, n)
	for i := range out {
		out[i] = call
	}
	return out
}

func quantile(t *testing.T, l load.Latencies, q float64) time.Duration {
	t.Helper()
	d, ok := l.Quantile(q)
	if !ok {
		t.Fatalf("quantile %v is among the dropped", q)
	}
	return d
}

// A server that stalls for half a second in ten makes one request in twenty
// wait, on average a quarter of a second. A load generator that waits with the
// server would see that in 4 of 9,504 requests.
func TestOpenSeesAStallInAllThatWereDue(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStaller(2*time.Second, 500*time.Millisecond)
		l, err := load.Open(t.Context(), calls(4, s.call), load.Plan{PerSecond: 1000, For: 10 * time.Second, Outstanding: 1000})
		if err != nil || l.Dropped != 0 || l.Due() != 10_000 {
			t.Fatalf("%v, %d dropped of %d", err, l.Dropped, l.Due())
		}
		late := 0
		for _, d := range l.Sorted {
			if d > 0 {
				late++
			}
		}
		if late != 500 {
			t.Errorf("%d requests were late, want the 500 that were due in the stall", late)
		}
		if p50, p94, p99 := quantile(t, l, 0.5), quantile(t, l, 0.94), quantile(t, l, 0.99); p50 != 0 || p94 != 0 || p99 != 400*time.Millisecond {
			t.Errorf("p50 %v, p94 %v, p99 %v; want 0, 0 and 400ms", p50, p94, p99)
		}
		if worst := quantile(t, l, 1); worst != 500*time.Millisecond {
			t.Errorf("the worst is %v, want the whole stall", worst)
		}
	})
}

// The other kind of load is what one must not read latencies from: here it is
// shown that it waits with the server.
func TestClosedWaitsWithTheServer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStaller(2*time.Second, 500*time.Millisecond)
		var asked atomic.Int64
		call := func() error {
			asked.Add(1)
			time.Sleep(time.Millisecond)
			return s.call()
		}
		got, err := load.Closed(t.Context(), calls(4, call), time.Second, 9*time.Second)
		if err != nil {
			t.Fatal(err)
		}
		if total := asked.Load(); total < 37_000 || total > 38_100 {
			t.Errorf("asked %d times, want about 4 a millisecond but for the stall", total)
		}
		if got.PerSecond < 3750 || got.PerSecond > 3800 {
			t.Errorf("%.0f a second in the window, want 8.5/9 of 4,000", got.PerSecond)
		}
	})
}

func TestOpenCountsWhatItDropped(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStaller(2*time.Second, 500*time.Millisecond)
		l, err := load.Open(t.Context(), calls(4, s.call), load.Plan{PerSecond: 1000, For: 10 * time.Second, Outstanding: 100})
		if err != nil {
			t.Fatal(err)
		}
		// A few more or less, as things that happen at one moment fall.
		if l.Dropped < 395 || l.Dropped > 405 || l.Due() != 10_000 {
			t.Errorf("dropped %d of %d, want 400 of 10,000", l.Dropped, l.Due())
		}
		if d, ok := l.Quantile(0.97); ok {
			t.Errorf("p97 is %v although one in 25 had no answer", d)
		}
		if d := quantile(t, l, 0.955); d < 440*time.Millisecond || d > 460*time.Millisecond {
			t.Errorf("p95.5 is %v, want 450ms: the 100 that were let wait took 401 to 500ms", d)
		}
	})
}

func TestOpenKeepsItsRate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		var asked atomic.Int64
		l, err := load.Open(t.Context(), calls(8, func() error { asked.Add(1); return nil }), load.Plan{PerSecond: 250, For: 4 * time.Second})
		if took := time.Since(began); err != nil || asked.Load() != 1000 || len(l.Sorted) != 1000 || took < 3990*time.Millisecond || took > 4*time.Second {
			t.Errorf("%v: %d requests in %v, want 1,000 in 4s", err, asked.Load(), took)
		}
	})
}

func TestErrorsEndARun(t *testing.T) {
	broken := errors.New("broken")
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		fails := func() error {
			time.Sleep(time.Millisecond)
			if time.Since(began) > time.Second {
				return broken
			}
			return nil
		}
		for name, run := range map[string]func() error{
			"open": func() error {
				_, err := load.Open(t.Context(), calls(2, fails), load.Plan{PerSecond: 100, For: time.Hour})
				return err
			},
			"closed": func() error { _, err := load.Closed(t.Context(), calls(2, fails), 0, time.Hour); return err },
			"times":  func() error { return load.Times(t.Context(), calls(2, fails), 10_000_000) },
		} {
			began = time.Now()
			if err := run(); !errors.Is(err, broken) {
				t.Errorf("%s: %v", name, err)
			}
			if took := time.Since(began); took > 2*time.Second {
				t.Errorf("%s: went on for %v", name, took)
			}
		}
	})
}

func TestCancelEndsARun(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		began := time.Now()
		if _, err := load.Open(ctx, calls(2, func() error { return nil }), load.Plan{PerSecond: 100, For: time.Hour}); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("open: %v", err)
		}
		if took := time.Since(began); took > 1100*time.Millisecond {
			t.Errorf("went on for %v", took)
		}
	})
}

func TestQuantile(t *testing.T) {
	l := load.Latencies{Dropped: 1, Sorted: []time.Duration{1, 2, 3, 4, 5, 6, 7, 8, 9}}
	for q, want := range map[float64]time.Duration{0: 1, 0.1: 1, 0.11: 2, 0.5: 5, 0.9: 9} {
		if got, ok := l.Quantile(q); !ok || got != want {
			t.Errorf("quantile %v is %v, %v; want %v", q, got, ok, want)
		}
	}
	for _, q := range []float64{0.91, 1} {
		if got, ok := l.Quantile(q); ok {
			t.Errorf("quantile %v is %v although it was dropped", q, got)
		}
	}
	if _, ok := (load.Latencies{}).Quantile(0.5); ok {
		t.Error("nothing has a median")
	}
}

func TestThroughputOfSlowWork(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		// One answer each 300 ms: a window of one second cuts the fourth off.
		got, err := load.Closed(t.Context(), calls(1, func() error { time.Sleep(300 * time.Millisecond); return nil }), 0, time.Second)
		if err != nil || got.Done != 3 || got.PerSecond < 3.33 || got.PerSecond > 3.34 {
			t.Errorf("%+v, %v; want 3 done at 3.33 a second", got, err)
		}
	})
}
