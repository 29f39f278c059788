package password_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/netip"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"github.com/authd-go/authd/core"
	"github.com/authd-go/authd/core/password"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func quiet() *slog.Logger { return slog.New(slog.DiscardHandler) }

// from is a context of a caller at an address.
func from(ctx context.Context, addr string) context.Context {
	return core.WithClient(ctx, core.Client{Addr: netip.MustParseAddr(addr)})
}

// gate is a pool whose only worker is busy until it is opened. It is made
// inside a synctest bubble.
type gate struct {
	*password.Pool
	t     *testing.T
	open  func()
	calls sync.WaitGroup

	mu    sync.Mutex
	order []string
}

func newGate(t *testing.T, queue int) *gate {
	t.Helper()
	blocked := make(chan struct{})
	g := &gate{Pool: password.NewPool(password.PoolOptions{Workers: 1, Queue: queue, Log: quiet()}), t: t}
	g.open = sync.OnceFunc(func() { close(blocked) })
	t.Cleanup(func() {
		g.open()
		g.calls.Wait()
		if err := g.Close(); err != nil {
			t.Error(err)
		}
	})
	g.calls.Go(func() { _ = g.Run(context.Background(), func() { <-blocked }) })
	synctest.Wait()
	return g
}

// add lines up a job that notes its name, and returns where its error goes.
func (g *gate) add(ctx context.Context, name string) <-chan error {
	out := make(chan error, 1)
	g.calls.Go(func() {
		out <- g.Run(ctx, func() {
			g.mu.Lock()
			defer g.mu.Unlock()
			g.order = append(g.order, name)
		})
	})
	synctest.Wait()
	return out
}

func wantFull(t *testing.T, err error) {
	t.Helper()
	e := core.AsError(err)
	if !errors.Is(err, core.Unavailable) || e.Reason != password.ReasonQueueFull || e.RetryAfter <= 0 {
		t.Errorf("got %v, want unavailable, %s, with a time to retry", err, password.ReasonQueueFull)
	}
}

func TestPoolAnswersAtOnceWhenFull(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newGate(t, 3)
		for i := range 3 {
			g.add(t.Context(), fmt.Sprint(i))
		}
		start := time.Now()
		wantFull(t, g.Run(t.Context(), func() { t.Error("the fourth of three ran") }))
		if waited := time.Since(start); waited != 0 {
			t.Errorf("the refusal took %v", waited)
		}
		g.open()
		g.calls.Wait()
		if len(g.order) != 3 {
			t.Errorf("ran %v", g.order)
		}
	})
}

func TestPoolIsBounded(t *testing.T) {
	p := password.NewPool(password.PoolOptions{Workers: 3, Log: quiet()})
	defer p.Close()
	var now, most atomic.Int32
	var calls sync.WaitGroup
	for range 60 {
		calls.Go(func() {
			err := p.Run(context.Background(), func() {
				most.Store(max(most.Load(), now.Add(1)))
				time.Sleep(time.Millisecond)
				now.Add(-1)
			})
			if err != nil {
				t.Error(err)
			}
		})
	}
	calls.Wait()
	if got := most.Load(); got < 1 || got > 3 {
		t.Errorf("%d jobs ran at once, want at most 3", got)
	}
}

// One network has 200 jobs waiting. Another's only job is served next but one.
func TestPoolIsFairBetweenNetworks(t *testing.T) {
	for name, c := range map[string]struct {
		flood func(i int) string
		other string
	}{
		"one IPv4 address": {func(int) string { return "192.0.2.1" }, "192.0.2.2"},
		"one IPv6 network": {func(i int) string { return fmt.Sprintf("2001:db8:0:1::%x", i+1) }, "2001:db8:0:2::1"},
		"mapped addresses": {func(i int) string { return []string{"192.0.2.1", "::ffff:192.0.2.1"}[i%2] }, "::ffff:192.0.2.2"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				g := newGate(t, 1000)
				for i := range 200 {
					g.add(from(t.Context(), c.flood(i)), "flood")
				}
				g.add(from(t.Context(), c.other), "single")
				g.open()
				g.calls.Wait()
				if len(g.order) != 201 || g.order[1] != "single" {
					t.Errorf("of %d jobs the first are %v", len(g.order), g.order[:3])
				}
			})
		})
	}
}

func TestPoolTakesTurns(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newGate(t, 100)
		for _, name := range []string{"a1", "a2", "a3", "b1", "b2", "c1"} {
			g.add(from(t.Context(), map[byte]string{'a': "192.0.2.1", 'b': "192.0.2.2", 'c': "192.0.2.3"}[name[0]]), name)
		}
		g.open()
		g.calls.Wait()
		if got, want := fmt.Sprint(g.order), "[a1 b1 c1 a2 b2 a3]"; got != want {
			t.Errorf("order %s, want %s", got, want)
		}
	})
}

