package flow_test

import (
	"net/netip"
	"slices"
	"testing"

	"github.com/authd-go/authd/core"
)

// from makes a request come from an address.
func from(r core.Request) core.Request {
	r.Client = core.Client{Addr: netip.MustParseAddr("192.0.2.7"), RequestID: "r1"}
	return r
}

func TestTraceNamesTheRefusedAccount(t *testing.T) {
	w, _ := oneBackend(t, map[string]error{
		"jo@mail.com":  &core.Error{Code: core.InvalidCredentials, Subject: "id-jo@mail.com"},
		"eve@mail.com": core.InvalidCredentials,
	})
	jo := core.AccountID{Strategy: "members", Subject: "id-jo@mail.com"}
	for email, want := range map[string]core.AccountID{"jo@mail.com": jo, "eve@mail.com": {}, "nobody@mail.com": {}} {
		w.Login(t.Context(), from(credentials(email)))
		got := w.last()
		if got.Account != want || got.Outcome == "" || got.RequestID != "r1" || got.Addr != netip.MustParseAddr("192.0.2.7") {
			t.Errorf("%s: %+v, want the account %v", email, got, want)
		}
	}
}

func TestTraceSaysWhichOfSeveralThings(t *testing.T) {
	w, _ := oneBackend(t, map[string]error{"jo@mail.com": nil})
	me := signIn(t, w, "jo@mail.com")
	other := w.Sessions(t.Context(), signIn(t, w, "jo@mail.com")).Sessions[0].ID
	with := func(pairs ...any) core.Request {
		r := me
		r.Params = request(pairs...).Params
		return r
	}
	for _, c := range []struct {
		op, session string
		do          func()
	}{
		{core.OpListSessions, "own", func() { w.Sessions(t.Context(), me) }},
		{core.OpEndSessions, "own", func() { w.EndSession(t.Context(), me, "typed by somebody") }},
		{core.OpEndSessions, other, func() { w.EndSession(t.Context(), me, other) }},
		{core.OpResetPassword, "", func() { w.UpdatePassword(t.Context(), with("password", "x", "token", "y")) }},
		{core.OpChangePassword, "", func() { w.UpdatePassword(t.Context(), with("password", "x", "oldPassword", "y")) }},
	} {
		w.Check(t.Context(), me)
		own := w.last().SessionID
		c.do()
		want := c.session
		if want == "own" {
			want = own
		}
		if got := w.last(); got.Op != c.op || got.SessionID != want {
			t.Errorf("%+v, want op %q and session %q", got, c.op, want)
		}
	}
}

// A token that comes back is told as such with its session and account, also
// when the refresh is tried on the way to an answer to an error.
func TestTraceOfAReusedToken(t *testing.T) {
	for name, present := range map[string]func(*world, core.Request){
		"refresh": func(w *world, r core.Request) { w.Refresh(t.Context(), r) },
		"onError": func(w *world, r core.Request) {
			r.Params = core.Params{"status": 401.0}
			w.OnError(t.Context(), r)
		},
	} {
		w, _ := oneBackend(t, map[string]error{"jo@mail.com": nil})
		first := signIn(t, w, "jo@mail.com")
		opened := w.last()
		next := first
		for range 3 {
			got := w.Refresh(t.Context(), next)
			if !got.Success {
				t.Fatalf("refresh: %+v", got.Error)
			}
			next.RefreshToken = got.Tokens.Refresh.Reveal()
		}
		present(w, from(first))
		i := slices.IndexFunc(w.traces, func(t core.Trace) bool { return t.Reason == "refresh_reused" })
		if i < 0 {
			t.Fatalf("%s: no trace tells: %+v", name, w.last())
		}
		got := w.traces[i]
		if got.Method != core.MethodRefresh || got.Account != opened.Account || got.SessionID != opened.SessionID || !got.Addr.IsValid() {
			t.Errorf("%s: %+v", name, got)
		}
	}
}
