// Command server is authd for tests of refresh-token clients: the registry and
// the HTTP face as the daemon has them, an API behind them, and a clock that
// the test moves. Access tokens live five minutes by that clock, so that 401s
// are real.
//
// POST /clock?add=6m at the control address moves the clock and answers the
// time in milliseconds since 1970. POST /revoke ends every session of the demo
// user.
package main

import (
	"context"
	"crypto/rand"
	"errors"
	"flag"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/authd-go/authd"
	"github.com/authd-go/authd/core"
	"github.com/authd-go/authd/core/httpapi"
	"github.com/authd-go/authd/core/session"
	"github.com/authd-go/authd/core/store/sqlite"
	"github.com/authd-go/authd/strategies/mock"
)

func main() {
	var o options
	flag.StringVar(&o.listen, "listen", "127.0.0.1:8080", "address of authd and the API")
	flag.StringVar(&o.control, "control", "127.0.0.1:8081", "address of the clock")
	flag.StringVar(&o.public, "public", "http://localhost:8080", "the origin that browsers see")
	flag.StringVar(&o.origins, "origins", "", "other origins that may call, separated by commas")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	err := run(ctx, o)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

type options struct{ listen, control, public, origins string }

// clock runs as the real one does, some way ahead of it.
type clock struct {
	mu    sync.Mutex
	ahead time.Duration
}

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return time.Now().Add(c.ahead)
}

func (c *clock) move(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.ahead += d
}

func run(ctx context.Context, o options) error {
	dir, err := os.MkdirTemp("", "authd-clock-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	public, err := url.Parse(o.public)
	if err != nil {
		return err
	}
	store, err := sqlite.Open(ctx, sqlite.Options{Path: filepath.Join(dir, "authd.db")})
	if err != nil {
		return err
	}
	defer store.Close()
	c := &clock{}
	lifetimes := session.DefaultLifetimes()
	lifetimes.AccessTTL = 5 * time.Minute
	sessions, err := session.Open(ctx, session.Options{
		Sessions: store, Keys: store, Secret: core.NewSecret(rand.Text() + rand.Text()), Issuer: o.public, Lifetimes: lifetimes,
		Claims: []string{"name", "email", "roles"}, Now: c.now,
	})
	if err != nil {
		return err
	}
	defer sessions.Close()
	methods := authd.DefaultMethods()
	methods.Login.Use = authd.Names("demo")
	registry, err := authd.New(ctx, authd.Options{
		Strategies: map[string]authd.StrategyOptions{"demo": {Kind: "mock", Config: mock.Kind().New()}},
		Methods:    methods, PublicURL: public, Sessions: sessions, Now: c.now,
		Tokens: session.NewOneTime(store, c.now, rand.Reader), Tries: store,
	})
	if err != nil {
		return err
	}
	defer func() { _ = registry.Close(context.WithoutCancel(ctx)) }()
	handler, err := routes(registry, sessions, public, o.origins)
	if err != nil {
		return err
	}
	return serve(ctx, map[string]http.Handler{o.listen: handler, o.control: controls(c, sessions)})
}

func routes(registry *authd.Registry, sessions *session.Manager, public *url.URL, origins string) (http.Handler, error) {
	var allowed []string
	if origins != "" {
		allowed = strings.Split(origins, ",")
	}
	api, err := httpapi.New(httpapi.Options{Backend: registry, Keys: sessions, PublicURL: public, AllowedOrigins: allowed})
	if err != nil {
		return nil, err
	}
	protect, err := httpapi.Protect(httpapi.ProtectOptions{Checker: registry, PublicURL: public, AllowedOrigins: allowed})
	if err != nil {
		return nil, err
	}
	mux := http.NewServeMux()
	mux.Handle("/", api)
	mux.Handle("/api/things", cors(allowed, protect(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		fmt.Fprintln(w, `{"things":[1,2,3]}`)
	}))))
	return mux, nil
}

// cors lets pages of the origins read what the API answers: Protect says so of
// its refusals only.
func cors(allowed []string, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if origin := r.Header.Get("Origin"); slices.Contains(allowed, origin) {
			w.Header().Set("Access-Control-Allow-Origin", origin)
			w.Header().Set("Access-Control-Allow-Credentials", "true")
			w.Header().Set("Access-Control-Allow-Headers", "authorization")
		}
		if r.Method == http.MethodOptions {
			w.WriteHeader(http.StatusNoContent)
			return
		}
		next.ServeHTTP(w, r)
	})
}

func controls(c *clock, sessions *session.Manager) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("POST /clock", func(w http.ResponseWriter, r *http.Request) {
		d, err := time.ParseDuration(r.FormValue("add"))
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		c.move(d)
		fmt.Fprint(w, c.now().UnixMilli())
	})
	mux.HandleFunc("POST /revoke", func(w http.ResponseWriter, r *http.Request) {
		end := core.SessionEnd{Account: core.AccountID{Strategy: "demo", Subject: r.FormValue("subject")}, Reason: "revoked", At: c.now()}
		if _, err := sessions.End(r.Context(), end); err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
		}
	})
	return mux
}

func serve(ctx context.Context, handlers map[string]http.Handler) error {
	failed := make(chan error, len(handlers))
	for address, handler := range handlers {
		server := httpapi.Server(handler, nil)
		server.Addr = address
		context.AfterFunc(ctx, func() { _ = server.Close() })
		go func() { failed <- server.ListenAndServe() }()
	}
	if err := <-failed; !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}
