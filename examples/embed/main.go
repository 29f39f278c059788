// Command embed puts authd into a server of its own: the registry answers the
// nine methods under /auth, and a middleware protects a handler and gives it
// the identity. Neither YAML nor the daemon is involved.
//
// It keeps its users and its secret in the folder given as its argument.
package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log"
	"net/http"
	"net/url"
	"os"
	"os/signal"
	"path/filepath"
	"time"

	"github.com/authd-go/authd"
	"github.com/authd-go/authd/core"
	"github.com/authd-go/authd/core/flow"
	"github.com/authd-go/authd/core/httpapi"
	"github.com/authd-go/authd/core/session"
	"github.com/authd-go/authd/core/store/sqlite"
	"github.com/authd-go/authd/strategies/local"
)

func main() {
	if len(os.Args) != 2 {
		log.Fatal("usage: embed FOLDER")
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	handler, closeAll, err := build(ctx, os.Args[1], &url.URL{Scheme: "http", Host: "localhost:8080"}, local.NewConfig())
	if err != nil {
		log.Fatal(err)
	}
	server := httpapi.Server(handler, nil)
	server.Addr = "localhost:8080"
	context.AfterFunc(ctx, func() { _ = server.Shutdown(context.WithoutCancel(ctx)) })
	log.Println("listening on http://localhost:8080; register at POST /auth/register")
	if err := server.ListenAndServe(); !errors.Is(err, http.ErrServerClosed) {
		log.Print(err)
	}
	if err := closeAll(); err != nil {
		log.Fatal(err)
	}
}

// build returns the whole server: authd, and an API of its own behind it.
func build(ctx context.Context, dir string, publicURL *url.URL, members *local.Config) (http.Handler, func() error, error) {
	secret, err := session.LoadSecret(filepath.Join(dir, "embed.secret"))
	if err != nil {
		return nil, nil, err
	}
	store, err := sqlite.Open(ctx, sqlite.Options{Path: filepath.Join(dir, "embed.db")})
	if err != nil {
		return nil, nil, err
	}
	sessions, err := session.Open(ctx, session.Options{
		Sessions: store, Keys: store, Secret: secret, Issuer: publicURL.String(), Claims: []string{"name", "email", "roles"},
	})
	if err != nil {
		return nil, nil, errors.Join(err, store.Close())
	}
	registry, err := authd.New(ctx, options(store, sessions, publicURL, members))
	if err != nil {
		return nil, nil, errors.Join(err, sessions.Close(), store.Close())
	}
	closeAll := func() error {
		return errors.Join(registry.Close(context.WithoutCancel(ctx)), sessions.Close(), store.Close())
	}
	handler, err := routes(registry, sessions, publicURL)
	if err != nil {
		return nil, nil, errors.Join(err, closeAll())
	}
	return handler, closeAll, nil
}

// options say which backend answers which method, as the YAML would.
func options(store *sqlite.Store, sessions *session.Manager, publicURL *url.URL, members *local.Config) authd.Options {
	methods := authd.DefaultMethods()
	methods.Login.Use = authd.Names("members")
	methods.Register.Use = authd.Names("members")
	methods.UpdatePassword.Use = authd.Names(authd.Session)
	return authd.Options{
		Strategies: map[string]authd.StrategyOptions{
			"members": {
				Kind: "local", Config: members,
				House: authd.House{Roles: flow.Roles{Default: []string{"member"}}}, // everybody's role
			},
		},
		Methods:   methods,
		PublicURL: publicURL,
		Sessions:  sessions,
		Tokens:    session.NewOneTime(store, time.Now, rand.Reader),
		Users:     store.Users,
		Tries:     store,
		Once:      store,
	}
}

// routes mounts authd beside the program's own handlers.
func routes(registry *authd.Registry, sessions *session.Manager, publicURL *url.URL) (http.Handler, error) {
	api, err := httpapi.New(httpapi.Options{Backend: registry, Keys: sessions, PublicURL: publicURL})
	if err != nil {
		return nil, err
	}
	protect, err := httpapi.Protect(httpapi.ProtectOptions{Checker: registry, PublicURL: publicURL})
	if err != nil {
		return nil, err
	}
	mux := http.NewServeMux()
	mux.Handle("/", api) // authd answers what nobody else does
	mux.Handle("GET /hello", protect(http.HandlerFunc(hello)))
	mux.Handle("GET /admin", protect(httpapi.RequireRole("admin")(http.HandlerFunc(hello))))
	return mux, nil
}

// hello is a handler that knows who is calling.
func hello(w http.ResponseWriter, r *http.Request) {
	id, _ := core.IdentityFrom(r.Context())
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	fmt.Fprintf(w, "Hello %s, you are %s.\n", id.Email, id.AccountID)
}
