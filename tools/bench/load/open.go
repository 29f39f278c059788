package load

import (
	"context"
	"math"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// Plan is what an open loop is to do.
type Plan struct {
	PerSecond int
	For       time.Duration
	// Outstanding bounds the requests that are due and not answered, whether
	// they are on their way or wait for a caller. Zero means 16 for each caller.
	Outstanding int
}

// Latencies are what an open loop found.
type Latencies struct {
	Dropped int             // were due while too many were outstanding, and never sent
	Sorted  []time.Duration // of the others, counted from when each was due
}

// Due is how many requests were due.
func (l Latencies) Due() int { return l.Dropped + len(l.Sorted) }

// Quantile returns the least time within which a share q of all that was due
// had its answer. It is not known, and ok is false, if that many had none:
// what was dropped was answered after any time.
func (l Latencies) Quantile(q float64) (d time.Duration, ok bool) {
	rank := max(1, int(math.Ceil(q*float64(l.Due()))))
	if rank > len(l.Sorted) {
		return 0, false
	}
	return l.Sorted[rank-1], true
}

// Open has a call due at a fixed rate, whether or not the server answers, and
// hands each to the next caller that is free. The first error ends the run, and
// so does the context.
func Open(ctx context.Context, callers []Call, p Plan) (Latencies, error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	if p.Outstanding == 0 {
		p.Outstanding = 16 * len(callers)
	}
	due := make(chan time.Time, p.Outstanding)
	var outstanding atomic.Int64
	took := make([][]time.Duration, len(callers))
	var running sync.WaitGroup
	for i, call := range callers {
		running.Go(func() {
			for at := range due {
				if ctx.Err() != nil {
					return
				}
				if err := call(); err != nil {
					cancel(err)
					return
				}
				took[i] = append(took[i], time.Since(at))
				outstanding.Add(-1)
			}
		})
	}
	dropped := pace(ctx, p, &outstanding, due)
	close(due)
	running.Wait()
	all := slices.Concat(took...)
	slices.Sort(all)
	return Latencies{Dropped: dropped, Sorted: all}, context.Cause(ctx)
}

// pace writes the moments at which requests are due, and counts those for
// which there is no room. A moment that it is late for keeps its time.
func pace(ctx context.Context, p Plan, outstanding *atomic.Int64, due chan<- time.Time) (dropped int) {
	start := time.Now()
	total := int(p.For.Seconds() * float64(p.PerSecond))
	for i := range total {
		at := start.Add(time.Duration(i) * time.Second / time.Duration(p.PerSecond))
		if wait := time.Until(at); wait > 0 {
			time.Sleep(wait)
		}
		if ctx.Err() != nil {
			return dropped
		}
		if outstanding.Load() >= int64(p.Outstanding) {
			dropped++
			continue
		}
		outstanding.Add(1)
		due <- at // has room for all that may be outstanding
	}
	return dropped
}
