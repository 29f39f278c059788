package main

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"path/filepath"
	"time"

	_ "modernc.org/sqlite" // the daemon's driver

	"github.com/authd-go/authd/tools/bench/load"
)

const (
	refreshRounds = 5
	refreshWindow = 3 * time.Second
	refreshChains = 32
)

// refresh compares chains of refreshes, each with the token that the last one
// gave, with the same write on a copy of the same database, one commit after
// the other.
func (b *bench) refresh(ctx context.Context) (err error) {
	daemon, err := b.members(ctx, "refresh")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, daemon.stop()) }()
	held, err := daemon.signIn(ctx, refreshChains)
	if err != nil {
		return err
	}
	copied := filepath.Join(b.dir, "copy.db")
	commit, closeCopy, err := commits(ctx, filepath.Join(b.dir, "refresh", "authd.db"), copied)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, closeCopy()) }()
	chains, err := daemon.crewOf(ctx, refreshChains, func(c *load.Conn, i int) load.Call {
		return chain(c, daemon.addr, held[i].Refresh)
	})
	if err != nil {
		return err
	}
	defer chains.leave()
	var pairs pairs
	var costs []float64
	for range refreshRounds {
		ours, cost, err := costly(ctx, daemon, chains, b.lasting(refreshWindow))
		if err != nil {
			return err
		}
		bare, err := load.Closed(ctx, []load.Call{commit}, warmUp, b.lasting(refreshWindow))
		if err != nil {
			return err
		}
		pairs.add(ours, bare.PerSecond)
		costs = append(costs, cost)
	}
	b.add(row{
		Work:     fmt.Sprintf("refresh, %d chains, SQLite with full sync", refreshChains),
		Ceiling:  "the same write, one durable commit at a time, with the same settings",
		Measured: fmt.Sprintf("%.0f/s; %.0f µs of processor time each", pairs.ours(), median(costs)), Limit: fmt.Sprintf("%.0f/s", pairs.theirs()),
		Figure: pairs.ratio(), Spread: pairs.spread(), Aim: atLeast(1),
	})
	return nil
}

// chain is a call that refreshes with the token that the last call got.
func chain(c *load.Conn, addr, refresh string) load.Call {
	return func() error {
		answer, err := c.Do(load.Post(addr, "/auth/refresh", []byte(`{"refreshToken":"`+refresh+`"}`)))
		if err != nil {
			return err
		}
		next, err := tokensOf(answer)
		if err == nil && next.Refresh == refresh {
			err = errors.New("a refresh gave the token that it was given")
		}
		refresh = next.Refresh
		return err
	}
}

// writeSettings are those of the daemon's writer; a test compares them.
func writeSettings() []string {
	return []string{"busy_timeout(5000)", "foreign_keys(1)", "synchronous(FULL)", "journal_size_limit(67108864)"}
}

func sourceOf(path string, pragmas ...string) string {
	query := url.Values{"_txlock": {"immediate"}, "_dqs": {"0"}, "_pragma": pragmas}
	return (&url.URL{Scheme: "file", Path: path, RawQuery: query.Encode()}).String()
}

// commits copies a database and returns a call that writes to the copy what a
// refresh writes, in a transaction of its own.
func commits(ctx context.Context, from, to string) (load.Call, func() error, error) {
	if err := copyDatabase(ctx, from, to); err != nil {
		return nil, nil, err
	}
	db, err := sql.Open("sqlite", sourceOf(to, writeSettings()...))
	if err != nil {
		return nil, nil, fmt.Errorf("open the copy: %w", err)
	}
	db.SetMaxOpenConns(1)
	var id, mode string
	if err := db.QueryRowContext(ctx, "PRAGMA journal_mode = WAL").Scan(&mode); err != nil || mode != "wal" {
		return nil, nil, errors.Join(fmt.Errorf("journal mode %q", mode), err, db.Close())
	}
	if err := db.QueryRowContext(ctx, "SELECT id FROM sessions LIMIT 1").Scan(&id); err != nil {
		return nil, nil, errors.Join(err, db.Close())
	}
	return func() error { return advanceOne(ctx, db, id) }, db.Close, nil
}

func advanceOne(ctx context.Context, db *sql.DB, id string) error {
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, `UPDATE sessions SET generation = generation + 1,
		advanced_at = advanced_at + 1000, idle_expires = idle_expires + 1000 WHERE id = ? AND ended_at IS NULL`, id)
	if err != nil {
		return errors.Join(err, tx.Rollback())
	}
	return tx.Commit()
}

// copyDatabase copies what the daemon has open.
func copyDatabase(ctx context.Context, from, to string) (err error) {
	db, err := sql.Open("sqlite", sourceOf(from, "busy_timeout(5000)"))
	if err != nil {
		return fmt.Errorf("open the daemon's database: %w", err)
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	_, err = db.ExecContext(ctx, "VACUUM INTO ?", to)
	if err != nil {
		return fmt.Errorf("copy the daemon's database: %w", err)
	}
	return nil
}
