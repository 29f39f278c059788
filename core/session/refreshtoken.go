package session

import (
	"errors"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/authd-go/authd/core"
)

const (
	refreshType     = "rt+jwt"
	maxRefreshBytes = 4 << 10
)

var errWrongType = errors.New("a token for another use")

// refreshTokens makes and reads refresh tokens: JWTs (RFC 7519) under HS256,
// because clients read exp out of them. The bytes follow from the row alone,
// so that one generation has one token however often it is handed out.
type refreshTokens struct {
	key    []byte
	static bool // without rotation a token must outlive the idle end that it will extend
	parser *jwt.Parser
}

// refreshClaims is all that a refresh token says.
type refreshClaims struct {
	Session    string           `json:"sid"`
	Generation int64            `json:"gen"`
	IssuedAt   *jwt.NumericDate `json:"iat"`
	Expires    *jwt.NumericDate `json:"exp"`
	noOtherClaims
}

func newRefreshTokens(key []byte, rotation Rotation) refreshTokens {
	return refreshTokens{key: key, static: rotation == RotateNever, parser: newParser(jwt.SigningMethodHS256)}
}

func (r refreshTokens) mint(row core.Session) (token string, expires time.Time, err error) {
	issued, expires := row.AdvancedAt, endOf(row)
	if r.static {
		issued, expires = row.CreatedAt, row.Expires.Truncate(time.Second)
	}
	t := jwt.NewWithClaims(jwt.SigningMethodHS256, &refreshClaims{
		Session: row.ID, Generation: row.Generation,
		IssuedAt: jwt.NewNumericDate(issued), Expires: jwt.NewNumericDate(expires),
	})
	t.Header["typ"] = refreshType
	token, err = t.SignedString(r.key)
	return token, expires, err
}

// parse checks everything but the time.
func (r refreshTokens) parse(token string) (refreshClaims, error) {
	var c refreshClaims
	if !wellFormed(token, maxRefreshBytes) {
		return c, jwt.ErrTokenMalformed
	}
	_, err := r.parser.ParseWithClaims(token, &c, func(t *jwt.Token) (any, error) {
		if t.Header["typ"] != refreshType {
			return nil, errWrongType
		}
		return r.key, nil
	})
	return c, err
}

// GetExpirationTime makes the library insist on exp.
func (c *refreshClaims) GetExpirationTime() (*jwt.NumericDate, error) { return c.Expires, nil }

// noOtherClaims answers for the registered claims that a refresh token lacks.
type noOtherClaims struct{}

func (noOtherClaims) GetIssuedAt() (*jwt.NumericDate, error)  { return nil, nil }
func (noOtherClaims) GetNotBefore() (*jwt.NumericDate, error) { return nil, nil }
func (noOtherClaims) GetIssuer() (string, error)              { return "", nil }
func (noOtherClaims) GetSubject() (string, error)             { return "", nil }
func (noOtherClaims) GetAudience() (jwt.ClaimStrings, error)  { return nil, nil }

// newParser returns a parser for one algorithm. It judges no lifetime (at the
// epoch nothing has expired): callers do, with the session's clock, since some
// of them want an expired token's session and cached tokens expire too.
func newParser(method jwt.SigningMethod, more ...jwt.ParserOption) *jwt.Parser {
	return jwt.NewParser(append(more,
		jwt.WithValidMethods([]string{method.Alg()}),
		jwt.WithExpirationRequired(),
		jwt.WithStrictDecoding(),
		jwt.WithTimeFunc(func() time.Time { return time.Unix(0, 0) }),
	)...)
}

// wellFormed keeps what cannot be a token of ours away from the decoders,
// which are lenient about line breaks.
func wellFormed(token string, limit int) bool {
	if len(token) > limit {
		return false
	}
	for i := range len(token) {
		c := token[i]
		if !isBase64URL(c) && c != '.' {
			return false
		}
	}
	return true
}

func isBase64URL(c byte) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || c == '-' || c == '_'
}
