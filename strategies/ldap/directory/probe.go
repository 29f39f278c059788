package directory

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"strings"
	"time"

	"github.com/go-ldap/ldap/v3"

	"github.com/authd-go/authd/core"
)

// Bound is a connection that Probe has made, bound as the service.
type Bound struct {
	Server string // its URL
	conn   *conn
	opts   *Options
}

// Ask runs a question on the connection, within the time limit of an attempt.
func (b *Bound) Ask(ctx context.Context, question func(*ldap.Conn) error) error {
	return b.conn.within(ctx, b.opts, question)
}

// Probe walks the way to each server as logins do, on connections of its own
// and whatever rests, and reports each step. For each server that lets the
// service in it calls then, which may do with the connection what it likes.
func (c *Client) Probe(ctx context.Context, report func(core.Finding), then func(context.Context, *Bound)) {
	for _, s := range c.sources {
		for _, a := range c.named(ctx, s.Address, report) {
			if ctx.Err() != nil {
				return
			}
			p := &probe{opts: &c.opts, address: a, report: report}
			if b := p.run(ctx); b != nil {
				then(ctx, b)
				b.conn.close()
			}
		}
	}
}

// named asks DNS which servers there are, where the configuration leaves that to it.
func (c *Client) named(ctx context.Context, a Address, report func(core.Finding)) []Address {
	if a.SRV == "" {
		return []Address{a}
	}
	ctx, cancel := context.WithTimeout(ctx, c.opts.Timeout)
	defer cancel()
	began := time.Now()
	found, err := Lookup(ctx, c.opts.Resolver, a, c.opts.settled(a))
	step := core.Finding{Name: "SRV records", Target: a.String(), Took: time.Since(began), Mark: core.MarkOK}
	if err != nil {
		step.Mark, step.Detail = core.MarkFailed, err.Error()
		step.Advice = "ask your resolver: dig +short SRV " + a.SRV + "; or name the servers themselves in urls"
	} else {
		var names []string
		for _, f := range found {
			names = append(names, f.String())
		}
		step.Detail = strings.Join(names, ", ")
	}
	report(step)
	return found
}

// probe is the way to one server.
type probe struct {
	opts    *Options
	address Address
	report  func(core.Finding)
}

// step times what try does and reports it.
func (p *probe) step(name string, try func() (detail string, warn string, err error), advise func(error) string) bool {
	began := time.Now()
	detail, warn, err := try()
	s := core.Finding{Name: name, Target: p.address.String(), Took: time.Since(began), Mark: core.MarkOK, Detail: detail}
	switch {
	case err != nil:
		s.Mark, s.Detail, s.Advice = core.MarkFailed, Plain(err), advise(err)
		if detail != "" {
			s.Detail += "; " + detail
		}
	case warn != "":
		s.Mark, s.Advice = core.MarkWarning, warn
	}
	p.report(s)
	return err == nil
}

// run returns nil if the service is not let in.
func (p *probe) run(ctx context.Context) *Bound {
	c := p.connect(ctx)
	if c == nil {
		return nil
	}
	if !p.bind(ctx, c) {
		c.close()
		return nil
	}
	return &Bound{Server: p.address.String(), conn: c, opts: p.opts}
}

func (p *probe) connect(ctx context.Context) *conn {
	ctx, cancel := context.WithTimeout(ctx, 2*p.opts.Timeout)
	defer cancel()
	if net.ParseIP(p.address.Host) == nil && !p.resolve(ctx) {
		return nil
	}
	var raw net.Conn
	if !p.step("connect", func() (detail, warn string, err error) {
		d := net.Dialer{Resolver: p.opts.Resolver, Timeout: p.opts.Timeout}
		if raw, err = d.DialContext(ctx, "tcp", p.address.dial()); err == nil {
			detail = raw.RemoteAddr().String()
		}
		return detail, "", err
	}, p.adviseConnect) {
		return nil
	}
	c := &conn{raw: &metered{Conn: raw}, born: p.opts.Now()}
	c.raw.left.Store(p.opts.MaxResponse)
	if !p.secure(ctx, c) {
		_ = raw.Close()
		return nil
	}
	return c
}

