package flow

import (
	"context"
	"errors"
	"time"

	"github.com/authd-go/authd/core"
	"github.com/authd-go/authd/core/identifier"
	"github.com/authd-go/authd/core/session"
)

// PurposeReset is what a password reset's one-time token is good for.
const PurposeReset = "password_reset"

// ResetTTL is how long a password reset's link works.
const ResetTTL = time.Hour

// ResetPath is the page that sets a new password, below the public URL. Its
// query holds the one-time token, under a name that no front end uses otherwise.
const ResetPath = "/update-password"

// Register implements core.AuthProvider.
func (p *Provider) Register(ctx context.Context, r core.Request) core.ActionResult {
	d := p.begin(core.MethodRegister, r)
	result, err := p.register(ctx, d, r)
	return d.action(ctx, result, p.Routes.Register.FailureRedirectTo, err)
}

func (p *Provider) register(ctx context.Context, d *decision, r core.Request) (core.ActionResult, error) {
	target, err := p.redirect(r.Params, p.Routes.Register.RedirectTo)
	if err != nil {
		return core.ActionResult{}, err
	}
	b, err := p.registrar(r.Params)
	if err != nil {
		return core.ActionResult{}, err
	}
	registration, err := readRegistration(r.Params)
	if err != nil {
		return core.ActionResult{}, err
	}
	err = d.ask(ctx, b, "register", func(ctx context.Context) error {
		id, err := b.Strategy.Registrar.Register(ctx, registration)
		if err == nil {
			d.trace.Account = core.AccountID{Strategy: b.Name, Subject: id.Subject}
		}
		return err
	})
	return core.ActionResult{
		RedirectTo:          target,
		SuccessNotification: &core.Notification{Message: "Account created", Description: "You can sign in now."},
	}, err
}

func (p *Provider) registrar(params core.Params) (*Backend, error) {
	name, err := params.String("providerName")
	if err != nil {
		return nil, err
	}
	for _, b := range p.Routes.Register.Backends {
		if name == "" || name == b.Name {
			return b, nil
		}
	}
	if name != "" && len(p.Routes.Register.Backends) > 0 {
		return nil, core.InvalidField("providerName", "names no provider that registers accounts here")
	}
	return nil, core.Fail(core.Unsupported, "register", nil)
}

func readRegistration(params core.Params) (core.Registration, error) {
	email, err := canonicalParam(params, "email", identifier.Email)
	if err != nil {
		return core.Registration{}, err
	}
	username, err := canonicalParam(params, "username", identifier.Canonical)
	if err != nil {
		return core.Registration{}, err
	}
	if email == "" && username == "" {
		return core.Registration{}, core.InvalidField("email", "is required")
	}
	name, err := params.String("name", "fullName")
	if err != nil {
		return core.Registration{}, err
	}
	password, err := readNewPassword(params)
	if err != nil {
		return core.Registration{}, err
	}
	return core.Registration{Email: email, Username: username, Name: name, Password: password, Params: params}, nil
}

func canonicalParam(params core.Params, name string, canonical func(string) (string, error)) (string, error) {
	typed, err := params.String(name)
	if err != nil || typed == "" {
		return "", err
	}
	form, err := canonical(typed)
	if err != nil {
		return "", core.InvalidField(name, err.Error())
	}
	return form, nil
}

// readNewPassword also compares the confirmation, if the page sent one.
func readNewPassword(params core.Params) (core.Secret, error) {
	password, err := readPassword(params, "password")
	if err != nil {
		return core.Secret{}, err
	}
	confirmation, err := params.String("confirmPassword")
	if err != nil {
		return core.Secret{}, err
	}
	if params.Has("confirmPassword") && !password.Equal(core.NewSecret(confirmation)) {
		return core.Secret{}, core.InvalidField("confirmPassword", "must be the same as the password")
	}
	return password, nil
}

// UpdatePassword implements core.AuthProvider.
func (p *Provider) UpdatePassword(ctx context.Context, r core.Request) core.ActionResult {
	d := p.begin(core.MethodUpdatePassword, r)
	result, err := p.updatePassword(ctx, d, r)
	return d.action(ctx, result, p.Routes.UpdatePassword.FailureRedirectTo, err)
}

