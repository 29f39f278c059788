package oidc

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"

	"github.com/authd-go/authd/core"
	"github.com/authd-go/authd/strategies/oidc/claims"
)

// idToken is one that was verified.
type idToken struct {
	*oidc.IDToken
	claims claims.Claims
	own    ownClaims
	digest [sha256.Size]byte // of the payload, which has one spelling, as the token's text has not
}

// ownClaims are those of a token's that are checked here.
type ownClaims struct {
	Party    string          `json:"azp"`
	Session  string          `json:"sid"`
	IssuedAt json.Number     `json:"iat"`
	AuthTime json.Number     `json:"auth_time"`
	Events   json.RawMessage `json:"events"`
}

// expected is what a token must say beside what every ID token must.
type expected struct {
	op     string
	nonce  string      // "" asks for none
	access core.Secret // that at_hash, if it is there, belongs to
}

// idToken believes an ID token, or says why not (OpenID Connect Core, section
// 3.1.3.7).
func (s *strategy) idToken(ctx context.Context, m *metadata, raw core.Secret, want expected) (idToken, error) {
	algorithms := allowed(m.Algorithms)
	t, err := s.parse(want.op, raw.Reveal(), algorithms)
	if err != nil {
		return idToken{}, err
	}
	if strings.HasSuffix(strings.ToLower(t.typ), "+jwt") {
		return idToken{}, disbelieve(want.op, ReasonType, nil) // such as at+jwt, logout+jwt
	}
	verified, err := s.verifier(t, m, algorithms).Verify(ctx, raw.Reveal())
	if err != nil {
		return idToken{}, s.explain(want.op, t, m)
	}
	out := idToken{IDToken: verified, digest: sha256.Sum256(t.payload)}
	if out.claims, err = claims.Decode(t.payload); err != nil || json.Unmarshal(t.payload, &out.own) != nil {
		return idToken{}, disbelieve(want.op, ReasonMalformed, err)
	}
	return out, s.judge(out, want)
}

// judge checks what go-oidc leaves to its callers.
func (s *strategy) judge(t idToken, want expected) error {
	issued, err := moment(t.own.IssuedAt)
	switch {
	case len(t.own.Events) > 0: // a logout token is signed by the same keys for the same audience
		return disbelieve(want.op, ReasonType, nil)
	case t.claims["sub"] != t.Subject || !claims.ValidSubject(t.Subject):
		return disbelieve(want.op, ReasonSubject, nil)
	case t.own.Party != "" && t.own.Party != s.config.ClientID, len(t.Audience) > 1 && t.own.Party == "":
		return disbelieve(want.op, ReasonParty, nil)
	case err != nil:
		return disbelieve(want.op, ReasonIssuedAt, nil)
	case issued.After(s.now().Add(leeway)):
		return disbelieve(want.op, ReasonFuture, nil)
	case want.nonce != "" && subtle.ConstantTimeCompare([]byte(want.nonce), []byte(t.Nonce)) != 1:
		return disbelieve(want.op, ReasonNonce, nil)
	case t.AccessTokenHash != "" && !want.access.Empty() && t.VerifyAccessToken(want.access.Reveal()) != nil:
		return disbelieve(want.op, ReasonAccessHash, nil)
	}
	return nil
}

// authenticated checks how long ago somebody proved to the provider who they
// are, if the operator asks for that.
func (s *strategy) authenticated(op string, t idToken) error {
	if s.config.MaxAge == 0 {
		return nil
	}
	at, err := moment(t.own.AuthTime)
	if err != nil || s.now().Sub(at) > s.config.MaxAge+leeway || at.After(s.now().Add(leeway)) {
		return disbelieve(op, ReasonAuthTime, fmt.Errorf("auth_time is missing, or further back than maxAge (%v)", s.config.MaxAge))
	}
	return nil
}

// moment reads a NumericDate (RFC 7519), which may have a fraction.
func moment(n json.Number) (time.Time, error) {
	f, err := n.Float64()
	if err != nil || f < 1 || f > 1<<40 {
		return time.Time{}, errors.New("is no point in time")
	}
	return time.Unix(int64(f), 0), nil
}