// A full queue does not keep others out: who fills it makes way, newest first,
// until nobody has more than another.
func TestPoolMakesRoomForShorterLines(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newGate(t, 4)
		flood := from(t.Context(), "192.0.2.1")
		var refused []<-chan error
		for i := range 4 {
			refused = append(refused, g.add(flood, fmt.Sprint("flood", i)))
		}
		g.add(from(t.Context(), "192.0.2.2"), "b")
		wantFull(t, <-refused[3])
		wantFull(t, g.Run(flood, func() {}))
		g.add(from(t.Context(), "192.0.2.3"), "c")
		wantFull(t, <-refused[2])
		g.add(from(t.Context(), "192.0.2.4"), "d")
		wantFull(t, <-refused[1])
		wantFull(t, g.Run(from(t.Context(), "192.0.2.5"), func() {}))
		g.open()
		g.calls.Wait()
		if got, want := fmt.Sprint(g.order), "[flood0 b c d]"; got != want {
			t.Errorf("ran %s, want %s", got, want)
		}
	})
}

func TestPoolForgetsWhoLeft(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newGate(t, 2)
		ctx, cancel := context.WithCancel(t.Context())
		first, second := g.add(ctx, "first"), g.add(ctx, "second")
		cancel()
		for _, left := range []<-chan error{first, second} {
			if err := <-left; !errors.Is(err, core.Unavailable) || !errors.Is(err, context.Canceled) {
				t.Errorf("who left was told %v", err)
			}
		}
		if g.Waiting() != 0 {
			t.Errorf("%d still wait", g.Waiting())
		}
		g.add(t.Context(), "third") // has room again
		if err := g.Run(ctx, func() { t.Error("ran for somebody who was gone") }); !errors.Is(err, core.Unavailable) {
			t.Errorf("a context that had ended: %v", err)
		}
		g.open()
		g.calls.Wait()
		if got := fmt.Sprint(g.order); got != "[third]" {
			t.Errorf("ran %s", got)
		}
	})
}

func TestPoolFinishesWhatItBegan(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := password.NewPool(password.PoolOptions{Workers: 1, Log: quiet()})
		ctx, cancel := context.WithCancel(t.Context())
		start, finished := time.Now(), false
		err := p.Run(ctx, func() {
			cancel()
			time.Sleep(time.Second)
			finished = true
		})
		if !errors.Is(err, core.Unavailable) || !errors.Is(err, context.Canceled) || time.Since(start) != 0 {
			t.Errorf("who left meanwhile was told %v after %v", err, time.Since(start))
		}
		if err := p.Close(); err != nil || !finished {
			t.Errorf("Close: %v, finished = %v", err, finished)
		}
	})
}

// Who is refused is told how long the backlog takes, not less than a second.
func TestPoolEstimatesTheBacklog(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := password.NewPool(password.PoolOptions{Workers: 1, Queue: 20, Log: quiet()})
		slow := func() { time.Sleep(500 * time.Millisecond) }
		var calls sync.WaitGroup
		calls.Go(func() { _ = p.Run(t.Context(), slow) })
		synctest.Wait()
		for range 20 {
			calls.Go(func() { _ = p.Run(t.Context(), slow) })
		}
		synctest.Wait()
		if got := core.AsError(p.Run(t.Context(), slow)).RetryAfter; got != time.Second {
			t.Errorf("before anything is known: %v", got)
		}
		time.Sleep(600 * time.Millisecond)
		calls.Go(func() { _ = p.Run(t.Context(), slow) })
		synctest.Wait()
		if got := core.AsError(p.Run(t.Context(), slow)).RetryAfter; got != 10*time.Second {
			t.Errorf("with 20 jobs of half a second: %v", got)
		}
		calls.Wait()
		_ = p.Close()
	})
}

// With ten times the logins that the worker can do, each ready to wait two
// seconds, it still does its best for those whom it can still help.
func TestPoolWorksForThoseWhoStillWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := password.NewPool(password.PoolOptions{Workers: 1, Log: quiet()})
		var calls sync.WaitGroup
		var done, late atomic.Int32
		for range 600 {
			calls.Go(func() {
				ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
				defer cancel()
				switch err := p.Run(ctx, func() { time.Sleep(500 * time.Millisecond) }); {
				case err == nil:
					done.Add(1)
				case core.AsError(err).Reason == "":
					late.Add(1)
				default:
					wantFull(t, err)
				}
			})
			time.Sleep(50 * time.Millisecond)
		}
		calls.Wait()
		if done.Load() < 55 || late.Load() > 5 { // in 30 s the worker can do 60
			t.Errorf("%d logins were done in time, and %d were let down without a word", done.Load(), late.Load())
		}
		_ = p.Close()
	})
}

