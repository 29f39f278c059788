package oidc_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/authd-go/authd/core"
	"github.com/authd-go/authd/strategies/oidc"
	"github.com/authd-go/authd/strategies/oidc/oidctest"
	"github.com/authd-go/authd/strategies/strategytest"
)

// TestConformance runs the suite over a provider in this process.
func TestConformance(t *testing.T) {
	strategytest.Run(t, strategytest.Harness{
		Want: []core.Capability{core.CanRedirect, core.CanLoginToken, core.CanRenew, core.CanLogoutRedirect, core.CanReceiveLogout},
		Open: func(ctx context.Context, e core.Env) (*strategytest.Backend, error) {
			p := oidctest.Start(t, oidctest.Client{ID: clientID, Secret: clientSecret})
			p.Now = e.Now
			c := config(p)
			s, err := c.Open(ctx, e)
			return &strategytest.Backend{
				Strategy: s,
				Account:  strategytest.Account{Identifier: "john", Password: "not-known-here-77"},
				Secrets:  []string{clientSecret},
				SignIn: func(ctx context.Context, s core.Strategy) (core.Identity, error) {
					g, err := login(ctx, s, p)
					return g.Identity, err
				},
				Other: &strategytest.OtherSite{
					Grant:  func(ctx context.Context, s core.Strategy) (core.Grant, error) { return login(ctx, s, p) },
					Token:  func(nonce string) string { return p.IDToken(clientID, map[string]any{"nonce": nonce}) },
					Notice: func() string { return p.LogoutToken(clientID, nil) },
					Revoke: p.Revoke,
				},
				Break:  p.Close,
				Hang:   p.Hang,
				Reopen: func(ctx context.Context) (core.Strategy, error) { return c.Open(ctx, e) },
				Close:  func() error { p.Close(); return nil },
			}, err
		},
		Patience: 10 * time.Second,
	})
}

// Embedders fill in the same struct as YAML users do.
func ExampleNewConfig() {
	c := oidc.NewConfig()
	c.Preset = "google"
	c.ClientID, c.ClientSecret = "1234.apps.googleusercontent.com", core.NewSecret("...")
	fmt.Println(c.Validate())
	// Output: <nil>
}
