package session_test

import (
	"testing"
	"time"

	"github.com/authd-go/authd/core/session"
)

func BenchmarkVerifyWarm(b *testing.B) {
	h := newHouse(b)
	token := h.login().Tokens.Access.Reveal()
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			if _, err := h.Verify(b.Context(), token); err != nil {
				b.Error(err)
			}
		}
	})
}

// BenchmarkVerifyCold signs a token for each check outside of the measured time.
func BenchmarkVerifyCold(b *testing.B) {
	h := newHouse(b)
	tokens := make([]string, b.N)
	for i := range tokens {
		tokens[i] = h.login().Tokens.Access.Reveal()
	}
	b.ReportAllocs()
	b.ResetTimer()
	for _, token := range tokens {
		if _, err := h.Verify(b.Context(), token); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkRefresh(b *testing.B) {
	h := newHouse(b, func(o *session.Options) {
		o.Lifetimes = session.Lifetimes{AccessTTL: time.Minute, IdleTTL: time.Hour, MaxTTL: 1000 * time.Hour}
	})
	last := h.login()
	b.ReportAllocs()
	for b.Loop() {
		last = h.next(last)
	}
}
