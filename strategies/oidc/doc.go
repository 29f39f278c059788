// Package oidc signs people in through an OpenID provider: by redirect (the
// authorization code flow with PKCE), or by an ID token that the provider's own
// button handed to a page. It asks at refresh whether a grant still stands,
// signs out at the provider, and believes or does not what the provider says
// about sessions that ended there.
//
// It owns what an OpenID provider's word is worth: its metadata and keys, ID
// tokens, userinfo, logout tokens. The folder authcode has what OAuth 2.0
// shares with it, the folder claims what is read of a person. Sessions, states
// and everything that is sealed belong to the house. A reader wants Config,
// then strategy.go.
package oidc

import "github.com/authd-go/authd/core"

// Kind returns the strategy type "oidc" for strategies.All.
func Kind() core.Kind {
	return core.Kind{Name: "oidc", New: func() core.StrategyConfig { return NewConfig() }}
}
