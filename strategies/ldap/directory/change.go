package directory

import (
	"context"
	"errors"
	"fmt"

	"github.com/go-ldap/ldap/v3"

	"github.com/authd-go/authd/core"
)

// errUnsure ends a question: a change was sent, and nobody knows what came of it.
var errUnsure = errors.New("the change was sent, and no answer came")

// Change is a modification: it is sent once, to one server. Err is what became
// of it: nil, the server's refusal, or Unavailable if nobody knows whether it
// was made.
type Change struct {
	Sent bool // whether it was sent at all, so that Err says something
	Err  error

	answered bool
}

// ChangeAsService asks the servers in turn for a change as the service until
// one was sent it. The error is Unavailable if none was.
func (c *Client) ChangeAsService(ctx context.Context, do func(*ldap.Conn) error) (Change, error) {
	var change Change
	err := c.AsService(ctx, change.send(do))
	return change.end(err)
}

// ChangeAsUser is ChangeAsService on a connection that has just been bound as a
// user. The error, with its result, is then what AsUser returns of the bind.
func (c *Client) ChangeAsUser(
	ctx context.Context, dn string, password core.Secret, do func(*ldap.Conn) error, controls ...ldap.Control,
) (Change, *ldap.SimpleBindResult, error) {
	var change Change
	result, err := c.AsUser(ctx, dn, password, change.send(do), controls...)
	change, err = change.end(err)
	return change, result, err
}

func (ch *Change) send(do func(*ldap.Conn) error) func(*ldap.Conn) error {
	return func(l *ldap.Conn) error {
		if ch.answered {
			return nil // the connection was cut after the answer
		}
		ch.Sent = true
		ch.Err = do(l)
		if broken(ch.Err) {
			return fmt.Errorf("%w: %w", errUnsure, ch.Err)
		}
		ch.answered = true // a refusal, too, is no reason to ask another server
		return nil
	}
}

func (ch *Change) end(err error) (Change, error) {
	switch {
	case ch.answered:
		err = nil
	case ch.Sent:
		ch.Err, err = core.Fail(core.Unavailable, "change the directory", err), nil
	}
	return *ch, err
}
