package htpasswd

import (
	"context"

	"github.com/authd-go/authd/core"
	"github.com/authd-go/authd/core/identifier"
)

// strategy answers the house's questions from the file. It has no state
// beside, so it may be asked from many goroutines at once.
type strategy struct {
	name      string
	path      string
	passwords *comparer
}

// Authenticate compares a password. An unknown name and a wrong password cost
// the same, so that the time does not tell who has an account.
func (s *strategy) Authenticate(ctx context.Context, c core.Credentials) (core.Identity, error) {
	const op = "authenticate"
	users, err := s.read(ctx, op)
	if err != nil {
		return core.Identity{}, err
	}
	hash, known := users.hashes[c.Identifier]
	right, err := s.passwords.compare(ctx, hash, users.cost, c.Password.Reveal())
	switch {
	case err != nil:
		return core.Identity{}, core.Fail(core.Unavailable, op, err)
	case !known:
		return core.Identity{}, core.Fail(core.UnknownUser, op, nil)
	case !right:
		return core.Identity{}, core.Fail(core.InvalidCredentials, op, nil)
	}
	return s.identity(c.Identifier), nil
}

// Revalidate says whether the name is still in the file.
func (s *strategy) Revalidate(ctx context.Context, subject string) (core.Identity, error) {
	const op = "revalidate"
	users, err := s.read(ctx, op)
	if err != nil {
		return core.Identity{}, err
	}
	if _, known := users.hashes[subject]; !known {
		return core.Identity{}, core.Fail(core.UnknownUser, op, nil)
	}
	return s.identity(subject), nil
}

// Identity returns the account as it is now. Another strategy's is unknown
// here, even under the same name.
func (s *strategy) Identity(ctx context.Context, id core.Identity) (core.Identity, error) {
	if id.Strategy != s.name {
		return core.Identity{}, core.Fail(core.UnknownUser, "tell an identity", nil)
	}
	return s.Revalidate(ctx, id.Subject)
}

// identity is all that the file knows. The name is the subject: in this kind
// of file it is what makes an account.
func (s *strategy) identity(name string) core.Identity {
	id := core.Identity{AccountID: core.AccountID{Strategy: s.name, Subject: name}}
	if identifier.IsEmail(name) {
		id.Email = name
	} else {
		id.Username = name
	}
	return id
}

func (s *strategy) ready(ctx context.Context) error {
	_, err := s.read(ctx, "read the password file")
	return err
}

// read gives whatever is wrong with the file its outcome: the backend cannot
// answer. It is never a verdict on the person.
func (s *strategy) read(ctx context.Context, op string) (users, error) {
	if err := ctx.Err(); err != nil {
		return users{}, core.Fail(core.Unavailable, op, err)
	}
	u, err := readFile(s.path)
	if err != nil {
		return users{}, core.Fail(core.Unavailable, op, err)
	}
	return u, nil
}
