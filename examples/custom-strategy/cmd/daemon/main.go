// Command daemon is authd with one more kind of strategy than it comes with:
// it reads the same YAML and serves the same API.
package main

import (
	"context"
	"crypto/rand"
	"errors"
	"log"
	"net/http"
	"os"
	"os/signal"
	"time"

	"example.com/htpasswd"

	"github.com/authd-go/authd"
	"github.com/authd-go/authd/config"
	"github.com/authd-go/authd/core"
	"github.com/authd-go/authd/core/httpapi"
	"github.com/authd-go/authd/core/session"
	"github.com/authd-go/authd/core/store/sqlite"
	"github.com/authd-go/authd/strategies"
)

// kinds are the types that a strategy may have in the YAML.
func kinds() []core.Kind {
	return append(strategies.All(), htpasswd.Kind())
}

func main() {
	if len(os.Args) != 2 {
		log.Fatal("usage: daemon FILE.yaml")
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, os.Args[1]); err != nil {
		log.Fatal(err)
	}
}

func run(ctx context.Context, file string) error {
	c, err := config.Load(ctx, config.Sources{Files: []string{file}, Env: os.Environ(), Kinds: kinds()})
	if err != nil {
		return err // every mistake in the file, with its position
	}
	handler, closeAll, err := build(ctx, c)
	if err != nil {
		return err
	}
	server := httpapi.Server(handler, nil)
	server.Addr = c.Server.Listen
	context.AfterFunc(ctx, func() { _ = server.Shutdown(context.WithoutCancel(ctx)) })
	log.Println("listening on", server.Addr)
	if err := server.ListenAndServe(); !errors.Is(err, http.ErrServerClosed) {
		return errors.Join(err, closeAll())
	}
	return closeAll()
}

// build opens what the configuration names, and returns the HTTP face of it.
func build(ctx context.Context, c *config.Config) (http.Handler, func() error, error) {
	secret, err := session.LoadSecret(c.SecretFile)
	if err != nil {
		return nil, nil, err
	}
	path, err := sqlite.Path(c.Store.URL)
	if err != nil {
		return nil, nil, err
	}
	store, err := sqlite.Open(ctx, sqlite.Options{Path: path})
	if err != nil {
		return nil, nil, err
	}
	sessions, err := session.Open(ctx, session.Options{
		Sessions: store, Keys: store, Issuer: c.Server.PublicURL.String(),
		Secret: secret, Lifetimes: c.Session.Lifetimes, Rotation: c.Session.Rotation, Claims: c.Session.Claims,
	})
	if err != nil {
		return nil, nil, errors.Join(err, store.Close())
	}
	o := c.Options()
	o.Sessions, o.Users = sessions, store.Users
	o.Tokens = session.NewOneTime(store, time.Now, rand.Reader)
	registry, err := authd.New(ctx, o)
	if err != nil {
		return nil, nil, errors.Join(err, sessions.Close(), store.Close())
	}
	closeAll := func() error {
		return errors.Join(registry.Close(context.WithoutCancel(ctx)), sessions.Close(), store.Close())
	}
	handler, err := httpapi.New(httpapi.Options{Backend: registry, Keys: sessions, PublicURL: c.Server.PublicURL})
	if err != nil {
		return nil, nil, errors.Join(err, closeAll())
	}
	return handler, closeAll, nil
}
