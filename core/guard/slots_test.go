package guard_test

import (
	"context"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/authd-go/authd/core"
	"github.com/authd-go/authd/core/guard"
)

// slow is a provider that signs in when it is told to.
type slow struct {
	guard.Provider
	answer chan struct{}
}

func (s slow) Login(context.Context, core.Request) core.ActionResult {
	<-s.answer
	return core.ActionResult{Success: true}
}

func TestTriesWaitForThoseUnderWay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		behind := slow{answer: make(chan struct{})}
		g := newGate(t, func(o *guard.ThrottleOptions) { o.Provider, o.Tracer, o.Store = behind, nil, new(guard.MemoryTries) })
		results := make(chan core.ActionResult, 200)
		login := func(ctx context.Context, name string) {
			go func() { results <- g.Login(ctx, request(name, home)) }()
			synctest.Wait()
		}
		for range 6 {
			login(t.Context(), "john@mail.com")
		}
		if len(results) != 0 {
			t.Fatal("the sixth does not wait")
		}
		behind.answer <- struct{}{}
		behind.answer <- struct{}{}
		synctest.Wait()
		if len(results) != 2 || !(<-results).Success || !(<-results).Success {
			t.Fatal("the first two did not get in")
		}
		login(t.Context(), "john@mail.com")
		ended, cancel := context.WithCancel(t.Context())
		login(ended, "john@mail.com")
		cancel()
		if r := <-results; r.Success || r.Error.Code != core.Unavailable {
			t.Errorf("whoever does not wait is answered %+v", r.Error)
		}
		began := time.Now()
		login(t.Context(), "john@mail.com")
		if r := <-results; r.Success || r.Error.Code != core.Throttled || r.Error.RetryAfter != time.Second || time.Since(began) != 5*time.Second {
			t.Errorf("after %v: %+v", time.Since(began), r.Error)
		}
		close(behind.answer)
		for range 5 {
			if r := <-results; !r.Success {
				t.Errorf("%+v", r.Error)
			}
		}
	})
}

// TestWaitersAreBounded: a hanging backend does not collect the requests of
// one network without end.
func TestWaitersAreBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		behind := slow{answer: make(chan struct{})}
		g := newGate(t, func(o *guard.ThrottleOptions) { o.Provider, o.Tracer, o.Store = behind, nil, new(guard.MemoryTries) })
		var mu sync.Mutex
		refused := 0
		var group sync.WaitGroup
		for i := range 200 {
			group.Go(func() {
				if r := g.Login(t.Context(), request("john@mail.com", home)); !r.Success {
					mu.Lock()
					defer mu.Unlock()
					refused++
				}
			})
			if i%50 == 0 {
				synctest.Wait()
			}
		}
		synctest.Wait()
		mu.Lock()
		at := refused
		mu.Unlock()
		if at != 120 { // 80 are inside or wait
			t.Errorf("%d are refused at once", at)
		}
		close(behind.answer)
		group.Wait()
		if refused != 120 {
			t.Errorf("%d are refused in the end", refused)
		}
	})
}
