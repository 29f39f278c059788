package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/authd-go/authd/tools/bench/load"
)

const (
	checkRounds = 9
	checkWindow = 2 * time.Second
	warmUp      = 300 * time.Millisecond
)

// check compares GET /auth/check with net/http's server writing the same
// answer. The two take turns, so that whatever else the machine does hits both.
func (b *bench) check(ctx context.Context) (err error) {
	daemon, err := b.members(ctx, "check")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, daemon.stop()) }()
	held, err := daemon.signIn(ctx, people)
	if err != nil {
		return err
	}
	copied, err := takeSample(ctx, "http://"+daemon.addr+"/auth/check", http.Header{"Authorization": {"Bearer " + held[0].Access}})
	if err != nil {
		return err
	}
	bare, err := startBare(ctx, copied)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, bare.stop()) }()
	for _, conns := range []int{16, 64} {
		if err := b.checkAt(ctx, conns, held, daemon, bare); err != nil {
			return err
		}
	}
	return nil
}

func (b *bench) checkAt(ctx context.Context, conns int, held []tokens, daemon, bare *server) error {
	ours, err := checkCrew(ctx, daemon, conns, held)
	if err != nil {
		return err
	}
	defer ours.leave()
	theirs, err := checkCrew(ctx, bare, conns, held)
	if err != nil {
		return err
	}
	defer theirs.leave()
	var pairs pairs
	var ourCost, theirCost []float64
	for range checkRounds {
		a, costA, err := costly(ctx, daemon, ours, b.lasting(checkWindow))
		if err != nil {
			return err
		}
		c, costC, err := costly(ctx, bare, theirs, b.lasting(checkWindow))
		if err != nil {
			return err
		}
		pairs.add(a, c)
		ourCost, theirCost = append(ourCost, costA), append(theirCost, costC)
	}
	b.add(row{
		Work:     fmt.Sprintf("`GET /auth/check`, warm token, %d connections", conns),
		Ceiling:  "bare net/http handler writing the same answer",
		Measured: fmt.Sprintf("%.0f/s; %.1f µs of processor time each", pairs.ours(), median(ourCost)),
		Limit:    fmt.Sprintf("%.0f/s; %.1f µs", pairs.theirs(), median(theirCost)),
		Figure:   pairs.ratio(), Spread: pairs.spread(), Aim: atLeast(0.85),
	})
	return nil
}

func checkCrew(ctx context.Context, s *server, conns int, held []tokens) (*crew, error) {
	return s.crewOf(ctx, conns, func(c *load.Conn, i int) load.Call {
		return repeat(c, load.Get(s.addr, "/auth/check", "Accept: application/json", "User-Agent: bench/1",
			"Authorization: Bearer "+held[i%len(held)].Access))
	})
}

// costly measures a throughput and the server's processor time for each
// request, in microseconds; 0 where the system does not tell.
func costly(ctx context.Context, s *server, c *crew, window time.Duration) (perSecond, cost float64, err error) {
	if _, err := load.Closed(ctx, c.calls, 0, warmUp); err != nil {
		return 0, 0, err
	}
	before, cpuErr := s.cpu()
	t, err := load.Closed(ctx, c.calls, 0, window)
	if err != nil {
		return 0, 0, err
	}
	after, _ := s.cpu()
	if cpuErr == nil && t.Done > 0 {
		cost = float64((after - before).Microseconds()) / float64(t.Done)
	}
	return t.PerSecond, cost, nil
}
