package flow_test

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"net/url"
	"path/filepath"
	"reflect"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/authd-go/authd/core"
	"github.com/authd-go/authd/core/flow"
	"github.com/authd-go/authd/core/onerror"
	"github.com/authd-go/authd/core/session"
	"github.com/authd-go/authd/core/store/sqlite"
)

// backend is a scripted strategy: it answers what its fields say.
type backend struct {
	mu         sync.Mutex
	answers    map[string]error // by identifier; nil accepts
	asked      []string
	passwords  map[string]string // by subject, as ResetPassword and ChangePassword left them
	roles      []string
	refuseNew  bool
	slow       bool
	hasPicture bool
}

func (b *backend) answer(ctx context.Context, identifier string) (core.Identity, error) {
	if b.slow {
		<-ctx.Done()
		return core.Identity{}, ctx.Err()
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.asked = append(b.asked, identifier)
	err, known := b.answers[identifier]
	if !known {
		return core.Identity{}, core.UnknownUser
	}
	if err != nil {
		return core.Identity{}, err
	}
	return core.Identity{
		AccountID: core.AccountID{Subject: "id-" + identifier}, Email: identifier, EmailVerified: true, Roles: b.roles, HasPicture: b.hasPicture,
	}, nil
}

func (b *backend) Authenticate(ctx context.Context, c core.Credentials) (core.Identity, error) {
	return b.answer(ctx, c.Identifier)
}

func (b *backend) Revalidate(ctx context.Context, subject string) (core.Identity, error) {
	return b.answer(ctx, strings.TrimPrefix(subject, "id-"))
}

func (b *backend) FindAccount(ctx context.Context, identifier string) (core.Identity, error) {
	return b.answer(ctx, identifier)
}

func (b *backend) ResetPassword(_ context.Context, subject string, p core.Secret) error {
	return b.set(subject, p)
}

func (b *backend) ChangePassword(_ context.Context, c core.PasswordChange) error {
	if c.Old.Reveal() != "old" {
		return core.InvalidCredentials
	}
	return b.set(c.Subject, c.New)
}

func (b *backend) Register(ctx context.Context, r core.Registration) (core.Identity, error) {
	if _, err := b.answer(ctx, r.Email); err == nil {
		return core.Identity{}, core.Conflict
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.answers[r.Email] = nil
	return core.Identity{AccountID: core.AccountID{Subject: "id-" + r.Email}}, nil
}

func (b *backend) Identity(ctx context.Context, id core.Identity) (core.Identity, error) {
	return b.answer(ctx, strings.TrimPrefix(id.Subject, "id-"))
}

func (b *backend) set(subject string, p core.Secret) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.refuseNew {
		return core.InvalidField("password", "is too common")
	}
	b.passwords[subject] = p.Reveal()
	return nil
}

func (b *backend) setAnswer(identifier string, err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.answers[identifier] = err
}

func newBackend(name string, answers map[string]error) (*backend, *flow.Backend) {
	b := &backend{answers: answers, passwords: map[string]string{}, roles: []string{"user"}}
	return b, &flow.Backend{
		Name: name, Label: name, Timeout: 5 * time.Second,
		Strategy: core.Strategy{
			Authenticator: b, Revalidator: b, Recoverer: b, PasswordChanger: b, Registrar: b, IdentitySource: b,
		},
	}
}

// world is a provider over a real session manager and store.
type world struct {
	*flow.Provider
	store  *sqlite.Store
	mu     sync.Mutex
	traces []core.Trace
	sent   chan flow.Recovery
}

func (w *world) Trace(_ context.Context, t core.Trace) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.traces = append(w.traces, t)
}

func (w *world) last() core.Trace {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.traces[len(w.traces)-1]
}

func (w *world) SendRecovery(_ context.Context, r flow.Recovery) error {
	w.sent <- r
	return nil
}

