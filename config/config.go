package config

import (
	"log/slog"
	"net/netip"
	"net/url"
	"path/filepath"
	"time"

	authd "github.com/authd-go/authd"
	"github.com/authd-go/authd/core"
	"github.com/authd-go/authd/core/session"
)

// Config is a whole configuration. Load returns it only if nothing is wrong
// with it. It is not changed afterwards.
type Config struct {
	Server     Server                           `koanf:"server"`
	SecretFile string                           `koanf:"secretFile"` // holds the secret all keys are derived from
	Store      Store                            `koanf:"store"`
	Session    Session                          `koanf:"session"`
	Throttle   authd.ThrottleSettings           `koanf:"throttle"`
	Hashing    Hashing                          `koanf:"hashing"`
	Audit      Audit                            `koanf:"audit"`
	Pages      Pages                            `koanf:"pages"`
	Log        Log                              `koanf:"log"`
	Strategies map[string]authd.StrategyOptions `koanf:"strategies"`
	Methods    authd.Methods                    `koanf:"methods"`
	Redirects  Redirects                        `koanf:"redirects"`
	Messages   core.Messages                    `koanf:"messages"`

	// Insecure lists the key paths of the switches named insecure... that are
	// on, sorted. They are to be logged at each start.
	Insecure []string `koanf:"-"`
	// Warnings are what is allowed and probably not meant.
	Warnings []Problem `koanf:"-"`

	origins     map[string]string // key path to where its value was written
	secretFiles map[string]string // key path of a secret to the file that holds it, as written
	references  []string          // the key paths whose values were written with ${...}
}

// Server is the HTTP side.
type Server struct {
	Listen string `koanf:"listen"` // host:port
	// PublicURL is the origin that browsers see. Load derives it if Listen is
	// loopback, so it is never nil afterwards.
	PublicURL       *url.URL       `koanf:"publicURL"`
	InsecureHTTP    bool           `koanf:"insecureHTTP"` // allows a PublicURL that is plain http and not loopback
	TrustedProxies  []netip.Prefix `koanf:"trustedProxies"`
	CORS            CORS           `koanf:"cors"`
	ShutdownTimeout time.Duration  `koanf:"shutdownTimeout"`
	Metrics         bool           `koanf:"metrics"` // serve /metrics to whoever reaches it
}

// CORS says which other origins may call the API from a browser.
type CORS struct {
	AllowedOrigins []string `koanf:"allowedOrigins"` // canonical, as core.ParseOrigin returns them
}

// Store is what must last.
type Store struct {
	URL string `koanf:"url"` // sqlite:PATH
}

// Session is the session and token mechanism; see core/session.
type Session struct {
	session.Lifetimes
	Rotation       session.Rotation `koanf:"rotation"`
	KeyRotation    time.Duration    `koanf:"keyRotation"` // how long a key signs
	Transports     []Transport      `koanf:"transports"`
	CookieSameSite SameSite         `koanf:"cookieSameSite"`
	Audience       string           `koanf:"audience"` // the aud claim; "" is the public URL
	Claims         []string         `koanf:"claims"`   // what an access token tells about the identity
}

// Transport is a way for tokens to travel.
type Transport string

// The transports.
const (
	TransportBearer Transport = "bearer"
	TransportCookie Transport = "cookie"
)

// SameSite is the attribute of the cookies.
type SameSite string

// The values of SameSite, strictest last.
const (
	SameSiteNone   SameSite = "none"
	SameSiteLax    SameSite = "lax"
	SameSiteStrict SameSite = "strict"
)

// Audit says what becomes of the audit trail; see core/guard.
type Audit struct {
	Keep time.Duration `koanf:"keep"` // how long its rows are kept; 0 is forever
}

// Hashing says how much of the machine password hashing may have; see
// core/password.
type Hashing struct {
	Workers int `koanf:"workers"` // passwords hashed at the same time; 0 is one per processor
	Queue   int `koanf:"queue"`   // logins that may wait for a worker
}

// Pages are the hosted pages; see core/httpapi.
type Pages struct {
	Enabled  bool   `koanf:"enabled"`
	Title    string `koanf:"title"`    // empty is the host of PublicURL
	LogoFile string `koanf:"logoFile"` // an image; empty is none
	Accent   string `koanf:"accent"`   // "#rrggbb"
	Logo     []byte `koanf:"-"`        // what LogoFile holds
}

// Log is the daemon's own log.
type Log struct {
	Level  slog.Level `koanf:"level"`
	Format LogFormat  `koanf:"format"`
}

// LogFormat is how log lines are written.
type LogFormat string

// The formats.
const (
	LogText LogFormat = "text"
	LogJSON LogFormat = "json"
)

// Redirects says where, beside the public URL, a redirect may lead.
type Redirects struct {
	AllowedOrigins []string `koanf:"allowedOrigins"` // canonical, as core.ParseOrigin returns them
}

// Default returns what holds where every source is silent. It is the only
// place that knows. PublicURL is nil: it follows from Listen.
func Default() *Config {
	return &Config{
		Server:     Server{Listen: "127.0.0.1:8080", ShutdownTimeout: 15 * time.Second},
		SecretFile: "authd.secret",
		Store:      Store{URL: "sqlite:authd.db"},
		Session: Session{
			Lifetimes:      session.DefaultLifetimes(),
			Rotation:       session.RotateUntilUsed,
			KeyRotation:    720 * time.Hour,
			Transports:     []Transport{TransportBearer, TransportCookie},
			CookieSameSite: SameSiteLax,
			Claims:         []string{"name", "email", "roles"},
		},
		Throttle: authd.DefaultThrottle(),
		Hashing:  Hashing{Queue: 1024},
		Audit:    Audit{Keep: 90 * 24 * time.Hour},
		Pages:    Pages{Enabled: true, Accent: "#4f46e5"},
		Log:      Log{Level: slog.LevelInfo, Format: LogText},
		Methods:  authd.DefaultMethods(),
	}
}

// in moves the files of the defaults into a folder.
func (c *Config) in(dir string) {
	if dir == "" {
		return
	}
	c.SecretFile = filepath.Join(dir, "authd.secret")
	c.Store.URL = "sqlite:" + filepath.Join(dir, "authd.db")
}

// Options returns the part of the configuration that a registry is made of.
// What exists at run time only (stores, clocks, logs) is the caller's to add.
func (c *Config) Options() authd.Options {
	return authd.Options{
		Strategies:      c.Strategies,
		Methods:         c.Methods,
		Messages:        c.Messages,
		RedirectOrigins: c.Redirects.AllowedOrigins,
		PublicURL:       c.Server.PublicURL,
		Throttle:        c.Throttle,
	}
}

// Origin says where the value of a key comes from: "default", a place in a
// file such as "authd.yaml:14:7", the name of a variable, or a flag. ok is
// false if there is no such key.
func (c *Config) Origin(key string) (source string, ok bool) {
	source, ok = c.origins[key]
	return source, ok
}
