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
	checkSets   = 4
	checkRounds = 10 // of a set
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
	servers := []*server{daemon, bare, unlimited}
	all := []*checks{newChecks(16, len(servers)), newChecks(64, len(servers))}
	for range checkSets {
		for _, c := range all {
			if err := b.checkSet(ctx, c, held, servers); err != nil {
				return err
			}
		}
	}
	for _, c := range all {
		b.addChecks(c)
	}
	return nil
}

// checks are the rates and costs that were measured of each server.
type checks struct {
	conns        int
	rates, costs [][]float64
}

func newChecks(conns, servers int) *checks {
	return &checks{conns, make([][]float64, servers), make([][]float64, servers)}
}

// checkSet measures the servers over connections of its own: which thread
// serves which of them makes a difference that lasts as long as they do.
func (b *bench) checkSet(ctx context.Context, c *checks, held []tokens, servers []*server) (err error) {
	crews := make([]*crew, len(servers))
	defer func() {
		for _, c := range crews {
			if c != nil {
				err = errors.Join(err, c.leave())
			}
		}
	}()
	for i, s := range servers {
		if crews[i], err = checkCrew(ctx, s, c.conns, held); err != nil {
			return err
		}
	}
	for range checkRounds {
		for i, s := range servers {
			rate, cost, err := costly(ctx, s, crews[i], b.lasting(checkWindow))
			if err != nil {
				return err
			}
			c.rates[i], c.costs[i] = append(c.rates[i], rate), append(c.costs[i], cost)
		}
	}
	return nil
}

// addChecks adds a row for each ceiling.
func (b *bench) addChecks(c *checks) {
	for i, ceiling := range []struct {
		text string
		aim  aim
	}{
		{"bare net/http handler writing the same answer, in a server with the same time limits", atLeast(0.85)},
		{"the same, in a server without any time limit", aim{none: true}},
	} {
		var p pairs
		for round := range c.rates[0] {
			p.add(c.rates[0][round], c.rates[i+1][round])
		}
		b.add(row{
			Work:     fmt.Sprintf("`GET /auth/check`, warm token, %d connections", c.conns),
			Ceiling:  ceiling.text,
			Measured: fmt.Sprintf("%.0f/s; %.1f µs of processor time each", p.ours(), median(c.costs[0])),
			Limit:    fmt.Sprintf("%.0f/s; %.1f µs", p.theirs(), median(c.costs[i+1])),
			Figure:   p.ratio(), Spread: p.spread(), Aim: ceiling.aim,
		})
	}
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
