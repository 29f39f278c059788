package oidc

import (
	"maps"
	"slices"
	"strings"

	"github.com/authd-go/authd/strategies/oidc/authcode"
	"github.com/authd-go/authd/strategies/oidc/claims"
)

// preset is what is known of a provider. It is data: every line of it can be
// set in the configuration instead.
type preset struct {
	issuer       string // with {domain} and {tenant}
	domain       string
	clientAuth   string
	scopes       []string
	params       map[string]string
	claims       claims.Map
	responseMode string
	userInfo     string
}

// presets lists the providers.
func presets() map[string]preset {
	return map[string]preset{
		// Apple tells the address only where the answer may be posted. The name comes
		// once, and unsigned, so it is not asked for.
		"apple": {
			issuer: "https://appleid.apple.com", scopes: []string{"openid", "email"}, responseMode: ResponsePost,
			clientAuth: authcode.SecretPost, userInfo: UserInfoNever,
		},
		"auth0": {issuer: "https://{domain}/", scopes: []string{"openid", "profile", "email", "offline_access"}},
		"gitlab": {
			issuer: "https://{domain}", domain: "gitlab.com", claims: claims.Map{Username: "nickname", Roles: "groups"},
		},
		"google": {
			issuer: "https://accounts.google.com", params: map[string]string{"access_type": "offline"}, userInfo: UserInfoNever,
		},
		"keycloak": {issuer: "https://{domain}/realms/{tenant}", claims: claims.Map{Roles: "realm_access.roles"}},
		"kinde": {
			issuer: "https://{domain}", scopes: []string{"openid", "profile", "email", "offline"}, claims: claims.Map{Roles: "roles.key"},
		},
		// Its mail addresses are whatever a directory's administrator wrote; it has
		// no email_verified, and none is made up for it.
		"microsoft": {
			issuer: "https://login.microsoftonline.com/{tenant}/v2.0", scopes: []string{"openid", "profile", "email", "offline_access"},
			claims: claims.Map{Roles: "roles"}, userInfo: UserInfoNever,
		},
		"okta": {
			issuer: "https://{domain}", scopes: []string{"openid", "profile", "email", "offline_access"}, claims: claims.Map{Roles: "groups"},
		},
	}
}

func presetNames() []string { return slices.Sorted(maps.Keys(presets())) }

// issuerOf fills in the template, or returns "" as long as a part is missing.
func (p preset) issuerOf(domain, tenant string) string {
	if p.wants("{domain}") && domain == "" || p.wants("{tenant}") && tenant == "" {
		return ""
	}
	return strings.NewReplacer("{domain}", domain, "{tenant}", tenant).Replace(p.issuer)
}

func (p preset) wants(place string) bool { return strings.Contains(p.issuer, place) }
