package guard

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/authd-go/authd/core"
	"github.com/authd-go/authd/core/identifier"
)

// Provider is what a guard stands around: all that the HTTP face asks.
type Provider interface {
	core.AuthProvider
	core.Refresher
	core.SessionKeeper
	core.RemoteLogins
	core.PictureShower
}

// ThrottleOptions are what a Throttle works with. All are required but FailureTo,
// Messages, Tracer and Log.
type ThrottleOptions struct {
	ThrottleSettings
	// Provider is what is guarded. Its tracer must be a Witnessed one, or no
	// outage ever gives a try back.
	Provider Provider
	Store    core.ThrottleStore
	Key      []byte // of the hashes that stand for accounts and networks; 32 bytes of randomness
	// Caller returns whose access token a request carries.
	Caller    func(context.Context, core.Request) (core.AccountID, error)
	FailureTo map[string]string // where each method sends those it refuses
	Messages  core.Messages     // default core.DefaultMessages
	Tracer    core.Tracer       // receives the decisions that the throttle makes
	Log       *slog.Logger      // default discards
	Now       func() time.Time
}

// Throttle is a Provider that bounds how often credentials may be tried: at
// one account, from one network, and after too many, at growing intervals. It
// refuses with Throttled and RetryAfter, before anybody is asked, in words that
// do not depend on whether there is such an account. It is safe for concurrent
// use.
//
// Login, UpdatePassword, ForgotPassword, Register, FinishLogin and Exchange are
// throttled; the other methods verify signatures and tokens of 256 random bits,
// or nothing, and pass.
//
// A try is counted before a backend is asked and taken back afterwards if no
// backend gave a verdict, so of any number at once no more get through than
// may. Tries from one network wait for a moment for those under way, so that
// many right passwords at once are all let in. If the store does not answer,
// nobody gets through: Unavailable.
//
// What it does not do: the mail address and the user name of one account are
// two names, with a count each; and whoever shares the owner's network shares
// the owner's tries there.
type Throttle struct {
	Provider
	o      ThrottleOptions
	ledger ledger
	slots  slots
}