func (p *Provider) updatePassword(ctx context.Context, d *decision, r core.Request) (core.ActionResult, error) {
	if p.Routes.UpdatePassword.off() {
		return core.ActionResult{}, core.Fail(core.Unsupported, "update password", nil)
	}
	target, err := p.redirect(r.Params, p.Routes.UpdatePassword.RedirectTo)
	if err != nil {
		return core.ActionResult{}, err
	}
	password, err := readNewPassword(r.Params)
	if err != nil {
		return core.ActionResult{}, err
	}
	token, err := r.Params.String("token")
	if err != nil {
		return core.ActionResult{}, err
	}
	result := core.ActionResult{RedirectTo: target, SuccessNotification: &core.Notification{
		Message: "Password updated", Description: "All other sessions of the account were signed out.",
	}}
	d.trace.Op = core.OpChangePassword
	switch {
	case token != "":
		d.trace.Op = core.OpResetPassword
		err = p.resetPassword(ctx, d, token, password)
	case r.Params.NamesAccount():
		if result.Tokens, err = d.changeNamed(ctx, r, password); result.Tokens == nil {
			result.SuccessNotification.Description = "You can sign in with it now."
		}
	default:
		result.Tokens, err = p.changePassword(ctx, d, r, password)
	}
	return result, err
}

const (
	opChangePassword = "change password"
	reasonChanged    = "password_changed" // why sessions ended
)

func readOldPassword(params core.Params) (core.Secret, error) {
	return readPassword(params, "oldPassword", "currentPassword")
}

func (u Use) off() bool { return len(u.Backends) == 0 && !u.Session }

// resetPassword redeems a one-time token. If the backend refuses the new
// password or cannot answer, the token is put back, so that its owner can try again.
func (p *Provider) resetPassword(ctx context.Context, d *decision, token string, password core.Secret) error {
	redeemed, err := p.Tokens.Redeem(ctx, token, PurposeReset)
	if err != nil {
		return err
	}
	d.trace.Account = redeemed.Account
	b := p.Routes.UpdatePassword.of(redeemed.Account.Strategy, p.Routes.Backends)
	if b == nil || b.Strategy.Recoverer == nil {
		return core.Fail(core.Unsupported, "reset password", p.Tokens.Restore(ctx, redeemed))
	}
	err = d.ask(ctx, b, "reset password", func(ctx context.Context) error {
		return b.Strategy.Recoverer.ResetPassword(ctx, redeemed.Account.Subject, password)
	})
	switch core.CodeOf(err) {
	case "":
		_, err = p.Session.End(ctx, core.SessionEnd{Account: redeemed.Account, Reason: PurposeReset, At: p.Now()})
		return err
	case core.InvalidInput, core.Unavailable, core.Throttled:
		return errors.Join(err, p.Tokens.Restore(context.WithoutCancel(ctx), redeemed))
	}
	return err
}

// changePassword ends every session of the account, the caller's own too, and
// opens a new one: whoever copied the old tokens is out, the owner stays in.
func (p *Provider) changePassword(ctx context.Context, d *decision, r core.Request, password core.Secret) (*core.Tokens, error) {
	claims, err := p.caller(ctx, r)
	if err != nil {
		return nil, err
	}
	account := claims.Identity.AccountID
	d.trace.Account = account
	b := p.changer(account)
	if b == nil {
		return nil, core.Fail(core.Unsupported, opChangePassword, nil)
	}
	old, err := readOldPassword(r.Params)
	if err != nil {
		return nil, err
	}
	row, err := p.Session.Session(ctx, claims.SessionID)
	if err != nil {
		return nil, err
	}
	if err := d.change(ctx, b, core.PasswordChange{Subject: account.Subject, Old: old, New: password}); err != nil {
		return nil, err
	}
	at := p.Now()
	if _, err := p.Session.End(ctx, core.SessionEnd{Account: account, Reason: reasonChanged, At: at}); err != nil {
		return nil, err
	}
	// Sessions proved before the order are refused; this one is proved by the order itself.
	after := at.Add(time.Millisecond)
	return d.open(ctx, r, session.NewSession{Identity: row.Identity, AuthAt: after, Persistent: row.Persistent})
}
