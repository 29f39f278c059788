package strategytest

import (
	"context"
	"fmt"

	"github.com/authd-go/authd/core"
)

// call is one method of a capability, with arguments that would work.
type call struct {
	name string
	// besides are the outcomes that are right, beside Unavailable, when the
	// backend cannot be asked: some questions can be answered without it.
	besides []core.Code
	do      func(context.Context) error
}

// calls lists every method the strategy has, for the account id.
func (tr *trial) calls(id core.Identity) []call {
	return append(append(append(tr.loginCalls(), tr.accountCalls(id)...), tr.presentCalls(id)...), tr.siteCalls()...)
}

func (tr *trial) loginCalls() []call {
	s := tr.Strategy
	var out []call
	if s.Authenticator != nil {
		out = append(out, call{"Authenticate", nil, func(ctx context.Context) error {
			_, err := tr.login(ctx, tr.Account.Identifier, tr.Account.Password)
			return err
		}})
	}
	if s.Redirector != nil {
		out = append(out, call{"Begin", []core.Code{""}, func(ctx context.Context) error {
			_, err := s.Redirector.Begin(ctx, redirectRequest())
			return err
		}}, call{"Complete", foreignCallback(), func(ctx context.Context) error {
			_, err := s.Redirector.Complete(ctx, core.Callback{Query: map[string][]string{"code": {"x"}, "state": {"x"}}})
			return err
		}})
	}
	if s.Ready != nil {
		out = append(out, call{"Ready", nil, s.Ready})
	}
	return out
}

func (tr *trial) accountCalls(id core.Identity) []call {
	s := tr.Strategy
	var out []call
	if s.Registrar != nil {
		out = append(out, call{"Register", nil, func(ctx context.Context) error {
			_, err := s.Registrar.Register(ctx, registration(1))
			return err
		}})
	}
	if s.Recoverer != nil {
		out = append(out, call{"FindAccount", nil, func(ctx context.Context) error {
			_, err := s.Recoverer.FindAccount(ctx, tr.Account.Identifier)
			return err
		}}, call{"ResetPassword", nil, func(ctx context.Context) error {
			return s.Recoverer.ResetPassword(ctx, id.Subject, core.NewSecret(newPassword))
		}})
	}
	if s.PasswordChanger != nil {
		out = append(out, call{"ChangePassword", nil, func(ctx context.Context) error {
			return tr.change(ctx, id.Subject, tr.Account.Password, newPassword)
		}})
	}
	return out
}

func (tr *trial) presentCalls(id core.Identity) []call {
	s := tr.Strategy
	itself := []core.Code{""}
	var out []call
	if s.Revalidator != nil {
		out = append(out, call{"Revalidate", nil, func(ctx context.Context) error {
			_, err := s.Revalidator.Revalidate(ctx, id.Subject)
			return err
		}})
	}
	if s.PermissionSource != nil {
		out = append(out, call{"Permissions", itself, func(ctx context.Context) error {
			_, err := s.PermissionSource.Permissions(ctx, id, nil)
			return err
		}})
	}
	if s.IdentitySource != nil {
		out = append(out, call{"Identity", itself, func(ctx context.Context) error {
			_, err := s.IdentitySource.Identity(ctx, id)
			return err
		}})
	}
	if s.PictureSource != nil {
		out = append(out, call{"Picture", itself, func(ctx context.Context) error {
			_, err := s.PictureSource.Picture(ctx, id.Subject)
			return err
		}})
	}
	if s.LogoutRedirector != nil {
		out = append(out, call{"LogoutURL", itself, func(ctx context.Context) error {
			_, err := s.LogoutRedirector.LogoutURL(ctx, core.Grant{Identity: id}, "http://localhost:8080/")
			return err
		}})
	}
	return out
}

// siteCalls are those that another site's word belongs to. A strategy that has
// what it needs may answer them without the site.
func (tr *trial) siteCalls() []call {
	s, other, itself := tr.Strategy, tr.other(), []core.Code{""}
	var out []call
	if s.Renewer != nil && other.Grant != nil {
		out = append(out, call{"Renew", itself, func(ctx context.Context) error {
			_, err := s.Renewer.Renew(ctx, tr.granted)
			return err
		}})
	}
	if s.TokenAuthenticator != nil && other.Token != nil {
		out = append(out, call{"AuthenticateToken", itself, func(ctx context.Context) error {
			_, err := tr.present(ctx, other.Token(""), "")
			return err
		}})
	}
	if s.LogoutReceiver != nil && other.Notice != nil {
		out = append(out, call{"ReceiveLogout", itself, func(ctx context.Context) error {
			_, err := tr.receive(ctx, other.Notice())
			return err
		}})
	}
	return out
}

// unanswered makes every call and checks that each says, in time, that the
// backend could not be asked.
func (tr *trial) unanswered(ctx context.Context, why string, id core.Identity) error {
	for _, c := range tr.calls(id) {
		what := fmt.Sprintf("%s %s", c.name, why)
		err := tr.inTime(what, func() error {
			return outcome(what, c.do(ctx), append([]core.Code{core.Unavailable}, c.besides...)...)
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// known signs the account in, if there is a way to, for the calls about it.
func (tr *trial) known(ctx context.Context) (core.Identity, error) {
	if grant := tr.other().Grant; grant != nil {
		g, err := grant(ctx, tr.Strategy)
		if err != nil {
			return core.Identity{}, fmt.Errorf("sign the account in: %w", err)
		}
		tr.granted = g
	}
	if tr.missing([]Need{NeedAccount}) != "" {
		return core.Identity{AccountID: core.AccountID{Strategy: Name, Subject: "x"}}, nil
	}
	return tr.signIn(ctx)
}

// change asks for a new password.
func (tr *trial) change(ctx context.Context, subject, old, next string) error {
	return tr.Strategy.PasswordChanger.ChangePassword(ctx, core.PasswordChange{
		Subject: subject, Old: core.NewSecret(old), New: core.NewSecret(next),
	})
}

// reset sets a password.
func (tr *trial) reset(ctx context.Context, subject, next string) error {
	return tr.Strategy.Recoverer.ResetPassword(ctx, subject, core.NewSecret(next))
}

// registration is the suite's n-th newcomer.
func registration(n int) core.Registration {
	return core.Registration{
		Email: fmt.Sprintf("newcomer%d@example.com", n), Username: fmt.Sprintf("newcomer%d", n), Name: "New Comer",
		Password: core.NewSecret(newPassword),
	}
}
