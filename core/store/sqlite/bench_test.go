package sqlite_test

import (
	"fmt"
	"sync/atomic"
	"testing"
)

// BenchmarkAdvance measures a refresh's write, flushed to the disk: one caller
// at a time, then as many as a busy site has.
func BenchmarkAdvance(b *testing.B) {
	for _, callers := range []int{1, 16, 64} {
		b.Run(fmt.Sprint("callers=", callers), func(b *testing.B) {
			s := open(b, newPath(b))
			for i := range callers {
				if err := s.CreateSession(b.Context(), newSession(fmt.Sprint("s", i))); err != nil {
					b.Fatal(err)
				}
			}
			var next, left atomic.Int64
			left.Store(int64(b.N))
			done := make(chan error, callers)
			b.ResetTimer()
			for range callers {
				go func() {
					id := fmt.Sprint("s", next.Add(1)-1)
					var from int64
					for left.Add(-1) >= 0 {
						row, _, err := s.AdvanceSession(b.Context(), advance(id, from))
						if err != nil {
							done <- err
							return
						}
						from = row.Generation
					}
					done <- nil
				}()
			}
			for range callers {
				if err := <-done; err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkSessionRead measures the read of a refresh, among 1,000 sessions.
func BenchmarkSessionRead(b *testing.B) {
	s := open(b, newPath(b))
	for i := range 1000 {
		if err := s.CreateSession(b.Context(), newSession(fmt.Sprint("s", i))); err != nil {
			b.Fatal(err)
		}
	}
	var n atomic.Int64
	b.ResetTimer()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			if _, err := s.Session(b.Context(), fmt.Sprint("s", n.Add(1)%1000)); err != nil {
				b.Error(err)
				return
			}
		}
	})
}
