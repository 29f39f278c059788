package oauth2

import (
	"context"
	"errors"

	"github.com/authd-go/authd/core"
	"github.com/authd-go/authd/strategies/oidc/authcode"
)

const (
	opRenew = "renew"
	// ReasonOtherSubject is the reason of an end: the token is another person's now.
	ReasonOtherSubject = "subject_changed"
)

// Renew asks whether the grant still stands: with the refresh token, or where
// there is none, with the access token for as long as it is good. Without
// either the grant stands. The identity is always read from what is kept: the
// one in g has been through the operator's role map.
func (s *strategy) Renew(ctx context.Context, g core.Grant) (core.Grant, error) {
	k, ok := openKept(g.Keep)
	expired := !k.Expires.IsZero() && !s.now().Before(k.Expires)
	switch {
	case g.Keep.Empty():
		return g, nil
	case !ok || k.Site != s.config.TokenURL:
		return core.Grant{}, authcode.Ended(opRenew, authcode.ReasonGrant, errors.New("what was kept is another site's, or another version's"))
	case k.Refresh != "":
		return s.refresh(ctx, g, k)
	case expired:
		return s.regrant(ctx, g, k)
	}
	told, err := s.tell(ctx, opRenew, core.NewSecret(k.Access))
	switch {
	case authcode.ReasonOf(err) == authcode.ReasonUnauthorized:
		return core.Grant{}, authcode.Ended(opRenew, authcode.ReasonUnauthorized, err)
	case err != nil:
		return core.Grant{}, authcode.Unanswered(err)
	}
	k.Claims = s.reader.Prune(told)
	return s.regrant(ctx, g, k)
}

// refresh asks with the refresh token. After that it may be another, which
// nothing may lose: where the site tells nothing, what it told last counts.
func (s *strategy) refresh(ctx context.Context, g core.Grant, k kept) (core.Grant, error) {
	token, err := s.client.Refresh(ctx, s.config.TokenURL, core.NewSecret(k.Refresh))
	if err != nil {
		return core.Grant{}, authcode.RefreshFailed(opRenew, err)
	}
	k.take(token)
	before := k
	told, err := s.tell(ctx, opRenew, token.Access)
	if err != nil {
		s.log.WarnContext(ctx, "the site could not be asked who it is; what was told last counts", "err", err)
	} else {
		k.Claims = s.reader.Prune(told)
	}
	out, err := s.regrant(ctx, g, k)
	if core.CodeOf(err) == core.Unavailable {
		out = core.Grant{Keep: s.seal(ctx, before)}
	}
	return out, err
}

// regrant makes the grant of what is kept.
func (s *strategy) regrant(ctx context.Context, g core.Grant, k kept) (core.Grant, error) {
	identity, err := s.reader.Identity(opRenew, k.Claims)
	if err != nil {
		return core.Grant{}, authcode.Judged(err)
	}
	if identity.Subject != k.Subject {
		return core.Grant{}, authcode.Ended(opRenew, ReasonOtherSubject, nil)
	}
	return core.Grant{Identity: identity, Keep: s.seal(ctx, k), SessionID: g.SessionID}, nil
}
