package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"time"

	"github.com/authd-go/authd"
	"github.com/authd-go/authd/config"
	"github.com/authd-go/authd/core"
	"github.com/authd-go/authd/core/flow"
	"github.com/authd-go/authd/core/guard"
	"github.com/authd-go/authd/core/guard/metrics"
	"github.com/authd-go/authd/core/httpapi"
	"github.com/authd-go/authd/core/session"
	"github.com/authd-go/authd/core/store/sqlite"
)

// house is everything that stands behind the HTTP face.
type house struct {
	config   *config.Config
	log      *slog.Logger
	store    *sqlite.Store
	audit    *guard.Auditor
	sessions *session.Manager
	hashing  *hashPool
	registry *authd.Registry
	metrics  *metrics.Metrics
}

func openStore(ctx context.Context, c *config.Config, log *slog.Logger) (*sqlite.Store, error) {
	path, err := sqlite.Path(c.Store.URL)
	if err != nil {
		return nil, fmt.Errorf("store.url: %w", err)
	}
	return sqlite.Open(ctx, sqlite.Options{Path: path, Log: log})
}

// openHouse opens everything, and closes what it had opened if one thing fails.
func openHouse(ctx context.Context, c *config.Config, log *slog.Logger, recovery flow.RecoverySender) (_ *house, err error) {
	h := &house{config: c, log: log, metrics: metrics.New()}
	defer func() {
		if err != nil {
			err = errors.Join(err, h.close(ctx))
		}
	}()
	secret, err := session.LoadSecret(c.SecretFile)
	if err != nil {
		return nil, err
	}
	if h.store, err = openStore(ctx, c, log); err != nil {
		return nil, err
	}
	h.audit = guard.NewAuditor(guard.AuditOptions{Store: h.store, Log: log, Keep: c.Audit.Keep})
	if h.sessions, err = session.Open(ctx, h.sessionOptions(secret)); err != nil {
		return nil, fmt.Errorf("open sessions: %w", err)
	}
	h.hashing = openHashPool(c.Hashing, log)
	o := c.Options()
	o.Sessions = h.sessions
	o.Tokens = session.NewOneTime(h.store, time.Now, rand.Reader)
	o.Users = h.store.Users
	o.Hashing = h.hashing
	o.Tries = h.store
	o.Once = h.store
	o.Recovery = recovery
	o.Tracer = core.TracerFunc(func(ctx context.Context, t core.Trace) {
		h.metrics.Trace(ctx, t)
		traceLog{log}.Trace(ctx, t)
		h.audit.Trace(ctx, t)
	})
	o.Log = log
	if h.registry, err = authd.New(ctx, o); err != nil {
		return nil, fmt.Errorf("open strategies: %w", err)
	}
	return h, nil
}

func (h *house) sessionOptions(secret core.Secret) session.Options {
	s := h.config.Session
	return session.Options{
		Sessions: h.store, Keys: h.store, Secret: secret, OnKeyRotated: h.keyRotated,
		Issuer: h.config.Server.PublicURL.String(), Audience: s.Audience,
		Lifetimes: s.Lifetimes, Rotation: s.Rotation, KeyRotation: s.KeyRotation, Claims: s.Claims,
		Log: h.log,
	}
}

// close works from the front to the back: first what accepts, last what stores.
func (h *house) close(ctx context.Context) error {
	var errs []error
	if h.registry != nil {
		errs = append(errs, h.registry.Close(ctx))
	}
	if h.hashing != nil {
		errs = append(errs, h.hashing.Close())
	}
	if h.sessions != nil {
		errs = append(errs, h.sessions.Close())
	}
	if h.audit != nil {
		errs = append(errs, h.audit.Close(ctx))
	}
	if h.store != nil {
		errs = append(errs, h.store.Close())
	}
	return errors.Join(errs...)
}

// handler is the HTTP face.
func (h *house) handler() (http.Handler, error) {
	c := h.config
	var counts http.Handler
	if c.Server.Metrics {
		counts = h.metrics.Handler()
	}
	return httpapi.New(httpapi.Options{
		Metrics: counts, Pages: pages(c.Pages),
		Backend: h.registry, Keys: h.sessions, Ready: h.ready, Describe: h.describe(),
		PublicURL:      c.Server.PublicURL,
		AllowedOrigins: c.Server.CORS.AllowedOrigins,
		TrustedProxies: c.Server.TrustedProxies,
		Transports:     transports(c.Session.Transports),
		RefreshAliases: c.Methods.Refresh.Aliases,
		CookieSameSite: sameSite(c.Session.CookieSameSite),
		Messages:       c.Messages,
		Log:            h.log,
	})
}

func (h *house) ready(ctx context.Context) []httpapi.Check {
	checks := []httpapi.Check{{Name: "store", Err: h.store.Ready(ctx)}, {Name: "sessions", Err: h.sessions.Ready(ctx)}}
	ready := h.registry.Ready(ctx)
	for _, p := range h.registry.Names() {
		checks = append(checks, httpapi.Check{Name: "strategies." + p, Err: ready[p]})
	}
	return checks
}

func (h *house) describe() httpapi.Description {
	d := httpapi.Description{Methods: h.registry.InUse()}
	for _, p := range h.registry.Providers() {
		d.Providers = append(d.Providers, httpapi.Provider{Name: p.Name, Label: p.Label, Redirect: p.Redirect})
	}
	for _, r := range h.registry.OnErrorRules() {
		d.OnError = append(d.OnError, httpapi.OnErrorRule{
			Status: r.Status.String(), Refresh: r.Refresh, Logout: r.Logout, RedirectTo: r.RedirectTo,
		})
	}
	return d
}

// pages are the hosted pages, unless they are off.
func pages(p config.Pages) *httpapi.Pages {
	if !p.Enabled {
		return nil
	}
	return &httpapi.Pages{Title: p.Title, Accent: p.Accent, Logo: p.Logo}
}

func transports(names []config.Transport) []httpapi.Transport {
	out := make([]httpapi.Transport, len(names))
	for i, name := range names {
		out[i] = httpapi.Transport(name)
	}
	return out
}

func sameSite(s config.SameSite) http.SameSite {
	switch s {
	case config.SameSiteNone:
		return http.SameSiteNoneMode
	case config.SameSiteStrict:
		return http.SameSiteStrictMode
	}
	return http.SameSiteLaxMode
}
