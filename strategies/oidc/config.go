package oidc

import (
	"time"

	"github.com/authd-go/authd/core"
	"github.com/authd-go/authd/strategies/oidc/claims"
)

// Config holds the options. NewConfig fills in the defaults; what Preset knows
// fills in what is empty after that.
type Config struct {
	Preset       string      `koanf:"preset" doc:"a provider that is known: apple, auth0, gitlab, google, keycloak, kinde, microsoft or okta. It fills in what is not set below"`
	Domain       string      `koanf:"domain" doc:"the host that the preset's issuer has, as in example.eu.auth0.com"`
	Tenant       string      `koanf:"tenant" doc:"with microsoft, the directory's id; with keycloak, the realm"`
	Issuer       string      `koanf:"issuer" doc:"the provider's issuer, exactly as it writes it itself, a slash at the end included"`
	ClientID     string      `koanf:"clientID" doc:"what the provider knows authd by"`
	ClientSecret core.Secret `koanf:"clientSecret" doc:"the secret that goes with it; none for a public client"`
	ClientAuth   string      `koanf:"clientAuth" doc:"how authd proves to be that client: client_secret_basic, client_secret_post, private_key_jwt or none. Empty takes what fits"`
	Key          Key         `koanf:"key" doc:"for private_key_jwt"`
	Scopes       []string    `koanf:"scopes" doc:"what is asked for; openid must be among them"`
	Claims       claims.Map  `koanf:"claims" doc:"which claim tells what: dots lead into objects, a backslash before a dot makes it part of a name"`
	// Require is a map to lists; one value of each list must be there.
	Require map[string][]string `koanf:"require" doc:"who is let in: for each claim, the values of which one must be there"`
	Params  map[string]string   `koanf:"params" doc:"further parameters of the request, such as prompt, acr_values or domain_hint"`
	MaxAge  time.Duration       `koanf:"maxAge" doc:"how long ago the password may have been typed at the provider; checked in the answer too. 0 does not ask"`
	PAR     bool                `koanf:"par" doc:"push requests to the provider (RFC 9126) also where it does not insist on that"`
	// ResponseMode is form_post for providers that tell less otherwise.
	ResponseMode string        `koanf:"responseMode" doc:"how the answer comes back: query, in the address, or form_post, in a form that the browser posts"`
	UserInfo     string        `koanf:"userInfo" doc:"whether the userinfo endpoint is asked too: always or never"`
	Logout       bool          `koanf:"logout" doc:"sign out at the provider too"`
	TokenMaxAge  time.Duration `koanf:"tokenMaxAge" doc:"how old an ID token may be with which a page signs in; 0 takes none"`
	// AllowPrivateAddresses is off, so that no provider's documents lead into the
	// operator's network.
	AllowPrivateAddresses bool `koanf:"allowPrivateAddresses" doc:"the provider is in a private network, or on this machine; without it only public addresses are called"`
}

// Key is what client assertions are signed with.
type Key struct {
	File     string `koanf:"file" doc:"PEM file of the private key: RSA (signs RS256), EC on P-256 (ES256) or Ed25519 (EdDSA)"`
	ID       string `koanf:"id" doc:"the id (kid) under which the provider knows its public half"`
	Audience string `koanf:"audience" doc:"whom assertions are for; empty is the issuer. Some older providers want the address of their token endpoint"`
}

// The values of Config.UserInfo.
const (
	UserInfoAlways = "always"
	UserInfoNever  = "never"
)

// The values of Config.ResponseMode.
const (
	ResponseQuery = "query"
	ResponsePost  = "form_post"
)

// DefaultTokenMaxAge is how old an ID token may be that a page presents.
const DefaultTokenMaxAge = 5 * time.Minute

// NewConfig returns the defaults.
func NewConfig() *Config {
	return &Config{Logout: true, TokenMaxAge: DefaultTokenMaxAge}
}

// Complete implements core.Completer.
func (c *Config) Complete() core.StrategyConfig { return c.complete() }

// complete is c with what the preset knows, and then what all providers share,
// where it is silent.
func (c *Config) complete() *Config {
	out, known := *c, presets()[c.Preset]
	fill(&out.Domain, known.domain)
	fill(&out.Issuer, known.issuerOf(out.Domain, out.Tenant))
	fill(&out.ClientAuth, known.clientAuth)
	fill(&out.UserInfo, known.userInfo)
	fill(&out.UserInfo, UserInfoAlways)
	fill(&out.ResponseMode, known.responseMode)
	fill(&out.ResponseMode, ResponseQuery)
	if len(out.Scopes) == 0 {
		out.Scopes = known.scopes
	}
	if len(out.Scopes) == 0 {
		out.Scopes = []string{"openid", "profile", "email"}
	}
	out.Claims = c.Claims.With(known.claims.With(claims.Map{
		ID: "sub", Username: "preferred_username", Name: "name", Email: "email", EmailVerified: "email_verified", Avatar: "picture",
	}))
	params := map[string]string{}
	for _, from := range []map[string]string{known.params, c.Params} {
		for name, value := range from {
			params[name] = value
		}
	}
	out.Params = params
	return &out
}

func fill(field *string, value string) {
	if *field == "" {
		*field = value
	}
}
