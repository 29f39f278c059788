package load

import (
	"context"
	"slices"
	"sync"
	"time"
)

// Call is one exchange with the server. Calls of different callers run at the
// same time, those of one caller one after the other.
type Call func() error

// Throughput is what a closed loop found.
type Throughput struct {
	Done int
	// PerSecond counts the intervals between answers, from the first answer
	// after the warm-up to the last one within the window, so that slow work is
	// not judged by where the window happened to cut it.
	PerSecond float64
}

// Closed lets every caller repeat its call for the warm-up and the window, and
// counts in the window. The first error ends the run, and so does the context.
func Closed(ctx context.Context, callers []Call, warmUp, window time.Duration) (Throughput, error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	from := time.Now().Add(warmUp)
	until := from.Add(window)
	ends := make([][]time.Time, len(callers))
	var running sync.WaitGroup
	for i, call := range callers {
		running.Go(func() {
			for ctx.Err() == nil {
				if err := call(); err != nil {
					cancel(err)
					return
				}
				now := time.Now()
				if !now.Before(until) {
					return
				}
				if !now.Before(from) {
					ends[i] = append(ends[i], now)
				}
			}
		})
	}
	running.Wait()
	return throughput(slices.Concat(ends...)), context.Cause(ctx)
}

func throughput(ends []time.Time) Throughput {
	t := Throughput{Done: len(ends)}
	if len(ends) < 2 {
		return t
	}
	first, last := slices.MinFunc(ends, time.Time.Compare), slices.MaxFunc(ends, time.Time.Compare)
	if elapsed := last.Sub(first); elapsed > 0 {
		t.PerSecond = float64(len(ends)-1) / elapsed.Seconds()
	}
	return t
}

// Times lets every caller repeat its call n times. The first error ends the
// run, and so does the context.
func Times(ctx context.Context, callers []Call, n int) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var running sync.WaitGroup
	for _, call := range callers {
		running.Go(func() {
			for i := 0; i < n && ctx.Err() == nil; i++ {
				if err := call(); err != nil {
					cancel(err)
				}
			}
		})
	}
	running.Wait()
	return context.Cause(ctx)
}