func newWorld(t testing.TB, routes flow.Routes) *world {
	t.Helper()
	store, err := sqlite.Open(t.Context(), sqlite.Options{Path: filepath.Join(t.TempDir(), "authd.db")})
	if err != nil {
		t.Fatal(err)
	}
	sessions, err := session.Open(t.Context(), session.Options{
		Sessions: store, Keys: store, Secret: core.NewSecret(strings.Repeat("s", 32)), Issuer: "http://localhost:8080",
	})
	if err != nil {
		t.Fatal(err)
	}
	redirects, err := core.NewRedirectPolicy("https://app.example.com")
	if err != nil {
		t.Fatal(err)
	}
	w := &world{store: store, sent: make(chan flow.Recovery, 8)}
	sealer, err := sessions.Sealer("logins at other sites")
	if err != nil {
		t.Fatal(err)
	}
	w.Provider = flow.New(flow.Options{
		Sealer: sealer, Once: store,
		Routes: routes, Redirects: redirects, Messages: core.DefaultMessages(), Session: sessions,
		Tokens: session.NewOneTime(store, time.Now, rand.Reader), Recovery: w, Tracer: w, Now: time.Now,
		PublicURL: &url.URL{Scheme: "http", Host: "localhost:8080"},
	})
	t.Cleanup(func() {
		if err := w.Close(context.Background()); err != nil {
			t.Error(err)
		}
		_ = sessions.Close()
		_ = store.Close()
	})
	return w
}

// oneBackend is a world whose every method asks one backend.
func oneBackend(t *testing.T, answers map[string]error) (*world, *backend) {
	t.Helper()
	b, fb := newBackend("members", answers)
	use := flow.Use{Backends: []*flow.Backend{fb}, Session: true}
	return newWorld(t, flow.Routes{
		Backends: map[string]*flow.Backend{"members": fb},
		Login:    []flow.Link{{Backend: fb}}, LoginTo: "/", LoginFailureTo: "/login?failed",
		CheckTo: "/login", CheckLogout: true, LogoutTo: "/bye",
		Register:       flow.Route{Use: flow.Use{Backends: use.Backends}, RedirectTo: "/welcome", FailureRedirectTo: "/no"},
		ForgotPassword: flow.Route{Use: flow.Use{Backends: use.Backends}, RedirectTo: "/login"},
		UpdatePassword: flow.Route{Use: use, RedirectTo: "/login"},
		Permissions:    flow.Use{Session: true}, Identity: flow.Use{Session: true},
		OnError: onerror.Table{
			{Status: onerror.Statuses{{First: 401, Last: 401}}, Refresh: true, Logout: true, RedirectTo: "/login"},
			{Status: onerror.Statuses{{First: 403, Last: 403}}, RedirectTo: "/forbidden"},
		},
	}), b
}

func request(pairs ...any) core.Request {
	p := core.Params{}
	for i := 0; i < len(pairs); i += 2 {
		p[pairs[i].(string)] = pairs[i+1]
	}
	return core.Request{Params: p}
}

func credentials(email string) core.Request { return request("email", email, "password", "pw") }

func code(r *core.Refusal) core.Code {
	if r == nil {
		return ""
	}
	return r.Code
}

func signIn(t *testing.T, w *world, email string) core.Request {
	t.Helper()
	got := w.Login(t.Context(), credentials(email))
	if !got.Success {
		t.Fatalf("login: %+v", got.Error)
	}
	return core.Request{AccessToken: got.Tokens.Access.Reveal(), RefreshToken: got.Tokens.Refresh.Reveal(), Params: core.Params{}}
}

