package strategytest

import (
	"context"
	"fmt"
	"strings"
	"sync"

	"github.com/authd-go/authd/core"
)

func registrationRules() []Rule {
	register, login := Need(core.CanRegister), Need(core.CanLogin)
	return []Rule{
		{"who registered can sign in", "an account that cannot be used blocks the address for its owner", []Need{register, login}, registeredSignsIn},
		{"a registration gives no roles", "nobody makes themselves an administrator", []Need{register}, registrationGivesNoRoles},
		{"duplicate registration is a conflict", "a second account under one name is a door into the first", []Need{register}, duplicateRegistration},
		{"parallel registration has one winner", "two people who register one address at once must not both own it", []Need{register}, parallelRegistration},
		{"incomplete registration is refused", "a form must be told what is missing", []Need{register}, incompleteRegistration},
		{"weak password is not registered", "a form must be told why", []Need{register, NeedWeak}, weakRegistration},
		{"hostile names register as text or not at all", "a name is text, never a pattern or a line of a file", []Need{register, login}, hostileNewcomers},
		{"hostile password is kept whole or refused", "a password that is cut off at registration lets others in", []Need{register, login}, hostileRegistration},
	}
}

// register registers the n-th newcomer with a password.
func (tr *trial) register(ctx context.Context, n int, pw string) (core.Identity, error) {
	r := registration(n)
	r.Password = core.NewSecret(pw)
	return tr.Strategy.Registrar.Register(ctx, r)
}

// newcomer signs the n-th newcomer in, by whichever of the two names the
// strategy keeps.
func (tr *trial) newcomer(ctx context.Context, n int, pw string) (core.Identity, error) {
	id, err := tr.login(ctx, registration(n).Email, pw)
	if core.CodeOf(err) == core.UnknownUser {
		return tr.login(ctx, registration(n).Username, pw)
	}
	return id, err
}

func registeredSignsIn(ctx context.Context, tr *trial) error {
	made, err := tr.register(ctx, 1, newPassword)
	if err != nil {
		return fmt.Errorf("register: %w", err)
	}
	id, err := tr.newcomer(ctx, 1, newPassword)
	if err != nil {
		return fmt.Errorf("the first login: %w", err)
	}
	if made.Subject == "" || made.Subject != id.Subject {
		return fmt.Errorf("registered as %q, signed in as %q", made.Subject, id.Subject)
	}
	wrong, err := tr.newcomer(ctx, 1, wrongPassword)
	return refused("a newcomer's wrong password", wrong, err, core.InvalidCredentials)
}

func registrationGivesNoRoles(ctx context.Context, tr *trial) error {
	r := registration(1)
	r.Params = core.Params{
		"email": r.Email, "roles": []any{"admin"}, "role": "admin", "isAdmin": true, "id": tr.Account.Identifier,
		"claims": map[string]any{"roles": []any{"admin"}},
	}
	id, err := tr.Strategy.Registrar.Register(ctx, r)
	if err != nil {
		return fmt.Errorf("register: %w", err)
	}
	for _, role := range id.Roles {
		if role == "admin" {
			return fmt.Errorf("somebody who asked for the role admin got %q", id.Roles)
		}
	}
	return nil
}

func duplicateRegistration(ctx context.Context, tr *trial) error {
	if _, err := tr.register(ctx, 1, newPassword); err != nil {
		return fmt.Errorf("register: %w", err)
	}
	id, err := tr.register(ctx, 1, otherPassword)
	if err := refused("a second registration", id, err, core.Conflict); err != nil {
		return err
	}
	if tr.Strategy.Authenticator == nil {
		return nil
	}
	if id, err = tr.newcomer(ctx, 1, otherPassword); err == nil {
		return refused("the second registration's password", id, err)
	}
	_, err = tr.newcomer(ctx, 1, newPassword)
	return outcome("the first registration's password", err, "")
}

func parallelRegistration(ctx context.Context, tr *trial) error {
	const n = 10
	outcomes := make([]core.Code, n)
	var group sync.WaitGroup
	ready := make(chan struct{})
	for i := range n {
		group.Go(func() {
			<-ready
			outcomes[i] = core.CodeOf(guarded(func() error { _, err := tr.register(ctx, 1, newPassword); return err }))
		})
	}
	close(ready)
	group.Wait()
	count := map[core.Code]int{}
	for _, code := range outcomes {
		count[code]++
	}
	if count[""] != 1 || count[core.Conflict] != n-1 {
		return fmt.Errorf("of %d at once, the outcomes were %q, want one \"\" and the rest %q", n, outcomes, string(core.Conflict))
	}
	return nil
}

