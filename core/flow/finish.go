package flow

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"time"

	"github.com/authd-go/authd/core"
)

// codeParam carries the code to a front end that takes tokens itself.
const codeParam = "authd_code"

// loginCode is a session that waits for whoever began its login.
type loginCode struct {
	ID        string    `json:"i"` // tells codes apart
	Session   string    `json:"s"`
	Challenge string    `json:"c"`
	Expires   time.Time `json:"e"`
}

// FinishLogin implements core.RemoteLogins.
func (p *Provider) FinishLogin(ctx context.Context, r core.Request, a core.SiteAnswer) core.ActionResult {
	d := p.begin(core.MethodLogin, r)
	d.trace.Op = core.OpFinishLogin
	b := p.redirector(a.Strategy)
	if b == nil {
		return d.action(ctx, core.ActionResult{}, "", core.Fail(core.Unsupported, core.OpFinishLogin, nil))
	}
	pending, err := p.pendingOf(a)
	if err != nil {
		return d.action(ctx, core.ActionResult{}, p.failureURL(p.loginPage(r.Client), err), err)
	}
	result, err := d.finish(ctx, r, b, pending, a.Query)
	return d.action(ctx, result, p.failureURL(p.failTarget(pending), err), err)
}

// redirector returns the backend of the login chain that signs in elsewhere.
func (p *Provider) redirector(name string) *Backend {
	for _, l := range p.Routes.Login {
		if l.Name == name && l.Strategy.Redirector != nil {
			return l.Backend
		}
	}
	return nil
}

// pendingOf returns the login that an answer belongs to: one that this browser
// has begun, at this strategy, not too long ago.
func (p *Provider) pendingOf(a core.SiteAnswer) (pendingLogin, error) {
	notBegun := func(cause error) error {
		return &core.Error{Code: core.Expired, Op: core.OpFinishLogin, Reason: ReasonNotBegun, Err: cause}
	}
	state := a.Query["state"]
	if len(state) != 1 || a.Pending == "" {
		return pendingLogin{}, notBegun(errors.New("this browser keeps no login with this state"))
	}
	var pending pendingLogin
	if err := p.unseal(sealedPending, a.Pending, &pending); err != nil {
		return pendingLogin{}, notBegun(err)
	}
	switch {
	case !sameText(pending.State, state[0]):
		return pendingLogin{}, notBegun(errors.New("the state is another login's"))
	case !p.Now().Before(pending.Expires):
		return pendingLogin{}, notBegun(errors.New("it took too long"))
	case pending.Strategy != a.Strategy:
		return pendingLogin{}, &core.Error{
			Code: core.InvalidInput, Op: core.OpFinishLogin, Reason: ReasonWrongCallback,
			Err: errors.New("the login was begun at strategy " + pending.Strategy),
		}
	}
	return pending, nil
}

// finish takes the answer, once.
func (d *decision) finish(ctx context.Context, r core.Request, b *Backend, pending pendingLogin, query map[string][]string) (core.ActionResult, error) {
	p := d.p
	used := &core.Error{Code: core.Expired, Op: core.OpFinishLogin, Reason: ReasonStateUsed}
	if err := p.once(ctx, "state", pending.State, pending.Expires, used); err != nil {
		return core.ActionResult{}, err
	}
	var grant core.Grant
	err := d.ask(ctx, b, core.OpFinishLogin, func(ctx context.Context) (err error) {
		grant, err = b.Strategy.Redirector.Complete(ctx, core.Callback{
			CallbackURL: p.callbackURL(b), State: pending.State, Keep: core.NewSecret(pending.Keep), Query: query,
		})
		return err
	})
	if err != nil {
		return core.ActionResult{}, err
	}
	issued, err := d.enter(ctx, r, b, grant, pending.Remember)
	if err != nil {
		return core.ActionResult{}, err
	}
	if pending.Challenge == "" {
		return core.ActionResult{RedirectTo: p.target(pending), Tokens: &issued.Tokens}, nil
	}
	code := p.seal(sealedCode, loginCode{
		ID: pending.State, Session: issued.SessionID, Challenge: pending.Challenge, Expires: p.Now().Add(core.CodeTTL),
	})
	return core.ActionResult{RedirectTo: withQuery(p.target(pending), codeParam, code.Reveal())}, nil
}

// Exchange implements core.RemoteLogins.
func (p *Provider) Exchange(ctx context.Context, r core.Request) core.ActionResult {
	d := p.begin(core.MethodLogin, r)
	d.trace.Op = core.OpExchange
	tokens, err := d.exchange(ctx, r)
	return d.action(ctx, core.ActionResult{Tokens: tokens}, "", err)
}

func (d *decision) exchange(ctx context.Context, r core.Request) (*core.Tokens, error) {
	text, err := r.Params.String("code")
	if err != nil {
		return nil, err
	}
	verifier, err := r.Params.String("codeVerifier", "code_verifier")
	if err != nil {
		return nil, err
	}
	var code loginCode
	if d.p.unseal(sealedCode, text, &code) != nil || !d.p.Now().Before(code.Expires) {
		return nil, &core.Error{Code: core.Expired, Op: core.OpExchange, Reason: ReasonCodeExpired}
	}
	d.trace.SessionID = code.Session
	// Used up before the verifier is looked at: nobody has a second try.
	used := &core.Error{Code: core.Expired, Op: core.OpExchange, Reason: ReasonCodeUsed}
	if err := d.p.once(ctx, "code", code.ID, code.Expires, used); err != nil {
		return nil, err
	}
	sum := sha256.Sum256([]byte(verifier))
	if !sameText(base64.RawURLEncoding.EncodeToString(sum[:]), code.Challenge) {
		// Nobody else can have the tokens any more, so nobody needs the session.
		_, err := d.p.Session.End(ctx, core.SessionEnd{ID: code.Session, Reason: ReasonWrongVerifier, At: d.p.Now()})
		return nil, errors.Join(&core.Error{Code: core.InvalidInput, Op: core.OpExchange, Reason: ReasonWrongVerifier}, err)
	}
	issued, err := d.p.Session.Issue(ctx, code.Session)
	if err != nil {
		return nil, err
	}
	d.trace.Account = issued.Account
	return &issued.Tokens, nil
}
