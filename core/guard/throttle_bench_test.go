package guard_test

import (
	"context"
	"fmt"
	"path/filepath"
	"sync/atomic"
	"testing"

	"github.com/authd-go/authd/core"
	"github.com/authd-go/authd/core/guard"
	"github.com/authd-go/authd/core/store/sqlite"
)

// BenchmarkThrottleTake measures what the throttle adds to a wrong login: one
// durable write for a try that gets through, a read for one that does not.
func BenchmarkThrottleTake(b *testing.B) {
	open := func(b *testing.B) core.ThrottleStore {
		s, err := sqlite.Open(b.Context(), sqlite.Options{Path: filepath.Join(b.TempDir(), "authd.db")})
		if err != nil {
			b.Fatal(err)
		}
		b.Cleanup(func() { _ = s.Close() })
		return s
	}
	for name, open := range map[string]func(*testing.B) core.ThrottleStore{
		"sqlite": open,
		"memory": func(*testing.B) core.ThrottleStore { return new(guard.MemoryTries) },
	} {
		b.Run(name+"/taken", func(b *testing.B) { benchmarkTake(b, open(b), false) })
		b.Run(name+"/refused", func(b *testing.B) { benchmarkTake(b, open(b), true) })
	}
}

func benchmarkTake(b *testing.B, store core.ThrottleStore, refused bool) {
	g := newGate(b, func(o *guard.ThrottleOptions) {
		o.Store, o.Tracer = store, nil
		o.Provider = wrong{}
		o.NetworkTries = 10_000
	})
	var n atomic.Int64
	login := func() {
		i := n.Add(1)
		name := fmt.Sprint("user", i)
		if refused {
			name = "user"
		}
		g.Login(b.Context(), request(name, fmt.Sprintf("10.%d.%d.%d", i>>16&255, i>>8&255, i&255)))
	}
	if refused {
		for range 6 {
			login()
		}
	}
	b.SetParallelism(16)
	b.ResetTimer()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			login()
		}
	})
}

// wrong is a provider to which every password is wrong.
type wrong struct{ guard.Provider }

func (wrong) Login(_ context.Context, _ core.Request) core.ActionResult {
	return core.ActionResult{Error: core.DefaultMessages().Refuse(core.InvalidCredentials)}
}
