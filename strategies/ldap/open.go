package ldap

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"log/slog"
	"os"
	"time"

	"github.com/authd-go/authd/core"
	"github.com/authd-go/authd/strategies/ldap/directory"
)

// accounts is what is known of the directory's people.
type accounts struct {
	client *directory.Client
	users  Users
	groups Groups
	rules  []stateRule
	codes  map[uint16]refusal
	policy bool
	photos *photos
	// marksResets is whether the directory may ask for one more password after a
	// reset.
	marksResets bool
	// expiredToo says that a password that has expired can be changed here as one
	// that must be.
	expiredToo bool
	roles      []string // the operator's names for roles; see core.Env.RoleKeys
	bindDN     string   // the service's; empty if it is anonymous
	name       string
	now        func() time.Time
	log        *slog.Logger
}

// Open builds the strategy. It reads the files of c.TLS and connects to nothing.
func (c *Config) Open(_ context.Context, env core.Env) (core.Strategy, error) {
	if err := c.Validate(); err != nil {
		return core.Strategy{}, err
	}
	security, err := c.TLS.load()
	if err != nil {
		return core.Strategy{}, err
	}
	client, err := directory.New(directory.Options{
		URLs: c.URLs, StartTLS: c.StartTLS, TLS: security, BindDN: c.BindDN, BindPassword: c.BindPassword,
		Size: c.Pool.Size, IdleTimeout: c.Pool.IdleTimeout, MaxLife: c.Pool.MaxLife,
		Timeout: c.AttemptTimeout, Now: env.Now, Log: env.Log,
	})
	if err != nil {
		return core.Strategy{}, err
	}
	full := c.complete()
	return newStrategy(full.accounts(client, env), full.Passwords), nil
}

// accounts is of a complete configuration.
func (c *Config) accounts(client *directory.Client, env core.Env) *accounts {
	kind := presets()[c.Directory]
	a := &accounts{
		client: client, users: c.Users, groups: c.Groups,
		photos: newPhotos(), rules: kind.state, codes: kind.codes, policy: kind.policy, marksResets: kind.marksResets, roles: env.RoleKeys,
		bindDN: c.BindDN, name: env.Name, now: env.Now, log: env.Log,
	}
	if d := a.users.Disabled; d.Attribute != "" {
		a.rules = append(a.rules, stateRule{d.Attribute, oneOf(d.Values), core.Disabled})
	}
	return a
}

// load reads the files. The system's authorities are believed unless CAFile
// names others.
func (t TLS) load() (*tls.Config, error) {
	out := &tls.Config{ServerName: t.ServerName, MinVersion: tls.VersionTLS12}
	if t.MinVersion == "1.3" {
		out.MinVersion = tls.VersionTLS13
	}
	if t.CAFile != "" {
		pem, err := os.ReadFile(t.CAFile)
		if err != nil {
			return nil, core.Problem{Path: "tls.caFile", Message: "cannot be read: " + cause(err)}
		}
		out.RootCAs = x509.NewCertPool()
		if !out.RootCAs.AppendCertsFromPEM(pem) {
			return nil, core.Problem{Path: "tls.caFile", Message: "holds no certificate in PEM form"}
		}
	}
	if t.CertFile != "" {
		pair, err := tls.LoadX509KeyPair(t.CertFile, t.KeyFile)
		if err != nil {
			return nil, core.Problem{Path: "tls.certFile", Message: "cannot be used with keyFile: " + cause(err)}
		}
		out.Certificates = []tls.Certificate{pair}
	}
	return out, nil
}

// cause drops the path, which the report shows already.
func cause(err error) string {
	var path *os.PathError
	if errors.As(err, &path) {
		return path.Err.Error()
	}
	return err.Error()
}
