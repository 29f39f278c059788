package strategytest_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync/atomic"
	"time"
	"unicode/utf8"

	"github.com/authd-go/authd/core"
)

// mutant is memory, broken in the one way that the rule of its name is about.
type mutant struct {
	rule   string
	how    string
	mutate func(*subjectOfStudy)
}

func mutants() []mutant {
	return slices.Concat(houseMutants(), outageMutants(), identityMutants(), loginMutants(), concealmentMutants(),
		hostileMutants(), registrationMutants(), recoveryMutants(), changeMutants(), dueMutants(), presentMutants(), redirectMutants(), grantMutants(), doctorMutants())
}

// withPassword changes what the comparison sees of the password.
func withPassword(f func(typed string) string) func(*subjectOfStudy) {
	return func(s *subjectOfStudy) {
		s.login(func(ctx context.Context, c core.Credentials) (core.Identity, error) {
			c.Password = core.NewSecret(f(c.Password.Reveal()))
			return s.Authenticate(ctx, c)
		})
	}
}

// withName changes what the lookup sees of the name.
func withName(f func(core.Credentials) string) func(*subjectOfStudy) {
	return func(s *subjectOfStudy) {
		s.login(func(ctx context.Context, c core.Credentials) (core.Identity, error) {
			c.Identifier = f(c)
			return s.Authenticate(ctx, c)
		})
	}
}

// after lets the login run and then changes its outcome.
func after(f func(s *subjectOfStudy, c core.Credentials, id core.Identity, err error) (core.Identity, error)) func(*subjectOfStudy) {
	return func(s *subjectOfStudy) {
		s.login(func(ctx context.Context, c core.Credentials) (core.Identity, error) {
			id, err := s.Authenticate(ctx, c)
			return f(s, c, id, err)
		})
	}
}

// instead answers an error of one code by another error.
func instead(of core.Code, by error) func(*subjectOfStudy) {
	return after(func(_ *subjectOfStudy, _ core.Credentials, id core.Identity, err error) (core.Identity, error) {
		if core.CodeOf(err) == of {
			return id, by
		}
		return id, err
	})
}

func houseMutants() []mutant {
	return []mutant{
		{"capabilities are those wanted", "one is missing", func(s *subjectOfStudy) { s.backend.Strategy.LogoutRedirector = nil }},
		{"ready says yes", "never", func(s *subjectOfStudy) {
			s.backend.Strategy.Ready = func(context.Context) error { return core.Unavailable }
		}},
		{"close twice", "the second close fails", func(s *subjectOfStudy) {
			closed := false
			s.backend.Strategy.Close = func() error {
				if closed {
					return errors.New("closed already")
				}
				closed = true
				return nil
			}
		}},
		{"close twice", "the second close panics", func(s *subjectOfStudy) {
			done := make(chan struct{})
			s.backend.Strategy.Close = func() error { close(done); return nil }
		}},
		{"parallel use", "one answers the other's question", parallelMutant},
		{"no secret is shown", "a log line has the password", after(
			func(s *subjectOfStudy, c core.Credentials, id core.Identity, err error) (core.Identity, error) {
				s.env.Log.Debug("login", "params", fmt.Sprint(c.Params))
				return id, err
			})},
		{"no secret is shown", "an error has the backend's own password", func(s *subjectOfStudy) {
			s.backend.Strategy.Ready = func(ctx context.Context) error {
				if err := s.reach(ctx); err != nil {
					return fmt.Errorf("dial ldap://cn=reader:bind-password-77@dc1: %w", err)
				}
				return nil
			}
		}},
		{"no secret is shown", "an error has the new password", func(s *subjectOfStudy) {
			s.change(func(ctx context.Context, c core.PasswordChange) error {
				if err := s.ChangePassword(ctx, c); err != nil {
					return fmt.Errorf("set %x: %w", c.New.Reveal(), err)
				}
				return nil
			})
		}},
	}
}

// parallelMutant keeps a question where the next one overwrites it.
func parallelMutant(s *subjectOfStudy) {
	var last atomic.Pointer[core.Credentials]
	s.login(func(ctx context.Context, c core.Credentials) (core.Identity, error) {
		last.Store(&c)
		time.Sleep(5 * time.Millisecond)
		return s.Authenticate(ctx, *last.Load())
	})
}

