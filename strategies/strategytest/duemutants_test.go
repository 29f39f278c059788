package strategytest_test

import (
	"context"

	"github.com/authd-go/authd/core"
)

func dueMutants() []mutant {
	told := func(f func(*core.Error)) func(*subjectOfStudy) {
		return after(func(_ *subjectOfStudy, _ core.Credentials, id core.Identity, err error) (core.Identity, error) {
			if core.CodeOf(err) == core.ActionRequired {
				e := *core.AsError(err)
				f(&e)
				err = &e
			}
			return id, err
		})
	}
	const rule, change = "who must change the password is told so", "a password that is due can be changed"
	return []mutant{
		{rule, "without saying what to do", told(func(e *core.Error) { e.Action = "" })},
		{rule, "without saying whose it is", told(func(e *core.Error) { e.Subject = "" })},
		{rule, "as if nothing were proved", told(func(e *core.Error) { e.Proved = false })},
		{rule, "as expired", told(func(e *core.Error) { e.Code, e.Proved = core.PasswordExpired, true })},
		{rule, "whatever was typed", instead(core.InvalidCredentials, &core.Error{
			Code: core.ActionRequired, Action: core.ActionNewPassword, Subject: "id-1", Proved: true,
		})},
		{change, "only by whoever could sign in", func(s *subjectOfStudy) {
			s.change(func(ctx context.Context, c core.PasswordChange) error {
				return s.set(ctx, c.Subject, c.New, func(p *person) bool { return p.password == c.Old.Reveal() && !p.due })
			})
		}},
		{change, "and is due again", func(s *subjectOfStudy) {
			s.change(func(ctx context.Context, c core.PasswordChange) error {
				if err := s.ChangePassword(ctx, c); err != nil {
					return err
				}
				return s.backend.MustChange(ctx, "john@mail.com")
			})
		}},
		{change, "by anybody", func(s *subjectOfStudy) {
			s.change(func(ctx context.Context, c core.PasswordChange) error { return s.ResetPassword(ctx, c.Subject, c.New) })
		}},
	}
}
