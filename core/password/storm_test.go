package password_test

import (
	"context"
	"crypto/ed25519"
	"errors"
	"runtime"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/authd-go/authd/core"
	"github.com/authd-go/authd/core/password"
)

// BenchmarkUnderStorm measures how long a small piece of work takes, such as
// check does (one signature), that is begun every millisecond while 64 callers
// hash passwords: on an idle machine, with hashing in place, on a pool, and on
// a pool whose workers have places in the Go scheduler of their own.
//
// It is a benchmark and no test, because it measures the machine as well.
func BenchmarkUnderStorm(b *testing.B) {
	for _, c := range []struct {
		name    string
		callers int
		pooled  bool
		places  int
	}{
		{name: "idle"},
		{name: "in-place", callers: 64},
		{name: "pool", callers: 64, pooled: true},
		{name: "pool-with-places", callers: 64, pooled: true, places: runtime.GOMAXPROCS(0)},
	} {
		b.Run(c.name, func(b *testing.B) {
			before := runtime.GOMAXPROCS(0)
			runtime.GOMAXPROCS(before + c.places)
			defer runtime.GOMAXPROCS(before)
			var where core.Runner
			if c.pooled {
				pool := password.NewPool(password.PoolOptions{Workers: before, Log: quiet()})
				defer pool.Close()
				where = pool
			}
			h, err := password.NewHasherOn(where, password.MinCost)
			if err != nil {
				b.Fatal(err)
			}
			defer storm(b, h, c.callers)()
			took := probe(b, max(b.N, 2000))
			b.ReportMetric(float64(took[len(took)/2].Microseconds()), "p50-µs")
			b.ReportMetric(float64(took[len(took)*99/100].Microseconds()), "p99-µs")
			b.ReportMetric(0, "ns/op")
		})
	}
}

// storm logs in without end, until the function it returns is called.
func storm(b *testing.B, h *password.Hasher, callers int) (stop func()) {
	b.Helper()
	ctx, cancel := context.WithCancel(b.Context())
	var all sync.WaitGroup
	start, before := time.Now(), h.Work()
	for range callers {
		all.Go(func() {
			for ctx.Err() == nil {
				if _, err := h.Verify(ctx, "", core.NewSecret("not the password")); err != nil && !errors.Is(err, core.Unavailable) {
					b.Error(err)
				}
			}
		})
	}
	return func() {
		b.ReportMetric(float64(h.Work()-before)/(1<<password.MinCost)/time.Since(start).Seconds(), "hashes/s")
		cancel()
		all.Wait()
	}
}

// probe begins a piece of work every millisecond, whether or not the last one
// is done, and returns how long each took from the time it was due, sorted.
func probe(b *testing.B, n int) []time.Duration {
	b.Helper()
	public, private, err := ed25519.GenerateKey(nil)
	if err != nil {
		b.Fatal(err)
	}
	message := []byte("header.payload")
	signature := ed25519.Sign(private, message)
	took := make([]time.Duration, n)
	var all sync.WaitGroup
	start := time.Now()
	for i := range took {
		due := start.Add(time.Duration(i) * time.Millisecond)
		time.Sleep(time.Until(due))
		all.Go(func() {
			if !ed25519.Verify(public, message, signature) {
				b.Error("the signature is refused")
			}
			took[i] = time.Since(due)
		})
	}
	all.Wait()
	slices.Sort(took)
	return took
}
