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
	checkRounds = 31
	checkWindow = 500 * time.Millisecond
	warmUp      = 100 * time.Millisecond
)

// check compares GET /auth/check with a handler that does nothing but write the
// same answer. They take turns, so that whatever else the machine does hits all.
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
	bare, err := startBare(ctx, bareMode, copied)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, bare.stop()) }()
	unlimited, err := startBare(ctx, unlimitedMode, copied)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, unlimited.stop()) }()
	for _, conns := range []int{16, 64} {
		if err := b.checkAt(ctx, conns, held, daemon, bare, unlimited); err != nil {
			return err
		}
	}
	return nil
}

// checkAt measures the daemon, the ceiling, and the ceiling without time limits.
func (b *bench) checkAt(ctx context.Context, conns int, held []tokens, servers ...*server) (err error) {
	crews := make([]*crew, len(servers))
	defer func() {
		for _, c := range crews {
			if c != nil {
				err = errors.Join(err, c.leave())
			}
		}
	}()
	for i, s := range servers {
		if crews[i], err = checkCrew(ctx, s, conns, held); err != nil {
			return err
		}
	}
	rates, costs := make([][]float64, len(servers)), make([][]float64, len(servers))
	for range checkRounds {
		for i, s := range servers {
			rate, cost, err := costly(ctx, s, crews[i], b.lasting(checkWindow))
			if err != nil {
				return err
			}
			rates[i], costs[i] = append(rates[i], rate), append(costs[i], cost)
		}
	}
	for i, ceiling := range []struct {
		text string
		aim  aim
	}{
		{"bare net/http handler writing the same answer, in a server with the same time limits", atLeast(0.85)},
		{"the same, in a server without any time limit", aim{none: true}},
	} {
		var p pairs
		for round := range rates[0] {
			p.add(rates[0][round], rates[i+1][round])
		}
		b.add(row{
			Work:     fmt.Sprintf("`GET /auth/check`, warm token, %d connections", conns),
			Ceiling:  ceiling.text,
			Measured: fmt.Sprintf("%.0f/s; %.1f µs of processor time each", p.ours(), median(costs[0])),
			Limit:    fmt.Sprintf("%.0f/s; %.1f µs", p.theirs(), median(costs[i+1])),
			Figure:   p.ratio(), Spread: p.spread(), Aim: ceiling.aim,
		})
	}
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
