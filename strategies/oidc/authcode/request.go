package authcode

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"unicode"

	"golang.org/x/oauth2"

	"github.com/authd-go/authd/core"
)

const (
	opBegin    = "begin a redirect login"
	opComplete = "complete a redirect login"
)

// Reserved lists the parameters that an operator cannot set: they are this
// package's, the house's, or would change what an answer proves.
func Reserved() []string {
	return []string{
		"client_assertion", "client_assertion_type", "client_id", "client_secret", "code", "code_challenge", "code_challenge_method",
		"code_verifier", "dpop_jkt", "grant_type", "id_token_hint", "iss", "login_hint", "max_age", "nonce", "redirect_uri",
		"registration", "request", "request_uri", "response_mode", "response_type", "scope", "state",
	}
}

// JudgeParams says which of an operator's parameters are reserved.
func JudgeParams(params map[string]string) core.Problems {
	var problems core.Problems
	for _, name := range slices.Sorted(maps.Keys(params)) {
		switch {
		case name == "max_age":
			problems.Add(name, "is reserved; set maxAge, which is checked in the answer too")
		case slices.Contains(Reserved(), name) || name == "":
			problems.Add(name, "is reserved; it is set by authd")
		}
	}
	return problems
}

// Question are the parameters of an authorization request.
func (p Pending) Question(scopes []string, params map[string]string) url.Values {
	out := url.Values{}
	for name, value := range params {
		out.Set(name, value)
	}
	out.Set("response_type", "code")
	out.Set("client_id", p.ClientID)
	out.Set("redirect_uri", p.Callback)
	out.Set("state", p.State)
	out.Set("code_challenge", oauth2.S256ChallengeFromVerifier(p.Verifier))
	out.Set("code_challenge_method", "S256")
	if len(scopes) > 0 {
		out.Set("scope", strings.Join(scopes, " "))
	}
	return out
}

// maxHint bounds login_hint, in bytes: an address, or a name.
const maxHint = 320

// Hint returns the call's own login_hint, or "". It only fills in a field at
// the site, so what is odd is refused rather than passed on.
func Hint(params core.Params) (string, error) {
	hint, err := params.String("login_hint")
	if err != nil {
		return "", err
	}
	if len(hint) > maxHint || strings.ContainsFunc(hint, unicode.IsControl) {
		return "", core.InvalidField("login_hint", fmt.Sprintf("must be text of at most %d bytes in one line", maxHint))
	}
	return hint, nil
}

// Link adds parameters to an endpoint's address.
func Link(endpoint string, params url.Values) (string, error) {
	u, err := url.Parse(endpoint)
	if err != nil || u.Host == "" || u.Fragment != "" || u.User != nil {
		return "", errors.New("the endpoint's address is not valid")
	}
	query := u.Query()
	for name, values := range params {
		query[name] = values
	}
	u.RawQuery = query.Encode()
	return u.String(), nil
}

// Push hands the question to the site itself and returns the parameters that
// stand for it (RFC 9126).
func (c *Client) Push(ctx context.Context, endpoint string, question url.Values) (url.Values, error) {
	if endpoint == "" {
		return nil, fail(core.Unavailable, opBegin, ReasonPushing, errors.New("the provider names no endpoint for pushed requests"))
	}
	got, err := c.post(ctx, endpoint, question)
	if err != nil {
		return nil, Unreached(opBegin, err)
	}
	if got.status != http.StatusCreated && got.status != http.StatusOK {
		return nil, got.failure(opBegin, endpoint)
	}
	var pushed struct {
		RequestURI string `json:"request_uri"`
	}
	if err := decode(got.body, &pushed); err != nil || pushed.RequestURI == "" {
		return nil, fail(core.Unavailable, opBegin, ReasonMalformed, errors.New("the pushed request has no request_uri"))
	}
	return url.Values{"client_id": {c.ID}, "request_uri": {pushed.RequestURI}}, nil
}
