package directory

import (
	"crypto/tls"
	"errors"
	"log/slog"
	"net"
	"net/netip"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/authd-go/authd/core"
)

// Options configure a Client. URLs is required; zeros mean the defaults.
type Options struct {
	// URLs are the servers, ldap://host[:port] or ldaps://host[:port], the
	// preferred one first. With ldap+srv:// and ldaps+srv:// DNS names them; see
	// ParseURL.
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

	Resolver *net.Resolver // finds the servers; nil means the system's
	Now      func() time.Time
	Log      *slog.Logger
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
	// SRV is the name of the SRV record (RFC 2782) that lists the servers. Host is
	// then the domain that they must be in, and Port, if it is not empty, takes
	// the place of theirs.
	SRV string
}

// ParseURL reads the URL of a server, or of several that DNS names:
// ldap+srv://example.com is what the record _ldap._tcp.example.com lists,
// ldaps+srv://example.com what _ldaps._tcp.example.com does, and a host that
// begins with an underscore is the record itself. It takes no path, user or query.
func ParseURL(text string) (Address, error) {
	u, err := url.Parse(text)
	if err != nil {
		return Address{}, errors.New("is no URL")
	}
	scheme, byDNS := strings.CutSuffix(u.Scheme, "+srv")
	a := Address{TLS: scheme == "ldaps", Host: u.Hostname(), Port: u.Port()}
	switch {
	case scheme != "ldap" && scheme != "ldaps":
		return Address{}, errors.New("must begin with ldap://, ldaps://, ldap+srv:// or ldaps+srv://")
	case a.Host == "":
		return Address{}, errors.New("names no host")
	case !validHost(a.Host):
		return Address{}, errors.New("names a host that is neither a name nor an IP address")
	case a.Port != "" && !validPort(a.Port):
		return Address{}, errors.New("names a port that is none")
	case u.User != nil:
		return Address{}, errors.New("must hold no user or password; bindDN and bindPassword are for that")
	case u.Path != "" && u.Path != "/", u.RawQuery != "", u.Fragment != "", u.ForceQuery:
		return Address{}, errors.New("must end after the host and port; users.baseDN says where to look")
	}
	if byDNS {
		return a.bySRV()
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

func (a Address) bySRV() (Address, error) {
	a.SRV, a.Host = srvRecord(a.Host, a.TLS)
	if !domainName.MatchString(a.Host) || !recordName.MatchString(a.SRV) || net.ParseIP(a.Host) != nil {
		return Address{}, errors.New("must name a domain, such as example.com or _ldap._tcp.example.com, for which DNS is asked")
	}
	return a, nil
}

var host = regexp.MustCompile(`^[A-Za-z0-9_-]{1,63}(\.[A-Za-z0-9_-]{1,63})*\.?$`)

func validPort(text string) bool {
	n, err := strconv.ParseUint(text, 10, 16)
	return err == nil && n > 0
}

func validHost(text string) bool {
	_, err := netip.ParseAddr(text)
	return err == nil || host.MatchString(text)
}

// Loopback says whether the host is this machine, judged by the text alone.
func (a Address) Loopback() bool {
	ip := net.ParseIP(a.Host)
	return a.SRV == "" && a.Host == "localhost" || (ip != nil && ip.IsLoopback())
}

// String is the address as a URL.
func (a Address) String() string {
	scheme := "ldap"
	if a.TLS {
		scheme = "ldaps"
	}
	u := url.URL{Scheme: scheme, Host: a.dial()}
	switch {
	case a.SRV == "":
	case a.Port == "":
		u.Scheme, u.Host = scheme+"+srv", a.SRV
	default:
		u.Scheme, u.Host = scheme+"+srv", net.JoinHostPort(a.SRV, a.Port)
	}
	return u.String()
}

func (a Address) dial() string { return net.JoinHostPort(a.Host, a.Port) }

// settled says whether the name that servers must prove does not depend on DNS.
func (o *Options) settled(a Address) bool {
	return o.TLS.ServerName != "" && (a.TLS || o.StartTLS)
}