func outageMutants() []mutant {
	return []mutant{
		{"a cancelled context returns at once", "it answers all the same", func(s *subjectOfStudy) {
			s.login(func(ctx context.Context, c core.Credentials) (core.Identity, error) {
				return s.Authenticate(context.WithoutCancel(ctx), c)
			})
		}},
		{"a cancelled context returns at once", "it takes its time", func(s *subjectOfStudy) {
			s.revalidate(func(ctx context.Context, who string) (core.Identity, error) {
				if ctx.Err() != nil {
					<-s.back.released
				}
				return s.Revalidate(ctx, who)
			})
		}},
		{"a cancelled context returns at once", "it says no and does it", func(s *subjectOfStudy) {
			s.reset(func(ctx context.Context, who string, pw core.Secret) error {
				return errors.Join(s.ResetPassword(context.WithoutCancel(ctx), who, pw), ctx.Err())
			})
		}},
		{"a hanging backend is left", "it waits for good", func(s *subjectOfStudy) {
			s.login(func(ctx context.Context, c core.Credentials) (core.Identity, error) {
				if s.back.mode.Load() == hanging {
					<-s.back.released
				}
				return s.Authenticate(ctx, c)
			})
		}},
		{"an outage is no verdict", "read as a wrong password", instead(core.Unavailable, core.InvalidCredentials)},
		{"an outage is no verdict", "read as a surprise", instead(core.Unavailable, errors.New("EOF"))},
		{"an outage is no verdict", "read as no such account", func(s *subjectOfStudy) {
			s.revalidate(func(ctx context.Context, who string) (core.Identity, error) {
				id, err := s.Revalidate(ctx, who)
				if err != nil {
					return id, core.UnknownUser
				}
				return id, nil
			})
		}},
		{"an outage is no verdict on strangers", "a cache knows who is unknown", func(s *subjectOfStudy) {
			s.login(func(ctx context.Context, c core.Credentials) (core.Identity, error) {
				if c.Identifier != "john" && c.Identifier != "john@mail.com" {
					return core.Identity{}, core.UnknownUser
				}
				return s.Authenticate(ctx, c)
			})
		}},
		{"ready says no", "always ready", func(s *subjectOfStudy) {
			s.backend.Strategy.Ready = func(context.Context) error { return nil }
		}},
		{"opens while the backend is down", "it connects at once", func(s *subjectOfStudy) {
			s.backend.Reopen = func(ctx context.Context) (core.Strategy, error) { return s.strategy(), s.reach(ctx) }
		}},
	}
}

func identityMutants() []mutant {
	var count atomic.Int64
	// Each mutant has slices and maps of its own, since mutants run in parallel.
	roles, claims := []string{"editor"}, map[string]any{"list": []any{map[string]any{"a": 1}}}
	return []mutant{
		{"subject is stable", "empty", accepted(func(id *core.Identity, _ core.Credentials) { id.Subject = "" })},
		{"subject is stable", "new at each login", accepted(func(id *core.Identity, _ core.Credentials) {
			id.Subject = fmt.Sprint(count.Add(1))
		})},
		{"subject is stable", "another strategy's", accepted(func(id *core.Identity, _ core.Credentials) { id.Strategy = "other" })},
		{"subject is stable", "recovery names another", func(s *subjectOfStudy) {
			s.find(func(ctx context.Context, name string) (core.Identity, error) {
				id, err := s.FindAccount(ctx, name)
				id.Subject = id.Email
				return id, err
			})
		}},
		{"subject outlives a restart", "drawn at each start", func(s *subjectOfStudy) {
			s.backend.Reopen = func(context.Context) (core.Strategy, error) {
				out := s.strategy()
				out.Authenticator = login(func(ctx context.Context, c core.Credentials) (core.Identity, error) {
					id, err := s.Authenticate(ctx, c)
					id.Subject = "second start " + id.Subject
					return id, err
				})
				return out, nil
			}
		}},
		{"all spellings are one account", "the subject is what was typed", accepted(func(id *core.Identity, c core.Credentials) {
			id.Subject = c.Typed
		})},
		{"accounts are told apart", "one subject for all", accepted(func(id *core.Identity, _ core.Credentials) { id.Subject = "member" })},
		{"accounts are told apart", "one password for all", after(
			func(_ *subjectOfStudy, c core.Credentials, id core.Identity, err error) (core.Identity, error) {
				if core.CodeOf(err) == core.InvalidCredentials && c.Password.Reveal() == johns {
					return core.Identity{AccountID: core.AccountID{Subject: "id-2"}}, nil
				}
				return id, err
			})},
		{"identity can be shown", "claims without a JSON", accepted(func(id *core.Identity, _ core.Credentials) {
			id.Claims["channel"] = make(chan int)
		})},
		{"identity can be shown", "an address as it was typed", accepted(func(id *core.Identity, _ core.Credentials) {
			id.Email = "John@Mail.com"
		})},
		{"results share no memory", "roles", accepted(func(id *core.Identity, _ core.Credentials) { id.Roles = roles })},
		{"results share no memory", "claims below the first level", accepted(func(id *core.Identity, _ core.Credentials) {
			id.Claims = maps.Clone(claims)
		})},
		{"results share no memory", "permissions", func(s *subjectOfStudy) {
			all := []string{"read", "write"}
			s.permissions(func(context.Context, core.Identity, core.Params) (any, error) { return all, nil })
		}},
	}
}