func TestLoginChain(t *testing.T) {
	const who = "jo@mail.com"
	for _, c := range []struct {
		name          string
		first, second error // what each backend says; errNobody is an unknown user
		link          flow.Link
		want          core.Code
		asked         int // how many backends were asked
	}{
		{"first accepts", nil, nil, flow.Link{}, "", 1},
		{"unknown goes on", core.UnknownUser, nil, flow.Link{}, "", 2},
		{"unknown stops", core.UnknownUser, nil, flow.Link{OnUnknown: flow.StepStop}, core.InvalidCredentials, 1},
		{"wrong goes on", core.InvalidCredentials, nil, flow.Link{}, "", 2},
		{"wrong stops", core.InvalidCredentials, nil, flow.Link{OnRejected: flow.StepStop}, core.InvalidCredentials, 1},
		{"outage goes on", core.Unavailable, nil, flow.Link{}, "", 2},
		{"outage stops", core.Unavailable, nil, flow.Link{OnUnavailable: flow.StepStop}, core.Unavailable, 1},
		{"nobody knows", core.UnknownUser, core.UnknownUser, flow.Link{}, core.InvalidCredentials, 2},
		{"outage, then unknown, is no wrong password", core.Unavailable, core.UnknownUser, flow.Link{}, core.Unavailable, 2},
		{"outage, then wrong, is no wrong password", core.Unavailable, core.InvalidCredentials, flow.Link{}, core.Unavailable, 2},
		{"wrong, then outage", core.InvalidCredentials, core.Unavailable, flow.Link{}, core.Unavailable, 2},
		{"all down", core.Unavailable, core.Unavailable, flow.Link{}, core.Unavailable, 2},
		{"outage, then a state nobody may know", core.Unavailable, core.Disabled, flow.Link{}, core.Unavailable, 2},
		{"disabled bars the later ones, which are asked all the same", core.Disabled, nil, flow.Link{}, core.InvalidCredentials, 2},
		{"locked and expired do too", core.Locked, core.PasswordExpired, flow.Link{}, core.InvalidCredentials, 2},
		{"disabled, with stop after a wrong password", core.Disabled, nil, flow.Link{OnRejected: flow.StepStop}, core.InvalidCredentials, 1},
		{"disabled, then outage, as for anybody", core.Disabled, core.Unavailable, flow.Link{}, core.Unavailable, 2},
		{"disabled, then throttled, as for anybody", core.Disabled, core.Throttled, flow.Link{}, core.Throttled, 2},
		{"disabled, then one more step", core.Disabled, core.ActionRequired, flow.Link{}, core.InvalidCredentials, 2},
		{"disabled, then proved there", core.Disabled, &core.Error{Code: core.PasswordExpired, Proved: true}, flow.Link{}, core.InvalidCredentials, 2},
		{"disabled, and proved", &core.Error{Code: core.Disabled, Proved: true}, nil, flow.Link{}, core.Disabled, 1},
		{"throttled stops", core.Throttled, nil, flow.Link{}, core.Throttled, 1},
		{"surprise stops", core.Internal, nil, flow.Link{}, core.Internal, 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			one, first := newBackend("one", map[string]error{who: c.first})
			two, second := newBackend("two", map[string]error{who: c.second})
			c.link.Backend = first
			w := newWorld(t, flow.Routes{Login: []flow.Link{c.link, {Backend: second}}})
			got := w.Login(t.Context(), credentials("  Jo@MAIL.com "))
			if code(got.Error) != c.want || got.Success != (c.want == "") {
				t.Errorf("answer %v, want %q", got.Error, c.want)
			}
			if asked := len(one.asked) + len(two.asked); asked != c.asked {
				t.Errorf("%d backends were asked, want %d", asked, c.asked)
			}
			if steps := w.last().Steps; len(steps) != c.asked {
				t.Errorf("the trace has %d steps: %+v", len(steps), steps)
			}
			if (got.Tokens != nil) != (c.want == "") {
				t.Error("tokens and success disagree")
			}
		})
	}
}

func TestLoginAsksOnlyWhoAccepts(t *testing.T) {
	one, first := newBackend("one", map[string]error{"jo@example.com": nil})
	two, second := newBackend("two", map[string]error{"jo@example.com": nil})
	first.Accepts = []string{"*@example.org"}
	w := newWorld(t, flow.Routes{Login: []flow.Link{{Backend: first}, {Backend: second}}})
	if got := w.Login(t.Context(), credentials("jo@example.com")); !got.Success || got.Tokens.User.Strategy != "two" {
		t.Errorf("got %+v", got)
	}
	if len(one.asked) != 0 || len(two.asked) != 1 || w.last().Steps[0].Verdict != core.VerdictSkip {
		t.Errorf("asked %v and %v, trace %+v", one.asked, two.asked, w.last().Steps)
	}
	r := credentials("jo@example.com")
	r.Params["providerName"] = "two"
	if got := w.Login(t.Context(), r); !got.Success {
		t.Errorf("by provider name: %+v", got.Error)
	}
	r.Params["providerName"] = "three"
	if got := w.Login(t.Context(), r); code(got.Error) != core.InvalidInput || got.Error.Errors["providerName"] == "" {
		t.Errorf("an unknown provider: %+v", got.Error)
	}
}

