package ldap

import (
	"context"
	"errors"
	"strings"
	"unicode/utf8"

	"github.com/go-ldap/ldap/v3"

	"github.com/authd-go/authd/core"
	"github.com/authd-go/authd/strategies/ldap/directory"
)

const (
	opChange = "change a password"
	opReset  = "reset a password"
)

// writer is what a strategy can do with passwords beside comparing them.
type writer struct {
	strategy
	Passwords
}

// usable says whether a text may travel as a password: the empty one binds
// anonymously, and one with a NUL ends there for some servers.
func usable(pw core.Secret) bool {
	return !pw.Empty() && !strings.ContainsRune(pw.Reveal(), 0)
}

func checkNew(pw core.Secret) error {
	switch {
	case pw.Empty():
		return core.InvalidField("password", "must not be empty")
	case !usable(pw):
		return core.InvalidField("password", "must not contain a NUL character")
	case !utf8.ValidString(pw.Reveal()):
		return core.InvalidField("password", "must be text in UTF-8")
	}
	return nil
}

// ChangePassword binds as the user and changes the password as the user. Where
// the directory lets nobody bind whose password must be changed, the service
// makes the change, with the old password as the proof; or sets the new one, if
// it may and the directory has just said that the old one was right.
//
// The directory counts a wrong old password once, as at a login.
func (w writer) ChangePassword(ctx context.Context, c core.PasswordChange) error {
	if err := checkNew(c.New); err != nil {
		return err
	}
	if !usable(c.Old) {
		return core.Fail(core.InvalidCredentials, opChange, errors.New("a password that no directory may be asked about"))
	}
	if c.Old.Equal(c.New) {
		return core.InvalidField("password", "must differ from the old one")
	}
	entry, err := w.account(ctx, opChange, c.Subject)
	if err != nil {
		return err
	}
	how := w.writerOf(entry.DN, w.controls())
	change, result, err := w.client.ChangeAsUser(ctx, entry.DN, c.Old, how.change(c.Old, c.New), w.controls()...)
	if change.Sent {
		return w.changed(ctx, change.Err, owner)
	}
	err = w.judge(c.Subject, result, err)
	if !mustChange(err) {
		return err
	}
	return w.changeForOwner(ctx, how, c)
}

// changeForOwner is for somebody whose old password was right and who cannot
// bind with it.
func (w writer) changeForOwner(ctx context.Context, how method, c core.PasswordChange) error {
	if !how.proves() {
		return w.set(ctx, how, c.New)
	}
	change, err := w.client.ChangeAsService(ctx, how.change(c.Old, c.New))
	if err != nil {
		return err
	}
	return w.changed(ctx, change.Err, owner)
}

// mustChange says whether a login was refused because the password, which was
// right, must be changed.
func mustChange(err error) bool {
	return core.CodeOf(err) == core.ActionRequired && core.AsError(err).Action == core.ActionNewPassword
}

// FindAccount returns the account an identifier names. It asks one question,
// whether or not there is such an account, and so looks up no groups.
func (w writer) FindAccount(ctx context.Context, identifier string) (core.Identity, error) {
	entry, err := w.find(ctx, identifier)
	if err != nil {
		return core.Identity{}, err
	}
	if code := w.state(entry); code != "" {
		return core.Identity{}, core.Fail(core.UnknownUser, "find an account", nil)
	}
	return w.person(entry), nil
}

// ResetPassword sets a password as the account that may.
func (w writer) ResetPassword(ctx context.Context, subject string, pw core.Secret) error {
	if err := checkNew(pw); err != nil {
		return err
	}
	entry, err := w.account(ctx, opReset, subject)
	if err != nil {
		return err
	}
	return w.set(ctx, w.writerOf(entry.DN, w.controls()), pw)
}

// set sets a password without the old one.
func (w writer) set(ctx context.Context, how method, pw core.Secret) error {
	change, err := w.asSetter(ctx, how.set(pw))
	if err != nil {
		return err
	}
	if change.Err == nil && w.marksResets {
		w.settle(ctx, how)
	}
	return w.changed(ctx, change.Err, setter)
}

// asSetter makes a change as the account that sets passwords. That its own
// password is wrong is no verdict on anybody else's.
func (w writer) asSetter(ctx context.Context, do func(*ldap.Conn) error) (directory.Change, error) {
	if w.Passwords.BindDN == "" {
		return w.client.ChangeAsService(ctx, do)
	}
	change, _, err := w.client.ChangeAsUser(ctx, w.Passwords.BindDN, w.Passwords.BindPassword, do)
	if err != nil {
		return change, core.Fail(core.Unavailable, "bind as passwords.bindDN", err)
	}
	return change, nil
}

// settle takes the mark away by which OpenLDAP asks for one more password after
// a reset by its manager (pwdMustChange; draft-behera-ldap-password-policy-10,
// section 5.3.7): it was the owner who chose this one. If that is refused, the
// owner is asked at the next login.
func (w writer) settle(ctx context.Context, how method) {
	change, err := w.asSetter(ctx, func(l *ldap.Conn) error {
		found, err := l.Search(ldap.NewSearchRequest(how.dn, ldap.ScopeBaseObject, ldap.NeverDerefAliases, 1, 0, false,
			"(pwdReset=TRUE)", []string{"pwdReset"}, nil))
		if err != nil || len(found.Entries) == 0 {
			return nil //nolint:nilerr // without such a mark, or the right to see it, there is nothing to take away
		}
		m := ldap.NewModifyRequest(how.dn, nil)
		m.Delete("pwdReset", nil)
		return l.Modify(m)
	})
	if err = errors.Join(err, change.Err); err != nil {
		w.log.WarnContext(ctx, "a password was reset, and the directory asks for one more at the next login: "+
			"pwdReset could not be deleted", "user", how.dn, "error", err)
	}
}

// account returns the entry of an account that may be used.
func (w writer) account(ctx context.Context, op, subject string) (*ldap.Entry, error) {
	entry, err := w.findSubject(ctx, op, subject)
	if err != nil {
		return nil, err
	}
	if code := w.state(entry); code != "" {
		return nil, &core.Error{Code: code, Op: op, Subject: subject}
	}
	return entry, nil
}
