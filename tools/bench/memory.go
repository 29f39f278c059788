package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/authd-go/authd/tools/bench/load"
)

const (
	manySessions = 100_000
	crowdConns   = 64
	starts       = 15
	quiet        = 5 * time.Second // before memory is read
	mebibyte     = 1 << 20
)

// crowdConfig has users whose passwords cost nothing to check, so that many
// sessions can be made in a short time. Its public URL is the same on every port,
// so that tokens outlive a restart.
func crowdConfig() string {
	var b strings.Builder
	b.WriteString("server: {publicURL: http://localhost:8080, trustedProxies: [127.0.0.1/32]}\nmethods:\n  login: {use: crowd}\nstrategies:\n  crowd:\n    type: mock\n    users:\n")
	for i := range people {
		fmt.Fprintf(&b, "      - {email: %s, password: %q, name: User %d, roles: [editor]}\n", email(i), password, i)
	}
	return b.String()
}

// memory reads the memory of a daemon that has nothing to do, opens and checks
// many sessions, reads it again, and then starts a daemon on that database.
func (b *bench) memory(ctx context.Context) error {
	idle, err := b.idleMemory(ctx)
	if err != nil {
		return err
	}
	b.add(row{
		Work: "memory, idle", Ceiling: "-", Measured: fmt.Sprintf("%s resident, of it %s its own and not of its program's file", mib(idle.resident), mib(idle.anonymous)),
		Limit: "-", Figure: float64(idle.resident) / mebibyte, Aim: atMost(25, "MB"),
	})
	dir, err := b.folder("crowd", crowdConfig())
	if err != nil {
		return err
	}
	one, err := b.crowdMemory(ctx, dir)
	if err != nil {
		return err
	}
	return b.startTime(ctx, dir, one)
}

func (b *bench) idleMemory(ctx context.Context) (m memory, err error) {
	daemon, err := b.members(ctx, "idle")
	if err != nil {
		return memory{}, err
	}
	defer func() { err = errors.Join(err, daemon.stop()) }()
	time.Sleep(quiet)
	return daemon.memory()
}

// crowdMemory opens sessions, checks each once, and returns one access token.
func (b *bench) crowdMemory(ctx context.Context, dir string) (access string, err error) {
	daemon, err := b.startDaemon(ctx, dir)
	if err != nil {
		return "", err
	}
	defer func() { err = errors.Join(err, daemon.stop()) }()
	if err := daemon.ready(ctx); err != nil {
		return "", err
	}
	time.Sleep(quiet)
	before, err := daemon.memory()
	if err != nil {
		return "", err
	}
	access, opened, err := b.openSessions(ctx, daemon)
	if err != nil {
		return "", err
	}
	time.Sleep(quiet)
	after, err := daemon.memory()
	if err != nil {
		return "", err
	}
	perMany := float64(after.resident-before.resident) / float64(opened) * manySessions
	b.add(row{
		Work: "memory, 100,000 sessions opened and checked", Ceiling: "-",
		Measured: fmt.Sprintf("%s more, from %s to %s, %v after the last of %d", mib(int64(perMany)), mib(before.resident), mib(after.resident), quiet, opened),
		Limit:    "-", Figure: perMany / mebibyte, Aim: atMost(60, "MB"),
	})
	return access, nil
}

// openSessions signs in and checks the new token, over and over.
func (b *bench) openSessions(ctx context.Context, s *server) (access string, opened int, err error) {
	each := int(manySessions * min(b.scale, 1) / crowdConns)
	crew, err := s.crewOf(ctx, crowdConns, func(c *load.Conn, i int) load.Call {
		return signInAndCheck(c, s.addr, i, &access)
	})
	if err != nil {
		return "", 0, err
	}
	began := time.Now()
	err = load.Times(ctx, crew.calls, each)
	b.progress("%d sessions opened in %v", each*crowdConns, time.Since(began).Round(time.Second))
	return access, each * crowdConns, errors.Join(err, crew.leave())
}

// signInAndCheck is a call of connection i. The first one keeps its token.
func signInAndCheck(c *load.Conn, addr string, i int, keep *string) load.Call {
	login := loginRequest(addr, i)
	return func() error {
		answer, err := c.Do(login)
		if err != nil {
			return err
		}
		held, err := tokensOf(answer)
		if err != nil {
			return err
		}
		if i == 0 {
			*keep = held.Access
		}
		return repeat(c, load.Get(addr, "/auth/check", "Authorization: Bearer "+held.Access))()
	}
}

// startTime measures from the start of the process to its first good answer,
// with the many sessions in the database.
func (b *bench) startTime(ctx context.Context, dir, access string) error {
	var took []float64
	for range starts {
		began := time.Now()
		daemon, err := b.startDaemon(ctx, dir)
		if err != nil {
			return err
		}
		err = daemon.firstAnswer(ctx, load.Get(daemon.addr, "/auth/check", "Authorization: Bearer "+access), 20*time.Second)
		took = append(took, float64(time.Since(began).Microseconds())/1000)
		if err := errors.Join(err, daemon.stop()); err != nil {
			return err
		}
	}
	b.add(row{
		Work: "start to first answer, with that database", Ceiling: "-",
		Measured: fmt.Sprintf("median of %d: %.0f ms", len(took), median(took)), Limit: "-",
		Figure: median(took), Spread: spreadOf(took, "%.0f"), Aim: atMost(100, "ms"),
	})
	return nil
}

func mib(n int64) string { return fmt.Sprintf("%.1f MB", float64(n)/mebibyte) }
