package guard_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/authd-go/authd/core"
	"github.com/authd-go/authd/core/guard"
)

const home, away = "192.0.2.1", "198.51.100.7"

// answers is a provider that answers as it was told to, and counts.
type answers struct {
	guard.Provider // nil: what is not here may not be called
	tracer         core.Tracer
	err            error
	steps          []core.Step
	asked          int
}

func (a *answers) answer(ctx context.Context, method string) core.ActionResult {
	a.asked++
	a.tracer.Trace(ctx, core.Trace{Method: method, Outcome: core.CodeOf(a.err), Steps: a.steps})
	return core.ActionResult{Success: a.err == nil, Error: core.DefaultMessages().Refuse(a.err)}
}

func (a *answers) Login(ctx context.Context, _ core.Request) core.ActionResult {
	return a.answer(ctx, core.MethodLogin)
}

func (a *answers) Register(ctx context.Context, _ core.Request) core.ActionResult {
	return a.answer(ctx, core.MethodRegister)
}

func (a *answers) ForgotPassword(ctx context.Context, _ core.Request) core.ActionResult {
	return a.answer(ctx, core.MethodForgotPassword)
}

func (a *answers) UpdatePassword(ctx context.Context, _ core.Request) core.ActionResult {
	return a.answer(ctx, core.MethodUpdatePassword)
}

func (a *answers) Refresh(context.Context, core.Request) core.ActionResult {
	return core.ActionResult{Success: true}
}

func (a *answers) Check(context.Context, core.Request) core.CheckResult {
	return core.CheckResult{Authenticated: true}
}

// gate is a throttle over a provider, with a clock set by hand.
type gate struct {
	*guard.Throttle
	t      testing.TB
	behind *answers
	store  *brittle
	now    time.Time
	traces []core.Trace
}

// brittle is a store that can be down, and counts.
type brittle struct {
	guard.MemoryTries
	down  error
	calls int
	keys  map[core.ThrottleKey]bool
}

func (b *brittle) ChangeTries(ctx context.Context, c core.TriesChange) error {
	b.calls++
	if b.down != nil {
		return b.down
	}
	for _, key := range c.Keys {
		b.keys[key] = true
	}
	return b.MemoryTries.ChangeTries(ctx, c)
}

func newGate(t testing.TB, change ...func(*guard.ThrottleOptions)) *gate {
	g := &gate{t: t, behind: &answers{err: core.InvalidCredentials, tracer: guard.Witnessed(nil)}, store: &brittle{keys: map[core.ThrottleKey]bool{}}}
	g.now = time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)
	o := guard.ThrottleOptions{
		ThrottleSettings: guard.DefaultThrottle(), Provider: g.behind, Store: g.store, Key: []byte(strings.Repeat("k", 32)),
		Caller: func(_ context.Context, r core.Request) (core.AccountID, error) {
			if r.AccessToken == "" {
				return core.AccountID{}, core.Unauthenticated
			}
			return core.AccountID{Strategy: "members", Subject: r.AccessToken}, nil
		},
		FailureTo: map[string]string{core.MethodLogin: "/failed"},
		Tracer:    core.TracerFunc(func(_ context.Context, t core.Trace) { g.traces = append(g.traces, t) }),
		Now:       func() time.Time { return g.now },
	}
	for _, c := range change {
		c(&o)
	}
	g.Throttle = guard.NewThrottle(o)
	return g
}

func from(addr string) core.Client {
	a, _ := netip.ParseAddr(addr) // "" stays invalid
	return core.Client{Addr: a}
}

func request(name, addr string) core.Request {
	return core.Request{Params: core.Params{"email": name, "password": "x"}, Client: from(addr)}
}

// login tries and returns how long it must wait; 0 says that the backend was asked.
func (g *gate) login(name, addr string) time.Duration {
	g.t.Helper()
	return g.wait(g.Login(g.t.Context(), request(name, addr)))
}

func (g *gate) wait(r core.ActionResult) time.Duration {
	g.t.Helper()
	if r.Error == nil || r.Error.Code != core.Throttled {
		return 0
	}
	return r.Error.RetryAfter
}

// free counts how many tries get through now.
func (g *gate) free(try func() time.Duration) int {
	g.t.Helper()
	for n := range 500 {
		if try() > 0 {
			return n
		}
	}
	return 500
}

