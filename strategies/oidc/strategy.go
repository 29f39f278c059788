package oidc

import (
	"context"
	"strconv"

	"github.com/authd-go/authd/core"
	"github.com/authd-go/authd/strategies/oidc/authcode"
	"github.com/authd-go/authd/strategies/oidc/claims"
)

const (
	opBegin    = "begin a redirect login"
	opComplete = "complete a redirect login"
)

// origin says whose questions these are.
func (s *strategy) origin() authcode.Origin {
	return authcode.Origin{Strategy: s.name, Site: s.config.Issuer, ClientID: s.config.ClientID}
}

// Begin asks the provider who the browser's owner is.
func (s *strategy) Begin(ctx context.Context, r core.RedirectRequest) (core.Redirect, error) {
	hint, err := authcode.Hint(r.Params)
	if err != nil {
		return core.Redirect{}, err
	}
	m, err := s.metadata.get(ctx)
	if err != nil {
		return core.Redirect{}, err
	}
	p, err := s.origin().Begin(r, s.rand)
	if err != nil {
		return core.Redirect{}, err
	}
	question := p.Question(s.config.Scopes, s.config.Params)
	question.Set("nonce", p.Nonce)
	question.Set("response_mode", s.config.ResponseMode)
	if s.config.MaxAge > 0 {
		question.Set("max_age", strconv.FormatInt(int64(s.config.MaxAge.Seconds()), 10))
	}
	if hint != "" {
		question.Set("login_hint", hint)
	}
	if s.config.PAR || m.MustPush {
		if question, err = s.client(m).Push(ctx, m.Pushed, question); err != nil {
			return core.Redirect{}, err
		}
	}
	target, err := authcode.Link(m.Authorization, question)
	if err != nil {
		return core.Redirect{}, unusable(authcode.ReasonMalformed, err)
	}
	keep, err := p.Keep()
	return core.Redirect{URL: target, Keep: keep}, err
}

// Complete believes the provider's answer, or says why not.
func (s *strategy) Complete(ctx context.Context, c core.Callback) (core.Grant, error) {
	p, err := s.origin().Resume(c)
	if err != nil {
		return core.Grant{}, err
	}
	m, err := s.metadata.get(ctx)
	if err != nil {
		return core.Grant{}, err
	}
	if err := authcode.JudgeIssuer(c.Query, m.Issuer, m.NamesIssuer); err != nil {
		return core.Grant{}, err
	}
	code, err := authcode.Code(c.Query)
	if err != nil {
		return core.Grant{}, err
	}
	token, err := s.client(m).Redeem(ctx, m.Token, p, code)
	if err != nil {
		return core.Grant{}, err
	}
	if token.ID.Empty() {
		return core.Grant{}, disbelieve(opComplete, ReasonNoToken, nil)
	}
	t, err := s.idToken(ctx, m, token.ID, expected{op: opComplete, nonce: p.Nonce, access: token.Access})
	if err != nil {
		return core.Grant{}, err
	}
	if err := s.authenticated(opComplete, t); err != nil {
		return core.Grant{}, err
	}
	told, err := s.userInfo(ctx, opComplete, m, token.Access, t.Subject)
	if err != nil {
		return core.Grant{}, err
	}
	return s.grant(ctx, opComplete, t, told, kept{Refresh: token.Refresh.Reveal(), IDToken: token.ID.Reveal()})
}

// grant makes a grant of an ID token and what userinfo told, if it was asked.
// What is signed counts for more.
func (s *strategy) grant(ctx context.Context, op string, t idToken, told claims.Claims, k kept) (core.Grant, error) {
	identity, err := s.reader.Identity(op, t.claims.Over(told))
	if err != nil {
		return core.Grant{}, err
	}
	k.Issuer, k.Subject = s.config.Issuer, t.Subject
	k.Claims, k.Told = s.reader.Prune(t.claims), s.reader.Prune(told)
	out := core.Grant{Identity: identity, Keep: s.seal(ctx, k)}
	if claims.ValidSubject(t.own.Session) { // the same bounds hold for it
		out.SessionID = t.own.Session
	}
	return out, nil
}

func (s *strategy) seal(ctx context.Context, k kept) core.Secret {
	keep, whole := k.seal()
	if !whole {
		s.log.WarnContext(ctx, "what the provider gave is too large to be kept whole; signing out there asks a question more, "+
			"or the session is not asked about again", "bytes", len(k.Refresh)+len(k.IDToken))
	}
	return keep
}
