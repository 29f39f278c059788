package oidc

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"github.com/go-jose/go-jose/v4"

	"github.com/authd-go/authd/core"
)

const (
	// leeway is how much two clocks may differ.
	leeway = 30 * time.Second
	// maxToken bounds a token, in bytes.
	maxToken = 64 << 10
)

// signed is a token whose form and algorithm are those of the provider's. It is
// the key set that go-oidc verifies it with, and remembers what came of that:
// the library's own errors are texts.
type signed struct {
	keys    *keySet
	jws     *jose.JSONWebSignature
	typ     string
	payload []byte // once the signature was verified
	err     error
}

// parse reads a token that must be signed with one of the algorithms.
func (s *strategy) parse(op, raw string, algorithms []string) (*signed, error) {
	if len(raw) > maxToken {
		return nil, disbelieve(op, ReasonMalformed, errors.New("the token is too large"))
	}
	jws, err := jose.ParseSignedCompact(raw, asJOSE(algorithms))
	var unexpected *jose.ErrUnexpectedSignatureAlgorithm
	switch {
	case errors.As(err, &unexpected):
		return nil, disbelieve(op, ReasonAlgorithm, nil)
	case err != nil || len(jws.Signatures) != 1:
		return nil, disbelieve(op, ReasonMalformed, nil)
	}
	typ, _ := jws.Signatures[0].Protected.ExtraHeaders[jose.HeaderType].(string)
	return &signed{keys: s.keys, jws: jws, typ: typ}, nil
}

// VerifySignature implements oidc.KeySet for this one token.
func (t *signed) VerifySignature(ctx context.Context, _ string) ([]byte, error) {
	t.payload, t.err = t.keys.verify(ctx, t.jws)
	return t.payload, t.err
}

// verifier is go-oidc's, for this one token. It checks the signature, issuer,
// audience and expiry, and has the last word on them.
func (s *strategy) verifier(t *signed, m *metadata, algorithms []string) *oidc.IDTokenVerifier {
	return oidc.NewVerifier(m.Issuer, t, &oidc.Config{
		ClientID: s.config.ClientID, SupportedSigningAlgs: algorithms,
		Now: func() time.Time { return s.now().Add(-leeway) },
	})
}

// explain says why go-oidc refused a token. It only finds the name for what is
// wrong: a token that is refused stays refused.
func (s *strategy) explain(op string, t *signed, m *metadata) error {
	switch {
	case errors.Is(t.err, errUnknownKey) && core.CodeOf(t.err) != core.Unavailable:
		return disbelieve(op, ReasonUnknownKey, t.err)
	case errors.Is(t.err, errSignature):
		return disbelieve(op, ReasonSignature, t.err)
	case t.err != nil:
		return core.AsError(t.err)
	}
	var c struct {
		Issuer   string      `json:"iss"`
		Audience audience    `json:"aud"`
		Expires  json.Number `json:"exp"`
	}
	if json.Unmarshal(t.payload, &c) != nil {
		return disbelieve(op, ReasonMalformed, nil)
	}
	expires, err := c.Expires.Float64()
	switch {
	case c.Issuer != m.Issuer:
		return disbelieve(op, ReasonIssuer, nil)
	case !slices.Contains(c.Audience, s.config.ClientID):
		return disbelieve(op, ReasonAudience, nil)
	case err != nil || time.Unix(int64(expires), 0).Before(s.now().Add(-leeway)):
		return disbelieve(op, ReasonExpired, nil)
	}
	return disbelieve(op, ReasonMalformed, nil)
}

// audience is one text or a list of them.
type audience []string

// UnmarshalJSON implements json.Unmarshaler.
func (a *audience) UnmarshalJSON(text []byte) error {
	var one string
	if json.Unmarshal(text, &one) == nil {
		*a = audience{one}
		return nil
	}
	var many []string
	err := json.Unmarshal(text, &many)
	*a = many
	return err
}
