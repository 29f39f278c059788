package strategytest_test

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/authd-go/authd/core"
)

func registrationMutants() []mutant {
	before := func(f func(s *subjectOfStudy, r *core.Registration) error) func(*subjectOfStudy) {
		return func(s *subjectOfStudy) {
			s.register(func(ctx context.Context, r core.Registration) (core.Identity, error) {
				if err := f(s, &r); err != nil {
					return core.Identity{}, err
				}
				return s.Register(ctx, r)
			})
		}
	}
	forget := func(s *subjectOfStudy, r *core.Registration) error {
		_ = s.back.look(named(r.Email), func(p *person) error {
			if p != nil {
				p.names = []string{"forgotten"}
			}
			return nil
		})
		return nil
	}
	return []mutant{
		{"who registered can sign in", "another password is kept", before(func(_ *subjectOfStudy, r *core.Registration) error {
			r.Password = core.NewSecret(strings.ToLower(r.Password.Reveal()))
			return nil
		})},
		{"who registered can sign in", "under another subject", func(s *subjectOfStudy) {
			s.register(func(ctx context.Context, r core.Registration) (core.Identity, error) {
				id, err := s.Register(ctx, r)
				if err == nil {
					id.Subject = r.Email
				}
				return id, err
			})
		}},
		{"a registration gives no roles", "those that were asked for", func(s *subjectOfStudy) {
			s.register(func(ctx context.Context, r core.Registration) (core.Identity, error) {
				id, err := s.Register(ctx, r)
				if role, ok := r.Params["role"].(string); ok {
					id.Roles = []string{role}
				}
				return id, err
			})
		}},
		{"duplicate registration is a conflict", "the second takes the name over", before(forget)},
		{"duplicate registration is a conflict", "the second sets the password", before(func(s *subjectOfStudy, r *core.Registration) error {
			return s.back.look(named(r.Email), func(p *person) error {
				if p != nil {
					p.password = r.Password.Reveal()
				}
				return nil
			})
		})},
		{"duplicate registration is a conflict", "as a surprise", func(s *subjectOfStudy) {
			s.register(func(ctx context.Context, r core.Registration) (core.Identity, error) {
				id, err := s.Register(ctx, r)
				if core.CodeOf(err) == core.Conflict {
					return id, errors.New("UNIQUE constraint failed")
				}
				return id, err
			})
		}},
		{"parallel registration has one winner", "looked first, made later", func(s *subjectOfStudy) {
			s.register(func(ctx context.Context, r core.Registration) (core.Identity, error) {
				if err := s.back.look(named(r.Email), func(p *person) error {
					if p != nil {
						return core.Conflict
					}
					return nil
				}); err != nil {
					return core.Identity{}, err
				}
				time.Sleep(20 * time.Millisecond)
				_ = forget(s, &r)
				return s.Register(ctx, r)
			})
		}},
		{"incomplete registration is refused", "any password will do", before(func(_ *subjectOfStudy, r *core.Registration) error {
			if r.Password.Empty() {
				r.Password = core.NewSecret("changeme")
			}
			return nil
		})},
		{"incomplete registration is refused", "nobody is told the field", before(func(_ *subjectOfStudy, r *core.Registration) error {
			if r.Email == "" && r.Username == "" {
				return core.InvalidInput
			}
			return nil
		})},
		{"weak password is not registered", "it is", before(func(_ *subjectOfStudy, r *core.Registration) error {
			if r.Password.Reveal() == "short" {
				r.Password = core.NewSecret("short and padded")
			}
			return nil
		})},
		{"weak password is not registered", "the name is taken all the same", before(func(s *subjectOfStudy, r *core.Registration) error {
			if r.Password.Reveal() == "short" {
				_, _ = s.back.add([]string{r.Email}, "")
			}
			return nil
		})},
		{"hostile names register as text or not at all", "a quote ends the text", before(func(_ *subjectOfStudy, r *core.Registration) error {
			r.Username, _, _ = strings.Cut(r.Username, "'")
			return nil
		})},
		{"hostile names register as text or not at all", "a star is everybody", before(func(s *subjectOfStudy, r *core.Registration) error {
			if r.Username != "*" {
				return nil
			}
			return s.back.look(named("john"), func(p *person) error { p.password = r.Password.Reveal(); return nil })
		})},
		{"hostile password is kept whole or refused", "72 bytes are kept", func(s *subjectOfStudy) {
			first := func(pw core.Secret) core.Secret { return core.NewSecret(pw.Reveal()[:min(72, len(pw.Reveal()))]) }
			before(func(_ *subjectOfStudy, r *core.Registration) error { r.Password = first(r.Password); return nil })(s)
			withPassword(func(pw string) string { return first(core.NewSecret(pw)).Reveal() })(s)
		}},
		{"hostile password is kept whole or refused", "NUL panics", before(func(_ *subjectOfStudy, r *core.Registration) error {
			if strings.Contains(r.Password.Reveal(), "\x00") {
				panic("NUL")
			}
			return nil
		})},
	}
}

