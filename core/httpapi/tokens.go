package httpapi

import (
	"encoding/json"
	"maps"
	"net/http"
	"strings"
	"time"

	"github.com/authd-go/authd/core"
)

// accessToken returns the caller's access token, and whether it came from the
// cookie: a JWT in the Authorization header, else one in the cookie. What holds
// no JWT ("Bearer undefined", "null") counts as absent; clients send such things.
func (j cookieJar) accessToken(r *http.Request, t transports) (token string, fromCookie bool) {
	if t.bearer {
		if token := bearerToken(r.Header); token != "" {
			return token, false
		}
	}
	if t.cookie {
		if token := j.read(r, accessCookie); looksLikeJWT(token) {
			return token, true
		}
	}
	return "", false
}

func bearerToken(h http.Header) string {
	values := h["Authorization"]
	if len(values) != 1 {
		return ""
	}
	scheme, token, _ := strings.Cut(values[0], " ")
	token = strings.TrimSpace(token)
	if !strings.EqualFold(scheme, "Bearer") || !looksLikeJWT(token) {
		return ""
	}
	return token
}

// looksLikeJWT says whether s could be a JWS in compact serialization (RFC 7515):
// three parts, none of them empty. What is in them is for the backend to judge.
func looksLikeJWT(s string) bool {
	header, rest, _ := strings.Cut(s, ".")
	payload, signature, _ := strings.Cut(rest, ".")
	return header != "" && payload != "" && signature != "" && strings.IndexByte(signature, '.') < 0
}

// refreshToken takes the refresh token out of the parameters, which go on to
// the backend and its strategies, or else from the cookie.
func (j cookieJar) refreshToken(r *http.Request, t transports, params core.Params) (token string, fromCookie bool, err error) {
	token, err = params.String("refreshToken", "refresh_token")
	delete(params, "refreshToken")
	delete(params, "refresh_token")
	if err != nil {
		return "", false, err
	}
	if !t.bearer {
		token = ""
	}
	var cookie string
	if t.cookie {
		cookie = j.read(r, refreshCookie)
	}
	if token == "" {
		token = cookie
	}
	return token, token != "" && token == cookie, nil
}

// encodeAction writes an action answer with the fields that tell of new tokens,
// if there are any, which stand before its own further keys.
func encodeAction(result core.ActionResult, t transports) ([]byte, error) {
	if result.Tokens != nil {
		extra := maps.Clone(result.Extra)
		if extra == nil {
			extra = map[string]any{}
		}
		maps.Copy(extra, tokenFields(result.Tokens, t))
		result.Extra = extra
	}
	return json.Marshal(result)
}

// encodeError writes the answer of onError likewise.
func encodeError(result core.ErrorResult, t transports) ([]byte, error) {
	if result.Tokens == nil || result.Error != nil {
		return json.Marshal(result)
	}
	out := tokenFields(result.Tokens, t)
	if result.RedirectTo != "" {
		out["redirectTo"] = result.RedirectTo
	}
	if result.Logout {
		out["logout"] = true
	}
	return json.Marshal(out)
}

// tokenFields spells the tokens in all the ways that published clients read.
func tokenFields(tokens *core.Tokens, t transports) map[string]any {
	expiresIn := seconds(tokens.AccessExpires.Sub(tokens.IssuedAt))
	out := map[string]any{
		"user":             tokens.User,
		"expiresIn":        expiresIn,
		"refreshExpiresIn": seconds(tokens.RefreshExpires.Sub(tokens.IssuedAt)),
	}
	if !t.bearer {
		return out
	}
	access, refresh := tokens.Access.Reveal(), tokens.Refresh.Reveal()
	for name, value := range map[string]any{
		"token": access, "accessToken": access, "access_token": access,
		"refreshToken": refresh, "refresh_token": refresh,
		"token_type": "Bearer", "expires_in": expiresIn,
	} {
		out[name] = value
	}
	return out
}

// seconds rounds down: nobody may believe in a token longer than it lives.
func seconds(d time.Duration) int { return max(0, int(d/time.Second)) }
