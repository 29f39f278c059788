package httpapi_test

import (
	"context"
	"sync"
	"time"

	"github.com/authd-go/authd/core"
)

// fake is a Backend that answers what the test scripted and remembers what it
// was asked. Unscripted, it succeeds.
type fake struct {
	mu     sync.Mutex
	asked  []string     // methods, in order
	last   core.Request // the last request
	lastID string       // the last session id

	action   core.ActionResult
	check    core.CheckResult
	onError  core.ErrorResult
	value    core.ValueResult
	sessions core.SessionsResult
	nonce    core.NonceResult
	picture  core.PictureResult
	answer   core.SiteAnswer       // the last one
	during   func(context.Context) // runs inside every call
}

func newFake() *fake {
	return &fake{
		action: core.ActionResult{Success: true, RedirectTo: "/"},
		check:  core.CheckResult{Authenticated: true, Identity: &john},
		value:  core.ValueResult{Value: john},
	}
}

func (f *fake) ask(ctx context.Context, method string, r core.Request) {
	f.mu.Lock()
	f.asked, f.last = append(f.asked, method), r
	f.mu.Unlock()
	if f.during != nil {
		f.during(ctx)
	}
}

func (f *fake) act(ctx context.Context, method string, r core.Request) core.ActionResult {
	f.ask(ctx, method, r)
	return f.action
}

func (f *fake) Login(ctx context.Context, r core.Request) core.ActionResult {
	return f.act(ctx, core.MethodLogin, r)
}

func (f *fake) Logout(ctx context.Context, r core.Request) core.ActionResult {
	return f.act(ctx, core.MethodLogout, r)
}

func (f *fake) Register(ctx context.Context, r core.Request) core.ActionResult {
	return f.act(ctx, core.MethodRegister, r)
}

func (f *fake) ForgotPassword(ctx context.Context, r core.Request) core.ActionResult {
	return f.act(ctx, core.MethodForgotPassword, r)
}

func (f *fake) UpdatePassword(ctx context.Context, r core.Request) core.ActionResult {
	return f.act(ctx, core.MethodUpdatePassword, r)
}

func (f *fake) Refresh(ctx context.Context, r core.Request) core.ActionResult {
	return f.act(ctx, core.MethodRefresh, r)
}

func (f *fake) EndSession(ctx context.Context, r core.Request, id string) core.ActionResult {
	f.lastID = id
	return f.act(ctx, core.MethodSessions, r)
}

func (f *fake) Check(ctx context.Context, r core.Request) core.CheckResult {
	f.ask(ctx, core.MethodCheck, r)
	return f.check
}

func (f *fake) OnError(ctx context.Context, r core.Request) core.ErrorResult {
	f.ask(ctx, core.MethodOnError, r)
	return f.onError
}

func (f *fake) GetPermissions(ctx context.Context, r core.Request) core.ValueResult {
	f.ask(ctx, core.MethodGetPermissions, r)
	return f.value
}

func (f *fake) GetIdentity(ctx context.Context, r core.Request) core.ValueResult {
	f.ask(ctx, core.MethodGetIdentity, r)
	return f.value
}

func (f *fake) Sessions(ctx context.Context, r core.Request) core.SessionsResult {
	f.ask(ctx, core.MethodSessions, r)
	return f.sessions
}

// fail scripts the same error for every method.
func (f *fake) fail(err error) {
	refusal := core.DefaultMessages().Refuse(err)
	f.action = core.ActionResult{Error: refusal}
	f.check = core.CheckResult{Error: refusal, RedirectTo: "/login", Logout: true}
	f.onError = core.ErrorResult{Error: refusal}
	f.value = core.ValueResult{Error: refusal}
	f.sessions = core.SessionsResult{Error: refusal}
	f.picture = core.PictureResult{Error: refusal}
}

var john = core.Identity{
	AccountID: core.AccountID{Strategy: "demo", Subject: "1"},
	Name:      "John Doe", Email: "john@mail.com", Roles: []string{"admin"},
}

const (
	accessJWT  = "eyJhbGciOiJFZERTQSJ9.eyJleHAiOjF9.YWNjZXNz"
	refreshJWT = "eyJhbGciOiJIUzI1NiJ9.eyJleHAiOjJ9.cmVmcmVzaA"
	otherJWT   = "eyJhbGciOiJIUzI1NiJ9.eyJleHAiOjN9.b3RoZXI"
)

var epoch = time.Date(2026, 11, 20, 9, 0, 0, 0, time.UTC)

func newTokens() *core.Tokens {
	return &core.Tokens{
		Access: core.NewSecret(accessJWT), AccessExpires: epoch.Add(10 * time.Minute),
		Refresh: core.NewSecret(refreshJWT), RefreshExpires: epoch.Add(72 * time.Hour),
		IssuedAt: epoch, Persistent: true, User: john,
	}
}

// keys is a KeySet.
type keys string

func (k keys) JWKS() ([]byte, time.Duration) { return []byte(k), 5 * time.Minute }

func (f *fake) ResumeLogin(ctx context.Context, r core.Request) core.ActionResult {
	return f.act(ctx, core.OpBeginLogin, r)
}

func (f *fake) FinishLogin(ctx context.Context, r core.Request, a core.SiteAnswer) core.ActionResult {
	f.answer = a
	return f.act(ctx, core.OpFinishLogin, r)
}

func (f *fake) Exchange(ctx context.Context, r core.Request) core.ActionResult {
	return f.act(ctx, core.OpExchange, r)
}

func (f *fake) LoginNonce(ctx context.Context, r core.Request) core.NonceResult {
	f.ask(ctx, "nonce", r)
	return f.nonce
}

func (f *fake) EndRemote(ctx context.Context, r core.Request, strategy string) core.ActionResult {
	f.lastID = strategy
	return f.act(ctx, core.MethodRemoteLogout, r)
}

func (f *fake) Picture(ctx context.Context, r core.Request, id string) core.PictureResult {
	f.lastID = id
	f.ask(ctx, core.OpShowPicture, r)
	return f.picture
}
