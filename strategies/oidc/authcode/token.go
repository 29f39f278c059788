package authcode

import (
	"context"
	"errors"
	"fmt"
	"math"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/authd-go/authd/core"
)

const opToken = "ask for tokens"

// Token is what a token endpoint grants.
type Token struct {
	Access  core.Secret
	Refresh core.Secret // empty if none came
	ID      core.Secret // OpenID Connect's ID token; empty if none came
	Expires time.Time   // of Access; zero if the site does not say
}

// Redeem exchanges an authorization code.
func (c *Client) Redeem(ctx context.Context, endpoint string, p Pending, code core.Secret) (Token, error) {
	return c.ask(ctx, endpoint, url.Values{
		"grant_type": {"authorization_code"}, "code": {code.Reveal()}, "redirect_uri": {p.Callback}, "code_verifier": {p.Verifier},
	})
}

// Refresh exchanges a refresh token. If the site rotates it, Token.Refresh is
// the one that counts from now on.
func (c *Client) Refresh(ctx context.Context, endpoint string, refresh core.Secret) (Token, error) {
	return c.ask(ctx, endpoint, url.Values{"grant_type": {"refresh_token"}, "refresh_token": {refresh.Reveal()}})
}

// granted is a token endpoint's answer (RFC 6749, sections 5.1 and 5.2).
type granted struct {
	AccessToken  string  `json:"access_token"`
	TokenType    string  `json:"token_type"`
	ExpiresIn    seconds `json:"expires_in"`
	RefreshToken string  `json:"refresh_token"`
	IDToken      string  `json:"id_token"`
	Error        string  `json:"error"`
}

// seconds is a number that some sites write as text.
type seconds int64

// UnmarshalJSON implements json.Unmarshaler.
func (s *seconds) UnmarshalJSON(text []byte) error {
	n, err := strconv.ParseFloat(strings.Trim(string(text), `"`), 64)
	if err == nil && n > 0 {
		*s = seconds(min(n, math.MaxInt32))
	}
	return nil // a life that nobody understands is as good as none
}

func (c *Client) ask(ctx context.Context, endpoint string, form url.Values) (Token, error) {
	got, err := c.post(ctx, endpoint, form)
	if err != nil {
		return Token{}, Unreached(opToken, err)
	}
	if got.status != http.StatusOK {
		return Token{}, got.failure(opToken, endpoint)
	}
	var g granted
	switch err := decode(got.body, &g); {
	case err != nil:
		return Token{}, fail(core.Unavailable, opToken, ReasonMalformed, err)
	case g.Error != "": // some sites do not use the status for it
		return Token{}, got.failure(opToken, endpoint)
	case g.AccessToken == "" || g.TokenType != "" && !strings.EqualFold(g.TokenType, "Bearer"):
		return Token{}, fail(core.Unavailable, opToken, ReasonMalformed, errors.New("the answer has no access token that could be used"))
	}
	out := Token{Access: core.NewSecret(g.AccessToken), Refresh: core.NewSecret(g.RefreshToken), ID: core.NewSecret(g.IDToken)}
	if g.ExpiresIn > 0 {
		out.Expires = c.Now().Add(time.Duration(g.ExpiresIn) * time.Second)
	}
	return out, nil
}

// failure says what an endpoint's refusal means. The site's own words may
// repeat the code or the token, so only those that are known are.
func (a answer) failure(op, endpoint string) error {
	var g granted
	if decode(a.body, &g) != nil || a.status >= http.StatusInternalServerError || a.status == http.StatusTooManyRequests {
		g.Error = ""
	}
	at := host(endpoint)
	switch g.Error {
	case "invalid_grant",
		"bad_verification_code", "bad_refresh_token", // GitHub's
		"access_denied", "consent_required", "interaction_required", "login_required": // of those who have rules for refreshing, too
		return fail(core.InvalidInput, op, ReasonGrant, fmt.Errorf("%s said %s", at, g.Error))
	case "invalid_client", "unauthorized_client", "incorrect_client_credentials":
		return fail(core.Unavailable, op, ReasonClient, fmt.Errorf("%s said invalid_client; look at clientID, clientSecret and clientAuth", at))
	case "invalid_request", "unsupported_grant_type", "invalid_scope", "invalid_redirect_uri", "redirect_uri_mismatch", "invalid_target":
		return fail(core.Unavailable, op, ReasonMisled, fmt.Errorf("%s said %s", at, g.Error))
	}
	return fail(core.Unavailable, op, ReasonTrouble, fmt.Errorf("%s answered %d", at, a.status))
}

func host(endpoint string) string {
	u, err := url.Parse(endpoint)
	if err != nil {
		return "the endpoint"
	}
	return u.Host
}
