package sqlite

import (
	"bytes"
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/authd-go/authd/core"
)

// sweepTries is how many rows whose time is over go with each change. A change
// adds fewer, so they do not pile up.
const sweepTries = 16

// ChangeTries reads, changes and stores the tries at some keys in one step.
func (s *Store) ChangeTries(ctx context.Context, c core.TriesChange) error {
	const op = "count tries"
	if err := checkTries(c); err != nil {
		return core.Fail(core.InvalidInput, op, err)
	}
	// A try that is refused changes nothing. It is told so from a read, so that
	// a flood of them does not queue up before the writer.
	var idle bool
	err := s.read(op, func(db *statements) error {
		before, after, err := changeTries(ctx, db, c)
		idle = slices.Equal(before, after)
		return err
	})
	if err != nil || idle {
		return err
	}
	return s.write(ctx, op, func(ctx context.Context, tx *statements) error {
		before, after, err := changeTries(ctx, tx, c)
		if err != nil {
			return err
		}
		return storeTries(ctx, tx, c, before, after)
	})
}

func checkTries(c core.TriesChange) error {
	if len(c.Keys) == 0 || len(c.Keys) > sweepTries {
		return errors.New("the number of keys is out of bounds")
	}
	for i, key := range c.Keys {
		if slices.Contains(c.Keys[:i], key) {
			return errors.New("a key is there twice")
		}
	}
	return nil
}

// changeTries reads the tries and lets the change have a copy.
func changeTries(ctx context.Context, db *statements, c core.TriesChange) (before, after []core.Tries, err error) {
	before, err = readTries(ctx, db, c.Keys)
	if err != nil {
		return nil, nil, err
	}
	after = slices.Clone(before)
	c.Change(after)
	return before, after, nil
}

// keyedTries is a row of the table.
type keyedTries struct {
	key []byte
	core.Tries
}

func scanTries(r row) (keyedTries, error) {
	var t keyedTries
	err := r.Scan(&t.key, timeColumn{&t.FadeAt}, timeColumn{&t.LastAt}, timeColumn{&t.TrustedUntil})
	return t, err
}

func readTries(ctx context.Context, db *statements, keys []core.ThrottleKey) ([]core.Tries, error) {
	args := make([]any, len(keys))
	for i := range keys {
		args[i] = keys[i][:]
	}
	found, err := queryAll(ctx, db, scanTries, `SELECT key, fade_at, last_at, trusted_until FROM tries
		WHERE key IN (?`+strings.Repeat(", ?", len(keys)-1)+`)`, args...)
	out := make([]core.Tries, len(keys))
	for _, t := range found {
		i := slices.IndexFunc(keys, func(key core.ThrottleKey) bool { return bytes.Equal(key[:], t.key) })
		out[i] = t.Tries // the query finds no other key
	}
	return out, err
}

// storeTries writes what was changed and forgets some of what is over.
func storeTries(ctx context.Context, tx *statements, c core.TriesChange, before, after []core.Tries) error {
	for i, t := range after {
		if t == before[i] {
			continue
		}
		_, err := tx.ExecContext(ctx, `INSERT INTO tries (key, fade_at, last_at, trusted_until, end_at) VALUES (?, ?, ?, ?, ?)
			ON CONFLICT (key) DO UPDATE SET fade_at = excluded.fade_at, last_at = excluded.last_at,
				trusted_until = excluded.trusted_until, end_at = excluded.end_at`,
			c.Keys[i][:], micros(t.FadeAt), micros(t.LastAt), micros(t.TrustedUntil), micros(t.End()))
		if err != nil {
			return err
		}
	}
	_, err := tx.ExecContext(ctx, `DELETE FROM tries WHERE key IN
		(SELECT key FROM tries WHERE end_at <= ? ORDER BY end_at LIMIT ?)`, micros(c.Now), sweepTries)
	return err
}