func TestABackendThatHangsIsUnavailable(t *testing.T) {
	b, fb := newBackend("slow", nil)
	b.slow = true
	fb.Timeout = time.Millisecond
	w := newWorld(t, flow.Routes{Login: []flow.Link{{Backend: fb}}})
	if got := w.Login(t.Context(), credentials("jo@mail.com")); code(got.Error) != core.Unavailable {
		t.Errorf("got %+v", got.Error)
	}
}

func TestLoginInput(t *testing.T) {
	w, b := oneBackend(t, map[string]error{"jo@mail.com": nil, "jo": nil})
	for _, c := range []struct {
		name  string
		r     core.Request
		field string
	}{
		{"nothing", request(), "email"},
		{"no password", request("email", "jo@mail.com"), "password"},
		{"empty password", request("email", "jo@mail.com", "password", ""), "password"},
		{"a number", request("email", 1.0, "password", "pw"), "email"},
		{"a list", request("email", "jo@mail.com", "password", []any{"pw"}), "password"},
		{"remember", request("email", "jo@mail.com", "password", "pw", "remember", "yes"), "remember"},
		{"redirect", request("email", "jo@mail.com", "password", "pw", "redirectPath", "//evil.example"), "redirectPath"},
	} {
		got := w.Login(t.Context(), c.r)
		if code(got.Error) != core.InvalidInput || got.Error.Errors[c.field] == "" || got.RedirectTo != "/login?failed" {
			t.Errorf("%s: %+v", c.name, got)
		}
	}
	if len(b.asked) != 0 {
		t.Errorf("the backend was asked about bad input: %v", b.asked)
	}
	if got := w.Login(t.Context(), request("username", "Jo", "password", "pw", "rememberMe", false, "to", "/x")); !got.Success || got.Tokens.Persistent {
		t.Errorf("a user name that is not remembered: %+v", got)
	}
	if got := w.Login(t.Context(), request("email", "a b\x00c", "password", "pw")); code(got.Error) != core.InvalidCredentials || b.asked[len(b.asked)-1] != "" {
		t.Errorf("what names nobody must be asked about all the same: %+v, %v", got.Error, b.asked)
	}
}

func TestRedirectPath(t *testing.T) {
	w, _ := oneBackend(t, map[string]error{"jo@mail.com": nil})
	for _, c := range []struct {
		path any
		want string
	}{
		{nil, "/"}, {"", "/"}, {false, ""}, {"/posts?x=1", "/posts?x=1"}, {"https://app.example.com/x", "https://app.example.com/x"},
	} {
		r := credentials("jo@mail.com")
		r.Params["redirectPath"] = c.path
		if got := w.Login(t.Context(), r); got.RedirectTo != c.want {
			t.Errorf("redirectPath %v: %q, want %q", c.path, got.RedirectTo, c.want)
		}
	}
}

func TestHouseOptionsShapeTheIdentity(t *testing.T) {
	b, fb := newBackend("staff", map[string]error{"jo@mail.com": nil})
	b.roles = []string{"cn=admins", "cn=others", "cn=bosses"}
	fb.Roles = flow.Roles{Map: map[string]string{"cn=admins": "admin", "cn=bosses": "admin"}, Default: []string{"user"}}
	w := newWorld(t, flow.Routes{Login: []flow.Link{{Backend: fb}}, Identity: flow.Use{Session: true}, Backends: map[string]*flow.Backend{"staff": fb}})
	who := w.Login(t.Context(), credentials("jo@mail.com")).Tokens.User
	if !reflect.DeepEqual(who.Roles, []string{"admin", "user"}) || who.EmailVerified || who.AccountID.String() != "staff:id-jo@mail.com" {
		t.Errorf("identity %+v", who)
	}
	fb.TrustEmail = true
	if who := w.Login(t.Context(), credentials("jo@mail.com")).Tokens.User; !who.EmailVerified {
		t.Error("a trusted backend's address counts as not verified")
	}
}

