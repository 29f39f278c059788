package oidc

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/coreos/go-oidc/v3/oidc"
	"github.com/go-jose/go-jose/v4"

	"github.com/authd-go/authd/core"
	"github.com/authd-go/authd/core/outbound"
	"github.com/authd-go/authd/strategies/oidc/authcode"
)

// metadata is what a provider tells about itself (OpenID Connect Discovery,
// section 3, and RFC 8414, RFC 9126, RFC 9207).
type metadata struct {
	Issuer        string   `json:"issuer"`
	Authorization string   `json:"authorization_endpoint"`
	Token         string   `json:"token_endpoint"`
	UserInfo      string   `json:"userinfo_endpoint"`
	Keys          string   `json:"jwks_uri"`
	EndSession    string   `json:"end_session_endpoint"`
	Pushed        string   `json:"pushed_authorization_request_endpoint"`
	MustPush      bool     `json:"require_pushed_authorization_requests"`
	NamesIssuer   bool     `json:"authorization_response_iss_parameter_supported"`
	ClientAuth    []string `json:"token_endpoint_auth_methods_supported"`
	Algorithms    []string `json:"id_token_signing_alg_values_supported"`
	UserInfoAlgs  []string `json:"userinfo_signing_alg_values_supported"`
}

const opDiscover = "read the provider's metadata"

// discover fetches the metadata of an issuer, which must name itself exactly so.
func discover(ctx context.Context, client *http.Client, guard outbound.Options, issuer string) (*metadata, error) {
	body, err := authcode.Fetch(ctx, client, opDiscover, strings.TrimSuffix(issuer, "/")+"/.well-known/openid-configuration")
	if err != nil {
		return nil, err
	}
	return parseMetadata(body, issuer, guard)
}

func parseMetadata(body []byte, issuer string, guard outbound.Options) (*metadata, error) {
	var m metadata
	if json.Unmarshal(body, &m) != nil {
		return nil, unusable(authcode.ReasonMalformed, errors.New("the metadata are not the JSON that they should be"))
	}
	if m.Issuer != issuer {
		return nil, unusable(ReasonMetadataIssuer, fmt.Errorf("the provider at %s says that it is %q", issuer, clip(m.Issuer)))
	}
	if err := m.judge(guard); err != nil {
		return nil, err
	}
	return &m, nil
}

// judge looks at the addresses. Those that nobody needs are left out if they
// are not to be called.
func (m *metadata) judge(guard outbound.Options) error {
	good := func(address string) bool {
		u, err := url.Parse(address)
		return err == nil && u.User == nil && u.Fragment == "" && guard.Judge(u) == nil
	}
	for name, address := range map[string]string{
		"authorization_endpoint": m.Authorization, "token_endpoint": m.Token, "jwks_uri": m.Keys,
	} {
		if !good(address) {
			return unusable(authcode.ReasonMalformed, fmt.Errorf("the metadata have no %s that may be called", name))
		}
	}
	for _, address := range []*string{&m.UserInfo, &m.EndSession, &m.Pushed} {
		if !good(*address) {
			*address = ""
		}
	}
	return nil
}

func unusable(reason string, cause error) error {
	return &core.Error{Code: core.Unavailable, Op: opDiscover, Reason: reason, Err: cause}
}

// clip bounds what a stranger wrote, for the log.
func clip(text string) string {
	const most = 200
	if len(text) > most {
		return text[:most] + "..."
	}
	return text
}

// signatures lists the algorithms that signatures may have: asymmetric ones, so
// that nobody signs with what the provider publishes.
func signatures() []string {
	return []string{
		oidc.RS256, oidc.RS384, oidc.RS512, oidc.ES256, oidc.ES384, oidc.ES512, oidc.PS256, oidc.PS384, oidc.PS512, oidc.EdDSA,
	}
}

// allowed returns those of a provider's algorithms that are believed; RS256 if
// it names none of them, which every provider has.
func allowed(announced []string) []string {
	out := slices.DeleteFunc(signatures(), func(alg string) bool { return !slices.Contains(announced, alg) })
	if len(out) == 0 {
		out = []string{oidc.RS256}
	}
	return out
}

// asJOSE is allowed in the words of the library that parses.
func asJOSE(algorithms []string) []jose.SignatureAlgorithm {
	out := make([]jose.SignatureAlgorithm, len(algorithms))
	for i, a := range algorithms {
		out[i] = jose.SignatureAlgorithm(a)
	}
	return out
}
