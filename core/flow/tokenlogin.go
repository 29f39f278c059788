package flow

import (
	"context"
	"crypto/rand"
	"errors"
	"time"

	"github.com/authd-go/authd/core"
)

// loginNonce is what a browser keeps of a nonce, sealed.
type loginNonce struct {
	Nonce   string    `json:"n"`
	Expires time.Time `json:"e"`
}

// LoginNonce implements core.RemoteLogins. It is no decision and leaves no trace.
func (p *Provider) LoginNonce(_ context.Context, _ core.Request) core.NonceResult {
	n := loginNonce{Nonce: rand.Text() + rand.Text(), Expires: p.Now().Add(core.PendingTTL)}
	return core.NonceResult{
		Nonce:   n.Nonce,
		Pending: &core.PendingLogin{Name: "nonce", Sealed: p.seal(sealedNonce, n), TTL: core.PendingTTL},
	}
}

// tokenLogin signs in with a token that another site made for us.
func (d *decision) tokenLogin(ctx context.Context, r core.Request, links []Link, remember bool) (*core.Tokens, error) {
	d.trace.Op = core.OpTokenLogin
	credential, err := r.Params.String("credential")
	if err != nil {
		return nil, err
	}
	switch {
	case credential == "":
		return nil, core.InvalidField("credential", "must not be empty")
	case len(links) != 1 || links[0].Strategy.TokenAuthenticator == nil:
		return nil, core.InvalidField("providerName", "must name a provider whose tokens are taken here")
	case d.p.Once == nil:
		return nil, core.Fail(core.Internal, core.OpTokenLogin, errors.New("there is no store for tokens of other sites"))
	}
	nonce, err := d.p.nonceOf(r)
	if err != nil {
		return nil, err
	}
	b := links[0].Backend
	var grant core.TokenGrant
	err = d.ask(ctx, b, core.OpTokenLogin, func(ctx context.Context) (err error) {
		grant, err = b.Strategy.TokenAuthenticator.AuthenticateToken(ctx, core.TokenCredentials{
			Credential: core.NewSecret(credential), Nonce: nonce.Nonce, Params: r.Params,
		})
		return err
	})
	if err != nil {
		return nil, err
	}
	if err := d.takeToken(ctx, b, grant, nonce); err != nil {
		return nil, err
	}
	issued, err := d.enter(ctx, r, b, grant.Grant, remember)
	if err != nil {
		return nil, err
	}
	return &issued.Tokens, nil
}

// nonceOf returns the nonce that this browser was given, if it was given one.
func (p *Provider) nonceOf(r core.Request) (loginNonce, error) {
	var n loginNonce
	if r.Client.Nonce == "" {
		return n, nil
	}
	if p.unseal(sealedNonce, r.Client.Nonce, &n) != nil || !p.Now().Before(n.Expires) {
		return loginNonce{}, &core.Error{Code: core.Expired, Op: core.OpTokenLogin, Reason: ReasonNonceExpired}
	}
	return n, nil
}

// takeToken takes the token, and the nonce in it, once.
func (d *decision) takeToken(ctx context.Context, b *Backend, grant core.TokenGrant, n loginNonce) error {
	if grant.ID == "" {
		return core.Fail(core.Internal, core.OpTokenLogin, errors.New("the strategy does not name the token"))
	}
	if n.Nonce != "" {
		used := &core.Error{Code: core.Expired, Op: core.OpTokenLogin, Reason: ReasonNonceExpired}
		if err := d.p.once(ctx, "nonce", n.Nonce, n.Expires, used); err != nil {
			return err
		}
	}
	used := &core.Error{Code: core.InvalidCredentials, Op: core.OpTokenLogin, Strategy: b.Name, Reason: ReasonTokenUsed}
	return d.p.once(ctx, "token of "+b.Name, grant.ID, grant.Expires, used)
}

// EndRemote implements core.RemoteLogins.
func (p *Provider) EndRemote(ctx context.Context, r core.Request, strategy string) core.ActionResult {
	d := p.begin(core.MethodRemoteLogout, r)
	return d.action(ctx, core.ActionResult{}, "", d.endRemote(ctx, r, strategy))
}

func (d *decision) endRemote(ctx context.Context, r core.Request, strategy string) error {
	b := d.p.Routes.Backends[strategy]
	if b == nil || b.Strategy.LogoutReceiver == nil || d.p.Once == nil {
		return core.Fail(core.Unsupported, core.MethodRemoteLogout, nil)
	}
	token, err := r.Params.String("logout_token")
	if err != nil {
		return err
	}
	if token == "" {
		return core.InvalidField("logout_token", "is required")
	}
	var notice core.LogoutNotice
	err = d.ask(ctx, b, core.MethodRemoteLogout, func(ctx context.Context) (err error) {
		notice, err = b.Strategy.LogoutReceiver.ReceiveLogout(ctx, core.NewSecret(token))
		return err
	})
	if err != nil {
		return err
	}
	return d.endNoticed(ctx, b, notice)
}

// endNoticed ends the sessions of a notice. One that comes again is refused,
// unless it was not carried out the first time, because the store failed or the
// process died: then it ends what was opened before it was issued, since who is
// signed in by now has perhaps signed in since.
func (d *decision) endNoticed(ctx context.Context, b *Backend, n core.LogoutNotice) error {
	if n.ID == "" || n.IssuedAt.IsZero() || n.Subject == "" && n.SessionID == "" {
		return core.Fail(core.Internal, core.MethodRemoteLogout, errors.New("the strategy names no notice, no time or no session"))
	}
	used := &core.Error{Code: core.InvalidInput, Op: core.MethodRemoteLogout, Strategy: b.Name, Reason: ReasonNoticeUsed}
	noted := d.p.once(ctx, "logout of "+b.Name, n.ID, n.Expires, used)
	again := errors.Is(noted, used)
	if noted != nil && !again {
		return noted
	}
	end := core.SessionEnd{Reason: "remote_logout", At: d.p.Now()}
	if again {
		end.NotAfter = n.IssuedAt
	}
	if n.Subject != "" {
		d.trace.Account = core.AccountID{Strategy: b.Name, Subject: n.Subject}
	}
	if n.SessionID != "" {
		end.Remote = core.RemoteSession{Strategy: b.Name, ID: n.SessionID}
	} else {
		end.Account = d.trace.Account
	}
	var err error
	d.trace.Ended, err = d.p.Session.End(ctx, end)
	if err == nil && again && d.trace.Ended == 0 {
		return used
	}
	return err
}