// NewThrottle puts a throttle around a provider. The settings must have no
// Problems; InsecureOff is for the caller to read.
func NewThrottle(o ThrottleOptions) *Throttle {
	if o.Messages == nil {
		o.Messages = core.DefaultMessages()
	}
	if o.Tracer == nil {
		o.Tracer = core.TracerFunc(func(context.Context, core.Trace) {})
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	return &Throttle{Provider: o.Provider, o: o, ledger: ledger{o.Key, o.ThrottleSettings}}
}

// The purposes, which have counts of their own.
const (
	toSignIn   = "sign in"
	toChange   = "change password"
	toRedeem   = "redeem token"
	toRecover  = "recover"
	toRegister = "register"
	toFinish   = "finish login"
)

// Login implements core.AuthProvider.
func (t *Throttle) Login(ctx context.Context, r core.Request) core.ActionResult {
	p := t.named(toSignIn, r)
	if r.Params.Has("credential") {
		p = t.ledger.forNetwork(toSignIn, r.Client) // a token names its account itself
	}
	p.proves, p.free = p.account, true
	return t.try(ctx, core.Trace{Method: core.MethodLogin}, r, p, t.Provider.Login)
}

// UpdatePassword implements core.AuthProvider.
func (t *Throttle) UpdatePassword(ctx context.Context, r core.Request) core.ActionResult {
	d := core.Trace{Method: core.MethodUpdatePassword, Op: core.OpResetPassword}
	var p plan
	if token, _ := r.Params.String("token"); token != "" {
		p = t.ledger.forNetwork(toRedeem, r.Client)
	} else if r.Params.NamesAccount() {
		d.Op = core.OpChangePassword
		p = t.named(toSignIn, r) // it is asked what a login asks, so it shares the login's count
		p.proves = p.account
	} else if account, err := t.o.Caller(ctx, r); err == nil {
		d.Op, d.Account = core.OpChangePassword, account
		p = t.ledger.forAccount(toChange, account.String(), r.Client)
		p.proves = true
	} else {
		d.Op = core.OpChangePassword
		p = t.ledger.forNetwork(toChange, r.Client) // will be refused, and given back
	}
	p.free = true
	return t.try(ctx, d, r, p, t.Provider.UpdatePassword)
}

// ForgotPassword implements core.AuthProvider. Each call may send a mail, so a
// success counts.
func (t *Throttle) ForgotPassword(ctx context.Context, r core.Request) core.ActionResult {
	return t.try(ctx, core.Trace{Method: core.MethodForgotPassword}, r, t.named(toRecover, r), t.Provider.ForgotPassword)
}

// Register implements core.AuthProvider. Each call may make an account, or tell
// that there is one, so every answer counts.
func (t *Throttle) Register(ctx context.Context, r core.Request) core.ActionResult {
	return t.try(ctx, core.Trace{Method: core.MethodRegister}, r, t.ledger.forNetwork(toRegister, r.Client), t.Provider.Register)
}

// FinishLogin implements core.RemoteLogins. A refused answer may have cost a
// question to another site.
func (t *Throttle) FinishLogin(ctx context.Context, r core.Request, a core.SiteAnswer) core.ActionResult {
	return t.finishing(ctx, core.OpFinishLogin, r, func(ctx context.Context, r core.Request) core.ActionResult {
		return t.Provider.FinishLogin(ctx, r, a)
	})
}

// Exchange implements core.RemoteLogins.
func (t *Throttle) Exchange(ctx context.Context, r core.Request) core.ActionResult {
	return t.finishing(ctx, core.OpExchange, r, t.Provider.Exchange)
}

func (t *Throttle) finishing(ctx context.Context, op string, r core.Request, ask method) core.ActionResult {
	p := t.ledger.forNetwork(toFinish, r.Client)
	p.free = true
	return t.try(ctx, core.Trace{Method: core.MethodLogin, Op: op}, r, p, ask)
}

// named plans a try at the account that the parameters name.
func (t *Throttle) named(purpose string, r core.Request) plan {
	typed, err := r.Params.Identifier()
	if err == nil {
		var name string
		if name, err = identifier.Canonical(typed); err == nil {
			return t.ledger.forAccount(purpose, name, r.Client)
		}
	}
	return t.ledger.forNobody(purpose, r.Client)
}

type method = func(context.Context, core.Request) core.ActionResult

// try waits for its turn, reserves, asks, and settles.
func (t *Throttle) try(ctx context.Context, d core.Trace, r core.Request, p plan, ask method) core.ActionResult {
	d.Start = t.o.Now()
	leave, err := t.slots.enter(ctx, p)
	if err != nil {
		return t.refuse(ctx, d, r, t.noSlot(ctx, err))
	}
	defer leave()
	reserved, err := p.reserve(ctx, t.o.Store, t.now())
	switch {
	case err != nil:
		return t.refuse(ctx, d, r, core.Fail(core.Unavailable, opThrottle, err))
	case reserved.wait > 0:
		return t.refuse(ctx, d, r, &core.Error{
			Code: core.Throttled, Op: opThrottle, RetryAfter: reserved.wait, Err: errors.New("too many tries at " + reserved.what),
		})
	}
	var w witness
	result := ask(withWitness(ctx, &w), r)
	t.settle(ctx, reserved, result, &w)
	return result
}

// noSlot is a refusal because too many tries are under way, unless it is the
// caller who did not wait.
func (t *Throttle) noSlot(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return core.Fail(core.Unavailable, opThrottle, ctx.Err())
	}
	return &core.Error{Code: core.Throttled, Op: opThrottle, RetryAfter: t.o.FirstDelay, Err: err}
}

const (
	opThrottle    = "throttle"
	settleTimeout = 5 * time.Second
)

// now is cut to what every store keeps, so that a time comes back as it went.
func (t *Throttle) now() time.Time { return t.o.Now().UTC().Truncate(time.Millisecond) }

// settle takes back what need not count. The answer is decided already: if the
// store fails here the try stays counted, and only the log hears of it.
func (t *Throttle) settle(ctx context.Context, r reservation, result core.ActionResult, w *witness) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), settleTimeout)
	defer cancel()
	var err error
	switch {
	case result.Success && r.proves:
		err = r.forgive(ctx, t.o.Store, t.now(), t.o.TrustFor)
	case result.Success && r.free, !result.Success && (w.unheard() || w.proved()):
		err = r.giveBack(ctx, t.o.Store, t.now())
	}
	if err != nil {
		t.o.Log.WarnContext(ctx, "a try could not be taken back and stays counted", "error", err)
	}
}

// refuse traces and answers a refusal of the throttle's own.
func (t *Throttle) refuse(ctx context.Context, d core.Trace, r core.Request, err error) core.ActionResult {
	d.RequestID, d.Addr = r.Client.RequestID, r.Client.Addr
	d.Duration = t.o.Now().Sub(d.Start)
	d.Outcome, d.Err = core.CodeOf(err), err
	t.o.Tracer.Trace(ctx, d)
	return core.ActionResult{RedirectTo: t.o.FailureTo[d.Method], Error: t.o.Messages.Refuse(err)}
}
