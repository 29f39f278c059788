package sqlite

import (
	"context"
	"time"

	"github.com/authd-go/authd/core"
)

// sweepTokens is how many dead tokens go when a new one comes, so that tokens
// that nobody redeems do not pile up.
const sweepTokens = 100

// PutToken stores a token in place of any other of its purpose and account. A
// token without a hash, purpose or account is InvalidInput. Conflict means
// that another purpose or account has a token with this hash.
func (s *Store) PutToken(ctx context.Context, t core.OneTimeToken) error {
	const op = "store a one-time token"
	if len(t.Hash) == 0 || t.Purpose == "" || t.Account.Strategy == "" || t.Account.Subject == "" {
		return core.Fail(core.InvalidInput, op, nil)
	}
	return s.write(ctx, op, func(ctx context.Context, tx *statements) error {
		_, err := tx.ExecContext(ctx, `DELETE FROM one_time_tokens WHERE purpose = ? AND strategy = ? AND subject = ?`,
			t.Purpose, t.Account.Strategy, t.Account.Subject)
		if err != nil {
			return err
		}
		_, err = tx.ExecContext(ctx, `DELETE FROM one_time_tokens WHERE hash IN
			(SELECT hash FROM one_time_tokens WHERE expires_at <= ? ORDER BY expires_at LIMIT ?)`,
			micros(t.CreatedAt), sweepTokens)
		if err != nil {
			return err
		}
		_, err = tx.ExecContext(ctx, `INSERT INTO one_time_tokens
			(hash, purpose, strategy, subject, created_at, expires_at) VALUES (?, ?, ?, ?, ?, ?)`,
			t.Hash, t.Purpose, t.Account.Strategy, t.Account.Subject, micros(t.CreatedAt), micros(t.ExpiresAt))
		return err
	})
}

// TakeToken removes and returns the token, or answers Expired.
func (s *Store) TakeToken(ctx context.Context, hash []byte, purpose string, now time.Time) (core.OneTimeToken, error) {
	var taken core.OneTimeToken
	err := s.write(ctx, "take a one-time token", func(ctx context.Context, tx *statements) (err error) {
		taken, err = scanToken(tx.QueryRowContext(ctx, `DELETE FROM one_time_tokens
			WHERE hash = ? AND purpose = ? AND expires_at > ?
			RETURNING hash, purpose, strategy, subject, created_at, expires_at`, hash, purpose, micros(now)))
		return err
	})
	if err != nil {
		return core.OneTimeToken{}, err
	}
	return taken, nil
}

func scanToken(r row) (core.OneTimeToken, error) {
	var t core.OneTimeToken
	err := r.Scan(&t.Hash, &t.Purpose, &t.Account.Strategy, &t.Account.Subject,
		timeColumn{&t.CreatedAt}, timeColumn{&t.ExpiresAt})
	return t, none(err, core.Expired)
}