// accepted changes the identity of logins that work.
func accepted(f func(*core.Identity, core.Credentials)) func(*subjectOfStudy) {
	return after(func(_ *subjectOfStudy, c core.Credentials, id core.Identity, err error) (core.Identity, error) {
		if err == nil {
			f(&id, c)
		}
		return id, err
	})
}

func loginMutants() []mutant {
	anybody := core.Identity{AccountID: core.AccountID{Subject: "id-1"}}
	return []mutant{
		{"the right password is accepted", "never", withPassword(func(string) string { return "x" })},
		{"a wrong password is refused", "it is not compared", withPassword(func(string) string { return johns })},
		{"a wrong password is refused", "spaces are trimmed", withPassword(strings.TrimSpace)},
		{"a wrong password is refused", "a prefix will do", withPassword(func(pw string) string {
			if pw != "" && strings.HasPrefix(johns, pw) {
				return johns
			}
			return pw
		})},
		{"a wrong password is refused", "the case is folded", withPassword(func(pw string) string {
			if strings.EqualFold(pw, johns) {
				return johns
			}
			return pw
		})},
		{"a wrong password is refused", "as an outage", instead(core.InvalidCredentials, core.Unavailable)},
		{"a wrong password is refused", "with an identity", after(
			func(_ *subjectOfStudy, _ core.Credentials, id core.Identity, err error) (core.Identity, error) {
				if err != nil {
					id = anybody
				}
				return id, err
			})},
		{"an unknown user is refused", "as a guest", after(
			func(_ *subjectOfStudy, _ core.Credentials, id core.Identity, err error) (core.Identity, error) {
				if core.CodeOf(err) == core.UnknownUser {
					return core.Identity{AccountID: core.AccountID{Subject: "guest"}}, nil
				}
				return id, err
			})},
		{"an unknown user is refused", "as a surprise", instead(core.UnknownUser, errors.New("no rows"))},
		{"an empty password is refused", "taken for an anonymous bind", after(
			func(_ *subjectOfStudy, c core.Credentials, id core.Identity, err error) (core.Identity, error) {
				if core.CodeOf(err) == core.InvalidCredentials && c.Password.Empty() {
					return anybody, nil
				}
				return id, err
			})},
		{"no canonical form is no account", "what was typed is looked up", withName(func(c core.Credentials) string { return c.Typed })},
		{"a disabled account is refused", "it is not looked at", after(
			func(_ *subjectOfStudy, c core.Credentials, id core.Identity, err error) (core.Identity, error) {
				if core.CodeOf(err) == core.Disabled && c.Password.Reveal() == johns {
					return anybody, nil
				}
				return id, err
			})},
	}
}

func concealmentMutants() []mutant {
	skip := func(code core.Code) func(*subjectOfStudy) {
		return after(func(s *subjectOfStudy, _ core.Credentials, id core.Identity, err error) (core.Identity, error) {
			if core.CodeOf(err) == code {
				s.back.work.Add(^uint64(0)) // the work was not done
			}
			return id, err
		})
	}
	return []mutant{
		{"unknown looks like wrong", "it is said", instead(core.UnknownUser, core.Forbidden)},
		{"unknown looks like wrong", "it has a reason", instead(core.UnknownUser, &core.Error{Code: core.InvalidCredentials, Reason: "no_such_user"})},
		{"unknown looks like wrong", "it has a delay", instead(core.UnknownUser, &core.Error{Code: core.InvalidCredentials, RetryAfter: time.Minute})},
		{"unknown works like wrong", "nothing is compared", skip(core.UnknownUser)},
		{"disabled looks like wrong", "it is said to everybody", instead(core.Disabled, &core.Error{Code: core.Disabled, Proved: true})},
		{"disabled works like wrong", "nothing is compared", skip(core.Disabled)},
	}
}