func (p *probe) resolve(ctx context.Context) bool {
	return p.step("resolve", func() (string, string, error) {
		r := p.opts.Resolver
		if r == nil {
			r = net.DefaultResolver
		}
		ctx, cancel := context.WithTimeout(ctx, p.opts.Timeout)
		defer cancel()
		found, err := r.LookupHost(ctx, p.address.Host)
		return strings.Join(found, ", "), "", err
	}, func(error) string {
		return "check the host name in urls, and that this machine's resolver knows it: getent hosts " + p.address.Host
	})
}

func (p *probe) adviseConnect(err error) string {
	if core.CodeOf(err) == core.Unavailable || isTimeout(err) {
		return "nothing answers: is the server up, and does a firewall drop the way to port " + p.address.Port + "? attemptTimeout is how long authd waits"
	}
	return "nothing listens there: is the server up, and is the port in urls right? ldaps:// is usually 636, ldap:// 389"
}

func isTimeout(err error) bool {
	var slow net.Error
	return errors.As(err, &slow) && slow.Timeout()
}

// secure does TLS as the configuration wants it.
func (p *probe) secure(ctx context.Context, c *conn) bool {
	switch {
	case p.address.TLS:
		return p.handshake("TLS", func(config *tls.Config) error {
			ctx, cancel := context.WithTimeout(ctx, p.opts.Timeout)
			defer cancel()
			secured := tls.Client(c.raw, config)
			if err := secured.HandshakeContext(ctx); err != nil {
				return err
			}
			c.Conn = ldap.NewConn(secured, true)
			c.Start()
			return nil
		})
	case p.opts.StartTLS:
		c.Conn = ldap.NewConn(c.raw, false)
		c.Start()
		return p.handshake("StartTLS", func(config *tls.Config) error {
			return c.within(ctx, p.opts, func(l *ldap.Conn) error { return l.StartTLS(config) })
		})
	}
	c.Conn = ldap.NewConn(c.raw, false)
	c.Start()
	warn := ""
	if !p.address.Loopback() {
		warn = "passwords cross the network unencrypted: write ldaps:// in urls or set startTLS: true, and take insecurePlaintext away"
	}
	return p.step("encryption", func() (string, string, error) { return "none", warn, nil }, nil)
}

func (p *probe) bind(ctx context.Context, c *conn) bool {
	who := p.opts.BindDN
	if who == "" {
		return p.step("bind", func() (string, string, error) { return "none is configured; lookups are anonymous", "", nil }, nil)
	}
	return p.step("bind", func() (string, string, error) {
		err := c.within(ctx, p.opts, func(l *ldap.Conn) error { return l.Bind(who, p.opts.BindPassword.Reveal()) })
		return "as " + who, "", err
	}, adviseBind)
}

func adviseBind(err error) string {
	var answer *ldap.Error
	if errors.As(err, &answer) {
		switch answer.ResultCode {
		case ldap.LDAPResultInvalidCredentials:
			return "bindDN does not exist there, or bindPassword (bindPasswordFile) is not its password; try: ldapwhoami -x -W -D <bindDN> -H <server>"
		case ldap.LDAPResultConfidentialityRequired, ldap.LDAPResultStrongAuthRequired:
			return "the server takes no password without TLS: write ldaps:// in urls, or set startTLS: true"
		case ldap.LDAPResultInvalidDNSyntax:
			return "bindDN is no name that the server knows how to read; write the account's whole DN"
		}
	}
	return "the server's own log says why it refused; bindDN and bindPassword are what it was shown"
}

// Plain is an error as an operator reads it: of what go-ldap writes, the name
// of the result and what the server said.
func Plain(err error) string {
	var answer *ldap.Error
	if !errors.As(err, &answer) {
		return err.Error()
	}
	name := ldap.LDAPResultCodeMap[answer.ResultCode]
	said := ""
	if answer.Err != nil {
		said = strings.TrimRight(strings.TrimSpace(answer.Err.Error()), "\x00")
	}
	switch {
	case answer.ResultCode >= ldap.ErrorNetwork && said != "":
		return said
	case said == "":
		return name
	}
	return name + ": " + said
}
