package oidc

import (
	"context"
	"encoding/json"
	"slices"
	"strings"

	"github.com/authd-go/authd/core"
	"github.com/authd-go/authd/strategies/oidc/claims"
)

// userInfo asks what the provider tells about the holder of an access token,
// who must be the one of the ID token (OpenID Connect Core, section 5.3). It is
// nil if there is nobody to ask.
func (s *strategy) userInfo(ctx context.Context, op string, m *metadata, access core.Secret, subject string) (claims.Claims, error) {
	if s.config.UserInfo == UserInfoNever || m.UserInfo == "" {
		return nil, nil
	}
	got, err := s.client(m).Read(ctx, op, m.UserInfo, access)
	if err != nil {
		return nil, err
	}
	body := got.Body
	if got.Media == "application/jwt" {
		if body, err = s.signedUserInfo(ctx, op, m, strings.TrimSpace(string(body))); err != nil {
			return nil, err
		}
	}
	told, err := claims.Decode(body)
	switch {
	case err != nil:
		return nil, disbelieve(op, ReasonUserInfo, err)
	case told["sub"] != subject:
		return nil, disbelieve(op, ReasonUserInfoOther, nil)
	}
	return told, nil
}

// signedUserInfo verifies a userinfo answer that is a JWT. It names the
// provider and this client if it names anybody.
func (s *strategy) signedUserInfo(ctx context.Context, op string, m *metadata, raw string) ([]byte, error) {
	t, err := s.parse(op, raw, allowed(append(slices.Clone(m.UserInfoAlgs), m.Algorithms...)))
	if err != nil {
		return nil, err
	}
	payload, err := t.VerifySignature(ctx, raw)
	if err != nil {
		return nil, s.explain(op, t, m)
	}
	var c struct {
		Issuer   *string  `json:"iss"`
		Audience audience `json:"aud"`
	}
	switch {
	case json.Unmarshal(payload, &c) != nil:
		return nil, disbelieve(op, ReasonUserInfo, nil)
	case c.Issuer != nil && *c.Issuer != m.Issuer:
		return nil, disbelieve(op, ReasonIssuer, nil)
	case c.Audience != nil && !slices.Contains(c.Audience, s.config.ClientID):
		return nil, disbelieve(op, ReasonAudience, nil)
	}
	return payload, nil
}
