// Package storetest is the table of rules that every store passes: each
// sentence of the storage contract that promises something, as a check.
//
// A driver of your own is tested like ours:
//
//	func TestStore(t *testing.T) {
//		storetest.Run(t, func(t *testing.T) store.Store {
//			s, err := mystore.Open(t.Context(), t.TempDir())
//			if err != nil {
//				t.Fatal(err)
//			}
//			return s
//		})
//	}
//
// Run it under the race detector: a third of the rules is about many callers
// at once. It imports core and core/store only.
package storetest

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"runtime/debug"
	"sync"
	"testing"
	"time"

	"github.com/authd-go/authd/core"
	"github.com/authd-go/authd/core/store"
)

// rule is one promise of the contract. Its check returns nil if the store
// keeps it.
type rule struct {
	name  string
	why   string // what goes wrong for people if it is broken
	check func(context.Context, store.Store) error
}

// rules lists all rules, in the order of the contract.
func rules() []rule {
	var all []rule
	for _, part := range [][]rule{
		userRules(), userChangeRules(), sessionRules(), advanceRules(), renewalRules(), endRules(), purgeRules(),
		tokenRules(), onceRules(), keyRules(), auditRules(), triesRules(), commonRules(),
	} {
		all = append(all, part...)
	}
	return all
}

// Rule is one promise of the contract.
type Rule struct {
	Name  string
	Why   string // what goes wrong for people if it is broken
	check func(context.Context, store.Store) error
}

// Rules returns the table, in the order in which it is walked.
func Rules() []Rule {
	var out []Rule
	for _, r := range rules() {
		out = append(out, Rule{Name: r.name, Why: r.why, check: r.check})
	}
	return out
}

// Check checks the rule over a new, empty store, which the caller closes. Its
// error says what is broken. A panic is a broken rule.
func (r Rule) Check(ctx context.Context, s store.Store) (err error) {
	defer func() {
		if v := recover(); v != nil {
			err = fmt.Errorf("panic: %v\n%s", v, debug.Stack())
		}
	}()
	return r.check(ctx, s)
}

// Run checks every rule in a subtest of its own. open returns a new, empty
// store that shares nothing with any other; Run closes it. Open may register
// what else has to be cleaned up with t.Cleanup.
func Run(t *testing.T, open func(t *testing.T) store.Store) {
	for _, r := range Rules() {
		t.Run(r.Name, func(t *testing.T) {
			s := open(t)
			t.Cleanup(func() {
				if err := s.Close(); err != nil {
					t.Errorf("Close: %v", err)
				}
			})
			if err := r.Check(t.Context(), s); err != nil {
				t.Errorf("%v\nwhy it matters: %s", err, r.Why)
			}
		})
	}
}

// Verify checks every rule, as Run does, for programs without a *testing.T. It
// joins what is broken, each with its rule's name and reason. No rule is ever
// skipped: nothing in a store is optional.
func Verify(ctx context.Context, open func(context.Context) (store.Store, error)) error {
	var broken []error
	for _, r := range Rules() {
		s, err := open(ctx)
		if err != nil {
			return errors.Join(append(broken, fmt.Errorf("open a store: %w", err))...)
		}
		if err := errors.Join(r.Check(ctx, s), s.Close()); err != nil {
			broken = append(broken, fmt.Errorf("%s: %w\nwhy it matters: %s", r.Name, err, r.Why))
		}
	}
	return errors.Join(broken...)
}

// start is the time of all rules. The store must not look at any other clock.
func start() time.Time { return time.Date(2026, 11, 20, 12, 0, 0, 123_000_000, time.UTC) }

// after is a time of the rules.
func after(d time.Duration) time.Time { return start().Add(d) }

// equal compares with reflect.DeepEqual.
func equal(what string, got, want any) error {
	if reflect.DeepEqual(got, want) {
		return nil
	}
	return fmt.Errorf("%s: got %+v, want %+v", what, got, want)
}

// outcome compares an error's code; "" is success.
func outcome(what string, err error, want core.Code) error {
	if got := core.CodeOf(err); got != want {
		return fmt.Errorf("%s: outcome %q, want %q (error: %w)", what, string(got), string(want), orNone(err))
	}
	return nil
}

func orNone(err error) error {
	if err == nil {
		return errors.New("none")
	}
	return err
}

// all runs steps until one fails.
func all(steps ...func() error) error {
	for _, step := range steps {
		if err := step(); err != nil {
			return err
		}
	}
	return nil
}

// parallel calls f n times at once and counts the outcomes.
func parallel(n int, f func(i int) core.Code) map[core.Code]int {
	var (
		mu     sync.Mutex
		counts = make(map[core.Code]int)
		ready  = make(chan struct{})
		group  sync.WaitGroup
	)
	for i := range n {
		group.Go(func() {
			<-ready
			code := f(i)
			mu.Lock()
			defer mu.Unlock()
			counts[code]++
		})
	}
	close(ready)
	group.Wait()
	return counts
}

// ptr returns a pointer to v, for the optional fields of a change.
func ptr[T any](v T) *T { return &v }
