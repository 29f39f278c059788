package oidc_test

import (
	"context"
	"crypto/rand"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/authd-go/authd/core"
	"github.com/authd-go/authd/strategies/oidc"
	"github.com/authd-go/authd/strategies/oidc/oidctest"
)

const (
	clientID     = "authd:of?example" // has to be encoded in a Basic header
	clientSecret = "s3cret &%+:marker"
	callback     = "http://localhost:8080/auth/callback/corp"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func provider(t testing.TB) *oidctest.Provider {
	t.Helper()
	return oidctest.Start(t, oidctest.Client{ID: clientID, Secret: clientSecret})
}

func config(p *oidctest.Provider) *oidc.Config {
	c := oidc.NewConfig()
	c.Issuer, c.ClientID, c.ClientSecret = p.URL, clientID, core.NewSecret(clientSecret)
	c.Claims.Roles = "groups"
	return c
}

func env() core.Env {
	return core.Env{
		Name: "corp", Log: slog.New(slog.DiscardHandler), Now: time.Now, Rand: rand.Reader, HTTP: &http.Client{Timeout: 3 * time.Second},
		PublicURL: &url.URL{Scheme: "http", Host: "localhost:8080"},
	}
}

func open(t testing.TB, c *oidc.Config, changes ...func(*core.Env)) core.Strategy {
	t.Helper()
	e := env()
	for _, change := range changes {
		change(&e)
	}
	s, err := c.Open(t.Context(), e)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

// begin asks the question, as the house does.
func begin(ctx context.Context, s core.Strategy, params core.Params) (core.Redirect, core.Callback, error) {
	state := rand.Text()
	r, err := s.Redirector.Begin(ctx, core.RedirectRequest{CallbackURL: callback, State: state, Params: params})
	return r, core.Callback{CallbackURL: callback, State: state, Keep: r.Keep}, err
}

// visit plays the house and the browser up to the answer.
func visit(ctx context.Context, s core.Strategy, p *oidctest.Provider) (core.Callback, error) {
	r, c, err := begin(ctx, s, nil)
	if err != nil {
		return c, err
	}
	query, err := p.Visit(ctx, r.URL)
	c.Query = query
	return c, err
}

func login(ctx context.Context, s core.Strategy, p *oidctest.Provider) (core.Grant, error) {
	c, err := visit(ctx, s, p)
	if err != nil {
		return core.Grant{}, err
	}
	return s.Redirector.Complete(ctx, c)
}

func mustLogin(t testing.TB, s core.Strategy, p *oidctest.Provider) core.Grant {
	t.Helper()
	g, err := login(t.Context(), s, p)
	if err != nil {
		t.Fatal(err)
	}
	return g
}

// refused checks an error's code and reason, and that no secret is in it.
func refused(t *testing.T, err error, code core.Code, reason string) {
	t.Helper()
	if err == nil {
		t.Fatalf("it is believed; want %s (%s)", code, reason)
	}
	if e := core.AsError(err); e.Code != code || e.Reason != reason {
		t.Errorf("got %v, want %s (%s)", err, code, reason)
	}
	for _, format := range []string{"%v", "%+v", "%#v"} {
		text := fmt.Sprintf(format, err)
		for _, secret := range []string{clientSecret, url.QueryEscape(clientSecret), "code-", "refresh-", "access-", "eyJ"} {
			if strings.Contains(text, secret) {
				t.Errorf("the error shows %q: %s", secret, text)
			}
		}
	}
}