func (g *gate) wantFree(what string, want int, try func() time.Duration) {
	g.t.Helper()
	if got := g.free(try); got != want {
		g.t.Errorf("%s: %d tries get through at once, want %d", what, got, want)
	}
}

func TestFiveFreeTriesThenTheWaitDoubles(t *testing.T) {
	g := newGate(t)
	g.wantFree("at first", 5, func() time.Duration { return g.login("john@mail.com", home) })
	for _, want := range []int{1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 900, 900, 900} {
		wait := g.login("john@mail.com", home)
		if wait != time.Duration(want)*time.Second {
			t.Fatalf("the wait is %v, want %ds", wait, want)
		}
		g.now = g.now.Add(wait - time.Millisecond)
		if again := g.login("john@mail.com", home); again != time.Millisecond {
			t.Fatalf("just before its end it is %v", again)
		}
		g.now = g.now.Add(time.Millisecond)
		if again := g.login("john@mail.com", home); again != 0 {
			t.Fatalf("at its end it is %v", again)
		}
	}
	g.now = g.now.Add(10 * time.Hour)
	g.wantFree("after a quiet night", 5, func() time.Duration { return g.login("john@mail.com", home) })
}

func TestTriesAreForgottenOneByOne(t *testing.T) {
	g := newGate(t)
	g.free(func() time.Duration { return g.login("john@mail.com", home) })
	g.now = g.now.Add(61 * time.Minute)
	g.wantFree("after an hour", 2, func() time.Duration { return g.login("john@mail.com", home) })
}

func TestAllSpellingsShareACount(t *testing.T) {
	g := newGate(t)
	spellings := []core.Params{
		{"email": "john@mail.com"},
		{"email": "JOHN@Mail.COM"},
		{"username": " john@mail.com\t"},
		{"identifier": "ｊｏｈｎ@mail.com"},
		{"email": nil, "username": "John@mail.com."},
	}
	for _, params := range spellings {
		if wait := g.wait(g.Login(t.Context(), core.Request{Params: params, Client: from(home)})); wait != 0 {
			t.Fatalf("%v waits %v", params, wait)
		}
	}
	for _, params := range spellings {
		if wait := g.wait(g.Login(t.Context(), core.Request{Params: params, Client: from(away)})); wait == 0 {
			t.Errorf("%v has a count of its own", params)
		}
	}
}

func TestWhatNamesNoAccountSharesOneCountPerNetwork(t *testing.T) {
	g := newGate(t)
	i := 0
	try := func(addr string) func() time.Duration {
		return func() time.Duration {
			i++
			return g.wait(g.Login(t.Context(), core.Request{
				Params: core.Params{"email": []any{"a b", "", 7, nil, fmt.Sprint("\x00", i), strings.Repeat("x", 300)}[i%6]}, Client: from(addr),
			}))
		}
	}
	g.wantFree("nameless", 5, try(home))
	g.wantFree("nameless elsewhere", 5, try(away))
	g.wantFree("an account beside them", 5, func() time.Duration { return g.login("john@mail.com", home) })
}

func TestNetworksAreFolded(t *testing.T) {
	for _, c := range []struct {
		name  string
		addrs []string
		want  int
	}{
		{"one IPv4 address", []string{"192.0.2.1", "::ffff:192.0.2.1"}, 20},
		{"addresses of one /64", []string{"2001:db8::1", "2001:db8::2", "2001:db8::ffff:0:1", "2001:db8::1%eth0"}, 20},
		{"unknown addresses", []string{""}, 20},
		{"two IPv4 addresses", []string{"192.0.2.1", "192.0.2.2"}, 40},
		{"two /64", []string{"2001:db8:0:1::1", "2001:db8:0:2::1"}, 40},
	} {
		g := newGate(t)
		i := 0
		g.wantFree(c.name, c.want, func() time.Duration {
			i++
			return g.login(fmt.Sprint("user", i), c.addrs[i%len(c.addrs)])
		})
	}
	g := newGate(t)
	i := 0
	g.wantFree("every /64 of a /48", 160, func() time.Duration {
		i++
		return g.login(fmt.Sprint("user", i), fmt.Sprintf("2001:db8:0:%x::1", i))
	})
}

