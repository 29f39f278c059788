package local

import (
	"cmp"
	"context"
	"errors"
	"log/slog"

	"github.com/authd-go/authd/core"
	"github.com/authd-go/authd/core/password"
)

// strategy answers the house's questions. It has no state of its own.
type strategy struct {
	accounts
	name string
	log  *slog.Logger
}

func newStrategy(a accounts, env core.Env, registration bool) core.Strategy {
	s := &strategy{accounts: a, name: env.Name, log: env.Log}
	out := core.Strategy{
		Authenticator:    s,
		Recoverer:        s,
		PasswordChanger:  s,
		Revalidator:      s,
		PermissionSource: s,
		IdentitySource:   s,
		Ready:            s.ready,
		Diagnoser:        s,
	}
	if registration {
		out.Registrar = s
	}
	return out
}

// Authenticate verifies a password. An unknown user, a disabled one, one
// without a password and a wrong password all cost one hash of the configured
// cost. A disabled user is told apart in the outcome only, never as proved:
// the right password and a wrong one get the same answer.
func (s *strategy) Authenticate(ctx context.Context, c core.Credentials) (core.Identity, error) {
	const op = "authenticate"
	u, findErr := s.find(ctx, op, c.Identifier)
	if findErr != nil && !errors.Is(findErr, core.UnknownUser) {
		return core.Identity{}, findErr
	}
	match, err := s.hasher.Verify(ctx, u.PasswordHash, c.Password)
	switch {
	case err != nil:
		return core.Identity{}, err
	case findErr != nil:
		return core.Identity{}, findErr
	case disabled(u):
		return core.Identity{}, &core.Error{Code: core.Disabled, Op: op, Subject: u.ID}
	case !match.OK:
		return core.Identity{}, &core.Error{Code: core.InvalidCredentials, Op: op, Subject: u.ID}
	}
	if match.Rehash {
		s.rehash(ctx, u, c.Password)
	}
	return s.identity(u), nil
}

// rehash stores the password under the present cost and form. It yields to
// whoever changed the password meanwhile, and never costs anybody the login.
func (s *strategy) rehash(ctx context.Context, u core.User, pw core.Secret) {
	hash, err := s.hasher.Hash(ctx, pw)
	if err == nil {
		change := core.UserChange{PasswordHash: &hash, IfPasswordHash: u.PasswordHash}
		err = s.users.ChangeUser(ctx, u.ID, change)
	}
	if err != nil && !errors.Is(err, core.Conflict) {
		s.log.WarnContext(ctx, "could not store the password under the present cost; the next login tries again",
			"subject", u.ID, "error", err)
	}
}

// Register makes an account without roles.
func (s *strategy) Register(ctx context.Context, r core.Registration) (core.Identity, error) {
	if r.Password.Empty() {
		return core.Identity{}, core.InvalidField("password", "must not be empty")
	}
	u, err := s.create(ctx, core.User{Email: r.Email, Username: r.Username, Name: r.Name}, r.Password)
	if err != nil {
		return core.Identity{}, err
	}
	return s.identity(u), nil
}

// FindAccount returns the account that a forgotten password belongs to.
func (s *strategy) FindAccount(ctx context.Context, identifier string) (core.Identity, error) {
	const op = "find an account"
	u, err := s.find(ctx, op, identifier)
	if err != nil {
		return core.Identity{}, err
	}
	if disabled(u) {
		return core.Identity{}, core.Fail(core.UnknownUser, op, nil)
	}
	return s.identity(u), nil
}

// ResetPassword sets a password; of two at once, the later stays. It costs one
// hash, also for an account that has gone or been disabled meanwhile.
func (s *strategy) ResetPassword(ctx context.Context, subject string, newPassword core.Secret) error {
	u, refusal, err := s.account(ctx, "reset a password", subject)
	if err != nil {
		return err
	}
	hash, err := s.newHash(ctx, u, newPassword)
	if err = cmp.Or(err, refusal); err != nil {
		return err
	}
	return s.setHash(ctx, u, hash)
}

// ChangePassword checks the new password first, since that costs nothing, and
// then verifies the old one, with the same work whether it is wrong, there is
// none, or the account has gone or been disabled meanwhile. Of two changes at
// once one wins; the other's old password is wrong by then.
func (s *strategy) ChangePassword(ctx context.Context, c core.PasswordChange) error {
	const op = "change a password"
	u, refusal, err := s.account(ctx, op, c.Subject)
	if err != nil {
		return err
	}
	if err := s.checkPolicy(u, c.New); err != nil {
		return err
	}
	if password.Same(c.Old, c.New) {
		return core.InvalidField("password", "must differ from the old one")
	}
	match, err := s.hasher.Verify(ctx, u.PasswordHash, c.Old)
	if err = cmp.Or(err, refusal); err != nil {
		return err
	}
	if !match.OK {
		return core.Fail(core.InvalidCredentials, op, nil)
	}
	return s.replacePassword(ctx, u, c.New)
}

func (s *strategy) replacePassword(ctx context.Context, u core.User, pw core.Secret) error {
	const op = "change a password"
	hash, err := s.hasher.Hash(ctx, pw)
	if err != nil {
		return err
	}
	change := core.UserChange{PasswordHash: &hash, ChangedAt: s.now(), IfPasswordHash: u.PasswordHash}
	err = s.users.ChangeUser(ctx, u.ID, change)
	if errors.Is(err, core.Conflict) {
		return core.Fail(core.InvalidCredentials, op, err)
	}
	return storeError(op, err)
}

// Revalidate returns the user's present identity, UnknownUser or Disabled.
func (s *strategy) Revalidate(ctx context.Context, subject string) (core.Identity, error) {
	u, err := s.enabled(ctx, "revalidate", subject)
	if err != nil {
		return core.Identity{}, err
	}
	return s.identity(u), nil
}

// Permissions returns the present role names.
func (s *strategy) Permissions(ctx context.Context, id core.Identity, _ core.Params) (any, error) {
	now, err := s.own(ctx, "tell permissions", id)
	if err != nil {
		return nil, err
	}
	return append([]string{}, now.Roles...), nil
}

// Identity returns the user as it is now.
func (s *strategy) Identity(ctx context.Context, id core.Identity) (core.Identity, error) {
	return s.own(ctx, "tell an identity", id)
}

// own looks an identity up again. Another strategy's is unknown here, even
// under the same name or address: that would be a link nobody made.
func (s *strategy) own(ctx context.Context, op string, id core.Identity) (core.Identity, error) {
	if id.Strategy != s.name {
		return core.Identity{}, core.Fail(core.UnknownUser, op, nil)
	}
	u, err := s.enabled(ctx, op, id.Subject)
	if err != nil {
		return core.Identity{}, err
	}
	return s.identity(u), nil
}

func (s *strategy) identity(u core.User) core.Identity {
	id := u.Identity()
	id.Strategy = s.name
	return id
}

func (s *strategy) ready(ctx context.Context) error {
	_, err := s.users.Users(ctx, "", 1)
	return storeError("reach the store", err)
}
