package main

import (
	"context"
	"log/slog"
	"runtime"
	"testing"

	"github.com/authd-go/authd/config"
)

func TestHashPoolHasPlacesOfItsOwn(t *testing.T) {
	before := runtime.GOMAXPROCS(0)
	for workers, want := range map[int]int{0: 2 * before, 3: before + 3} {
		pool := openHashPool(config.Hashing{Workers: workers, Queue: 8}, slog.New(slog.DiscardHandler))
		if got := runtime.GOMAXPROCS(0); got != want {
			t.Errorf("with %d workers there are %d places, want %d", workers, got, want)
		}
		ran := false
		if err := pool.Run(context.Background(), func() { ran = true }); err != nil || !ran {
			t.Errorf("a job: %v, ran = %v", err, ran)
		}
		if err := pool.Close(); err != nil {
			t.Error(err)
		}
		if got := runtime.GOMAXPROCS(0); got != before {
			t.Errorf("after Close there are %d places, want %d", got, before)
		}
	}
}