func TestASuccessForgivesWhatItsOwnNetworkTried(t *testing.T) {
	g := newGate(t)
	for range 3 {
		g.login("john@mail.com", away)
	}
	g.login("john@mail.com", home)
	g.behind.err = nil
	if wait := g.login("john@mail.com", home); wait != 0 {
		t.Fatal("the fifth try waits", wait)
	}
	g.behind.err = core.InvalidCredentials
	g.wantFree("elsewhere, where three tries were wrong", 2, func() time.Duration { return g.login("john@mail.com", away) })
	for range 20 {
		g.behind.err = core.InvalidCredentials
		g.login("john@mail.com", home)
		g.behind.err = nil
		if wait := g.login("john@mail.com", home); wait != 0 {
			t.Fatal("somebody who mistypes every other time waits", wait)
		}
	}
}

func TestATrustedNetworkHasTriesOfItsOwn(t *testing.T) {
	g := newGate(t)
	g.behind.err = nil
	g.login("john@mail.com", home)
	g.behind.err = core.InvalidCredentials
	for i := range 60 { // from everywhere else
		g.login("john@mail.com", fmt.Sprintf("203.0.113.%d", i))
	}
	if g.login("john@mail.com", away) == 0 {
		t.Error("the account is open to strangers")
	}
	g.wantFree("at home", 5, func() time.Duration { return g.login("john@mail.com", home) })
	g.now = g.now.Add(31 * 24 * time.Hour)
	g.free(func() time.Duration { return g.login("john@mail.com", away) })
	if g.login("john@mail.com", home) == 0 {
		t.Error("a month later home is still trusted")
	}
}

// TestOneNetworkCannotKeepAnAccountClosed lets an attacker try at every moment
// at which he may, for two days, and the owner come from a new network.
func TestOneNetworkCannotKeepAnAccountClosed(t *testing.T) {
	g := newGate(t)
	attacker, owner := g.now, g.now.Add(time.Minute)
	arrived, guesses := owner, 0
	var longest time.Duration
	for i, end := 0, g.now.Add(48*time.Hour); g.now.Before(end); {
		if !attacker.After(owner) { // at the same moment the attacker is first
			g.now = attacker
			wait := g.login("john@mail.com", away)
			if wait == 0 {
				guesses++
				wait = time.Millisecond
			}
			attacker = g.now.Add(wait)
			continue
		}
		g.now = owner
		g.behind.err = nil
		wait := g.login("john@mail.com", fmt.Sprintf("203.0.113.%d", i%250))
		g.behind.err = core.InvalidCredentials
		if wait == 0 {
			longest = max(longest, g.now.Sub(arrived))
			i++
			arrived = g.now.Add(13 * time.Minute)
			owner = arrived
			continue
		}
		owner = g.now.Add(wait)
	}
	if longest > 30*time.Minute { // two of the longest waits, should the attacker win a race
		t.Errorf("the owner once waited %v", longest)
	}
	if guesses > 15+2*96+2 {
		t.Errorf("the attacker had %d guesses in two days", guesses)
	}
}

// TestManyNetworksAreBoundedPerAccount lets thousands of networks try for a day.
func TestManyNetworksAreBoundedPerAccount(t *testing.T) {
	g := newGate(t)
	random := rand.New(rand.NewPCG(1, 2))
	for end := g.now.Add(24 * time.Hour); g.now.Before(end); {
		addr := netip.AddrFrom4([4]byte{10, byte(random.Uint32()), byte(random.Uint32()), byte(random.Uint32())})
		g.now = g.now.Add(max(time.Millisecond, g.login("john@mail.com", addr.String())))
	}
	if g.behind.asked < 50 || g.behind.asked > 5+12+144 {
		t.Errorf("%d guesses in a day", g.behind.asked)
	}
}

