package directory

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/go-ldap/ldap/v3"

	"github.com/authd-go/authd/core"
)

// Client asks a directory. It is safe for concurrent use. Its methods return
// go-ldap's *ldap.Error for what a server answered, and Unavailable if none
// did, by whatever fault; an Unavailable wraps why each server failed.
type Client struct {
	opts    Options
	sources []*source
}

// New returns a client. It connects to nothing yet.
func New(o Options) (*Client, error) {
	if len(o.URLs) == 0 {
		return nil, errors.New("directory: no server is named")
	}
	c := &Client{opts: o.withDefaults()}
	for _, text := range o.URLs {
		a, err := ParseURL(text)
		if err != nil {
			return nil, fmt.Errorf("directory: %q %w", text, err)
		}
		c.sources = append(c.sources, newSource(&c.opts, a))
	}
	return c, nil
}

// Search asks as the service. Beside an error there may be the part of the
// answer that came before it, such as for the result code 4 (size limit).
func (c *Client) Search(ctx context.Context, r *ldap.SearchRequest) (result *ldap.SearchResult, err error) {
	err = c.AsService(ctx, func(l *ldap.Conn) error {
		result, err = l.Search(r)
		return err
	})
	return result, err
}

// AsService runs a question on a connection that is bound as the service. The
// question may be asked again, at another server or on a fresh connection, if
// the first attempt broke off. It must not bind.
func (c *Client) AsService(ctx context.Context, question func(*ldap.Conn) error) error {
	return c.ask(ctx, func(s *server) *pool { return s.searches }, question)
}

// Bind proves a password. It refuses an empty one without asking anybody: many
// servers take it for an anonymous bind and say yes (RFC 4513, section 5.1.2).
// What was asked for with the controls is in the result, beside an error too.
func (c *Client) Bind(ctx context.Context, dn string, password core.Secret, controls ...ldap.Control) (*ldap.SimpleBindResult, error) {
	return c.AsUser(ctx, dn, password, nil, controls...)
}

// AsUser binds as a user and runs a question as that user, on a connection that
// is not used for anything else meanwhile and that the next user binds on
// anew. The question may be nil. An attempt that broke off is repeated
// elsewhere, so that a password may be tried twice.
func (c *Client) AsUser(ctx context.Context, dn string, password core.Secret, question func(*ldap.Conn) error, controls ...ldap.Control) (result *ldap.SimpleBindResult, err error) {
	if password.Empty() {
		return nil, ldap.NewError(ldap.ErrorEmptyPassword, errors.New("an empty password proves nothing"))
	}
	if dn == "" {
		return nil, ldap.NewError(ldap.LDAPResultInvalidDNSyntax, errors.New("a bind without a name proves nothing"))
	}
	err = c.ask(ctx, func(s *server) *pool { return s.binds }, func(l *ldap.Conn) error {
		result, err = l.SimpleBind(ldap.NewSimpleBindRequest(dn, password.Reveal(), controls))
		if err != nil || question == nil {
			return err
		}
		return question(l)
	})
	return result, err
}

// ask goes through the servers until one answers. If all rest, or began to while
// the caller waited, one of them is asked all the same.
func (c *Client) ask(ctx context.Context, which func(*server) *pool, question func(*ldap.Conn) error) error {
	ready, resting, failures := c.order(ctx)
	try := func(s *server, t turn) (done bool, _ error) {
		err := s.ask(ctx, which(s), t, question)
		if !Outage(err) {
			s.succeeded()
			return true, err
		}
		if errors.Is(err, errResting) {
			resting = append(resting, s)
			return false, nil
		}
		failures = errors.Join(failures, fmt.Errorf("%s: %w", s, err))
		done = ctx.Err() != nil // the caller's time is up, which says little about the server
		if !done && !errors.Is(err, ErrTooMuch) {
			s.failed(err)
		}
		return done || errors.Is(err, errUnsure), unavailable(failures)
	}
	for i, s := range ready {
		if done, err := try(s, turn{last: i == len(ready)-1 && len(resting) == 0}); done {
			return err
		}
	}
	if len(resting) > 0 {
		if done, err := try(resting[0], turn{last: true, insist: true}); done {
			return err
		}
	}
	return unavailable(failures)
}

func unavailable(failures error) error {
	return core.Fail(core.Unavailable, "ask the directory", failures)
}

// order returns the servers that are not resting, in the order of the
// configuration, and the one of the others that has rested most. That one is
// asked if all else failed: an outage must end with the first answer, not with
// a back-off. The error is about servers that could not be found.
func (c *Client) order(ctx context.Context) (ready, last []*server, unfound error) {
	now := c.opts.Now()
	var soonest time.Time
	for _, source := range c.sources {
		servers, err := source.list(ctx)
		if err != nil {
			unfound = errors.Join(unfound, err)
		}
		for _, s := range servers {
			until, resting := s.resting(now)
			switch {
			case !resting:
				ready = append(ready, s)
			case last == nil || until.Before(soonest):
				last, soonest = []*server{s}, until
			}
		}
	}
	return ready, last, unfound
}

// Ready asks a server for its root entry, as the service.
func (c *Client) Ready(ctx context.Context) error {
	_, err := c.Search(ctx, ldap.NewSearchRequest("", ldap.ScopeBaseObject, ldap.NeverDerefAliases, 1, 0, false,
		"(objectClass=*)", []string{"supportedLDAPVersion"}, nil))
	return err
}

// Close closes the idle connections, and those in use when they come back. It
// may be called twice.
func (c *Client) Close() error {
	for _, s := range c.sources {
		s.close()
	}
	return nil
}
