package oidc

import (
	"context"
	"errors"
	"maps"

	"github.com/authd-go/authd/core"
	"github.com/authd-go/authd/strategies/oidc/authcode"
	"github.com/authd-go/authd/strategies/oidc/claims"
)

const opRenew = "renew"

// Renew asks with the refresh token whether the grant still stands. Without
// one there is nothing to ask with, and it stands. The identity is always read
// from what is kept: the one in g has been through the operator's role map.
//
// Once the provider has answered, the refresh token may be another: nothing
// after that may lose it. So where userinfo or the keys cannot be had, what
// was told last stands for it, and an answer that is not to be believed leaves
// it to be kept.
func (s *strategy) Renew(ctx context.Context, g core.Grant) (core.Grant, error) {
	k, ok := openKept(g.Keep)
	switch {
	case g.Keep.Empty():
		return g, nil
	case !ok || k.Issuer != s.config.Issuer:
		return core.Grant{}, authcode.Ended(opRenew, authcode.ReasonGrant, errors.New("what was kept is another provider's, or another version's"))
	case k.Refresh == "":
		return s.regrant(ctx, g, k)
	}
	m, err := s.metadata.get(ctx)
	if err != nil {
		return core.Grant{}, err
	}
	token, err := s.client(m).Refresh(ctx, m.Token, core.NewSecret(k.Refresh))
	if err != nil {
		return core.Grant{}, authcode.RefreshFailed(opRenew, err)
	}
	if !token.Refresh.Empty() {
		k.Refresh = token.Refresh.Reveal()
	}
	out, err := s.retold(ctx, m, token, g, &k)
	if core.CodeOf(err) == core.Unavailable {
		out = core.Grant{Keep: s.seal(ctx, k)}
	}
	return out, err
}

// retold makes the grant of what the provider tells with a new token.
func (s *strategy) retold(ctx context.Context, m *metadata, token authcode.Token, g core.Grant, k *kept) (core.Grant, error) {
	before := *k
	if err := s.retell(ctx, m, token, k); err != nil {
		return core.Grant{}, err
	}
	out, err := s.regrant(ctx, g, *k)
	if err != nil {
		before.Refresh, *k = k.Refresh, before // what cannot be read is not what counts next time
	}
	return out, err
}

// retell brings the claims in k up to date with a new token.
func (s *strategy) retell(ctx context.Context, m *metadata, token authcode.Token, k *kept) error {
	if !token.ID.Empty() {
		t, err := s.idToken(ctx, m, token.ID, expected{op: opRenew, access: token.Access})
		switch {
		case core.CodeOf(err) == core.Unavailable:
			s.log.WarnContext(ctx, "a new ID token could not be verified; what was told last counts", "err", err)
		case err != nil:
			return authcode.Unanswered(err)
		case t.Subject != k.Subject:
			return authcode.Ended(opRenew, ReasonOtherSubject, nil)
		default:
			k.IDToken, k.Claims = token.ID.Reveal(), s.reader.Prune(t.claims)
		}
	}
	told, err := s.userInfo(ctx, opRenew, m, token.Access, k.Subject)
	switch {
	case authcode.ReasonOf(err) == ReasonUserInfoOther:
		return authcode.Ended(opRenew, ReasonOtherSubject, err)
	case err != nil:
		s.log.WarnContext(ctx, "userinfo could not be had; what was told last counts", "err", err)
	case told != nil:
		k.tell(s.reader.Prune(told), token.ID.Empty())
	}
	return nil
}

// tell notes what userinfo told. Where no new ID token came, it counts for more
// than the old one.
func (k *kept) tell(told claims.Claims, newer bool) {
	if newer {
		k.Claims = maps.Clone(k.Claims) // others may have it
		for name := range k.Told {
			delete(k.Claims, name)
		}
		for name := range told {
			delete(k.Claims, name)
		}
	}
	k.Told = told
}

// regrant makes the grant of what is kept.
func (s *strategy) regrant(ctx context.Context, g core.Grant, k kept) (core.Grant, error) {
	identity, err := s.reader.Identity(opRenew, k.all())
	if err != nil {
		return core.Grant{}, authcode.Judged(err)
	}
	if g.Identity.Subject != "" && identity.Subject != g.Identity.Subject {
		return core.Grant{}, authcode.Ended(opRenew, ReasonOtherSubject, nil)
	}
	return core.Grant{Identity: identity, Keep: s.seal(ctx, k), SessionID: g.SessionID}, nil
}