func recoveryMutants() []mutant {
	return []mutant{
		{"recovery finds nobody who is unknown", "a star finds the first", func(s *subjectOfStudy) {
			s.find(func(ctx context.Context, name string) (core.Identity, error) {
				if name == "*" {
					name = "john"
				}
				return s.FindAccount(ctx, name)
			})
		}},
		{"recovery finds nobody who is unknown", "anybody is found", func(s *subjectOfStudy) {
			s.find(func(context.Context, string) (core.Identity, error) { return core.Identity{}, nil })
		}},
		{"recovery does not find the disabled", "it says so", func(s *subjectOfStudy) {
			s.find(func(ctx context.Context, name string) (core.Identity, error) { return s.person(ctx, named(name)) })
		}},
		{"a reset password works", "nothing is set", func(s *subjectOfStudy) {
			s.reset(func(context.Context, string, core.Secret) error { return nil })
		}},
		{"a reset password works", "the old one stays good", func(s *subjectOfStudy) {
			second := ""
			s.reset(func(_ context.Context, _ string, pw core.Secret) error { second = pw.Reveal(); return nil })
			withPassword(func(pw string) string {
				if second != "" && pw == second {
					return johns
				}
				return pw
			})(s)
		}},
		{"a reset of no account is refused", "silently", func(s *subjectOfStudy) {
			s.reset(func(ctx context.Context, who string, pw core.Secret) error {
				if err := s.ResetPassword(ctx, who, pw); core.CodeOf(err) != core.UnknownUser {
					return err
				}
				return nil
			})
		}},
		{"a reset of a disabled account is refused", "it is enabled again", func(s *subjectOfStudy) {
			s.reset(func(ctx context.Context, who string, pw core.Secret) error {
				_ = s.back.look(subject(who), func(p *person) error {
					if p != nil {
						p.disabled = false
					}
					return nil
				})
				return s.ResetPassword(ctx, who, pw)
			})
		}},
		{"a reset to a weak password is refused", "there is no policy here", func(s *subjectOfStudy) {
			s.reset(func(ctx context.Context, who string, pw core.Secret) error {
				if fit(pw) != nil && !pw.Empty() {
					return s.back.look(subject(who), func(p *person) error { p.password = pw.Reveal(); return nil })
				}
				return s.ResetPassword(ctx, who, pw)
			})
		}},
	}
}

func changeMutants() []mutant {
	through := func(f func(*core.PasswordChange)) func(*subjectOfStudy) {
		return func(s *subjectOfStudy) {
			s.change(func(ctx context.Context, c core.PasswordChange) error { f(&c); return s.ChangePassword(ctx, c) })
		}
	}
	return []mutant{
		{"a changed password works", "nothing is set", through(func(c *core.PasswordChange) { c.New = c.Old })},
		{"a change asks for the old password", "it does not", through(func(c *core.PasswordChange) { c.Old = core.NewSecret(johns) })},
		{"a change asks for the old password", "it is set first and compared later", func(s *subjectOfStudy) {
			s.change(func(ctx context.Context, c core.PasswordChange) error {
				err := s.ChangePassword(ctx, c)
				if core.CodeOf(err) == core.InvalidCredentials {
					return errors.Join(err, s.ResetPassword(ctx, c.Subject, c.New))
				}
				return err
			})
		}},
		{"a change of no account is refused", "the star is everybody", through(func(c *core.PasswordChange) {
			if c.Subject == "*" {
				c.Subject = "id-1"
			}
		})},
		{"a change by a disabled account is refused", "it is not looked at", func(s *subjectOfStudy) {
			s.change(func(ctx context.Context, c core.PasswordChange) error {
				err := s.ChangePassword(ctx, c)
				if core.CodeOf(err) == core.Disabled {
					return nil
				}
				return err
			})
		}},
		{"a change to a weak password is refused", "the field is not named", func(s *subjectOfStudy) {
			s.change(func(ctx context.Context, c core.PasswordChange) error {
				err := s.ChangePassword(ctx, c)
				if core.CodeOf(err) == core.InvalidInput {
					return core.InvalidInput
				}
				return err
			})
		}},
	}
}

