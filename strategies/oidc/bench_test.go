package oidc_test

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	gooidc "github.com/coreos/go-oidc/v3/oidc"

	"github.com/authd-go/authd/core"
	"github.com/authd-go/authd/strategies/oidc"
	"github.com/authd-go/authd/strategies/oidc/authcode"
	"github.com/authd-go/authd/strategies/oidc/oidctest"
)

// BenchmarkComplete measures a callback, and in the same run what nobody can do
// without: one round trip to the token endpoint and one verification of an ID
// token by go-oidc. The metric is how many times that a callback costs.
// Userinfo would be a second round trip, so it is not asked.
func BenchmarkComplete(b *testing.B) {
	p := oidctest.Start(b, oidctest.Client{ID: clientID, Secret: clientSecret})
	c := config(p)
	c.UserInfo = oidc.UserInfoNever
	s := open(b, c)
	ctx := b.Context()
	if _, err := login(ctx, s, p); err != nil {
		b.Fatal(err)
	}
	bare := newBare(ctx, b, p)
	var least, whole time.Duration
	for b.Loop() {
		b.StopTimer()
		first, second := question(ctx, b, s, p), question(ctx, b, s, p)
		began := time.Now()
		bare.exchange(ctx, b, first)
		least += time.Since(began)
		b.StartTimer()
		began = time.Now()
		if _, err := s.Redirector.Complete(ctx, second); err != nil {
			b.Fatal(err)
		}
		whole += time.Since(began)
	}
	b.ReportMetric(float64(whole)/float64(least), "x-ceiling")
}

func question(ctx context.Context, b *testing.B, s core.Strategy, p *oidctest.Provider) core.Callback {
	b.Helper()
	c, err := visit(ctx, s, p)
	if err != nil {
		b.Fatal(err)
	}
	return c
}

// bare is the least that a callback needs.
type bare struct {
	p        *oidctest.Provider
	http     *http.Client
	verifier *gooidc.IDTokenVerifier
}

func newBare(ctx context.Context, b *testing.B, p *oidctest.Provider) bare {
	b.Helper()
	transport := http.DefaultTransport.(*http.Transport).Clone()
	b.Cleanup(transport.CloseIdleConnections)
	client := &http.Client{Transport: transport}
	provider, err := gooidc.NewProvider(gooidc.ClientContext(ctx, client), p.URL)
	if err != nil {
		b.Fatal(err)
	}
	out := bare{p, client, provider.Verifier(&gooidc.Config{ClientID: clientID})}
	if _, err := out.verifier.Verify(ctx, p.IDToken(clientID, nil)); err != nil { // fetches the keys
		b.Fatal(err)
	}
	return out
}

// exchange redeems the code and verifies the ID token that comes.
func (x bare) exchange(ctx context.Context, b *testing.B, c core.Callback) {
	b.Helper()
	var kept authcode.Pending
	if err := json.Unmarshal([]byte(c.Keep.Reveal()), &kept); err != nil {
		b.Fatal(err)
	}
	form := url.Values{
		"grant_type": {"authorization_code"}, "code": c.Query["code"], "redirect_uri": {callback}, "code_verifier": {kept.Verifier},
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, x.p.URL+"/token", strings.NewReader(form.Encode()))
	if err != nil {
		b.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.SetBasicAuth(url.QueryEscape(clientID), url.QueryEscape(clientSecret))
	answer, err := x.http.Do(r)
	if err != nil {
		b.Fatal(err)
	}
	defer answer.Body.Close()
	var granted struct {
		IDToken string `json:"id_token"`
	}
	if err := json.NewDecoder(answer.Body).Decode(&granted); err != nil {
		b.Fatal(err)
	}
	if _, err := x.verifier.Verify(ctx, granted.IDToken); err != nil {
		b.Fatal(err)
	}
}
