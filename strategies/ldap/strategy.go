package ldap

import (
	"context"
	"crypto/rand"
	"errors"

	"github.com/go-ldap/ldap/v3"

	"github.com/authd-go/authd/core"
)

const opAuthenticate = "authenticate"

// strategy answers the house's questions.
type strategy struct{ *accounts }

func newStrategy(a *accounts, p Passwords) core.Strategy {
	s := strategy{a}
	w := writer{s, p}
	// Nobody binds with an expired password, so that it takes a method by which
	// another makes the change, or an account that may set passwords.
	a.expiredToo = p.Change && (p.Reset || method{name: p.Method}.proves())
	out := core.Strategy{
		Authenticator:    s,
		Revalidator:      s,
		PermissionSource: s,
		IdentitySource:   s,
		Ready:            a.client.Ready,
		Diagnoser:        doctor{s},
		Close:            a.client.Close,
	}
	if a.showsPhotos() {
		out.PictureSource = s
	}
	if p.Change {
		out.PasswordChanger = w
	}
	if p.Reset {
		out.Recoverer = w
	}
	return out
}

// Authenticate finds the entry and binds as it. Who is unknown, or is named by
// two entries, costs a bind too: one that cannot succeed. What the directory
// says of a locked, disabled or expired account is Proved only where it says so
// to nobody but whoever has the right password.
func (s strategy) Authenticate(ctx context.Context, c core.Credentials) (core.Identity, error) {
	if !usable(c.Password) {
		return core.Identity{}, core.Fail(core.InvalidCredentials, opAuthenticate, errors.New("a password that no directory may be asked about"))
	}
	if s.users.Bind != "" {
		return s.bindFirst(ctx, c)
	}
	entry, err := s.find(ctx, c.Identifier)
	if core.CodeOf(err) == core.UnknownUser {
		if unavailable := s.bindAsNobody(ctx, c.Password); unavailable != nil {
			return core.Identity{}, unavailable
		}
	}
	if err != nil {
		return core.Identity{}, err
	}
	result, err := s.client.Bind(ctx, entry.DN, c.Password, s.controls()...)
	if err := s.judge(s.subject(entry), result, err); err != nil {
		return core.Identity{}, err
	}
	return s.admit(ctx, entry)
}

// bindFirst binds by template and reads the entry as the user.
func (s strategy) bindFirst(ctx context.Context, c core.Credentials) (core.Identity, error) {
	name, ok := bindTemplate(s.users.Bind).fill(c.Identifier)
	if !ok || !named(c.Identifier) {
		return core.Identity{}, errors.Join(core.Fail(core.UnknownUser, opAuthenticate, nil), s.bindAsNobody(ctx, c.Password))
	}
	var entry *ldap.Entry
	var unfound error
	result, err := s.client.AsUser(ctx, name, c.Password, func(l *ldap.Conn) error {
		entry, unfound = s.readBound(l, name, c.Identifier)
		if core.CodeOf(unfound) == core.Unavailable {
			return unfound
		}
		return nil
	}, s.controls()...)
	switch {
	case unfound == nil:
		unfound = s.judge(s.subject(entry), result, err)
	case policyError(result) == policyChangeReset:
		unfound = s.judge("", result, nil) // whose password must be changed may not even read the own entry
	}
	if mustChange(unfound) && entry == nil {
		return core.Identity{}, s.addSubject(ctx, name, c.Identifier, unfound)
	}
	if unfound != nil {
		return core.Identity{}, unfound
	}
	return s.admit(ctx, entry)
}

// addSubject says whose password must be changed. Until then nobody may look
// anything up as the user, so that it is the service that looks, if it can.
func (s strategy) addSubject(ctx context.Context, name, identifier string, refused error) error {
	e := *core.AsError(refused)
	if entry, err := s.find(ctx, identifier); err == nil && s.isNamed(entry, name, identifier) {
		e.Subject = s.subject(entry)
	}
	return &e
}

// admit is the rest of a login whose password was right.
func (s strategy) admit(ctx context.Context, e *ldap.Entry) (core.Identity, error) {
	if code := s.state(e); code != "" {
		return core.Identity{}, refusal{code: code, proved: true}.err(s.subject(e), nil)
	}
	return s.identity(ctx, e)
}

// bindAsNobody does the work of a wrong password at a name that does not exist.
func (s strategy) bindAsNobody(ctx context.Context, password core.Secret) error {
	_, err := s.client.Bind(ctx, "cn="+rand.Text()+","+s.users.BaseDN, password, s.controls()...)
	if core.CodeOf(err) == core.Unavailable {
		return err
	}
	return nil
}

func (a *accounts) controls() []ldap.Control {
	if !a.policy {
		return nil
	}
	return []ldap.Control{ldap.NewControlBeheraPasswordPolicy()}
}

// Revalidate returns the entry's present identity. An entry that is gone,
// switched off or no longer found by the filter is UnknownUser or what the
// directory calls it.
func (s strategy) Revalidate(ctx context.Context, subject string) (core.Identity, error) {
	const op = "revalidate"
	entry, err := s.findSubject(ctx, op, subject)
	if err != nil {
		return core.Identity{}, err
	}
	if code := s.state(entry); code != "" {
		return core.Identity{}, &core.Error{Code: code, Op: op, Subject: subject}
	}
	return s.identity(ctx, entry)
}

// Identity returns the entry's present identity, for identities of this
// directory only.
func (s strategy) Identity(ctx context.Context, id core.Identity) (core.Identity, error) {
	if id.Strategy != s.name {
		return core.Identity{}, core.Fail(core.UnknownUser, "identify", nil)
	}
	return s.Revalidate(ctx, id.Subject)
}

// Permissions returns the roles that follow from the groups the entry is in now.
func (s strategy) Permissions(ctx context.Context, id core.Identity, _ core.Params) (any, error) {
	now, err := s.Identity(ctx, id)
	if err != nil {
		return nil, err
	}
	return append([]string{}, now.Roles...), nil
}
