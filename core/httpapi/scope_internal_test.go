package httpapi

import (
	"context"
	"errors"
	"runtime"
	"testing"
	"testing/synctest"
	"time"
)

type parentKey struct{}

// A scope is a context like that of context.WithTimeout.
func TestScope(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		parent, stop := context.WithCancel(context.WithValue(t.Context(), parentKey{}, "parent's"))
		defer stop()
		s := new(scope)
		s.begin(parent, facts{id: "id", start: time.Now()}, time.Minute)
		defer s.end()
		if at, ok := s.Deadline(); !ok || time.Until(at) != time.Minute {
			t.Errorf("deadline: %v %v", at, ok)
		}
		if s.Value(parentKey{}) != "parent's" || s.Err() != nil || s.Value(parentKey{}) != "parent's" {
			t.Errorf("before the end: %v %v", s.Value(parentKey{}), s.Err())
		}
		before := runtime.NumGoroutine()
		child, cancel := context.WithCancel(context.WithValue(s, parentKey{}, 1))
		defer cancel()
		if n := runtime.NumGoroutine(); n != before {
			t.Errorf("a derived context costs %d goroutines", n-before)
		}
		time.Sleep(time.Minute - 1)
		synctest.Wait()
		if s.Err() != nil || child.Err() != nil {
			t.Errorf("a nanosecond before the end: %v, derived %v", s.Err(), child.Err())
		}
		time.Sleep(time.Nanosecond)
		synctest.Wait()
		if !errors.Is(s.Err(), context.DeadlineExceeded) || !errors.Is(child.Err(), context.DeadlineExceeded) {
			t.Errorf("at the end: %v, derived %v", s.Err(), child.Err())
		}
	})
}

func TestScopeEnds(t *testing.T) {
	for name, end := range map[string]func(s *scope, stop context.CancelFunc){
		"by itself":               func(s *scope, _ context.CancelFunc) { s.end() },
		"with net/http's context": func(_ *scope, stop context.CancelFunc) { stop() },
	} {
		for _, asked := range []bool{false, true} {
			parent, stop := context.WithCancel(t.Context())
			s := new(scope)
			s.begin(parent, facts{start: time.Now()}, time.Minute)
			if asked {
				_ = s.Done()
			}
			end(s, stop)
			select {
			case <-s.Done():
			default:
				t.Errorf("%s, asked before: %v: it has not ended", name, asked)
			}
			if !errors.Is(s.Err(), context.Canceled) {
				t.Errorf("%s, asked before: %v: %v", name, asked, s.Err())
			}
			s.end()
			stop()
		}
	}
}
