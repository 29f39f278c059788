// Package outbound makes the HTTP clients with which strategies call other
// sites. What such a site answers, and where its documents point, is not to be
// trusted: a client bounds what it reads and how long it waits, follows no
// redirect to another host and reaches no address inside the operator's
// network unless it was told to.
package outbound

import (
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"time"
)

// The refusals. Errors of a client wrap them.
var (
	ErrAddress  = errors.New("the address is inside a network that may not be called")
	ErrInsecure = errors.New("the call would not be encrypted; only https is allowed")
	ErrRedirect = errors.New("the site redirects, which is not followed")
	ErrTooLarge = errors.New("the answer is larger than any that is expected")
)

// The bounds of a client whose Options are silent.
const (
	DefaultTimeout = 10 * time.Second
	DefaultMaxBody = 512 << 10
)

// MaxHeader bounds the header of an answer, in bytes.
const MaxHeader = 64 << 10

// Options say what a client may do.
type Options struct {
	// Base is the client to start from, for its transport and its time-out. Nil,
	// and a transport that is no *http.Transport, such as a test's, are allowed;
	// what addresses the latter reaches is its own affair.
	Base *http.Client
	// Private allows addresses of private networks and of this machine.
	Private bool
	// Loopback allows this machine, also without TLS. It is for development.
	Loopback bool
	MaxBody  int64 // of one answer, in bytes; 0 is DefaultMaxBody
}

// connections is how many may lie unused for one host: as many as there may be
// logins at a time on a busy day.
const connections = 32

// New returns a client with a pool of connections of its own. Its time-out
// covers the reading of the answer too. It keeps no cookies.
func New(o Options) *http.Client {
	if o.MaxBody == 0 {
		o.MaxBody = DefaultMaxBody
	}
	out := &http.Client{Timeout: DefaultTimeout, CheckRedirect: sameSite}
	var base http.RoundTripper
	if o.Base != nil {
		base = o.Base.Transport
		if o.Base.Timeout > 0 {
			out.Timeout = o.Base.Timeout
		}
	}
	out.Transport = &transport{next: o.guarded(base), options: o}
	return out
}

// guarded is base with a dialer that looks at addresses.
func (o Options) guarded(base http.RoundTripper) http.RoundTripper {
	if base == nil {
		base = http.DefaultTransport
	}
	known, ok := base.(*http.Transport)
	if !ok {
		return base
	}
	out := known.Clone()
	dialer := &net.Dialer{Timeout: 5 * time.Second, ControlContext: o.control}
	out.DialContext, out.DialTLSContext = dialer.DialContext, nil
	out.MaxResponseHeaderBytes = MaxHeader
	out.MaxIdleConnsPerHost = connections
	return out
}

// transport looks at each request, those that follow redirects included.
type transport struct {
	next    http.RoundTripper
	options Options
}

// RoundTrip implements http.RoundTripper.
func (t *transport) RoundTrip(r *http.Request) (*http.Response, error) {
	if err := t.options.Judge(r.URL); err != nil {
		if r.Body != nil {
			_ = r.Body.Close()
		}
		return nil, err
	}
	answer, err := t.next.RoundTrip(r)
	if err != nil {
		return nil, err
	}
	answer.Body = &bounded{body: answer.Body, left: t.options.MaxBody}
	return answer, nil
}

// CloseIdleConnections lets http.Client.CloseIdleConnections through.
func (t *transport) CloseIdleConnections() {
	if c, ok := t.next.(interface{ CloseIdleConnections() }); ok {
		c.CloseIdleConnections()
	}
}

// Judge says whether a URL may be called at all: https, or http to this machine
// where Loopback allows it. Where its name leads is looked at when it is dialled.
func (o Options) Judge(u *url.URL) error {
	switch {
	case u.Hostname() == "":
		return fmt.Errorf("%w: the URL has no host", ErrInsecure)
	case u.Scheme == "https", u.Scheme == "http" && o.Loopback && IsLoopback(u.Hostname()):
		return nil
	}
	return ErrInsecure
}

// IsLoopback says whether a host, without a port, is this machine by its name.
func IsLoopback(host string) bool {
	if strings.EqualFold(host, "localhost") {
		return true
	}
	addr, err := netip.ParseAddr(host)
	return err == nil && addr.Unmap().IsLoopback()
}

// maxRedirects is how often a site may send a reader on within itself.
const maxRedirects = 3

// sameSite lets a site move its documents about, and nothing else: what is
// posted, such as a code or a secret, goes nowhere but where it was meant to.
func sameSite(next *http.Request, earlier []*http.Request) error {
	first := earlier[0]
	if first.Method != http.MethodGet || len(earlier) > maxRedirects ||
		next.URL.Scheme != first.URL.Scheme || next.URL.Host != first.URL.Host {
		return ErrRedirect
	}
	return nil
}

// bounded is a body that ends in ErrTooLarge where it would become too large.
type bounded struct {
	body io.ReadCloser
	left int64
}

// Read implements io.Reader.
func (b *bounded) Read(p []byte) (int, error) {
	if b.left < 0 {
		return 0, ErrTooLarge
	}
	if int64(len(p)) > b.left+1 {
		p = p[:b.left+1] // one more, to see whether there is more
	}
	n, err := b.body.Read(p)
	b.left -= int64(n)
	if b.left < 0 {
		return n - 1, ErrTooLarge
	}
	return n, err
}

// Close implements io.Closer.
func (b *bounded) Close() error { return b.body.Close() }