func presentMutants() []mutant {
	return []mutant{
		{"a good account revalidates", "roles are lost", func(s *subjectOfStudy) {
			s.revalidate(func(ctx context.Context, who string) (core.Identity, error) {
				id, err := s.Revalidate(ctx, who)
				id.Roles = nil
				return id, err
			})
		}},
		{"no account does not revalidate", "the empty subject does", func(s *subjectOfStudy) {
			s.revalidate(func(ctx context.Context, who string) (core.Identity, error) {
				if who == "" {
					return core.Identity{}, nil
				}
				return s.Revalidate(ctx, who)
			})
		}},
		{"no account does not revalidate", "as an outage", func(s *subjectOfStudy) {
			s.revalidate(func(ctx context.Context, who string) (core.Identity, error) {
				id, err := s.Revalidate(ctx, who)
				if core.CodeOf(err) == core.UnknownUser {
					return id, core.Unavailable
				}
				return id, err
			})
		}},
		{"a disabled account does not revalidate", "it does", func(s *subjectOfStudy) {
			s.revalidate(func(ctx context.Context, who string) (core.Identity, error) {
				id, err := s.Revalidate(ctx, who)
				if core.CodeOf(err) == core.Disabled {
					return core.Identity{AccountID: core.AccountID{Subject: who}}, nil
				}
				return id, err
			})
		}},
		{"a picture that is promised is there", "it is gone", func(s *subjectOfStudy) {
			s.picture(func(ctx context.Context, who string) ([]byte, error) {
				_, err := s.Picture(ctx, who)
				return nil, err
			})
		}},
		{"a picture that is promised is there", "it is a page", func(s *subjectOfStudy) {
			s.picture(func(ctx context.Context, who string) ([]byte, error) {
				_, err := s.Picture(ctx, who)
				return []byte("<html>"), err
			})
		}},
		{"no account has no picture", "the empty subject has", func(s *subjectOfStudy) {
			s.picture(func(ctx context.Context, who string) ([]byte, error) {
				if who == "" {
					return []byte("GIF89a"), nil
				}
				return s.Picture(ctx, who)
			})
		}},
		{"no account has no picture", "as an outage", func(s *subjectOfStudy) {
			s.picture(func(ctx context.Context, who string) ([]byte, error) {
				image, err := s.Picture(ctx, who)
				if core.CodeOf(err) == core.UnknownUser {
					return nil, core.Unavailable
				}
				return image, err
			})
		}},
		{"permissions of its own account", "none is null", func(s *subjectOfStudy) {
			s.permissions(func(context.Context, core.Identity, core.Params) (any, error) { return []string(nil), nil })
		}},
		{"permissions of its own account", "without a JSON", func(s *subjectOfStudy) {
			s.permissions(func(context.Context, core.Identity, core.Params) (any, error) { return func() {}, nil })
		}},
		{"permissions of a stranger", "by subject alone", func(s *subjectOfStudy) {
			s.permissions(func(ctx context.Context, id core.Identity, p core.Params) (any, error) {
				id.Strategy = s.name
				return s.Permissions(ctx, id, p)
			})
		}},
		{"permissions of a stranger", "none, but known", func(s *subjectOfStudy) {
			s.permissions(func(ctx context.Context, id core.Identity, p core.Params) (any, error) {
				got, err := s.Permissions(ctx, id, p)
				if core.CodeOf(err) == core.UnknownUser {
					return []string{}, nil
				}
				return got, err
			})
		}},
		{"identity of its own account", "the address is lost", func(s *subjectOfStudy) {
			s.identity(func(ctx context.Context, id core.Identity) (core.Identity, error) {
				now, err := s.Identity(ctx, id)
				now.Email = ""
				return now, err
			})
		}},
		{"identity of a stranger", "by address", func(s *subjectOfStudy) {
			s.identity(func(ctx context.Context, id core.Identity) (core.Identity, error) {
				return s.person(ctx, named(id.Email))
			})
		}},
		{"identity of a stranger", "as it came", func(s *subjectOfStudy) {
			s.identity(func(_ context.Context, id core.Identity) (core.Identity, error) { return id, nil })
		}},
	}
}

func redirectMutants() []mutant {
	return []mutant{
		{"a redirect leads somewhere", "to a path", func(s *subjectOfStudy) {
			s.begin(func(ctx context.Context, q core.RedirectRequest) (core.Redirect, error) {
				r, err := s.Begin(ctx, q)
				r.URL = "/authorize"
				return r, err
			})
		}},
		{"a redirect leads somewhere", "to a script", func(s *subjectOfStudy) {
			s.begin(func(ctx context.Context, q core.RedirectRequest) (core.Redirect, error) {
				r, err := s.Begin(ctx, q)
				r.URL = "javascript://id.example.com/%0aalert(1)"
				return r, err
			})
		}},
		{"each redirect is one of its own", "one for all", func(s *subjectOfStudy) {
			s.begin(func(ctx context.Context, q core.RedirectRequest) (core.Redirect, error) {
				q.State = "constant"
				r, err := s.Begin(ctx, q)
				r.Keep = core.NewSecret("constant")
				return r, err
			})
		}},
		{"an answer without its question is refused", "the state is not compared", func(s *subjectOfStudy) {
			s.complete(func(ctx context.Context, _ core.Callback) (core.Grant, error) {
				return s.grant(ctx)
			})
		}},
		{"an answer without its question is refused", "no state is as good as none", func(s *subjectOfStudy) {
			s.complete(func(ctx context.Context, c core.Callback) (core.Grant, error) {
				if len(c.Query["state"]) == 0 && c.Keep.Empty() {
					return s.grant(ctx)
				}
				return s.Complete(ctx, c)
			})
		}},
		{"a logout leads somewhere or nowhere", "to a path", func(s *subjectOfStudy) {
			s.logout(func(_ context.Context, _ core.Grant, to string) (string, error) { return "/logout?to=" + to, nil })
		}},
	}
}
