package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/authd-go/authd/tools/bench/load"
)

const (
	stormRounds   = 3
	stormWindow   = 8 * time.Second
	stormRate     = 1000 // checks per second
	stormBuildsUp = time.Second
)

// storm compares how long check takes while 64 connections log in with how
// long it takes on the idle daemon.
func (b *bench) storm(ctx context.Context) (err error) {
	daemon, err := b.members(ctx, "storm")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, daemon.stop()) }()
	held, err := daemon.signIn(ctx, people)
	if err != nil {
		return err
	}
	checks, err := checkCrew(ctx, daemon, 64, held)
	if err != nil {
		return err
	}
	defer checks.leave()
	logins, err := loginCrew(ctx, daemon, people)
	if err != nil {
		return err
	}
	defer logins.leave()
	var idle, stormy quantiles
	for range stormRounds {
		if err := idle.measure(ctx, b, checks); err != nil {
			return err
		}
		if err := b.amid(ctx, logins, func() error { return stormy.measure(ctx, b, checks) }); err != nil {
			return err
		}
	}
	r := row{
		Work:     "p99 of `check` at 1,000/s, open loop, while 64 connections log in",
		Ceiling:  "its p99 on the idle daemon",
		Measured: stormy.String(), Limit: idle.String(),
		Figure: median(stormy.p99) / median(idle.p99), Aim: atMost(2.5, ""),
	}
	if idle.unknown || stormy.unknown {
		r.Figure = 0 // which misses the aim
	}
	b.add(r)
	return nil
}

// amid measures while a crew keeps working.
func (b *bench) amid(ctx context.Context, c *crew, measure func() error) error {
	ended := make(chan error, 1)
	go func() {
		_, err := load.Closed(ctx, c.calls, 0, stormBuildsUp+b.lasting(stormWindow)+stormBuildsUp/2)
		ended <- err
	}()
	time.Sleep(stormBuildsUp)
	return errors.Join(measure(), <-ended)
}

// quantiles are those of several rounds, in milliseconds.
type quantiles struct {
	p50, p99, p999 []float64
	dropped, due   int
	unknown        bool // so many were dropped that there is none
}

func (q *quantiles) measure(ctx context.Context, b *bench, checks *crew) error {
	l, err := load.Open(ctx, checks.calls, load.Plan{PerSecond: stormRate, For: b.lasting(stormWindow)})
	if err != nil {
		return err
	}
	for _, part := range []struct {
		share float64
		to    *[]float64
	}{{0.5, &q.p50}, {0.99, &q.p99}, {0.999, &q.p999}} {
		d, ok := l.Quantile(part.share)
		if !ok && part.share < 0.999 {
			q.unknown = true
		}
		*part.to = append(*part.to, float64(d.Microseconds())/1000)
	}
	q.dropped += l.Dropped
	q.due += l.Due()
	return nil
}

func (q *quantiles) String() string {
	return fmt.Sprintf("p50 %.2f ms, p99 %.2f ms, p99.9 %.2f ms; %d of %d dropped",
		median(q.p50), median(q.p99), median(q.p999), q.dropped, q.due)
}
