package main

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"time"

	"golang.org/x/crypto/bcrypt"

	"github.com/authd-go/authd/tools/bench/load"
)

const (
	loginRounds = 6
	loginWindow = 4 * time.Second
	loginWarmUp = 500 * time.Millisecond
	hashCost    = 10 // as in membersConfig
)

// login compares logins with nothing but their hashing.
func (b *bench) login(ctx context.Context) (err error) {
	daemon, err := b.members(ctx, "login")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, daemon.stop()) }()
	hashers, err := bareHashers()
	if err != nil {
		return err
	}
	for _, conns := range []int{8, 64} {
		crew, err := loginCrew(ctx, daemon, conns)
		if err != nil {
			return err
		}
		var pairs pairs
		for range loginRounds {
			ours, err := load.Closed(ctx, crew.calls, loginWarmUp, b.lasting(loginWindow))
			if err != nil {
				return err
			}
			bare, err := load.Closed(ctx, hashers, loginWarmUp, b.lasting(loginWindow))
			if err != nil {
				return err
			}
			pairs.add(ours.PerSecond, bare.PerSecond)
		}
		if err := crew.leave(); err != nil {
			return err
		}
		b.add(row{
			Work:     fmt.Sprintf("login, %d connections, bcrypt %d", conns, hashCost),
			Ceiling:  "bare bcrypt of that cost on all cores",
			Measured: fmt.Sprintf("%.1f/s", pairs.ours()), Limit: fmt.Sprintf("%.1f/s", pairs.theirs()),
			Figure: pairs.ratio(), Spread: pairs.spread(), Aim: atLeast(0.95),
		})
	}
	return nil
}

func loginCrew(ctx context.Context, s *server, conns int) (*crew, error) {
	return s.crewOf(ctx, conns, func(c *load.Conn, i int) load.Call {
		return repeat(c, loginRequest(s.addr, i))
	})
}

// bareHashers compare a password with its hash, one on each core.
func bareHashers() ([]load.Call, error) {
	hash, err := bcrypt.GenerateFromPassword([]byte(password), hashCost)
	if err != nil {
		return nil, fmt.Errorf("hash: %w", err)
	}
	var calls []load.Call
	for range runtime.GOMAXPROCS(0) {
		calls = append(calls, func() error { return bcrypt.CompareHashAndPassword(hash, []byte(password)) })
	}
	return calls, nil
}
