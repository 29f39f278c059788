package oidc

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"os"
	"time"

	"github.com/authd-go/authd/core"
	"github.com/authd-go/authd/core/outbound"
	"github.com/authd-go/authd/strategies/oidc/authcode"
	"github.com/authd-go/authd/strategies/oidc/claims"
)

// How old the provider's documents may become.
const (
	metadataFresh  = time.Hour
	metadataUsable = 24 * time.Hour
	keysFresh      = 10 * time.Minute
	keysUsable     = time.Hour
)

// strategy answers the house's questions.
type strategy struct {
	name     string
	config   *Config // complete
	reader   claims.Reader
	known    authcode.Client // without what follows from the metadata
	metadata *document[*metadata]
	keys     *keySet
	http     *http.Client
	life     *life
	rand     io.Reader
	now      func() time.Time
	log      *slog.Logger
}

// Open builds the strategy. It reads the file of c.Key and asks nobody.
func (c *Config) Open(_ context.Context, env core.Env) (core.Strategy, error) {
	if err := c.Validate(); err != nil {
		return core.Strategy{}, err
	}
	full := c.complete()
	reader, err := claims.Compile(full.Claims, full.Require)
	if err != nil {
		return core.Strategy{}, err
	}
	assertions, err := full.Key.load()
	if err != nil {
		return core.Strategy{}, err
	}
	guard := guardFor(full.Issuer, full.AllowPrivateAddresses)
	guard.Base = env.HTTP
	s := &strategy{
		name: env.Name, config: full, reader: reader, http: outbound.New(guard), life: newLife(),
		rand: env.Rand, now: env.Now, log: env.Log,
	}
	s.known = authcode.Client{
		ID: full.ClientID, Method: full.ClientAuth, Secret: full.ClientSecret, Key: assertions, Audience: full.Key.Audience,
		HTTP: s.http, Rand: env.Rand, Now: env.Now,
	}
	s.metadata = &document[*metadata]{
		now: env.Now, fresh: metadataFresh, usable: metadataUsable, life: s.life,
		fetch: func(ctx context.Context) (*metadata, error) {
			m, err := discover(ctx, s.http, guard, full.Issuer)
			return m, s.noted(ctx, err)
		},
	}
	s.keys = &keySet{now: env.Now, life: s.life, set: &document[[]key]{
		now: env.Now, fresh: keysFresh, usable: keysUsable, life: s.life, fetch: s.fetchKeys,
	}}
	out := s.strategy()
	out.Diagnoser = doctor{s, guard, env.PublicURL}
	return out, nil
}

func (s *strategy) strategy() core.Strategy {
	out := core.Strategy{
		Redirector: s, Renewer: s, LogoutReceiver: s, Ready: s.ready, Close: s.close,
	}
	if s.config.TokenMaxAge > 0 {
		out.TokenAuthenticator = s
	}
	if s.config.Logout {
		out.LogoutRedirector = s
	}
	return out
}

// load reads the file; a key that is not asked for is nil.
func (k Key) load() (*authcode.Key, error) {
	if k.File == "" {
		return nil, nil
	}
	text, err := os.ReadFile(k.File)
	if err != nil {
		return nil, core.Problem{Path: "key.file", Message: "cannot be read: " + cause(err)}
	}
	key, err := authcode.ParseKey(text, k.ID)
	if err != nil {
		return nil, core.Problem{Path: "key.file", Message: err.Error()}
	}
	return key, nil
}

// cause drops the path, which the report shows already.
func cause(err error) string {
	var path *os.PathError
	if errors.As(err, &path) {
		return path.Err.Error()
	}
	return err.Error()
}

// fetchKeys reads the keys from where the metadata say they are.
func (s *strategy) fetchKeys(ctx context.Context) ([]key, error) {
	m, err := s.metadata.get(ctx)
	if err != nil {
		return nil, err
	}
	body, err := authcode.Fetch(ctx, s.http, opKeys, m.Keys)
	if err != nil {
		return nil, s.noted(ctx, err)
	}
	published, err := parseKeys(body)
	if err != nil {
		return nil, s.noted(ctx, err)
	}
	return merge(published, s.keys.set.last(), s.now()), nil
}

// noted logs a failure to fetch something, which may be nobody's answer.
func (s *strategy) noted(ctx context.Context, err error) error {
	if err != nil && s.life.ctx.Err() == nil {
		s.log.WarnContext(ctx, "a document of the provider's could not be read", "err", err)
	}
	return err
}

// ready asks for the metadata, whatever copy there is, and for the keys if there
// are none: without either, nobody gets in.
func (s *strategy) ready(ctx context.Context) error {
	if _, err := s.metadata.renew(ctx); err != nil {
		return err
	}
	_, err := s.keys.set.get(ctx)
	return err
}

func (s *strategy) close() error {
	s.life.end()
	s.http.CloseIdleConnections()
	return nil
}

// client is what we are to the provider.
func (s *strategy) client(m *metadata) *authcode.Client { return s.known.For(m.ClientAuth, m.Issuer) }
