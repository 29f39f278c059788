package main

import (
	"context"
	"log/slog"
	"runtime"
	"sync"
	"time"

	"github.com/authd-go/authd/config"
	"github.com/authd-go/authd/core/password"
)

// hashPool is the process's one pool of hash workers. While they work it lends
// them places in the Go scheduler beside those that there are: with no places
// of their own they would keep everything else waiting for one, whatever their
// priority; this way the operating system shares out the processors, and it
// knows priorities. While nobody hashes the places go back, because
// more places than processors make every short request dearer.
type hashPool struct {
	*password.Pool
	places  int // in the Go scheduler, as it was before
	workers int

	mu      sync.Mutex  // over what follows
	callers int         // in Run
	quiet   *time.Timer // runs takeBack
}

// lendFor is how long the places stay lent after the last caller, because each
// change stops the process for a moment.
const lendFor = time.Second

// openHashPool starts the workers.
func openHashPool(c config.Hashing, log *slog.Logger) *hashPool {
	p := &hashPool{places: runtime.GOMAXPROCS(0), workers: c.Workers}
	if p.workers == 0 {
		p.workers = p.places
	}
	p.quiet = time.AfterFunc(lendFor, p.takeBack)
	p.Pool = password.NewPool(password.PoolOptions{Workers: p.workers, Queue: c.Queue, Log: log})
	return p
}

// Run implements core.Runner.
func (p *hashPool) Run(ctx context.Context, work func()) error {
	p.lend()
	defer p.leave()
	return p.Pool.Run(ctx, work)
}

func (p *hashPool) lend() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.callers++
	p.quiet.Stop()
	p.have(p.places + p.workers)
}

func (p *hashPool) leave() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.callers--; p.callers == 0 {
		p.quiet.Reset(lendFor)
	}
}

func (p *hashPool) takeBack() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.callers == 0 {
		p.have(p.places)
	}
}

// have sets the number of places. Asking for it costs nothing, setting it does.
func (p *hashPool) have(places int) {
	if runtime.GOMAXPROCS(0) != places {
		runtime.GOMAXPROCS(places)
	}
}

// Close ends the workers and takes the places back.
func (p *hashPool) Close() error {
	err := p.Pool.Close()
	p.quiet.Stop()
	p.takeBack()
	return err
}
