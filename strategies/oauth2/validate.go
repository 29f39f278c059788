package oauth2

import (
	"fmt"
	"net/url"
	"slices"
	"strings"

	"github.com/authd-go/authd/core"
	"github.com/authd-go/authd/core/outbound"
	"github.com/authd-go/authd/strategies/oidc/authcode"
	"github.com/authd-go/authd/strategies/oidc/claims"
)

// Validate returns core.Problems for everything that is wrong with the options.
// It asks nobody.
func (c *Config) Validate() error {
	var problems core.Problems
	full := c.complete()
	if _, ok := presets()[c.Preset]; c.Preset != "" && !ok {
		problems.Add("preset", fmt.Sprintf("is %q, must be one of %s", c.Preset, strings.Join(presetNames(), ", ")))
	} else {
		full.checkAddresses(&problems)
	}
	if c.ClientID == "" {
		problems.Add("clientID", "is required: what the site knows authd by")
	}
	full.checkAuth(&problems)
	_, err := claims.Compile(full.Claims, c.Require)
	problems.Merge("", err)
	_, err = full.Emails.compile()
	problems.Merge("emails", err)
	problems.Merge("params", authcode.JudgeParams(c.Params).Err())
	for i, scope := range full.Scopes {
		if scope == "" || strings.ContainsAny(scope, " \t\r\n\"\\") {
			problems.Add(fmt.Sprintf("scopes[%d]", i), "must be one word")
		}
	}
	return problems.Err()
}

func (c *Config) checkAddresses(problems *core.Problems) {
	for _, a := range []struct {
		key, text string
		required  bool
	}{
		{"authorizeURL", c.AuthorizeURL, true},
		{"tokenURL", c.TokenURL, true},
		{"userInfoURL", c.UserInfoURL, true},
		{"emails.url", c.Emails.URL, false},
	} {
		u, err := url.Parse(a.text)
		switch {
		case a.text == "" && a.required:
			problems.Add(a.key, "is required, unless there is a preset")
		case a.text == "":
		case err != nil || u.Host == "" || u.User != nil || u.Fragment != "":
			problems.Add(a.key, "must be an https URL, such as https://id.example.com/oauth")
		case c.guard().Judge(u) != nil:
			problems.Add(a.key, "must be https; http is for this machine only, if tokenURL is there, too")
		}
	}
}

// guard says what may be called: this machine, if that is where the site was
// written to be.
func (c *Config) guard() outbound.Options {
	u, err := url.Parse(c.TokenURL)
	return outbound.Options{Private: c.AllowPrivateAddresses, Loopback: err == nil && outbound.IsLoopback(u.Hostname())}
}

func (c *Config) checkAuth(problems *core.Problems) {
	methods := []string{authcode.SecretBasic, authcode.SecretPost, authcode.NoSecret}
	switch {
	case c.ClientAuth != "" && !slices.Contains(methods, c.ClientAuth):
		problems.Add("clientAuth", "must be one of "+strings.Join(methods, ", "))
	case (c.ClientAuth == authcode.SecretBasic || c.ClientAuth == authcode.SecretPost) && c.ClientSecret.Empty():
		problems.Add("clientSecret", "is required with "+c.ClientAuth)
	case c.ClientAuth == authcode.NoSecret && !c.ClientSecret.Empty():
		problems.Add("clientAuth", "is none, and there is a secret")
	}
}
