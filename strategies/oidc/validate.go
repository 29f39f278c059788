package oidc

import (
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"github.com/authd-go/authd/core"
	"github.com/authd-go/authd/core/outbound"
	"github.com/authd-go/authd/strategies/oidc/authcode"
	"github.com/authd-go/authd/strategies/oidc/claims"
)

// Validate returns core.Problems for everything that is wrong with the options.
// It reads no file and asks nobody.
func (c *Config) Validate() error {
	var problems core.Problems
	full := c.complete()
	c.checkPreset(&problems)
	if len(problems) == 0 {
		problems.Merge("issuer", checkIssuer(full.Issuer))
	}
	if c.ClientID == "" {
		problems.Add("clientID", "is required: what the provider knows authd by")
	}
	full.checkAuth(&problems)
	_, err := claims.Compile(full.Claims, c.Require)
	problems.Merge("", err)
	problems.Merge("params", authcode.JudgeParams(c.Params).Err())
	full.checkRest(&problems)
	return problems.Err()
}

var (
	hostPattern   = regexp.MustCompile(`^[A-Za-z0-9.-]+(:[0-9]{1,5})?$`)
	tenantPattern = regexp.MustCompile(`^[A-Za-z0-9._~-]+$`)
	guid          = regexp.MustCompile(`^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$`)
)

// checkPreset looks at what fills in the template. A provider with several
// tenants behind one address has no issuer that could be compared exactly.
func (c *Config) checkPreset(problems *core.Problems) {
	known, ok := presets()[c.Preset]
	if c.Preset != "" && !ok {
		problems.Add("preset", fmt.Sprintf("is %q, must be one of %s", c.Preset, strings.Join(presetNames(), ", ")))
		return
	}
	for _, part := range []struct {
		key, place, value, fallback string
		pattern                     *regexp.Regexp
	}{
		{"domain", "{domain}", c.Domain, known.domain, hostPattern},
		{"tenant", "{tenant}", c.Tenant, "", tenantPattern},
	} {
		wanted := known.wants(part.place)
		switch {
		case part.value != "" && (!wanted || c.Issuer != ""):
			problems.Add(part.key, "fills in a preset's issuer, and there is none that has a place for it")
		case part.value != "" && !part.pattern.MatchString(part.value):
			problems.Add(part.key, "holds a character that has no place there")
		case wanted && part.value == "" && part.fallback == "" && c.Issuer == "":
			problems.Add(part.key, "is required with this preset")
		}
	}
	if c.Preset == "microsoft" && c.Tenant != "" && !guid.MatchString(c.Tenant) {
		problems.Add("tenant", "must be the directory's id, such as 8eaef023-2b34-4da1-9baa-8bc8c9d6a490, in lower case; "+
			"common, organizations, consumers and domain names stand for issuers that differ from what is asked")
	}
}

func checkIssuer(text string) error {
	u, err := url.Parse(text)
	switch {
	case text == "":
		return core.Problem{Message: "is required: the provider's issuer, such as https://id.example.com, or a preset"}
	case strings.ContainsAny(text, "{}"):
		return core.Problem{Message: "has a place for a tenant in it; write one tenant's issuer, and a strategy for each tenant"}
	case err != nil || u.Host == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "" || u.ForceQuery:
		return core.Problem{Message: "must be an https URL without a query, such as https://id.example.com"}
	case guardFor(text, false).Judge(u) != nil:
		return core.Problem{Message: "must be https; http is for this machine only (localhost)"}
	}
	return nil
}

// guardFor says what may be called: this machine, if that is where the provider
// was written to be.
func guardFor(issuer string, private bool) outbound.Options {
	u, err := url.Parse(issuer)
	return outbound.Options{Private: private, Loopback: err == nil && outbound.IsLoopback(u.Hostname())}
}

func (c *Config) checkAuth(problems *core.Problems) {
	if c.ClientAuth != "" && !slices.Contains(authcode.Methods(), c.ClientAuth) {
		problems.Add("clientAuth", "must be one of "+strings.Join(authcode.Methods(), ", "))
	}
	secret := c.ClientAuth == authcode.SecretBasic || c.ClientAuth == authcode.SecretPost
	switch {
	case secret && c.ClientSecret.Empty():
		problems.Add("clientSecret", "is required with "+c.ClientAuth)
	case c.ClientAuth == authcode.PrivateKeyJWT && c.Key.File == "":
		problems.Add("key.file", "is required with private_key_jwt")
	case !c.ClientSecret.Empty() && c.Key.File != "":
		problems.Add("key.file", "stands beside clientSecret; set one of them")
	case c.ClientAuth == authcode.NoSecret && (!c.ClientSecret.Empty() || c.Key.File != ""):
		problems.Add("clientAuth", "is none, and there is a secret or a key")
	case c.Key.File == "" && (c.Key.ID != "" || c.Key.Audience != ""):
		problems.Add("key.file", "is required where another option of key is set")
	}
}

func (c *Config) checkRest(problems *core.Problems) {
	if !slices.Contains(c.Scopes, "openid") {
		problems.Add("scopes", "must hold openid; a provider without it is of the kind oauth2")
	}
	for i, scope := range c.Scopes {
		if scope == "" || strings.ContainsAny(scope, " \t\r\n\"\\") {
			problems.Add(fmt.Sprintf("scopes[%d]", i), "must be one word")
		}
	}
	if !slices.Contains([]string{UserInfoAlways, UserInfoNever}, c.UserInfo) {
		problems.Add("userInfo", "must be always or never")
	}
	if !slices.Contains([]string{ResponseQuery, ResponsePost}, c.ResponseMode) {
		problems.Add("responseMode", "must be query or form_post")
	}
	if c.MaxAge < 0 {
		problems.Add("maxAge", "must not be negative")
	}
	if c.TokenMaxAge < 0 {
		problems.Add("tokenMaxAge", "must not be negative")
	}
}
