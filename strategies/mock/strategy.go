package mock

import (
	"context"
	"errors"
	"time"

	"github.com/authd-go/authd/core"
	"github.com/authd-go/authd/core/identifier"
	"github.com/authd-go/authd/core/password"
)

// maxPassword is the greatest length of a new password, in bytes.
const maxPassword = 256

var errScripted = errors.New("scripted in the configuration")

// strategy answers the house's questions from a book.
type strategy struct {
	name    string
	latency time.Duration
	script  map[string]core.Code // by canonical identifier
	book    *book
}

func newStrategy(c *Config, env core.Env) (*strategy, error) {
	s := &strategy{name: env.Name, latency: c.Latency, script: map[string]core.Code{}, book: newBook()}
	for typed, code := range c.Outcomes {
		canonical, err := identifier.Canonical(typed)
		if err != nil {
			return nil, core.Problem{Path: "outcomes." + typed, Message: err.Error()}
		}
		s.script[canonical] = core.Code(code)
	}
	users := c.Users
	if len(users) == 0 {
		users = DefaultUsers()
	}
	for _, u := range users {
		a, _, err := u.account()
		if err == nil {
			err = s.book.add(a)
		}
		if err != nil {
			return nil, core.Problem{Path: "users", Message: err.Error()}
		}
	}
	return s, nil
}

// Authenticate plays the scripted outcome of the identifier, if there is one,
// and else compares the password. Unknown users and wrong passwords do the
// same work.
func (s *strategy) Authenticate(ctx context.Context, c core.Credentials) (core.Identity, error) {
	const op = "authenticate"
	if err := s.wait(ctx, op); err != nil {
		return core.Identity{}, err
	}
	if err := s.scripted(op, c.Identifier); err != nil {
		return core.Identity{}, err
	}
	a, known := s.book.find(c.Identifier)
	right := a.matches(c.Password)
	switch {
	case !known:
		return core.Identity{}, core.Fail(core.UnknownUser, op, nil)
	case !right:
		return core.Identity{}, &core.Error{Code: core.InvalidCredentials, Op: op, Subject: a.subject}
	}
	return a.identity(s.name), nil
}

// scripted returns the error that the first scripted one of the names gets.
// What only an owner may see is marked as proved: a front end's developer
// wants to see the page for it, whatever password was typed.
func (s *strategy) scripted(op string, names ...string) error {
	for _, name := range names {
		code, ok := s.script[name]
		if !ok {
			continue
		}
		e := core.Fail(code, op, errScripted)
		switch code {
		case core.Locked, core.Disabled, core.PasswordExpired:
			e.Proved = true
		case core.ActionRequired:
			e.Action = "second_factor"
		case core.Throttled:
			e.RetryAfter = time.Minute
		}
		return e
	}
	return nil
}

// Register makes an account that lasts as long as the process. Any password
// but the empty one will do, up to 256 bytes.
func (s *strategy) Register(ctx context.Context, r core.Registration) (core.Identity, error) {
	const op = "register"
	if err := s.wait(ctx, op); err != nil {
		return core.Identity{}, err
	}
	if err := checkPassword(r.Password); err != nil {
		return core.Identity{}, err
	}
	if r.Email == "" && r.Username == "" {
		return core.Identity{}, core.InvalidField("email", "must not be empty")
	}
	a := account{email: r.Email, username: r.Username, name: r.Name, password: r.Password}
	a.subject = derive(a.names()[0])
	if err := s.book.add(a); err != nil {
		return core.Identity{}, core.Fail(core.CodeOf(err), op, nil)
	}
	return a.identity(s.name), nil
}

func checkPassword(pw core.Secret) error {
	switch {
	case pw.Empty():
		return core.InvalidField("password", "must not be empty")
	case len(pw.Reveal()) > maxPassword:
		return core.InvalidField("password", "must not be longer than 256 bytes")
	}
	return nil
}

// FindAccount returns the account an identifier names.
func (s *strategy) FindAccount(ctx context.Context, canonical string) (core.Identity, error) {
	const op = "find an account"
	if err := s.wait(ctx, op); err != nil {
		return core.Identity{}, err
	}
	a, known := s.book.find(canonical)
	if !known {
		return core.Identity{}, core.Fail(core.UnknownUser, op, nil)
	}
	return a.identity(s.name), nil
}

// ResetPassword sets a password.
func (s *strategy) ResetPassword(ctx context.Context, subject string, newPassword core.Secret) error {
	anything := func(core.Secret) error { return nil }
	return s.setPassword(ctx, "reset a password", subject, newPassword, anything)
}

// ChangePassword sets a password if the old one is right and another one.
func (s *strategy) ChangePassword(ctx context.Context, c core.PasswordChange) error {
	return s.setPassword(ctx, "change a password", c.Subject, c.New, func(present core.Secret) error {
		switch {
		case !(account{password: present}).matches(c.Old):
			return core.InvalidCredentials
		case password.Same(c.Old, c.New):
			return core.InvalidField("password", "must differ from the old one")
		}
		return nil
	})
}

func (s *strategy) setPassword(ctx context.Context, op, subject string, pw core.Secret, may func(core.Secret) error) error {
	if err := s.wait(ctx, op); err != nil {
		return err
	}
	if err := checkPassword(pw); err != nil {
		return err
	}
	err := s.book.setPassword(subject, pw, may)
	if errors.Is(err, core.UnknownUser) || errors.Is(err, core.InvalidCredentials) {
		return core.Fail(core.CodeOf(err), op, nil)
	}
	return err
}

// Revalidate plays the scripted outcome of the account's email or username, if
// there is one, and else returns the account.
func (s *strategy) Revalidate(ctx context.Context, subject string) (core.Identity, error) {
	const op = "revalidate"
	a, err := s.account(ctx, op, subject)
	if err != nil {
		return core.Identity{}, err
	}
	if err := s.scripted(op, a.names()...); err != nil {
		return core.Identity{}, err
	}
	return a.identity(s.name), nil
}

// Permissions returns the role names.
func (s *strategy) Permissions(ctx context.Context, id core.Identity, _ core.Params) (any, error) {
	now, err := s.own(ctx, "tell permissions", id)
	if err != nil {
		return nil, err
	}
	return append([]string{}, now.Roles...), nil
}

// Identity returns the account as it is now.
func (s *strategy) Identity(ctx context.Context, id core.Identity) (core.Identity, error) {
	return s.own(ctx, "tell an identity", id)
}

// own looks an identity up again. Another strategy's is unknown here.
func (s *strategy) own(ctx context.Context, op string, id core.Identity) (core.Identity, error) {
	if id.Strategy != s.name {
		return core.Identity{}, core.Fail(core.UnknownUser, op, nil)
	}
	a, err := s.account(ctx, op, id.Subject)
	if err != nil {
		return core.Identity{}, err
	}
	return a.identity(s.name), nil
}

func (s *strategy) account(ctx context.Context, op, subject string) (account, error) {
	if err := s.wait(ctx, op); err != nil {
		return account{}, err
	}
	a, known := s.book.get(subject)
	if !known {
		return account{}, core.Fail(core.UnknownUser, op, nil)
	}
	return a, nil
}

// wait lets the latency pass. A context that ends meanwhile is Unavailable.
func (s *strategy) wait(ctx context.Context, op string) error {
	if s.latency > 0 {
		timer := time.NewTimer(s.latency)
		defer timer.Stop()
		select {
		case <-timer.C:
		case <-ctx.Done():
		}
	}
	if err := ctx.Err(); err != nil {
		return core.Fail(core.Unavailable, op, err)
	}
	return nil
}