func TestAnOutageGivesTheTryBack(t *testing.T) {
	step := func(code core.Code) core.Step {
		return core.Step{Strategy: "a", Outcome: code, Verdict: core.VerdictNext}
	}
	skipped := core.Step{Strategy: "b", Verdict: core.VerdictSkip}
	for _, c := range []struct {
		name  string
		err   error
		steps []core.Step
		back  bool
	}{
		{"outage", core.Unavailable, []core.Step{step(core.Unavailable), skipped}, true},
		{"outage before a question", core.Unavailable, nil, true},
		{"throttled by the backend", core.Throttled, []core.Step{step(core.Throttled)}, true},
		{"malformed", core.InvalidInput, nil, true},
		{"off", core.Unsupported, nil, true},
		{"wrong", core.InvalidCredentials, []core.Step{step(core.InvalidCredentials)}, false},
		{"unknown", core.UnknownUser, []core.Step{step(core.UnknownUser)}, false},
		{"nobody is asked about it", core.UnknownUser, []core.Step{skipped}, false},
		{"disabled", core.Disabled, []core.Step{step(core.Disabled)}, false},
		{"unrecognised", errors.New("surprise"), []core.Step{step(core.Internal)}, false},
		{"wrong here, outage there", core.Unavailable, []core.Step{step(core.InvalidCredentials), step(core.Unavailable)}, false},
		{"unknown here, outage there", core.Unavailable, []core.Step{step(core.UnknownUser), step(core.Unavailable)}, false},
		{"right, and then an outage", core.Unavailable, []core.Step{step("")}, false},
	} {
		g := newGate(t)
		g.behind.err, g.behind.steps = c.err, c.steps
		for range 5 {
			g.login("john@mail.com", home)
		}
		g.behind.err, g.behind.steps = core.InvalidCredentials, nil
		g.wantFree(c.name, map[bool]int{true: 5, false: 0}[c.back], func() time.Duration { return g.login("john@mail.com", home) })
	}
}

func TestATryGivenBackAfterTheFreeOnesLeavesTheWaitAsItWas(t *testing.T) {
	g := newGate(t)
	wait := time.Duration(0)
	for range 9 {
		g.now = g.now.Add(wait)
		g.login("john@mail.com", home)
		wait = g.login("john@mail.com", home)
	}
	g.now = g.now.Add(wait)
	g.behind.err = core.Unavailable
	for range 3 {
		if again := g.login("john@mail.com", home); again != 0 {
			t.Fatalf("after an outage the wait is %v", again)
		}
	}
	g.behind.err = core.InvalidCredentials
	g.login("john@mail.com", home)
	if again := g.login("john@mail.com", home); again != 2*wait {
		t.Errorf("the next wait is %v, want %v", again, 2*wait)
	}
}

// TestWithoutAWitnessNothingIsGivenBack: whoever forgets the tracer has a
// throttle that is too strict, never one that is too lax.
func TestWithoutAWitnessNothingIsGivenBack(t *testing.T) {
	g := newGate(t)
	g.behind.err, g.behind.tracer = core.Unavailable, core.TracerFunc(func(context.Context, core.Trace) {})
	g.wantFree("unwitnessed outages", 5, func() time.Duration { return g.login("john@mail.com", home) })
}

func TestTheStoreBeingDownStopsEverybody(t *testing.T) {
	g := newGate(t)
	g.store.down = errors.New("disk on fire")
	for name, call := range map[string]func(context.Context, core.Request) core.ActionResult{
		"login": g.Login, "register": g.Register, "forgot": g.ForgotPassword, "update": g.UpdatePassword,
	} {
		r := call(t.Context(), request("john@mail.com", home))
		if r.Success || r.Error.Code != core.Unavailable {
			t.Errorf("%s: %+v", name, r)
		}
	}
	if g.behind.asked != 0 || len(g.traces) != 4 || g.traces[0].Outcome != core.Unavailable {
		t.Errorf("asked %d times, traces %+v", g.behind.asked, g.traces)
	}
}

