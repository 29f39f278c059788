package strategytest

import (
	"context"
	"fmt"

	"github.com/authd-go/authd/core"
)

// dueRules are about passwords that must be changed before anybody signs in.
func dueRules() []Rule {
	needs := []Need{Need(core.CanChangePassword), Need(core.CanLogin), NeedMustChange}
	return []Rule{
		{"who must change the password is told so", "it is the only door that is left, and for the owner alone", needs, dueTold},
		{"a password that is due can be changed", "whoever is told to change it and cannot is locked out", needs, dueChanges},
	}
}

// due makes the account's password one that must be changed, and returns the
// account's subject.
func (tr *trial) due(ctx context.Context) (string, error) {
	id, err := tr.signIn(ctx)
	if err != nil {
		return "", err
	}
	if err := tr.Backend.MustChange(ctx, tr.Account.Identifier); err != nil {
		return "", fmt.Errorf("Backend.MustChange: %w", err)
	}
	return id.Subject, nil
}

func dueTold(ctx context.Context, tr *trial) error {
	subject, err := tr.due(ctx)
	if err != nil {
		return err
	}
	id, err := tr.login(ctx, tr.Account.Identifier, tr.Account.Password)
	if err := refused("a login with a password that is due", id, err, core.ActionRequired); err != nil {
		return err
	}
	if e := core.AsError(err); e.Action != core.ActionNewPassword || !e.Proved || e.Subject != subject {
		return fmt.Errorf("the refusal has the action %q, proved is %t, and the subject is %q; want %q, true and %q",
			e.Action, e.Proved, e.Subject, core.ActionNewPassword, subject)
	}
	id, err = tr.login(ctx, tr.Account.Identifier, wrongPassword)
	return refused("a wrong password while another is due", id, err, core.InvalidCredentials)
}

func dueChanges(ctx context.Context, tr *trial) error {
	subject, err := tr.due(ctx)
	if err != nil {
		return err
	}
	err = tr.change(ctx, subject, wrongPassword, newPassword)
	if err := outcome("ChangePassword with a wrong old password", err, core.InvalidCredentials); err != nil {
		return err
	}
	if err := tr.change(ctx, subject, tr.Account.Password, newPassword); err != nil {
		return fmt.Errorf("ChangePassword: %w", err)
	}
	if err := tr.accepted(ctx, tr.Account.Identifier, newPassword, subject); err != nil {
		return fmt.Errorf("with the new password: %w", err)
	}
	old, err := tr.login(ctx, tr.Account.Identifier, tr.Account.Password)
	return refused("the old password after the change", old, err, core.InvalidCredentials)
}
