package guard

import (
	"context"

	"github.com/authd-go/authd/core"
)

// One wrapper per capability: each method is the next one's, within the limit.

type authenticator struct {
	l    *limiter
	next core.Authenticator
}

func (w authenticator) Authenticate(ctx context.Context, c core.Credentials) (core.Identity, error) {
	return call(ctx, w.l, "authenticate", func(ctx context.Context) (core.Identity, error) { return w.next.Authenticate(ctx, c) })
}

type redirector struct {
	l    *limiter
	next core.Redirector
}

func (w redirector) Begin(ctx context.Context, r core.RedirectRequest) (core.Redirect, error) {
	return call(ctx, w.l, "begin a redirect login", func(ctx context.Context) (core.Redirect, error) { return w.next.Begin(ctx, r) })
}

func (w redirector) Complete(ctx context.Context, c core.Callback) (core.Grant, error) {
	return call(ctx, w.l, "complete a redirect login", func(ctx context.Context) (core.Grant, error) { return w.next.Complete(ctx, c) })
}

type tokenAuthenticator struct {
	l    *limiter
	next core.TokenAuthenticator
}

func (w tokenAuthenticator) AuthenticateToken(ctx context.Context, c core.TokenCredentials) (core.TokenGrant, error) {
	return call(ctx, w.l, "authenticate by token", func(ctx context.Context) (core.TokenGrant, error) {
		return w.next.AuthenticateToken(ctx, c)
	})
}

type registrar struct {
	l    *limiter
	next core.Registrar
}

func (w registrar) Register(ctx context.Context, r core.Registration) (core.Identity, error) {
	return call(ctx, w.l, "register", func(ctx context.Context) (core.Identity, error) { return w.next.Register(ctx, r) })
}

type recoverer struct {
	l    *limiter
	next core.Recoverer
}

func (w recoverer) FindAccount(ctx context.Context, identifier string) (core.Identity, error) {
	return call(ctx, w.l, "find an account", func(ctx context.Context) (core.Identity, error) { return w.next.FindAccount(ctx, identifier) })
}

func (w recoverer) ResetPassword(ctx context.Context, subject string, newPassword core.Secret) error {
	return w.l.do(ctx, "reset a password", func(ctx context.Context) error { return w.next.ResetPassword(ctx, subject, newPassword) })
}

type passwordChanger struct {
	l    *limiter
	next core.PasswordChanger
}

func (w passwordChanger) ChangePassword(ctx context.Context, c core.PasswordChange) error {
	return w.l.do(ctx, "change a password", func(ctx context.Context) error { return w.next.ChangePassword(ctx, c) })
}

type revalidator struct {
	l    *limiter
	next core.Revalidator
}

func (w revalidator) Revalidate(ctx context.Context, subject string) (core.Identity, error) {
	return call(ctx, w.l, "revalidate", func(ctx context.Context) (core.Identity, error) { return w.next.Revalidate(ctx, subject) })
}

type renewer struct {
	l    *limiter
	next core.Renewer
}

func (w renewer) Renew(ctx context.Context, g core.Grant) (core.Grant, error) {
	return call(ctx, w.l, "renew", func(ctx context.Context) (core.Grant, error) { return w.next.Renew(ctx, g) })
}

type permissionSource struct {
	l    *limiter
	next core.PermissionSource
}

func (w permissionSource) Permissions(ctx context.Context, id core.Identity, params core.Params) (any, error) {
	return call(ctx, w.l, "tell permissions", func(ctx context.Context) (any, error) { return w.next.Permissions(ctx, id, params) })
}

type identitySource struct {
	l    *limiter
	next core.IdentitySource
}

func (w identitySource) Identity(ctx context.Context, id core.Identity) (core.Identity, error) {
	return call(ctx, w.l, "tell an identity", func(ctx context.Context) (core.Identity, error) { return w.next.Identity(ctx, id) })
}

type logoutRedirector struct {
	l    *limiter
	next core.LogoutRedirector
}

func (w logoutRedirector) LogoutURL(ctx context.Context, g core.Grant, returnTo string) (string, error) {
	return call(ctx, w.l, "tell the logout address", func(ctx context.Context) (string, error) { return w.next.LogoutURL(ctx, g, returnTo) })
}

type logoutReceiver struct {
	l    *limiter
	next core.LogoutReceiver
}

func (w logoutReceiver) ReceiveLogout(ctx context.Context, token core.Secret) (core.LogoutNotice, error) {
	return call(ctx, w.l, "receive a logout", func(ctx context.Context) (core.LogoutNotice, error) { return w.next.ReceiveLogout(ctx, token) })
}

type pictureSource struct {
	l    *limiter
	next core.PictureSource
}

func (w pictureSource) Picture(ctx context.Context, subject string) ([]byte, error) {
	return call(ctx, w.l, "show a picture", func(ctx context.Context) ([]byte, error) { return w.next.Picture(ctx, subject) })
}
