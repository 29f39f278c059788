package flow

import (
	"context"

	"github.com/authd-go/authd/core"
	"github.com/authd-go/authd/core/identifier"
)

// ReasonNotDue is the Reason of somebody who is not signed in and showed the
// right password, which need not be changed: signing in comes first.
const ReasonNotDue = "password_not_due"

const opChangeDue = "change a password that is due"

// proven is an account whose owner showed the password.
type proven struct {
	account core.AccountID
	due     bool // nobody may sign in with it before there is a new one
}

// prove asks the login chain whose old password this is, at the work and with
// the answers of a login.
func (d *decision) prove(ctx context.Context, params core.Params) (proven, error) {
	links, err := d.p.chain(params)
	if err != nil {
		return proven{}, err
	}
	if !takesPasswords(links) {
		return proven{}, core.InvalidField("providerName", "names no provider that takes a password")
	}
	typed, err := readIdentifier(params)
	if err != nil {
		return proven{}, err
	}
	old, err := readOldPassword(params)
	if err != nil {
		return proven{}, err
	}
	canonical, _ := identifier.Canonical(typed)
	id, err := d.authenticate(ctx, links, core.Credentials{Identifier: canonical, Typed: typed, Password: old, Params: params})
	if err == nil {
		return proven{account: id.AccountID}, nil
	}
	if !due(err) {
		return proven{}, err
	}
	e := core.AsError(err)
	return proven{core.AccountID{Strategy: e.Strategy, Subject: e.Subject}, true}, nil
}

// due says whether a refusal is that a right password must be changed first.
func due(err error) bool {
	e := core.AsError(err)
	return e != nil && core.CodeOf(err) == core.ActionRequired && e.Action == core.ActionNewPassword
}

// changeNamed sets a new password for whoever is named. If there must be one
// before signing in, it signs nobody in: that is the login's business, which may
// ask for more. Otherwise it is for the owner's own session only.
func (d *decision) changeNamed(ctx context.Context, r core.Request, password core.Secret) (*core.Tokens, error) {
	who, err := d.prove(ctx, r.Params)
	if err != nil {
		return nil, err
	}
	d.trace.Account = who.account
	if who.due {
		return nil, d.changeDue(ctx, r, who.account, password)
	}
	if claims, err := d.p.caller(ctx, r); err == nil && claims.Identity.AccountID == who.account {
		return d.p.changePassword(ctx, d, r, password)
	}
	return nil, &core.Error{Code: core.Unauthenticated, Op: opChangeDue, Reason: ReasonNotDue, Proved: true}
}

func (d *decision) changeDue(ctx context.Context, r core.Request, account core.AccountID, password core.Secret) error {
	b := d.p.changer(account)
	if b == nil {
		return &core.Error{Code: core.Unsupported, Op: opChangeDue, Proved: true}
	}
	old, err := readOldPassword(r.Params)
	if err != nil {
		return err
	}
	if err := d.change(ctx, b, core.PasswordChange{Subject: account.Subject, Old: old, New: password}); err != nil {
		e := *core.AsError(err)
		e.Proved = core.CodeOf(err) != core.InvalidCredentials
		return &e
	}
	_, err = d.p.Session.End(ctx, core.SessionEnd{Account: account, Reason: reasonChanged, At: d.p.Now()})
	return err
}

func (d *decision) change(ctx context.Context, b *Backend, c core.PasswordChange) error {
	return d.ask(ctx, b, opChangePassword, func(ctx context.Context) error {
		return b.Strategy.PasswordChanger.ChangePassword(ctx, c)
	})
}

// changer returns the backend that changes the passwords of an account, or nil.
func (p *Provider) changer(account core.AccountID) *Backend {
	b := p.Routes.UpdatePassword.of(account.Strategy, p.Routes.Backends)
	if b == nil || b.Strategy.PasswordChanger == nil || account.Subject == "" {
		return nil
	}
	return b
}

// offered is a login's refusal as it may be shown: a new password is asked for
// where UpdatePassword takes one. Elsewhere the password has expired, and that
// is all that can be said.
func (p *Provider) offered(err error) error {
	if !due(err) {
		return err
	}
	e := *core.AsError(err)
	if p.changer(core.AccountID{Strategy: e.Strategy, Subject: e.Subject}) != nil {
		return err
	}
	e.Code, e.Action, e.Proved = core.PasswordExpired, "", true
	return &e
}