func hostileMutants() []mutant {
	cut := func(at string) func(string) string {
		return func(text string) string { before, _, _ := strings.Cut(text, at); return before }
	}
	cutName := func(at string) func(*subjectOfStudy) {
		return withName(func(c core.Credentials) string { return cut(at)(c.Identifier) })
	}
	return []mutant{
		{"hostile names are refused", "a star matches anything", withName(func(c core.Credentials) string {
			if strings.HasPrefix("john@mail.com", strings.TrimSuffix(c.Identifier, "*")) {
				return "john@mail.com"
			}
			return c.Identifier
		})},
		{"hostile names are refused", "a bracket ends the filter", cutName(")")},
		{"hostile names are refused", "a quote ends the text", cutName("'")},
		{"hostile names are refused", "NUL ends the text", cutName("\x00")},
		{"hostile names are refused", "a line is as good as the whole", cutName("\n")},
		{"hostile names are refused", "a colon ends the name", cutName(":")},
		{"hostile names are refused", "long names are cut", withName(func(c core.Credentials) string {
			return strings.TrimSpace(c.Identifier[:min(200, len(c.Identifier))])
		})},
		{"hostile names are refused", "bad encoding is a surprise", func(s *subjectOfStudy) {
			s.login(func(ctx context.Context, c core.Credentials) (core.Identity, error) {
				if !utf8.ValidString(c.Identifier) {
					return core.Identity{}, errors.New("pq: invalid byte sequence")
				}
				return s.Authenticate(ctx, c)
			})
		}},
		{"hostile names are refused", "a long name panics", withName(func(c core.Credentials) string {
			if len(c.Identifier) > 4096 {
				panic("slice bounds out of range")
			}
			return c.Identifier
		})},
		{"spellings reach nobody else", "upper case is somebody else", after(
			func(_ *subjectOfStudy, c core.Credentials, id core.Identity, err error) (core.Identity, error) {
				if c.Identifier == "JOHN@MAIL.COM" {
					return core.Identity{AccountID: core.AccountID{Subject: "id-2"}}, nil
				}
				return id, err
			})},
		{"composed and decomposed are one", "what was typed is looked up", withName(func(c core.Credentials) string {
			if c.Identifier == "" {
				return ""
			}
			return c.Typed
		})},
		{"composed and decomposed are one", "accents are dropped", withName(func(c core.Credentials) string {
			return strings.Replace(c.Identifier, "jurgen", "j\u00fcrgen", 1)
		})},
		{"hostile passwords are refused", "NUL ends the text", withPassword(cut("\x00"))},
		{"hostile passwords are refused", "said twice is said once", withPassword(func(pw string) string {
			if first, second, _ := strings.Cut(pw, "\x00"); first == second {
				return first // what bcrypt makes of a key with a NUL in it
			}
			return pw
		})},
		{"hostile passwords are refused", "bad encoding is dropped", withPassword(func(pw string) string { return strings.ToValidUTF8(pw, "") })},
		{"hostile passwords are refused", "a line is as good as the whole", withPassword(cut("\n"))},
		{"hostile passwords are refused", "a scheme is looked for", withPassword(func(pw string) string { return strings.TrimPrefix(pw, "{CLEARTEXT}") })},
		{"hostile passwords are refused", "too long is a surprise", func(s *subjectOfStudy) {
			s.login(func(ctx context.Context, c core.Credentials) (core.Identity, error) {
				if len(c.Password.Reveal()) > 1024 {
					return core.Identity{}, errors.New("bcrypt: password length exceeds 72 bytes")
				}
				return s.Authenticate(ctx, c)
			})
		}},
		{"odd parameters are no surprise", "they are taken for texts", withName(func(c core.Credentials) string {
			if c.Params["email"].(string) == "" {
				return ""
			}
			return c.Identifier
		})},
		{"passwords are compared whole", "72 bytes are", withPassword(func(pw string) string { return pw[:min(72, len(pw))] })},
	}
}
