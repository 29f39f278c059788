package main

import (
	"log/slog"
	"runtime"

	"github.com/authd-go/authd/config"
	"github.com/authd-go/authd/core/password"
)

// hashPool is the process's one pool of hash workers.
type hashPool struct {
	*password.Pool
	places int // in the Go scheduler, as it was before
}

// openHashPool starts the workers and gives them places in the Go scheduler
// beside those that there are. With no places of their own they would keep
// everything else waiting for one, whatever their priority; this way the
// operating system shares out the processors, and it knows priorities.
func openHashPool(c config.Hashing, log *slog.Logger) *hashPool {
	places := runtime.GOMAXPROCS(0)
	workers := c.Workers
	if workers == 0 {
		workers = places
	}
	runtime.GOMAXPROCS(places + workers)
	return &hashPool{password.NewPool(password.PoolOptions{Workers: workers, Queue: c.Queue, Log: log}), places}
}

// Close ends the workers and takes the places back.
func (p *hashPool) Close() error {
	err := p.Pool.Close()
	runtime.GOMAXPROCS(p.places)
	return err
}
