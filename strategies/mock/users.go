package mock

import (
	"crypto/sha256"
	"encoding/base64"
	"slices"
	"sync"

	"github.com/authd-go/authd/core"
	"github.com/authd-go/authd/core/identifier"
	"github.com/authd-go/authd/core/password"
)

// maxAccounts bounds what registrations can make the process hold.
const maxAccounts = 10_000

// account is a user with canonical names. It is never changed in place.
type account struct {
	subject  string
	email    string
	username string
	name     string
	avatar   string
	roles    []string
	password core.Secret
}

// account gives the names their canonical form. With an error it says which
// option is wrong.
func (u User) account() (a account, field string, err error) {
	a = account{
		subject: u.ID, name: u.Name, avatar: u.Avatar, password: u.Password,
		roles: slices.Clone(u.Roles),
	}
	if u.Email != "" {
		if a.email, err = identifier.Email(u.Email); err != nil {
			return account{}, "email", err
		}
	}
	if u.Username != "" {
		if a.username, err = identifier.Canonical(u.Username); err != nil {
			return account{}, "username", err
		}
	}
	if a.subject == "" {
		a.subject = derive(a.names()[0])
	}
	return a, "", nil
}

// derive makes a subject that is the same after each start, so that sessions
// outlive the process. It is no secret and never what was typed.
func derive(canonical string) string {
	sum := sha256.Sum256([]byte("authd mock account\x00" + canonical))
	return base64.RawURLEncoding.EncodeToString(sum[:16])
}

// names lists what the account can sign in with.
func (a account) names() []string {
	var out []string
	for _, name := range []string{a.email, a.username} {
		if name != "" {
			out = append(out, name)
		}
	}
	return out
}

func (a account) identity(strategy string) core.Identity {
	return core.Identity{
		AccountID: core.AccountID{Strategy: strategy, Subject: a.subject},
		Username:  a.username, Name: a.name, Email: a.email, Avatar: a.avatar,
		Roles: slices.Clone(a.roles),
	}
}

// book holds the accounts. The zero book is not usable; see newBook.
type book struct {
	mu        sync.RWMutex
	bySubject map[string]account
	byName    map[string]string // canonical email or username to subject
}

func newBook() *book {
	return &book{bySubject: map[string]account{}, byName: map[string]string{}}
}

func (b *book) add(a account) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if _, taken := b.bySubject[a.subject]; taken {
		return core.Conflict
	}
	for _, name := range a.names() {
		if _, taken := b.byName[name]; taken {
			return core.Conflict
		}
	}
	if len(b.bySubject) >= maxAccounts {
		return core.Unavailable
	}
	b.bySubject[a.subject] = a
	for _, name := range a.names() {
		b.byName[name] = a.subject
	}
	return nil
}

func (b *book) find(canonical string) (account, bool) {
	b.mu.RLock()
	defer b.mu.RUnlock()
	a, ok := b.bySubject[b.byName[canonical]]
	return a, ok
}

func (b *book) get(subject string) (account, bool) {
	b.mu.RLock()
	defer b.mu.RUnlock()
	a, ok := b.bySubject[subject]
	return a, ok
}

// setPassword changes a password if may agrees to the present one.
func (b *book) setPassword(subject string, pw core.Secret, may func(present core.Secret) error) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	a, ok := b.bySubject[subject]
	if !ok {
		return core.UnknownUser
	}
	if err := may(a.password); err != nil {
		return err
	}
	a.password = pw
	b.bySubject[subject] = a
	return nil
}

// matches compares a password in constant time. For no account it does the
// same against the empty password, which nobody has.
func (a account) matches(pw core.Secret) bool {
	return password.Same(a.password, pw) && !pw.Empty()
}
