package local

import (
	"cmp"
	"context"
	"encoding/base64"
	"errors"
	"io"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/authd-go/authd/core"
	"github.com/authd-go/authd/core/identifier"
	"github.com/authd-go/authd/core/password"
)

// maxName is the greatest length of a name to show, in bytes.
const maxName = 256

// Hasher makes and compares the stored form of passwords, as *password.Hasher
// does, with that one's obligations: a comparison costs the same work whatever
// its outcome, with the empty hash too, which nothing matches.
type Hasher interface {
	Hash(context.Context, core.Secret) (string, error)
	Verify(ctx context.Context, hash string, pw core.Secret) (password.Match, error)
}

// accounts is what strategy and Admin share: the rules of an account, whoever
// asks for the change.
type accounts struct {
	users  core.UserStore
	hasher Hasher
	policy password.Policy
	now    func() time.Time
	rand   io.Reader
}

// create stores a new user under a random subject. The password is hashed
// before the store is asked, so that a taken name takes no less time. An empty
// password makes an account that nobody can sign in to yet.
func (a accounts) create(ctx context.Context, u core.User, pw core.Secret) (core.User, error) {
	const op = "create a user"
	if err := checkNames(u); err != nil {
		return core.User{}, err
	}
	u.CreatedAt = a.now()
	if !pw.Empty() {
		hash, err := a.newHash(ctx, u, pw)
		if err != nil {
			return core.User{}, err
		}
		u.PasswordHash, u.PasswordChangedAt = hash, u.CreatedAt
	}
	var err error
	if u.ID, err = a.subject(); err != nil {
		return core.User{}, core.Fail(core.Internal, op, err)
	}
	if err := a.users.CreateUser(ctx, u); err != nil {
		return core.User{}, storeError(op, err)
	}
	return u, nil
}

// subject draws 128 random bits.
func (a accounts) subject() (string, error) {
	var id [16]byte
	if _, err := io.ReadFull(a.rand, id[:]); err != nil {
		return "", err
	}
	return base64.RawURLEncoding.EncodeToString(id[:]), nil
}

// checkNames refuses names an account cannot have. A user name with an "@"
// could be somebody else's address.
func checkNames(u core.User) error {
	switch {
	case u.Email == "" && u.Username == "":
		return core.InvalidField("email", "must not be empty")
	case u.Email != "" && !identifier.IsEmail(u.Email):
		return core.InvalidField("email", identifier.ErrEmail.Error())
	case strings.Contains(u.Username, "@"):
		return core.InvalidField("username", `must not contain "@"`)
	case len(u.Name) > maxName:
		return core.InvalidField("name", "must not be longer than 256 bytes")
	case !utf8.ValidString(u.Name) || strings.ContainsFunc(u.Name, unicode.IsControl):
		return core.InvalidField("name", "must not contain control characters")
	}
	return nil
}

// newHash returns the hash of a password that is to become u's, or why it must not.
func (a accounts) newHash(ctx context.Context, u core.User, pw core.Secret) (string, error) {
	if err := a.checkPolicy(u, pw); err != nil {
		return "", err
	}
	return a.hasher.Hash(ctx, pw)
}

func (a accounts) checkPolicy(u core.User, pw core.Secret) error {
	return a.policy.Check(pw, u.Email, u.Username, u.Name)
}

// setPassword replaces the password whatever it was.
func (a accounts) setPassword(ctx context.Context, u core.User, pw core.Secret) error {
	hash, err := a.newHash(ctx, u, pw)
	if err != nil {
		return err
	}
	return a.setHash(ctx, u, hash)
}

func (a accounts) setHash(ctx context.Context, u core.User, hash string) error {
	change := core.UserChange{PasswordHash: &hash, ChangedAt: a.now()}
	return storeError("set a password", a.users.ChangeUser(ctx, u.ID, change))
}

// find returns the user an identifier in canonical form names. The empty
// identifier names nobody; the store is not asked.
func (a accounts) find(ctx context.Context, op, canonical string) (core.User, error) {
	if canonical == "" {
		return core.User{}, core.Fail(core.UnknownUser, op, nil)
	}
	u, err := a.users.FindUser(ctx, canonical)
	return u, storeError(op, err)
}

// enabled returns the user with this subject, UnknownUser or Disabled.
func (a accounts) enabled(ctx context.Context, op, subject string) (core.User, error) {
	u, refusal, err := a.account(ctx, op, subject)
	if err = cmp.Or(err, refusal); err != nil {
		return core.User{}, err
	}
	return u, nil
}

// account returns the user with this subject, and as refusal the UnknownUser
// or Disabled that whoever hashes for the user tells after the work only. The
// error is an outage.
func (a accounts) account(ctx context.Context, op, subject string) (u core.User, refusal, err error) {
	u, err = a.users.User(ctx, subject)
	err = storeError(op, err)
	switch {
	case errors.Is(err, core.UnknownUser):
		return core.User{}, err, nil
	case err != nil:
		return core.User{}, nil, err
	case disabled(u):
		return u, core.Fail(core.Disabled, op, nil), nil
	}
	return u, nil, nil
}

func disabled(u core.User) bool { return !u.DisabledAt.IsZero() }

// storeError gives a store's error its outcome: whatever the store does not
// say by contract is an outage, never a verdict on the person.
func storeError(op string, err error) error {
	switch code := core.CodeOf(err); code {
	case "":
		return nil
	case core.UnknownUser, core.Conflict:
		return core.Fail(code, op, err)
	default:
		return core.Fail(core.Unavailable, op, err)
	}
}
