// Package oauth2 signs people in through a site that speaks OAuth 2.0 and has no
// ID tokens, such as GitHub: by the authorization code grant with PKCE, and by
// asking the site's own API who the holder of the access token is.
//
// It owns what such a site's word is worth. The question, the answer and the
// token endpoint are those of strategies/oidc/authcode, the reading of claims
// is that of strategies/oidc/claims. A reader wants Config, then strategy.go.
package oauth2

import "github.com/authd-go/authd/core"

// Kind returns the strategy type "oauth2" for strategies.All.
func Kind() core.Kind {
	return core.Kind{Name: "oauth2", New: func() core.StrategyConfig { return NewConfig() }}
}
