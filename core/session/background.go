package session

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"github.com/authd-go/authd/core"
)

const (
	upkeepEvery  = time.Minute
	storeTimeout = 5 * time.Second
	purgeBatch   = 500
	purgeBatches = 20 // at most, each time
)

// run is the one background goroutine of a manager.
func (m *Manager) run(ctx context.Context) {
	defer close(m.background)
	ticker := time.NewTicker(m.opts.PollInterval)
	defer ticker.Stop()
	log := m.opts.Log
	polls := alarm{log: log, failing: "revoked sessions cannot be read; logouts elsewhere take effect late", fine: "revoked sessions are read again"}
	keys := alarm{log: log, failing: "signing keys cannot be kept up", fine: "signing keys are kept up again"}
	purges := alarm{log: log, failing: "old sessions cannot be forgotten", fine: "old sessions are forgotten again"}
	upkeep := time.Now()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
		due := time.Since(upkeep) >= upkeepEvery
		polls.report(ctx, m.limited(ctx, m.pollRevoked))
		if due || m.keys.wanted.Load() {
			keys.report(ctx, m.limited(ctx, func(ctx context.Context) error { return m.keys.maintain(ctx, m.now()) }))
		}
		if due {
			upkeep = time.Now()
			m.revoked.prune(m.now())
			purges.report(ctx, m.limited(ctx, m.purge))
		}
	}
}

// limited gives one piece of work a time of its own, so that a store that
// hangs in one of them does not stop the others.
func (m *Manager) limited(ctx context.Context, work func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(ctx, storeTimeout)
	defer cancel()
	return work(ctx)
}

// pollRevoked reads what other nodes ended. The reads overlap, because an end
// is stamped with the other node's clock and reaches the store later.
func (m *Manager) pollRevoked(ctx context.Context) error {
	now, started := m.now(), time.Now()
	since := now.Add(-m.revoked.ttl)
	if !m.polled.IsZero() {
		since = later(since, m.polled.Add(-skew))
	}
	ended, err := m.sessions.EndedSince(ctx, since)
	if err != nil {
		return core.Fail(core.Unavailable, "read revoked sessions", err)
	}
	m.revoked.add(ended...)
	m.polled = now
	m.lastPoll.Store(started.UnixNano())
	return nil
}

// purge forgets sessions whose time is over. Their tokens expired before.
func (m *Manager) purge(ctx context.Context) error {
	for range purgeBatches {
		n, err := m.sessions.PurgeSessions(ctx, m.now().Add(-skew), purgeBatch)
		if err != nil {
			return core.Fail(core.Unavailable, "forget old sessions", err)
		}
		if n < purgeBatch {
			return nil
		}
	}
	return nil
}

// Ready says whether the manager can do its work now: the store answers, there
// is a key to sign with, and revocations are fresh. Otherwise it is Unavailable.
func (m *Manager) Ready(ctx context.Context) error {
	const op = "sessions"
	age := time.Since(time.Unix(0, m.lastPoll.Load()))
	if limit := max(10*time.Second, 3*m.opts.PollInterval); age > limit {
		return core.Fail(core.Unavailable, op, fmt.Errorf("revocations were last read %v ago", age.Truncate(time.Second)))
	}
	if _, err := m.keys.signer(ctx, m.now()); err != nil {
		return err
	}
	if _, err := m.sessions.EndedSince(ctx, m.now()); err != nil {
		return core.Fail(core.Unavailable, op, err)
	}
	return nil
}

// alarm logs when something begins to fail and when it works again, and
// nothing in between.
type alarm struct {
	log           *slog.Logger
	failing, fine string
	rings         bool
}

func (a *alarm) report(ctx context.Context, err error) {
	switch {
	case ctx.Err() != nil: // closing
	case err != nil && !a.rings:
		a.rings = true
		a.log.WarnContext(ctx, a.failing, "error", err)
	case err == nil && a.rings:
		a.rings = false
		a.log.InfoContext(ctx, a.fine)
	}
}
