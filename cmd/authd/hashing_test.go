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
		if got := runtime.GOMAXPROCS(0); got != before {
			t.Errorf("with %d workers and nothing to do there are %d places, want %d", workers, got, before)
		}
		amid := 0
		if err := pool.Run(context.Background(), func() { amid = runtime.GOMAXPROCS(0) }); err != nil || amid != want {
			t.Errorf("%d workers, amid a job: %v, %d places, want %d", workers, err, amid, want)
		}
		pool.takeBack()
		if got := runtime.GOMAXPROCS(0); got != before {
			t.Errorf("after the job there are %d places, want %d", got, before)
		}
		if err := pool.Close(); err != nil {
			t.Error(err)
		}
	}
}

// A job that waits or runs keeps the places, also when another one ends.
func TestHashPoolKeepsPlacesWhileItWorks(t *testing.T) {
	before := runtime.GOMAXPROCS(0)
	pool := openHashPool(config.Hashing{Workers: 1, Queue: 8}, slog.New(slog.DiscardHandler))
	begun, end, ended := make(chan struct{}), make(chan struct{}), make(chan error, 1)
	go func() { ended <- pool.Run(context.Background(), func() { close(begun); <-end }) }()
	<-begun
	gone, cancel := context.WithCancel(context.Background())
	cancel()
	if err := pool.Run(gone, func() {}); err == nil {
		t.Error("a job of a caller who has left was run")
	}
	pool.takeBack()
	if got := runtime.GOMAXPROCS(0); got != before+1 {
		t.Errorf("amid a job there are %d places, want %d", got, before+1)
	}
	close(end)
	if err := <-ended; err != nil {
		t.Error(err)
	}
	if err := pool.Close(); err != nil {
		t.Error(err)
	}
	if got := runtime.GOMAXPROCS(0); got != before {
		t.Errorf("after Close there are %d places, want %d", got, before)
	}
}