// refusedInput checks that an error names the fields that were refused.
func refusedInput(what string, err error) error {
	if err := outcome(what, err, core.InvalidInput); err != nil {
		return err
	}
	if len(core.AsError(err).Fields) == 0 {
		return fmt.Errorf("%s: the refusal names no field: %w", what, err)
	}
	return nil
}

func incompleteRegistration(ctx context.Context, tr *trial) error {
	_, err := tr.register(ctx, 1, "")
	if err := refusedInput("a registration without a password", err); err != nil {
		return err
	}
	nameless := registration(2)
	nameless.Email, nameless.Username = "", ""
	_, err = tr.Strategy.Registrar.Register(ctx, nameless)
	return refusedInput("a registration without a name", err)
}

func weakRegistration(ctx context.Context, tr *trial) error {
	_, err := tr.register(ctx, 1, tr.harness.Weak)
	if err := refusedInput("a weak password", err); err != nil {
		return err
	}
	_, err = tr.register(ctx, 1, newPassword)
	return outcome("the same registration with a good password", err, "")
}

func hostileRegistration(ctx context.Context, tr *trial) error {
	for i, tail := range []string{"\x00tail", strings.Repeat("long", 2500), "\xfftail", strings.Repeat("m", 80) + "tail"} {
		pw := newPassword + tail
		what := fmt.Sprintf("hostile password %d, of %d bytes", i, len(pw))
		id, err := tr.register(ctx, i, pw)
		if err != nil {
			if err := refused(what, id, err, core.InvalidInput); err != nil {
				return err
			}
			continue
		}
		if _, err := tr.newcomer(ctx, i, pw); err != nil {
			return fmt.Errorf("%s was registered and does not work: %w", what, err)
		}
		for _, part := range []string{newPassword, pw[:len(pw)-1]} {
			id, err := tr.newcomer(ctx, i, part)
			if err := refused("a part of "+what, id, err, core.InvalidCredentials, core.InvalidInput); err != nil {
				return err
			}
		}
	}
	return nil
}

// hostileNewcomers are people whose names are canonical and look like syntax.
func hostileNewcomers(ctx context.Context, tr *trial) error {
	for i, name := range []string{"*", ")(", "'", `"`, "%", "a'b", "a:b", "a,b", "a=b", "../a", "$(a)", "{{.}}", "-a", "a#b", `a\2ab`} {
		pw := fmt.Sprintf("%s %d", newPassword, i)
		r := core.Registration{Username: name, Name: name, Password: core.NewSecret(pw)}
		made, err := tr.Strategy.Registrar.Register(ctx, r)
		if err != nil {
			if err := refused(fmt.Sprintf("registering %q", name), made, err, core.InvalidInput); err != nil {
				return err
			}
			continue
		}
		if err := tr.accepted(ctx, name, pw, made.Subject); err != nil {
			return err
		}
		other, err := tr.login(ctx, tr.Account.Identifier, pw)
		what := fmt.Sprintf("another account with the password of %q", name)
		if err := refused(what, other, err, core.InvalidCredentials); err != nil {
			return err
		}
	}
	return tr.untouched(ctx)
}

func recoveryRules() []Rule {
	reset, login := Need(core.CanRecover), Need(core.CanLogin)
	return []Rule{
		{"recovery finds nobody who is unknown", "a mail to nobody's address, or a link to somebody else's account", []Need{reset}, findUnknown},
		{"recovery does not find the disabled", "a reset would let somebody back in who was shut out", []Need{reset, NeedDisable}, findDisabled},
		{"a reset password works", "who forgot the password must get back in, and whoever stole it must not", []Need{reset, login}, resetWorks},
		{"a reset of no account is refused", "an account that went away must not come back", []Need{reset}, resetUnknown},
		{"a reset of a disabled account is refused", "a link sent before somebody left must not open the account", []Need{reset, NeedAccount, NeedDisable}, resetDisabled},
		{"a reset to a weak password is refused", "a form must be told why", []Need{reset, NeedAccount, NeedWeak}, resetWeak},
	}
}

func findUnknown(ctx context.Context, tr *trial) error {
	names := append(hostile(tr.Account.Identifier), nobody, "")
	for _, name := range names {
		id, err := tr.Strategy.Recoverer.FindAccount(ctx, name)
		if err := refused(fmt.Sprintf("FindAccount(%q)", short(name)), id, err, core.UnknownUser); err != nil {
			return err
		}
	}
	return nil
}

func findDisabled(ctx context.Context, tr *trial) error {
	if err := tr.disable(ctx); err != nil {
		return err
	}
	id, err := tr.Strategy.Recoverer.FindAccount(ctx, tr.Account.Identifier)
	return refused("FindAccount of a disabled account", id, err, core.UnknownUser)
}

