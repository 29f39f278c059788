package oidc

import (
	"context"
	"encoding/base64"

	"github.com/authd-go/authd/core"
)

const opToken = "authenticate by token"

// AuthenticateToken believes an ID token that a page was handed by the
// provider's own button, or says why not.
func (s *strategy) AuthenticateToken(ctx context.Context, c core.TokenCredentials) (core.TokenGrant, error) {
	grant, err := s.byToken(ctx, c)
	if core.CodeOf(err) == core.InvalidInput {
		e := *core.AsError(err)
		e.Code = core.InvalidCredentials
		return core.TokenGrant{}, &e
	}
	return grant, err
}

func (s *strategy) byToken(ctx context.Context, c core.TokenCredentials) (core.TokenGrant, error) {
	m, err := s.metadata.get(ctx)
	if err != nil {
		return core.TokenGrant{}, err
	}
	t, err := s.idToken(ctx, m, c.Credential, expected{op: opToken, nonce: c.Nonce})
	if err != nil {
		return core.TokenGrant{}, err
	}
	// A nonce that was not issued to this browser was issued to another one, or by
	// somebody else: then whoever has the token may have it from there.
	if c.Nonce == "" && t.Nonce != "" {
		return core.TokenGrant{}, disbelieve(opToken, ReasonNonce, nil)
	}
	// A page's token has gone through more hands than one that was fetched, so it
	// must be a new one.
	until := t.IssuedAt.Add(s.config.TokenMaxAge + leeway)
	if s.now().After(until) {
		return core.TokenGrant{}, disbelieve(opToken, ReasonStale, nil)
	}
	if err := s.authenticated(opToken, t); err != nil {
		return core.TokenGrant{}, err
	}
	grant, err := s.grant(ctx, opToken, t, nil, kept{IDToken: c.Credential.Reveal()})
	if err != nil {
		return core.TokenGrant{}, err
	}
	if last := t.Expiry.Add(leeway); last.Before(until) {
		until = last
	}
	return core.TokenGrant{Grant: grant, ID: base64.RawURLEncoding.EncodeToString(t.digest[:]), Expires: until}, nil
}
