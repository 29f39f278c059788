package flow

import (
	"context"
	"errors"
	"slices"

	"github.com/authd-go/authd/core"
	"github.com/authd-go/authd/core/identifier"
	"github.com/authd-go/authd/core/session"
)

const opAuthenticate = "authenticate"

// Login implements core.AuthProvider.
func (p *Provider) Login(ctx context.Context, r core.Request) core.ActionResult {
	d := p.begin(core.MethodLogin, r)
	result, err := p.login(ctx, d, r)
	return d.action(ctx, result, p.Routes.LoginFailureTo, err)
}

func (p *Provider) login(ctx context.Context, d *decision, r core.Request) (core.ActionResult, error) {
	target, err := p.redirect(r.Params, p.Routes.LoginTo)
	if err != nil {
		return core.ActionResult{}, err
	}
	links, err := p.chain(r.Params)
	if err != nil {
		return core.ActionResult{}, err
	}
	remember, err := r.Params.Bool(true, "remember", "rememberMe")
	if err != nil {
		return core.ActionResult{}, err
	}
	var tokens *core.Tokens
	switch {
	case r.Params.Has("credential"):
		tokens, err = d.tokenLogin(ctx, r, links, remember)
	case leaves(links, r.Params):
		return d.beginLogin(ctx, r, links[0].Backend, remember)
	default:
		tokens, err = d.passwordLogin(ctx, r, links, remember)
	}
	return core.ActionResult{RedirectTo: target, Tokens: tokens}, err
}

func takesPasswords(links []Link) bool {
	return slices.ContainsFunc(links, func(l Link) bool { return l.Strategy.Authenticator != nil })
}

// passwordLogin signs in with what somebody typed.
func (d *decision) passwordLogin(ctx context.Context, r core.Request, links []Link, remember bool) (*core.Tokens, error) {
	if !takesPasswords(links) {
		return nil, core.InvalidField("providerName", "is required: name the provider to sign in with")
	}
	credentials, err := readCredentials(r.Params)
	if err != nil {
		return nil, err
	}
	id, err := d.authenticate(ctx, links, credentials)
	if err != nil {
		return nil, d.p.offered(err)
	}
	return d.open(ctx, r, session.NewSession{Identity: id, AuthAt: d.trace.Start, Persistent: remember})
}

// open is create for whoever needs the tokens only.
func (d *decision) open(ctx context.Context, r core.Request, n session.NewSession) (*core.Tokens, error) {
	issued, err := d.create(ctx, r, n)
	if err != nil {
		return nil, err
	}
	return &issued.Tokens, nil
}

// create makes a session and notes it in the trace.
func (d *decision) create(ctx context.Context, r core.Request, n session.NewSession) (session.Issued, error) {
	if r.Client.Addr.IsValid() {
		n.Addr = r.Client.Addr.String()
	}
	n.UserAgent = r.Client.UserAgent
	issued, err := d.p.Session.Create(ctx, n)
	if err == nil {
		d.trace.SessionID = issued.SessionID
	}
	return issued, err
}

// chain returns the links to ask: all of them, or the one the caller picked.
func (p *Provider) chain(params core.Params) ([]Link, error) {
	name, err := params.String("providerName")
	if err != nil {
		return nil, err
	}
	if len(p.Routes.Login) == 0 {
		return nil, core.Fail(core.Unsupported, "login", nil)
	}
	if name == "" {
		return p.Routes.Login, nil
	}
	for _, l := range p.Routes.Login {
		if l.Name == name {
			return []Link{l}, nil
		}
	}
	return nil, core.InvalidField("providerName", "names no provider that is in use here")
}

func readCredentials(params core.Params) (core.Credentials, error) {
	typed, err := readIdentifier(params)
	if err != nil {
		return core.Credentials{}, err
	}
	password, err := readPassword(params, "password")
	if err != nil {
		return core.Credentials{}, err
	}
	// What has no canonical form names no account, but it must cost the same
	// and answer the same as any unknown name, so the chain is asked all the same.
	canonical, _ := identifier.Canonical(typed)
	return core.Credentials{Identifier: canonical, Typed: typed, Password: password, Params: params}, nil
}

func readIdentifier(params core.Params) (string, error) {
	typed, err := params.Identifier()
	if err != nil {
		return "", err
	}
	if typed == "" {
		return "", core.InvalidField("email", "is required")
	}
	return typed, nil
}