func resetWorks(ctx context.Context, tr *trial) error {
	id, err := tr.Strategy.Recoverer.FindAccount(ctx, tr.Account.Identifier)
	if err != nil {
		return fmt.Errorf("FindAccount: %w", err)
	}
	if err := tr.reset(ctx, id.Subject, newPassword); err != nil {
		return fmt.Errorf("ResetPassword: %w", err)
	}
	if err := tr.accepted(ctx, tr.Account.Identifier, newPassword, id.Subject); err != nil {
		return fmt.Errorf("with the new password: %w", err)
	}
	old, err := tr.login(ctx, tr.Account.Identifier, tr.Account.Password)
	return refused("the old password after a reset", old, err, core.InvalidCredentials)
}

func resetUnknown(ctx context.Context, tr *trial) error {
	for _, subject := range []string{"nobody-at-all", "", "*"} {
		err := tr.reset(ctx, subject, newPassword)
		if err := outcome(fmt.Sprintf("ResetPassword(%q)", subject), err, core.UnknownUser); err != nil {
			return err
		}
	}
	return nil
}

func resetDisabled(ctx context.Context, tr *trial) error {
	id, err := tr.signIn(ctx)
	if err != nil {
		return err
	}
	if err := tr.disable(ctx); err != nil {
		return err
	}
	return outcome("ResetPassword of a disabled account", tr.reset(ctx, id.Subject, newPassword), core.Disabled, core.UnknownUser)
}

func resetWeak(ctx context.Context, tr *trial) error {
	id, err := tr.signIn(ctx)
	if err != nil {
		return err
	}
	for what, pw := range map[string]string{"a weak password": tr.harness.Weak, "an empty password": ""} {
		if err := refusedInput("a reset to "+what, tr.reset(ctx, id.Subject, pw)); err != nil {
			return err
		}
	}
	return tr.untouched(ctx)
}

func changeRules() []Rule {
	change, login := Need(core.CanChangePassword), Need(core.CanLogin)
	return []Rule{
		{"a changed password works", "the new one must open the account and the old one must not", []Need{change, login}, changeWorks},
		{"a change asks for the old password", "a browser left open must not be enough to take an account over", []Need{change, login}, changeAsks},
		{"a change of no account is refused", "an account that went away must not come back", []Need{change}, changeUnknown},
		{"a change by a disabled account is refused", "who was shut out is out, session or not", []Need{change, NeedAccount, NeedDisable}, changeDisabled},
		{"a change to a weak password is refused", "a form must be told why", []Need{change, NeedAccount, NeedWeak}, changeWeak},
	}
}

func changeWorks(ctx context.Context, tr *trial) error {
	id, err := tr.signIn(ctx)
	if err != nil {
		return err
	}
	if err := tr.change(ctx, id.Subject, tr.Account.Password, newPassword); err != nil {
		return fmt.Errorf("ChangePassword: %w", err)
	}
	if err := tr.accepted(ctx, tr.Account.Identifier, newPassword, id.Subject); err != nil {
		return fmt.Errorf("with the new password: %w", err)
	}
	old, err := tr.login(ctx, tr.Account.Identifier, tr.Account.Password)
	return refused("the old password after a change", old, err, core.InvalidCredentials)
}

func changeAsks(ctx context.Context, tr *trial) error {
	id, err := tr.signIn(ctx)
	if err != nil {
		return err
	}
	for _, old := range []string{wrongPassword, "", newPassword} {
		err := tr.change(ctx, id.Subject, old, newPassword)
		if err := outcome("ChangePassword with a wrong old password", err, core.InvalidCredentials, core.InvalidInput); err != nil {
			return err
		}
	}
	return tr.untouched(ctx)
}

func changeUnknown(ctx context.Context, tr *trial) error {
	for _, subject := range []string{"nobody-at-all", "", "*"} {
		err := tr.change(ctx, subject, tr.Account.Password, newPassword)
		what := fmt.Sprintf("ChangePassword of %q", subject)
		if err := outcome(what, err, core.UnknownUser, core.InvalidCredentials); err != nil {
			return err
		}
	}
	return nil
}

func changeDisabled(ctx context.Context, tr *trial) error {
	id, err := tr.signIn(ctx)
	if err != nil {
		return err
	}
	if err := tr.disable(ctx); err != nil {
		return err
	}
	err = tr.change(ctx, id.Subject, tr.Account.Password, newPassword)
	return outcome("ChangePassword by a disabled account", err, core.Disabled, core.UnknownUser, core.InvalidCredentials)
}

func changeWeak(ctx context.Context, tr *trial) error {
	id, err := tr.signIn(ctx)
	if err != nil {
		return err
	}
	for what, pw := range map[string]string{"a weak password": tr.harness.Weak, "an empty password": ""} {
		if err := refusedInput("a change to "+what, tr.change(ctx, id.Subject, tr.Account.Password, pw)); err != nil {
			return err
		}
	}
	return tr.untouched(ctx)
}
