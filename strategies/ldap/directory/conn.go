package directory

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"sync/atomic"
	"time"

	"github.com/go-ldap/ldap/v3"
)

// conn is one connection and its caller's only means to cut it.
type conn struct {
	*ldap.Conn
	raw     *metered
	born    time.Time
	lastUse time.Time
}

// metered bounds what may be read for one question, which go-ldap does not.
type metered struct {
	net.Conn
	left atomic.Int64
}

// ErrTooMuch says that an answer was larger than Options.MaxResponse. It breaks
// the connection, and is not held against the server: what was asked for may
// be too large everywhere.
var ErrTooMuch = errors.New("the answer is larger than allowed")

// Read implements net.Conn.
func (m *metered) Read(b []byte) (int, error) {
	n, err := m.Conn.Read(b)
	if m.left.Add(-int64(n)) < 0 {
		return 0, ErrTooMuch
	}
	return n, err
}

// dial connects and secures the connection. It is not bound.
func (o *Options) dial(ctx context.Context, a Address) (*conn, error) {
	ctx, cancel := context.WithTimeout(ctx, o.Timeout)
	defer cancel()
	d := net.Dialer{Resolver: o.Resolver}
	network, err := d.DialContext(ctx, "tcp", a.dial())
	if err != nil {
		return nil, fmt.Errorf("connect: %w", err)
	}
	raw := &metered{Conn: network}
	raw.left.Store(o.MaxResponse)
	c := &conn{raw: raw, born: o.Now()}
	if c.Conn, err = o.secure(ctx, a, raw); err != nil {
		_ = raw.Close()
		return nil, err
	}
	return c, nil
}

// secure wraps the connection as the address and the options ask.
func (o *Options) secure(ctx context.Context, a Address, raw *metered) (*ldap.Conn, error) {
	switch {
	case a.TLS:
		secured := tls.Client(raw, o.tlsFor(a))
		if err := secured.HandshakeContext(ctx); err != nil {
			return nil, fmt.Errorf("TLS handshake: %w", err)
		}
		l := ldap.NewConn(secured, true)
		l.Start()
		return l, nil
	case o.StartTLS:
		return o.upgrade(ctx, a, raw)
	}
	l := ldap.NewConn(raw, false)
	l.Start()
	return l, nil
}

// upgrade asks for TLS (RFC 4511, section 4.14). A server that refuses is not
// spoken to any further.
func (o *Options) upgrade(ctx context.Context, a Address, raw *metered) (*ldap.Conn, error) {
	l := ldap.NewConn(raw, false)
	l.Start()
	c := &conn{Conn: l, raw: raw}
	err := c.within(ctx, o, func(l *ldap.Conn) error { return l.StartTLS(o.tlsFor(a)) })
	if err != nil {
		_ = l.Close()
		return nil, fmt.Errorf("StartTLS: %w", err)
	}
	return l, nil
}

func (o *Options) tlsFor(a Address) *tls.Config {
	if o.TLS.ServerName != "" {
		return o.TLS
	}
	c := o.TLS.Clone()
	c.ServerName = a.Host
	return c
}

// within runs one question on the connection. When ctx or the time limit of an
// attempt ends, the connection is cut and useless.
func (c *conn) within(ctx context.Context, o *Options, question func(*ldap.Conn) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, o.Timeout)
	defer cancel()
	c.raw.left.Store(o.MaxResponse)
	stop := context.AfterFunc(ctx, func() { _ = c.raw.Close() })
	err := question(c.Conn)
	if !stop() && !errors.Is(err, errUnsure) {
		return fmt.Errorf("cut off: %w", context.Cause(ctx))
	}
	if err != nil && c.raw.left.Load() < 0 {
		return fmt.Errorf("%w: %w", ErrTooMuch, err)
	}
	return err
}

// close cuts the connection without waiting for the server.
func (c *conn) close() {
	_ = c.raw.Close()
	_ = c.Close()
}

// fit says whether the connection may be used again.
func (c *conn) fit(o *Options, now time.Time) bool {
	return !c.IsClosing() && now.Sub(c.born) < o.MaxLife && now.Sub(c.lastUse) < o.IdleTimeout
}