func readPassword(params core.Params, names ...string) (core.Secret, error) {
	text, err := params.String(names...)
	if err != nil {
		return core.Secret{}, err
	}
	if text == "" {
		return core.Secret{}, core.InvalidField(names[0], "is required")
	}
	return core.NewSecret(text), nil
}

// authenticate walks the chain. It ends at the first backend that accepts or
// that has the last word.
func (d *decision) authenticate(ctx context.Context, links []Link, c core.Credentials) (core.Identity, error) {
	w := walk{d: d, refusal: core.Fail(core.UnknownUser, opAuthenticate, nil)}
	for _, link := range links {
		if link.Strategy.Authenticator == nil {
			continue // it signs in at another site only
		}
		if !link.accepts(c.Identifier) {
			d.skip(link.Backend, opAuthenticate)
			continue
		}
		id, err := d.authenticateAt(ctx, link.Backend, c)
		if err == nil && !w.barred {
			d.trace.Account = id.AccountID
			return id, nil
		}
		if w.refused(link, err) == StepStop || ctx.Err() != nil {
			break
		}
		d.verdict(core.VerdictNext)
	}
	return core.Identity{}, w.end()
}

// walk is the way of a login along the chain.
type walk struct {
	d       *decision
	outage  error // of everybody who could not answer
	refusal error // the last that said more than "unknown"
	// barred says that a backend has the last word and nobody may know: a
	// disabled account must not enter by a later link, and a stranger must not
	// see by the time or by an outage that the chain ended early. So the later
	// links are asked as after a wrong password, and cannot accept any more.
	barred  bool
	account core.AccountID // that is barred
}

// refused notes a refusal, or an acceptance that comes too late, and says what follows.
func (w *walk) refused(l Link, err error) Step {
	code := core.CodeOf(err)
	switch {
	case err == nil:
		w.d.verdict(core.VerdictStop)
		return StepStop
	case code == core.Unavailable:
		w.outage = errors.Join(w.outage, err)
	case code == core.UnknownUser, w.barred && code != core.Throttled && code != core.Internal:
	default:
		w.refusal = err
	}
	if !conceals(code, err) {
		return l.after(code)
	}
	if !w.barred {
		w.barred, w.account = true, w.d.trace.Account
	}
	return l.OnRejected
}

// conceals says whether an outcome is the last word on an account, and is shown
// as a wrong password.
func conceals(code core.Code, err error) bool {
	switch code {
	case core.Locked, core.Disabled, core.PasswordExpired:
		return !core.AsError(err).Proved
	}
	return false
}

// end returns the refusal. An outage on the way is never read as a wrong
// password: if nobody accepts, the answer is then Unavailable.
func (w *walk) end() error {
	if w.barred {
		w.d.trace.Account = w.account
	}
	if w.outage != nil && w.d.p.Messages.Refuse(w.refusal).Code == core.InvalidCredentials {
		return w.d.outage(w.outage)
	}
	return w.refusal
}

// outage sums up the outages of a chain by the one that says the longest time
// to wait, which is the soonest at which all may answer again; or by the first.
func (d *decision) outage(cause error) error {
	var worst *core.Error
	for _, s := range d.trace.Steps {
		if e := core.AsError(s.Err); s.Outcome == core.Unavailable && (worst == nil || e.RetryAfter > worst.RetryAfter) {
			worst = e
		}
	}
	return &core.Error{
		Code: core.Unavailable, Op: opAuthenticate, Reason: worst.Reason, RetryAfter: worst.RetryAfter, Err: cause,
	}
}

func (d *decision) authenticateAt(ctx context.Context, b *Backend, c core.Credentials) (id core.Identity, err error) {
	err = d.ask(ctx, b, opAuthenticate, func(ctx context.Context) error {
		id, err = b.Strategy.Authenticator.Authenticate(ctx, c)
		if err == nil && id.Subject == "" {
			return core.Fail(core.Internal, opAuthenticate, errors.New("the strategy named no subject"))
		}
		return err
	})
	if err != nil {
		return core.Identity{}, err
	}
	return d.p.own(b, id), nil
}

// after says what follows an outcome. Only three outcomes may be configured;
// every other one is the last word.
func (l Link) after(code core.Code) Step {
	switch code {
	case core.UnknownUser:
		return l.OnUnknown
	case core.InvalidCredentials:
		return l.OnRejected
	case core.Unavailable:
		return l.OnUnavailable
	}
	return StepStop
}
