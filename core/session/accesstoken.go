package session

import (
	"crypto/ed25519"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/authd-go/authd/core"
)

const (
	accessType     = "at+jwt"
	maxAccessBytes = 16 << 10
)

// protocolClaims are the claims of the token itself; an identity cannot set them.
var protocolClaims = []string{"iss", "aud", "sub", "sid", "iat", "nbf", "exp", "jti"}

var (
	errUnknownKey = errors.New("signed with a key that is not published")
	errClaims     = errors.New("a claim is missing")
)

// Claims are what a good access token says.
type Claims struct {
	SessionID string
	Identity  core.Identity // the account, and the claims named in Options.Claims
	Expires   time.Time
}

// accessTokens makes and reads access tokens: JWTs under EdDSA (RFC 8037) in
// the profile of RFC 9068, without its client_id, since there is no OAuth client.
type accessTokens struct {
	issuer, audience string
	ttl              time.Duration
	claims           []string
	parser           *jwt.Parser
	public           func(kid string) (ed25519.PublicKey, bool)
}

func newAccessTokens(o Options, public func(string) (ed25519.PublicKey, bool)) accessTokens {
	return accessTokens{
		issuer: o.Issuer, audience: o.Audience, ttl: o.Lifetimes.AccessTTL, claims: o.Claims, public: public,
		parser: newParser(jwt.SigningMethodEdDSA, jwt.WithIssuer(o.Issuer), jwt.WithAudience(o.Audience)),
	}
}

// mint makes a token that never outlives the session as the row has it.
func (a accessTokens) mint(key signingKey, row core.Session, id core.Identity, at time.Time, rand io.Reader) (string, time.Time, error) {
	jti, err := randomText(rand, 12)
	if err != nil {
		return "", time.Time{}, err
	}
	expires := earlier(at.Add(a.ttl+time.Second-1).Truncate(time.Second), endOf(row))
	claims := jwt.MapClaims{
		"iss": a.issuer, "aud": a.audience, "sub": id.AccountID.String(), "sid": row.ID,
		"iat": at.Unix(), "exp": expires.Unix(), "jti": jti,
	}
	for _, name := range a.claims {
		if v := identityClaim(id, name); v != nil {
			claims[name] = v
		}
	}
	t := jwt.NewWithClaims(jwt.SigningMethodEdDSA, claims)
	t.Header["typ"], t.Header["kid"] = accessType, key.id
	token, err := t.SignedString(key.private)
	if err == nil && len(token) > maxAccessBytes {
		err = fmt.Errorf("the access token would have %d bytes, more than %d; name fewer claims", len(token), maxAccessBytes)
	}
	return token, expires, err
}

// parse checks everything but the time.
func (a accessTokens) parse(token string) (Claims, error) {
	if !wellFormed(token, maxAccessBytes) {
		return Claims{}, jwt.ErrTokenMalformed
	}
	claims := jwt.MapClaims{}
	if _, err := a.parser.ParseWithClaims(token, claims, a.key); err != nil {
		return Claims{}, err
	}
	return a.read(claims)
}

func (a accessTokens) key(t *jwt.Token) (any, error) {
	if t.Header["typ"] != accessType {
		return nil, errWrongType
	}
	kid, _ := t.Header["kid"].(string)
	public, ok := a.public(kid)
	if !ok {
		return nil, errUnknownKey
	}
	return public, nil
}

// read takes the claims apart. A token is good for no longer than the present
// AccessTTL, whatever it says: revocations are remembered for that long.
func (a accessTokens) read(claims jwt.MapClaims) (Claims, error) {
	sub, _ := claims["sub"].(string)
	sid, _ := claims["sid"].(string)
	iat, _ := claims.GetIssuedAt()
	exp, _ := claims.GetExpirationTime()
	strategy, subject, ok := strings.Cut(sub, ":")
	if !ok || sid == "" || iat == nil || exp == nil {
		return Claims{}, errClaims
	}
	id := core.Identity{AccountID: core.AccountID{Strategy: strategy, Subject: subject}}
	for _, name := range a.claims {
		if v, ok := claims[name]; ok {
			setIdentityClaim(&id, name, v)
		}
	}
	return Claims{SessionID: sid, Identity: id, Expires: earlier(exp.Time, iat.Add(a.ttl+time.Second)).UTC()}, nil
}

// identityClaim returns the value to put into a token, or nil for none.
func identityClaim(id core.Identity, name string) any {
	switch name {
	case "name":
		return textOrNil(id.Name)
	case "email":
		return textOrNil(id.Email)
	case "emailVerified":
		return id.EmailVerified
	case "username":
		return textOrNil(id.Username)
	case "avatar":
		return textOrNil(id.Avatar)
	case "roles":
		return append([]string{}, id.Roles...)
	}
	return id.Claims[name]
}

func setIdentityClaim(id *core.Identity, name string, v any) {
	switch name {
	case "name":
		id.Name, _ = v.(string)
	case "email":
		id.Email, _ = v.(string)
	case "emailVerified":
		id.EmailVerified, _ = v.(bool)
	case "username":
		id.Username, _ = v.(string)
	case "avatar":
		id.Avatar, _ = v.(string)
	case "roles":
		id.Roles = texts(v)
	default:
		if id.Claims == nil {
			id.Claims = map[string]any{}
		}
		id.Claims[name] = v
	}
}

func textOrNil(s string) any {
	if s == "" {
		return nil
	}
	return s
}

func texts(v any) []string {
	list, _ := v.([]any)
	var out []string
	for _, item := range list {
		if s, ok := item.(string); ok {
			out = append(out, s)
		}
	}
	return out
}

// randomText returns n random bytes in base64url.
func randomText(rand io.Reader, n int) (string, error) {
	b := make([]byte, n)
	if _, err := io.ReadFull(rand, b); err != nil {
		return "", fmt.Errorf("read randomness: %w", err)
	}
	return base64.RawURLEncoding.EncodeToString(b), nil
}
