package session

import (
	"context"
	"crypto/sha256"
	"errors"
	"io"
	"strings"
	"time"

	"github.com/authd-go/authd/core"
)

const (
	oneTimeBytes = 32
	oneTimeChars = 43 // of base64url
)

// OneTime makes and redeems tokens that work once, such as those of a
// password reset. The store has only their hashes. It is safe for concurrent use.
type OneTime struct {
	store core.TokenStore
	now   func() time.Time
	rand  io.Reader
}

// NewOneTime returns a OneTime over a store, a clock and a source of
// cryptographic randomness that is safe for concurrent use.
func NewOneTime(store core.TokenStore, now func() time.Time, rand io.Reader) *OneTime {
	return &OneTime{store: store, now: now, rand: rand}
}

// Issue makes a token of 256 random bits, written in A-Z a-z 0-9 - and _ only,
// that is good for one purpose until the returned time. The account's older
// tokens for that purpose stop working. An error is Unavailable or Internal.
func (o *OneTime) Issue(ctx context.Context, purpose string, account core.AccountID, ttl time.Duration) (core.Secret, time.Time, error) {
	const op = "issue a one-time token"
	if purpose == "" || ttl <= 0 {
		return core.Secret{}, time.Time{}, core.Fail(core.Internal, op, errors.New("a purpose and a positive lifetime are needed"))
	}
	token, err := randomText(o.rand, oneTimeBytes)
	if err != nil {
		return core.Secret{}, time.Time{}, core.Fail(core.Internal, op, err)
	}
	now := o.clock()
	t := core.OneTimeToken{Hash: oneTimeHash(token), Purpose: purpose, Account: account, CreatedAt: now, ExpiresAt: now.Add(ttl)}
	if err := o.store.PutToken(ctx, t); err != nil {
		return core.Secret{}, time.Time{}, core.Fail(core.Unavailable, op, err)
	}
	return core.NewSecret(token), t.ExpiresAt, nil
}

// Redeem uses a token up. A token that is unknown, used, replaced, expired or
// for another purpose is Expired with ReasonInvalidToken, and so is what
// cannot be a token at all, without touching storage. An outage is Unavailable.
func (o *OneTime) Redeem(ctx context.Context, token, purpose string) (core.OneTimeToken, error) {
	const op = "redeem a one-time token"
	bad := &core.Error{Code: core.Expired, Op: op, Reason: ReasonInvalidToken}
	if len(token) != oneTimeChars || strings.Contains(token, ".") || !wellFormed(token, oneTimeChars) {
		return core.OneTimeToken{}, bad
	}
	t, err := o.store.TakeToken(ctx, oneTimeHash(token), purpose, o.clock())
	switch {
	case core.CodeOf(err) == core.Expired:
		return core.OneTimeToken{}, bad
	case err != nil:
		return core.OneTimeToken{}, core.Fail(core.Unavailable, op, err)
	}
	return t, nil
}

// Restore makes a redeemed token good again until its old end, for when what
// it was redeemed for did not come to pass. If a newer token was issued in
// between, which of the two stays is not defined. An error is Unavailable or
// Internal.
func (o *OneTime) Restore(ctx context.Context, t core.OneTimeToken) error {
	const op = "restore a one-time token"
	if len(t.Hash) != sha256.Size {
		return core.Fail(core.Internal, op, errors.New("this token was never redeemed"))
	}
	if err := o.store.PutToken(ctx, t); err != nil {
		return core.Fail(core.Unavailable, op, err)
	}
	return nil
}

func (o *OneTime) clock() time.Time { return o.now().UTC().Truncate(time.Millisecond) }

func oneTimeHash(token string) []byte {
	sum := sha256.Sum256([]byte(token))
	return sum[:]
}