func TestSessionLife(t *testing.T) {
	w, b := oneBackend(t, map[string]error{"jo@mail.com": nil})
	me := signIn(t, w, "jo@mail.com")
	if got := w.Check(t.Context(), me); !got.Authenticated || got.Identity.Subject != "id-jo@mail.com" {
		t.Errorf("check: %+v", got)
	}
	if got := w.GetPermissions(t.Context(), me); !reflect.DeepEqual(got.Value, []string{"user"}) {
		t.Errorf("permissions: %+v", got)
	}
	if got := w.GetIdentity(t.Context(), me); got.Error != nil || got.Value.(core.Identity).Email != "jo@mail.com" {
		t.Errorf("identity: %+v", got)
	}
	fresh := w.Refresh(t.Context(), me)
	if !fresh.Success || fresh.Tokens.Refresh.Reveal() == me.RefreshToken {
		t.Fatalf("refresh: %+v", fresh)
	}
	other := signIn(t, w, "jo@mail.com")
	if got := w.Sessions(t.Context(), me); len(got.Sessions) != 2 || !got.Sessions[1].Current || got.Sessions[0].Current {
		t.Errorf("sessions: %+v", got)
	}
	if got := w.Logout(t.Context(), me); !got.Success || got.RedirectTo != "/bye" {
		t.Errorf("logout: %+v", got)
	}
	if got := w.Check(t.Context(), me); got.Authenticated || got.RedirectTo != "/login" || !got.Logout || code(got.Error) != core.Unauthenticated {
		t.Errorf("check after logout: %+v", got)
	}
	for range 2 { // again, and without any session
		if got := w.Logout(t.Context(), me); !got.Success {
			t.Errorf("logout again: %+v", got)
		}
		me = core.Request{}
	}
	b.setAnswer("jo@mail.com", core.Disabled)
	if got := w.Refresh(t.Context(), other); got.Success || got.Error.Reason != session.ReasonAccountGone {
		t.Errorf("refresh of a disabled account: %+v", got.Error)
	}
	if w.Check(t.Context(), other).Authenticated {
		t.Error("the session of a disabled account outlives the refresh that noticed")
	}
}

func TestLogoutRefusesABadRedirectAfterTheEnd(t *testing.T) {
	w, _ := oneBackend(t, map[string]error{"jo@mail.com": nil})
	me := signIn(t, w, "jo@mail.com")
	me.Params["redirectPath"] = "//evil.example"
	if got := w.Logout(t.Context(), me); code(got.Error) != core.InvalidInput || got.RedirectTo != "" {
		t.Errorf("logout: %+v", got)
	}
	if w.Check(t.Context(), me).Authenticated {
		t.Error("still signed in")
	}
}

func TestEndSession(t *testing.T) {
	w, _ := oneBackend(t, map[string]error{"jo@mail.com": nil, "eve@mail.com": nil})
	jo, eve := signIn(t, w, "jo@mail.com"), signIn(t, w, "eve@mail.com")
	his := w.Sessions(t.Context(), jo).Sessions[0].ID
	for _, id := range []string{his, "no-such-session"} {
		if got := w.EndSession(t.Context(), eve, id); code(got.Error) != core.Forbidden {
			t.Errorf("ending %q: %+v", id, got)
		}
	}
	if !w.Check(t.Context(), jo).Authenticated {
		t.Fatal("somebody else ended the session")
	}
	second := signIn(t, w, "jo@mail.com")
	if got := w.EndSession(t.Context(), second, his); !got.Success || w.Check(t.Context(), jo).Authenticated {
		t.Errorf("ending an own session: %+v", got)
	}
	if got := w.EndSession(t.Context(), second, ""); !got.Success || w.Check(t.Context(), second).Authenticated {
		t.Errorf("ending all: %+v", got)
	}
	if !w.Check(t.Context(), eve).Authenticated {
		t.Error("another account's session ended")
	}
}

func TestAnswersAreJSON(t *testing.T) {
	w, _ := oneBackend(t, map[string]error{"jo@mail.com": nil})
	got, err := json.Marshal(w.Login(t.Context(), credentials("jo@mail.com")))
	if err != nil || string(got) != `{"redirectTo":"/","success":true}` {
		t.Errorf("%s, %v", got, err)
	}
}
