package strategytest_test

import (
	"context"

	"github.com/authd-go/authd/core"
)

// Each capability as a function, so that a mutant is the one method it breaks.

type (
	login       func(context.Context, core.Credentials) (core.Identity, error)
	register    func(context.Context, core.Registration) (core.Identity, error)
	find        func(context.Context, string) (core.Identity, error)
	reset       func(context.Context, string, core.Secret) error
	change      func(context.Context, core.PasswordChange) error
	revalidate  func(context.Context, string) (core.Identity, error)
	permissions func(context.Context, core.Identity, core.Params) (any, error)
	identity    func(context.Context, core.Identity) (core.Identity, error)
	begin       func(context.Context, core.RedirectRequest) (core.Redirect, error)
	complete    func(context.Context, core.Callback) (core.Grant, error)
	logout      func(context.Context, core.Grant, string) (string, error)
	renewal     func(context.Context, core.Grant) (core.Grant, error)
	token       func(context.Context, core.TokenCredentials) (core.TokenGrant, error)
	receive     func(context.Context, core.Secret) (core.LogoutNotice, error)
	picture     func(context.Context, string) ([]byte, error)
)

func (f renewal) Renew(ctx context.Context, g core.Grant) (core.Grant, error) { return f(ctx, g) }

func (f token) AuthenticateToken(ctx context.Context, c core.TokenCredentials) (core.TokenGrant, error) {
	return f(ctx, c)
}

func (f receive) ReceiveLogout(ctx context.Context, t core.Secret) (core.LogoutNotice, error) {
	return f(ctx, t)
}

func (f login) Authenticate(ctx context.Context, c core.Credentials) (core.Identity, error) {
	return f(ctx, c)
}

func (f register) Register(ctx context.Context, r core.Registration) (core.Identity, error) {
	return f(ctx, r)
}

func (f change) ChangePassword(ctx context.Context, c core.PasswordChange) error { return f(ctx, c) }

func (f revalidate) Revalidate(ctx context.Context, who string) (core.Identity, error) {
	return f(ctx, who)
}

func (f permissions) Permissions(ctx context.Context, id core.Identity, p core.Params) (any, error) {
	return f(ctx, id, p)
}

func (f identity) Identity(ctx context.Context, id core.Identity) (core.Identity, error) {
	return f(ctx, id)
}

func (f picture) Picture(ctx context.Context, who string) ([]byte, error) { return f(ctx, who) }

func (f logout) LogoutURL(ctx context.Context, g core.Grant, returnTo string) (string, error) {
	return f(ctx, g, returnTo)
}

// recoverer and redirector have two methods each; a nil one is the original's.
type recoverer struct {
	core.Recoverer
	find  find
	reset reset
}

func (r recoverer) FindAccount(ctx context.Context, name string) (core.Identity, error) {
	if r.find == nil {
		return r.Recoverer.FindAccount(ctx, name)
	}
	return r.find(ctx, name)
}

func (r recoverer) ResetPassword(ctx context.Context, who string, pw core.Secret) error {
	if r.reset == nil {
		return r.Recoverer.ResetPassword(ctx, who, pw)
	}
	return r.reset(ctx, who, pw)
}

type redirector struct {
	core.Redirector
	begin    begin
	complete complete
}

func (r redirector) Begin(ctx context.Context, q core.RedirectRequest) (core.Redirect, error) {
	if r.begin == nil {
		return r.Redirector.Begin(ctx, q)
	}
	return r.begin(ctx, q)
}

func (r redirector) Complete(ctx context.Context, c core.Callback) (core.Grant, error) {
	if r.complete == nil {
		return r.Redirector.Complete(ctx, c)
	}
	return r.complete(ctx, c)
}

// The setters put a mutant's method in place.

func (s *subjectOfStudy) login(f login)       { s.backend.Strategy.Authenticator = f }
func (s *subjectOfStudy) register(f register) { s.backend.Strategy.Registrar = f }
func (s *subjectOfStudy) find(f find)         { s.backend.Strategy.Recoverer = recoverer{s.memory, f, nil} }

func (s *subjectOfStudy) reset(f reset)             { s.backend.Strategy.Recoverer = recoverer{s.memory, nil, f} }
func (s *subjectOfStudy) change(f change)           { s.backend.Strategy.PasswordChanger = f }
func (s *subjectOfStudy) revalidate(f revalidate)   { s.backend.Strategy.Revalidator = f }
func (s *subjectOfStudy) permissions(f permissions) { s.backend.Strategy.PermissionSource = f }
func (s *subjectOfStudy) identity(f identity)       { s.backend.Strategy.IdentitySource = f }
func (s *subjectOfStudy) begin(f begin)             { s.backend.Strategy.Redirector = redirector{s.memory, f, nil} }

func (s *subjectOfStudy) complete(f complete) {
	s.backend.Strategy.Redirector = redirector{s.memory, nil, f}
}
func (s *subjectOfStudy) picture(f picture) { s.backend.Strategy.PictureSource = f }

func (s *subjectOfStudy) logout(f logout)   { s.backend.Strategy.LogoutRedirector = f }
func (s *subjectOfStudy) renew(f renewal)   { s.backend.Strategy.Renewer = f }
func (s *subjectOfStudy) token(f token)     { s.backend.Strategy.TokenAuthenticator = f }
func (s *subjectOfStudy) receive(f receive) { s.backend.Strategy.LogoutReceiver = f }