func TestARefusalIsTracedLikeAnyOther(t *testing.T) {
	g := newGate(t)
	g.free(func() time.Duration { return g.login("John@mail.com", home) })
	r := request("john@mail.com", home)
	r.Client.RequestID = "r1"
	result := g.Login(t.Context(), r)
	if result.Success || result.RedirectTo != "/failed" || result.Error.Message == "" {
		t.Errorf("answer %+v", result)
	}
	got := g.traces[len(g.traces)-1]
	if got.Method != core.MethodLogin || got.Outcome != core.Throttled || got.RequestID != "r1" || got.Addr != r.Client.Addr || got.Start != g.now {
		t.Errorf("trace %+v", got)
	}
	if text := fmt.Sprintf("%+v", got); strings.Contains(strings.ToLower(text), "john") {
		t.Errorf("the trace tells what was typed: %s", text)
	}
	g.UpdatePassword(t.Context(), core.Request{AccessToken: "u1", Client: from(home)})
	for range 5 {
		g.UpdatePassword(t.Context(), core.Request{AccessToken: "u1", Client: from(home)})
	}
	if got := g.traces[len(g.traces)-1]; got.Op != core.OpChangePassword || got.Account.Subject != "u1" {
		t.Errorf("trace of a change %+v", got)
	}
}

func TestWhatElseCounts(t *testing.T) {
	call := func(g *gate, method string) func() time.Duration {
		i := 0
		return func() time.Duration {
			i++
			switch method {
			case "recover one":
				return g.wait(g.ForgotPassword(t.Context(), request("john@mail.com", home)))
			case "recover many":
				return g.wait(g.ForgotPassword(t.Context(), request(fmt.Sprint("user", i), home)))
			case "register":
				return g.wait(g.Register(t.Context(), request(fmt.Sprint("user", i), home)))
			case "token":
				return g.wait(g.UpdatePassword(t.Context(), core.Request{Params: core.Params{"token": fmt.Sprint(i)}, Client: from(home)}))
			case "change":
				return g.wait(g.UpdatePassword(t.Context(), core.Request{AccessToken: "u1", Client: from(home)}))
			}
			return g.wait(g.UpdatePassword(t.Context(), core.Request{Params: core.Params{"token": 7}, Client: from(home)}))
		}
	}
	for _, c := range []struct {
		method            string
		failing, granting int
	}{
		{"recover one", 5, 5}, // a mail each
		{"recover many", 20, 20},
		{"register", 20, 20},
		{"token", 20, 500},
		{"change", 5, 500},
		{"nobody", 20, 500},
	} {
		g := newGate(t)
		g.wantFree(c.method+", refused", c.failing, call(g, c.method))
		g.wantFree("login beside it", 5, func() time.Duration { return g.login("john@mail.com", home) })
		g = newGate(t)
		g.behind.err = nil
		g.wantFree(c.method+", granted", c.granting, call(g, c.method))
	}
}

func TestRefreshAndCheckPassUncounted(t *testing.T) {
	g := newGate(t)
	for range 200 {
		if !g.Refresh(t.Context(), request("john@mail.com", home)).Success || !g.Check(t.Context(), request("", home)).Authenticated {
			t.Fatal("refused")
		}
	}
	if g.store.calls != 0 {
		t.Errorf("the store was asked %d times", g.store.calls)
	}
}

func TestKeysDependOnTheSecret(t *testing.T) {
	first, second := newGate(t), newGate(t, func(o *guard.ThrottleOptions) { o.Key = []byte(strings.Repeat("o", 32)) })
	for _, g := range []*gate{first, second} {
		g.login("john@mail.com", "2001:db8::1")
		g.ForgotPassword(t.Context(), request("john@mail.com", "2001:db8::1"))
		if len(g.store.keys) != 8 { // account and network, account, /64, /48; for each purpose
			t.Errorf("%d keys", len(g.store.keys))
		}
	}
	for key := range first.store.keys {
		if second.store.keys[key] {
			t.Error("two secrets make the same key")
		}
	}
}

func TestThrottleSettings(t *testing.T) {
	if p := guard.DefaultThrottle().Problems(); len(p) != 0 {
		t.Error(p)
	}
	if got := (guard.ThrottleSettings{FreeTries: 7}).WithDefaults(); got.FreeTries != 7 || got.MaxDelay != 15*time.Minute {
		t.Errorf("%+v", got)
	}
	var paths []string
	for _, p := range (guard.ThrottleSettings{FreeTries: -1, NetworkTries: 1e6, FirstDelay: time.Minute, MaxDelay: time.Second}).Problems() {
		paths = append(paths, p.Path)
	}
	if want := []string{"freeTries", "networkTries", "maxDelay", "trustFor"}; !slices.Equal(paths, want) {
		t.Errorf("problems with %v, want %v", paths, want)
	}
}
