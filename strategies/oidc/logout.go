package oidc

import (
	"bytes"
	"context"
	"encoding/json"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"

	"github.com/authd-go/authd/core"
	"github.com/authd-go/authd/strategies/oidc/authcode"
	"github.com/authd-go/authd/strategies/oidc/claims"
)

const (
	opLogoutURL = "tell the logout address"
	opReceive   = "receive a logout"
)

// maxHint bounds the ID token in an address, in bytes: servers refuse longer
// ones, and without it the provider only asks a question more.
const maxHint = 6 << 10

// LogoutURL leads to the provider's own logout and back (OpenID Connect
// RP-Initiated Logout 1.0). It is "" for a provider that has none.
func (s *strategy) LogoutURL(ctx context.Context, g core.Grant, returnTo string) (string, error) {
	m, err := s.metadata.get(ctx)
	if err != nil || m.EndSession == "" {
		return "", err
	}
	params := url.Values{"client_id": {s.config.ClientID}}
	if returnTo != "" {
		params.Set("post_logout_redirect_uri", returnTo)
	}
	if k, ok := openKept(g.Keep); ok && k.Issuer == m.Issuer && k.IDToken != "" && len(k.IDToken) <= maxHint {
		params.Set("id_token_hint", k.IDToken)
	}
	target, err := authcode.Link(m.EndSession, params)
	if err != nil {
		return "", &core.Error{Code: core.Unavailable, Op: opLogoutURL, Reason: authcode.ReasonMalformed, Err: err}
	}
	return target, nil
}

const (
	logoutEvent = "http://schemas.openid.net/event/backchannel-logout"
	// maxNoticeAge is how old a notice may be, whatever it says itself; the house
	// remembers each for as long.
	maxNoticeAge = time.Hour
	maxNoticeID  = 255 // bytes
)

// logoutClaims are those of a logout token's that have rules of their own.
type logoutClaims struct {
	ID       string                     `json:"jti"`
	IssuedAt json.Number                `json:"iat"`
	Expires  json.Number                `json:"exp"`
	Subject  string                     `json:"sub"`
	Session  string                     `json:"sid"`
	Nonce    json.RawMessage            `json:"nonce"`
	Events   map[string]json.RawMessage `json:"events"`
}

// ReceiveLogout believes a logout token, or says why not (OpenID Connect
// Back-Channel Logout 1.0, section 2.6).
func (s *strategy) ReceiveLogout(ctx context.Context, token core.Secret) (core.LogoutNotice, error) {
	m, err := s.metadata.get(ctx)
	if err != nil {
		return core.LogoutNotice{}, err
	}
	algorithms := allowed(m.Algorithms)
	t, err := s.parse(opReceive, token.Reveal(), algorithms)
	if err != nil {
		return core.LogoutNotice{}, err
	}
	if !slices.Contains([]string{"", "jwt", "logout+jwt"}, strings.ToLower(t.typ)) {
		return core.LogoutNotice{}, disbelieve(opReceive, ReasonType, nil)
	}
	verified, err := s.verifier(t, m, algorithms).VerifyLogout(ctx, token.Reveal())
	if err != nil && t.payload == nil {
		return core.LogoutNotice{}, s.explain(opReceive, t, m)
	}
	c, wrong := readLogout(t.payload)
	switch {
	case wrong != nil:
		return core.LogoutNotice{}, wrong
	case err != nil:
		return core.LogoutNotice{}, s.explain(opReceive, t, m)
	}
	return s.notice(t, verified, c)
}

// readLogout checks what makes a token a logout token.
func readLogout(payload []byte) (logoutClaims, error) {
	var c logoutClaims
	if json.Unmarshal(payload, &c) != nil {
		return c, disbelieve(opReceive, ReasonMalformed, nil)
	}
	valid := func(text string) bool { return text == "" || claims.ValidSubject(text) }
	switch {
	case !bytes.HasPrefix(bytes.TrimSpace(c.Events[logoutEvent]), []byte("{")):
		return c, disbelieve(opReceive, ReasonEvents, nil)
	case c.Nonce != nil:
		return c, disbelieve(opReceive, ReasonLogoutNonce, nil)
	case c.ID == "" || len(c.ID) > maxNoticeID:
		return c, disbelieve(opReceive, ReasonLogoutID, nil)
	case c.Subject == "" && c.Session == "", !valid(c.Subject), !valid(c.Session):
		return c, disbelieve(opReceive, ReasonLogoutSession, nil)
	}
	return c, nil
}

// notice is a verified token as the house reads it.
func (s *strategy) notice(t *signed, verified *oidc.LogoutToken, c logoutClaims) (core.LogoutNotice, error) {
	issued, err := moment(c.IssuedAt)
	switch {
	case err != nil:
		return core.LogoutNotice{}, disbelieve(opReceive, ReasonIssuedAt, nil)
	case issued.After(s.now().Add(leeway)):
		return core.LogoutNotice{}, disbelieve(opReceive, ReasonFuture, nil)
	case s.now().Sub(issued) > maxNoticeAge:
		return core.LogoutNotice{}, disbelieve(opReceive, ReasonStale, nil)
	}
	out := core.LogoutNotice{ID: c.ID, IssuedAt: issued, SessionID: c.Session, Expires: verified.Expiry.Add(leeway)}
	if last := issued.Add(maxNoticeAge); last.Before(out.Expires) {
		out.Expires = last
	}
	if out.Subject, err = s.noticed(t.payload, c); err != nil {
		return core.LogoutNotice{}, err
	}
	return out, nil
}

// noticed is the subject as identities have it. Where that is another claim
// than sub, a token that lacks it says whose sessions end by sid alone.
func (s *strategy) noticed(payload []byte, c logoutClaims) (string, error) {
	if !s.reader.ByClaim() {
		return c.Subject, nil
	}
	all, err := claims.Decode(payload)
	if err != nil {
		return "", disbelieve(opReceive, ReasonMalformed, err)
	}
	subject, err := s.reader.Subject(opReceive, all)
	if err != nil && c.Session == "" {
		return "", disbelieve(opReceive, ReasonLogoutSession, err)
	}
	return subject, nil
}
