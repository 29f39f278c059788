package oauth2

import (
	"maps"
	"slices"

	"github.com/authd-go/authd/core"
	"github.com/authd-go/authd/strategies/oidc/authcode"
	"github.com/authd-go/authd/strategies/oidc/claims"
)

// Config holds the options. What Preset knows fills in what is empty.
type Config struct {
	Preset       string            `koanf:"preset" doc:"a site that is known: discord or github. It fills in what is not set below"`
	AuthorizeURL string            `koanf:"authorizeURL" doc:"where the browser is sent"`
	TokenURL     string            `koanf:"tokenURL" doc:"where codes are exchanged"`
	UserInfoURL  string            `koanf:"userInfoURL" doc:"where the holder of an access token is told, as a JSON object"`
	Emails       Emails            `koanf:"emails" doc:"the list of a person's addresses, where the site has one"`
	ClientID     string            `koanf:"clientID" doc:"what the site knows authd by"`
	ClientSecret core.Secret       `koanf:"clientSecret" doc:"the secret that goes with it; none for a public client"`
	ClientAuth   string            `koanf:"clientAuth" doc:"how authd proves to be that client: client_secret_basic, client_secret_post or none. Empty takes what fits"`
	Scopes       []string          `koanf:"scopes" doc:"what is asked for"`
	Claims       claims.Map        `koanf:"claims" doc:"which field tells what: dots lead into objects, a backslash before a dot makes it part of a name"`
	Params       map[string]string `koanf:"params" doc:"further parameters of the request"`
	// Require is a map to lists; one value of each list must be there.
	Require map[string][]string `koanf:"require" doc:"who is let in: for each field, the values of which one must be there"`
	// AllowPrivateAddresses is off, so that no answer leads into the operator's
	// network.
	AllowPrivateAddresses bool `koanf:"allowPrivateAddresses" doc:"the site is in a private network, or on this machine; without it only public addresses are called"`
}

// Emails are where a site tells all of a person's addresses. Each field is a
// path into one entry of the list.
type Emails struct {
	URL      string `koanf:"url" doc:"where the list is, a JSON array of objects"`
	Address  string `koanf:"address" doc:"the address"`
	Verified string `koanf:"verified" doc:"true if the site has verified it"`
	Primary  string `koanf:"primary" doc:"true for the one that counts"`
}

// NewConfig returns the defaults.
func NewConfig() *Config { return &Config{} }

// preset is what is known of a site: options, as anybody could write them.
func presets() map[string]Config {
	return map[string]Config{
		"discord": {
			AuthorizeURL: "https://discord.com/oauth2/authorize",
			TokenURL:     "https://discord.com/api/oauth2/token",
			UserInfoURL:  "https://discord.com/api/users/@me",
			Scopes:       []string{"identify", "email"},
			Claims:       claims.Map{ID: "id", Username: "username", Name: "global_name", Email: "email", EmailVerified: "verified"},
		},
		"github": {
			AuthorizeURL: "https://github.com/login/oauth/authorize",
			TokenURL:     "https://github.com/login/oauth/access_token",
			UserInfoURL:  "https://api.github.com/user",
			Emails:       Emails{URL: "https://api.github.com/user/emails"},
			ClientAuth:   authcode.SecretPost,
			Scopes:       []string{"read:user", "user:email"},
			Claims:       claims.Map{ID: "id", Username: "login", Name: "name", Email: "email", Avatar: "avatar_url"},
		},
	}
}

func presetNames() []string { return slices.Sorted(maps.Keys(presets())) }

// Complete implements core.Completer.
func (c *Config) Complete() core.StrategyConfig { return c.complete() }

// complete is c with what the preset knows where it is silent.
func (c *Config) complete() *Config {
	out, known := *c, presets()[c.Preset]
	for _, f := range []struct {
		field *string
		value string
	}{
		{&out.AuthorizeURL, known.AuthorizeURL},
		{&out.TokenURL, known.TokenURL},
		{&out.UserInfoURL, known.UserInfoURL},
		{&out.ClientAuth, known.ClientAuth},
		{&out.Emails.URL, known.Emails.URL},
		{&out.Emails.Address, "email"},
		{&out.Emails.Verified, "verified"},
		{&out.Emails.Primary, "primary"},
	} {
		if *f.field == "" {
			*f.field = f.value
		}
	}
	if len(out.Scopes) == 0 {
		out.Scopes = known.Scopes
	}
	out.Claims = c.Claims.With(known.Claims.With(claims.Map{ID: "id", Name: "name", Email: "email"}))
	return &out
}