// One job that took a minute, on a machine that stood still for it, does not
// make the pool refuse everything from then on.
func TestPoolForgetsASlowMoment(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := password.NewPool(password.PoolOptions{Workers: 1, Log: quiet()})
		_ = p.Run(t.Context(), func() { time.Sleep(time.Minute) })
		var calls sync.WaitGroup
		var done atomic.Int32
		for range 20 {
			for range 2 {
				calls.Go(func() {
					ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
					defer cancel()
					if p.Run(ctx, func() { time.Sleep(100 * time.Millisecond) }) == nil {
						done.Add(1)
					}
				})
			}
			time.Sleep(time.Second)
		}
		calls.Wait()
		if done.Load() < 20 {
			t.Errorf("%d of 40 logins were let in", done.Load())
		}
		_ = p.Close()
	})
}

func TestPoolCloseUnderLoad(t *testing.T) {
	p := password.NewPool(password.PoolOptions{Workers: 2, Queue: 1000, Log: quiet()})
	var ran, accepted, refused atomic.Int32
	var calls sync.WaitGroup
	for range 300 {
		calls.Go(func() {
			err := p.Run(context.Background(), func() {
				time.Sleep(time.Millisecond)
				ran.Add(1)
			})
			switch {
			case err == nil:
				accepted.Add(1)
			case errors.Is(err, core.Unavailable):
				refused.Add(1)
			default:
				t.Error(err)
			}
		})
	}
	time.Sleep(10 * time.Millisecond)
	var closers sync.WaitGroup
	for range 3 {
		closers.Go(func() {
			if err := p.Close(); err != nil {
				t.Error(err)
			}
		})
	}
	closers.Wait()
	calls.Wait()
	if ran.Load() != accepted.Load() || accepted.Load()+refused.Load() != 300 {
		t.Errorf("%d ran, %d were told so, %d were refused, of 300", ran.Load(), accepted.Load(), refused.Load())
	}
	if err := p.Run(context.Background(), func() {}); !errors.Is(err, core.Unavailable) {
		t.Errorf("after Close: %v", err)
	}
	if err := p.Close(); err != nil {
		t.Errorf("again: %v", err)
	}
}

func TestPoolSurvivesAPanic(t *testing.T) {
	p := password.NewPool(password.PoolOptions{Workers: 1, Log: quiet()})
	defer p.Close()
	func() {
		defer func() {
			if got := recover(); got != "at work" {
				t.Errorf("the caller saw %v", got)
			}
		}()
		_ = p.Run(t.Context(), func() { panic("at work") })
	}()
	ran := false
	if err := p.Run(t.Context(), func() { ran = true }); err != nil || !ran {
		t.Errorf("after a panic: %v, ran = %v", err, ran)
	}
}

// Each Verify is one job, with its top-up and with its dummy, so that waiting
// tells no more than hashing does.
func TestEqualWorkIsOneJobEach(t *testing.T) {
	counted := &countingRunner{}
	h := password.NewCheapHasherOn(counted, 6)
	hash := hashOf(t, h, "the password")
	hashes := map[string]string{
		"unknown": "", "wrong": hash, "malformed": "x", "of lower cost": plain(t, "another one", 4), "digested": "$bcrypt-sha384" + hash,
	}
	for name, hash := range hashes {
		jobs, work := counted.jobs.Load(), h.Work()
		if m, _ := h.Verify(t.Context(), hash, core.NewSecret("not the password")); m.OK {
			t.Errorf("%s matches", name)
		}
		if jobs, work = counted.jobs.Load()-jobs, h.Work()-work; jobs != 1 || work != 1<<6 {
			t.Errorf("%s: %d jobs, %d rounds", name, jobs, work)
		}
	}
}

// countingRunner works in place.
type countingRunner struct{ jobs atomic.Int32 }

func (c *countingRunner) Run(_ context.Context, work func()) error {
	c.jobs.Add(1)
	work()
	return nil
}

func TestARefusalIsNoAnswerAndNoWork(t *testing.T) {
	p := password.NewPool(password.PoolOptions{Workers: 1, Log: quiet()})
	h := password.NewCheapHasherOn(p, 4)
	hash := hashOf(t, h, "the password")
	work := h.Work()
	_ = p.Close()
	m, err := h.Verify(t.Context(), hash, core.NewSecret("the password"))
	if m.OK || !errors.Is(err, core.Unavailable) {
		t.Errorf("Verify: %+v, %v", m, err)
	}
	if text, err := h.Hash(t.Context(), core.NewSecret("the password")); text != "" || !errors.Is(err, core.Unavailable) {
		t.Errorf("Hash: %q, %v", text, err)
	}
	if h.Work() != work {
		t.Error("work was done")
	}
}

func BenchmarkPoolHandover(b *testing.B) {
	p := password.NewPool(password.PoolOptions{Log: quiet()})
	defer p.Close()
	for b.Loop() {
		if err := p.Run(b.Context(), func() {}); err != nil {
			b.Fatal(err)
		}
	}
}
