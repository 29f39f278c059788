package directory

import (
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/url"
	"time"

	"github.com/authd-go/authd/core"
)

// Options configure a Client. URLs is required; zeros mean the defaults.
type Options struct {
	// URLs are the servers, ldap://host[:port] or ldaps://host[:port], the
	// preferred one first.
	URLs []string
	// StartTLS upgrades ldap:// connections before anything else is said on them.
	StartTLS bool
	// TLS is used for ldaps and StartTLS. Without a ServerName each server must
	// prove the name in its URL.
	TLS *tls.Config

	// BindDN and BindPassword are the service's identity. Without a BindDN the
	// service is anonymous.
	BindDN       string
	BindPassword core.Secret

	// Size bounds the connections of one pool to one server: there may be twice
	// as many to each.
	Size        int
	IdleTimeout time.Duration // a connection that nobody used for so long is not used again
	MaxLife     time.Duration // nor is one this old
	// Timeout bounds each attempt to connect and each question on a connection.
	// The caller's context bounds all attempts together.
	Timeout     time.Duration
	MaxResponse int64 // bytes that one question may be answered with

	Now func() time.Time
	Log *slog.Logger
}

// The defaults of Options.
const (
	DefaultSize        = 16
	DefaultIdleTimeout = time.Minute
	DefaultMaxLife     = 30 * time.Minute
	DefaultTimeout     = 3 * time.Second
	DefaultMaxResponse = 16 << 20
)

func (o Options) withDefaults() Options {
	if o.TLS == nil {
		o.TLS = &tls.Config{MinVersion: tls.VersionTLS12}
	}
	if o.Size <= 0 {
		o.Size = DefaultSize
	}
	if o.IdleTimeout <= 0 {
		o.IdleTimeout = DefaultIdleTimeout
	}
	if o.MaxLife <= 0 {
		o.MaxLife = DefaultMaxLife
	}
	if o.Timeout <= 0 {
		o.Timeout = DefaultTimeout
	}
	if o.MaxResponse <= 0 {
		o.MaxResponse = DefaultMaxResponse
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	return o
}

// Address is where a server listens.
type Address struct {
	TLS  bool   // from the first byte (ldaps)
	Host string // a name, or an IP address without brackets
	Port string
}

// ParseURL reads the URL of a server. It takes no path, user or query.
func ParseURL(text string) (Address, error) {
	u, err := url.Parse(text)
	if err != nil {
		return Address{}, errors.New("is no URL")
	}
	a := Address{TLS: u.Scheme == "ldaps", Host: u.Hostname(), Port: u.Port()}
	switch {
	case u.Scheme != "ldap" && u.Scheme != "ldaps":
		return Address{}, errors.New("must begin with ldap:// or ldaps://")
	case a.Host == "":
		return Address{}, errors.New("names no host")
	case u.User != nil:
		return Address{}, errors.New("must hold no user or password; bindDN and bindPassword are for that")
	case u.Path != "" && u.Path != "/", u.RawQuery != "", u.Fragment != "", u.ForceQuery:
		return Address{}, errors.New("must end after the host and port; users.baseDN says where to look")
	}
	switch {
	case a.Port != "":
	case a.TLS:
		a.Port = "636"
	default:
		a.Port = "389"
	}
	return a, nil
}

// Loopback says whether the host is this machine, judged by the text alone.
func (a Address) Loopback() bool {
	ip := net.ParseIP(a.Host)
	return a.Host == "localhost" || (ip != nil && ip.IsLoopback())
}

// String is the address as a URL.
func (a Address) String() string {
	scheme := "ldap"
	if a.TLS {
		scheme = "ldaps"
	}
	return fmt.Sprintf("%s://%s", scheme, a.dial())
}

func (a Address) dial() string { return net.JoinHostPort(a.Host, a.Port) }
