package flow

import (
	"context"
	"errors"
	"net/url"
	"sync"

	"github.com/authd-go/authd/core"
	"github.com/authd-go/authd/core/identifier"
	"github.com/authd-go/authd/core/session"
)

// ForgotPassword implements core.AuthProvider. Making and sending the token
// happens after the answer, so that neither its text nor its time tells
// whether there is such an account.
func (p *Provider) ForgotPassword(ctx context.Context, r core.Request) core.ActionResult {
	d := p.begin(core.MethodForgotPassword, r)
	result, err := p.forgotPassword(ctx, d, r)
	return d.action(ctx, result, p.Routes.ForgotPassword.FailureRedirectTo, err)
}

func (p *Provider) forgotPassword(ctx context.Context, d *decision, r core.Request) (core.ActionResult, error) {
	route := p.Routes.ForgotPassword
	if len(route.Backends) == 0 {
		return core.ActionResult{}, core.Fail(core.Unsupported, "forgot password", nil)
	}
	target, err := p.redirect(r.Params, route.RedirectTo)
	if err != nil {
		return core.ActionResult{}, err
	}
	typed, err := readIdentifier(r.Params)
	if err != nil {
		return core.ActionResult{}, err
	}
	canonical, _ := identifier.Canonical(typed)
	owner, err := d.findAccount(ctx, route.Backends, canonical)
	if err == nil {
		err = p.mailroom.accept(owner)
	}
	return core.ActionResult{
		RedirectTo: target,
		SuccessNotification: &core.Notification{
			Message:     "Check your inbox",
			Description: "If there is an account with this address, a link to set a new password is on its way.",
		},
	}, err
}

// findAccount asks every backend, also after one has found the account, so
// that the time does not tell. The first find counts; none is the zero identity.
func (d *decision) findAccount(ctx context.Context, backends []*Backend, canonical string) (core.Identity, error) {
	var found core.Identity
	for _, b := range backends {
		if canonical == "" || !b.accepts(canonical) {
			d.skip(b, "find account")
			continue
		}
		err := d.ask(ctx, b, "find account", func(ctx context.Context) error {
			id, err := b.Strategy.Recoverer.FindAccount(ctx, canonical)
			if err == nil && found.Subject == "" {
				found = b.own(id)
			}
			return err
		})
		switch core.CodeOf(err) {
		case "":
		case core.UnknownUser:
			d.verdict(core.VerdictNext)
		default:
			return core.Identity{}, err
		}
	}
	d.trace.Account = found.AccountID
	return found, nil
}

// deliver makes the token and sends it.
func (p *Provider) deliver(ctx context.Context, owner core.Identity) {
	d := p.begin(core.MethodRecovery, core.Request{})
	d.trace.Account = owner.AccountID
	d.end(ctx, p.sendRecovery(ctx, owner))
}

func (p *Provider) sendRecovery(ctx context.Context, owner core.Identity) error {
	if p.Recovery == nil {
		return &core.Error{
			Code: core.Unsupported, Op: "send recovery", Reason: "no_mail",
			Err: errors.New("no mail is configured; `authd user reset` prints a link"),
		}
	}
	link, err := ResetLink(ctx, p.Tokens, p.PublicURL, owner.AccountID)
	if err != nil {
		return err
	}
	link.Identity = owner
	return p.Recovery.SendRecovery(ctx, link)
}

// ResetLink makes a one-time link that sets a new password for an account. An
// older link of the account stops working.
func ResetLink(ctx context.Context, tokens *session.OneTime, publicURL *url.URL, account core.AccountID) (Recovery, error) {
	token, expires, err := tokens.Issue(ctx, PurposeReset, account, ResetTTL)
	if err != nil {
		return Recovery{}, err
	}
	link := publicURL.JoinPath(ResetPath)
	link.RawQuery = "token=" + token.Reveal() // the token's alphabet needs no escaping
	return Recovery{Identity: core.Identity{AccountID: account}, Link: core.NewSecret(link.String()), Expires: expires}, nil
}

// mailroomSize bounds the recoveries that wait to be sent.
const mailroomSize = 256

// mailroom works off recoveries one after the other.
type mailroom struct {
	mu     sync.Mutex
	closed bool
	queue  chan core.Identity
	done   chan struct{}
	cancel context.CancelFunc
}

func newMailroom(deliver func(context.Context, core.Identity)) *mailroom {
	ctx, cancel := context.WithCancel(context.Background())
	m := &mailroom{queue: make(chan core.Identity, mailroomSize), done: make(chan struct{}), cancel: cancel}
	go func() {
		defer close(m.done)
		for owner := range m.queue {
			if owner.Subject != "" {
				deliver(ctx, owner)
			}
		}
	}()
	return m
}

// accept queues a recovery. Unknown accounts take a place too, so that a full
// queue answers everybody alike.
func (m *mailroom) accept(owner core.Identity) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.closed {
		return core.Fail(core.Unavailable, "forgot password", errors.New("shutting down"))
	}
	select {
	case m.queue <- owner:
		return nil
	default:
		return core.Fail(core.Unavailable, "forgot password", errors.New("too many recoveries are waiting"))
	}
}

func (m *mailroom) close(ctx context.Context) error {
	m.mu.Lock()
	if !m.closed {
		m.closed = true
		close(m.queue)
	}
	m.mu.Unlock()
	defer m.cancel()
	select {
	case <-m.done:
		return nil
	case <-ctx.Done():
		return core.Fail(core.Unavailable, "deliver recoveries", ctx.Err())
	}
}
