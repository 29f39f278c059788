package storetest

import (
	"context"
	"crypto/sha256"
	"time"

	"github.com/authd-go/authd/core"
	"github.com/authd-go/authd/core/store"
)

func tokenRules() []rule {
	return []rule{
		{"token works once", "a reset link that works twice works for whoever finds the mail", tokenOnce},
		{"parallel takers", "of several clicks on one link, one may set a password", parallelTakers},
		{"token is bound to its purpose", "a link that confirms an address must not reset a password, nor be used up by the try", tokenPurpose},
		{"token expires", "an old mail must not open an account", tokenExpires},
		{"new token replaces", "after a second request the first mail must not work", tokenReplaces},
		{"incomplete token", "a token without an account would reset nobody's password, or anybody's", incompleteToken},
		{"tokens are copies", "a caller who wipes the hash must not change the stored one", tokenCopies},
	}
}

func token(text, purpose string, account core.AccountID) core.OneTimeToken {
	hash := sha256.Sum256([]byte(text))
	return core.OneTimeToken{
		Hash: hash[:], Purpose: purpose, Account: account, CreatedAt: start(), ExpiresAt: after(time.Hour),
	}
}

func putTokens(ctx context.Context, s core.TokenStore, list ...core.OneTimeToken) error {
	for _, t := range list {
		if err := s.PutToken(ctx, t); err != nil {
			return err
		}
	}
	return nil
}

// take takes t's hash and compares: with t itself, or with an outcome.
func take(ctx context.Context, s core.TokenStore, t core.OneTimeToken, purpose string, now time.Time, want core.Code) error {
	got, err := s.TakeToken(ctx, t.Hash, purpose, now)
	if want != "" {
		return outcome("TakeToken", err, want)
	}
	if err != nil {
		return err
	}
	return equal("TakeToken", got, t)
}

func tokenOnce(ctx context.Context, s store.Store) error {
	t := token("one", "reset", johnID())
	return all(
		func() error { return take(ctx, s, t, "reset", start(), core.Expired) },
		func() error { return putTokens(ctx, s, t) },
		func() error { return take(ctx, s, token("two", "reset", johnID()), "reset", start(), core.Expired) },
		func() error { return take(ctx, s, t, "reset", start(), "") },
		func() error { return take(ctx, s, t, "reset", start(), core.Expired) },
	)
}

func parallelTakers(ctx context.Context, s store.Store) error {
	t := token("one", "reset", johnID())
	if err := putTokens(ctx, s, t); err != nil {
		return err
	}
	counts := parallel(20, func(int) core.Code {
		_, err := s.TakeToken(ctx, t.Hash, "reset", start())
		return core.CodeOf(err)
	})
	return equal("outcomes", counts, map[core.Code]int{"": 1, core.Expired: 19})
}

func tokenPurpose(ctx context.Context, s store.Store) error {
	t := token("one", "reset", johnID())
	return all(
		func() error { return putTokens(ctx, s, t) },
		func() error { return take(ctx, s, t, "verify", start(), core.Expired) },
		func() error { return take(ctx, s, t, "", start(), core.Expired) },
		func() error { return take(ctx, s, t, "reset", start(), "") },
	)
}

func tokenExpires(ctx context.Context, s store.Store) error {
	t, u := token("one", "reset", johnID()), token("two", "reset", janeID())
	return all(
		func() error { return putTokens(ctx, s, t, u) },
		func() error { return take(ctx, s, t, "reset", t.ExpiresAt, core.Expired) },
		func() error { return take(ctx, s, t, "reset", after(48*time.Hour), core.Expired) },
		func() error { return take(ctx, s, u, "reset", u.ExpiresAt.Add(-time.Millisecond), "") },
	)
}

func tokenReplaces(ctx context.Context, s store.Store) error {
	first, second := token("first", "reset", johnID()), token("second", "reset", johnID())
	otherPurpose, otherAccount := token("third", "verify", johnID()), token("fourth", "reset", janeID())
	otherStrategy := token("fifth", "reset", core.AccountID{Strategy: "partners", Subject: "u-john"})
	return all(
		func() error { return putTokens(ctx, s, first, otherPurpose, otherAccount, otherStrategy, second) },
		func() error { return take(ctx, s, first, "reset", start(), core.Expired) },
		func() error { return take(ctx, s, second, "reset", start(), "") },
		func() error { return take(ctx, s, otherPurpose, "verify", start(), "") },
		func() error { return take(ctx, s, otherAccount, "reset", start(), "") },
		func() error { return take(ctx, s, otherStrategy, "reset", start(), "") },
	)
}

func incompleteToken(ctx context.Context, s store.Store) error {
	for _, broken := range []core.OneTimeToken{
		{Purpose: "reset", Account: johnID()},
		token("one", "", johnID()),
		token("one", "reset", core.AccountID{Subject: "u-john"}), token("one", "reset", core.AccountID{Strategy: "members"}),
	} {
		if err := outcome("PutToken", s.PutToken(ctx, broken), core.InvalidInput); err != nil {
			return err
		}
	}
	return nil
}

func tokenCopies(ctx context.Context, s store.Store) error {
	given := token("one", "reset", johnID())
	if err := putTokens(ctx, s, given); err != nil {
		return err
	}
	clear(given.Hash)
	return take(ctx, s, token("one", "reset", johnID()), "reset", start(), "")
}
