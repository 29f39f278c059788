package flow_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/authd-go/authd/core"
	"github.com/authd-go/authd/core/flow"
	"github.com/authd-go/authd/core/session"
)

// signedInAt is a request of somebody who came back from the site at that time.
func signedInAt(t *testing.T, w *world, s *site, at time.Time) core.Request {
	t.Helper()
	w.Now = func() time.Time { return at }
	defer func() { w.Now = time.Now }()
	got := w.FinishLogin(t.Context(), core.Request{}, back(elsewhere(t, w), s))
	if !got.Success {
		t.Fatalf("signed in at %v: %+v", at, got.Error)
	}
	return core.Request{AccessToken: got.Tokens.Access.Reveal(), Params: core.Params{}}
}

func signedIn(t *testing.T, w *world, r core.Request) bool {
	t.Helper()
	return w.Check(t.Context(), r).Authenticated
}

// notify hands in the site's notice, and returns the answer and its trace.
func notify(t *testing.T, w *world) (core.ActionResult, core.Trace) {
	t.Helper()
	got := w.EndRemote(t.Context(), request("logout_token", "good"), "op")
	return got, w.last()
}

// notices are the two ways to say whose sessions end.
func notices(issued time.Time) map[string]core.LogoutNotice {
	return map[string]core.LogoutNotice{
		"by session": {ID: "n1", IssuedAt: issued, Expires: time.Now().Add(time.Hour), Subject: "alice", SessionID: "sid-1"},
		"by subject": {ID: "n1", IssuedAt: issued, Expires: time.Now().Add(time.Hour), Subject: "alice"},
	}
}

func TestLogoutElsewhere(t *testing.T) {
	for name, notice := range notices(time.Now()) {
		w, s := twoSites(t)
		s.notice = notice
		meant, bystander := signedInAt(t, w, s, time.Now()), signIn(t, w, "jo@mail.com")
		got, tr := notify(t, w)
		if !got.Success || signedIn(t, w, meant) || !signedIn(t, w, bystander) {
			t.Errorf("%s: %+v; alive %v, the bystander %v", name, got.Error, signedIn(t, w, meant), signedIn(t, w, bystander))
		}
		if tr.Method != core.MethodRemoteLogout || tr.Account.Subject != "alice" || tr.Ended != 1 {
			t.Errorf("%s: traced %+v", name, tr)
		}
	}
}

func TestRefusedNotices(t *testing.T) {
	w, s := twoSites(t)
	right := notices(time.Now())["by subject"]
	nobody, never, nameless, over := right, right, right, right
	nobody.Subject, never.IssuedAt, nameless.ID = "", time.Time{}, ""
	over.IssuedAt, over.Expires = time.Now().Add(-2*time.Hour), time.Now().Add(-time.Hour)
	me := signedInAt(t, w, s, time.Now())
	for name, c := range map[string]struct {
		strategy, token string
		notice          core.LogoutNotice
		want            core.Code
	}{
		"not believed":       {"op", "bad", right, core.InvalidInput},
		"none":               {"op", "", right, core.InvalidInput},
		"a strategy without": {"members", "good", right, core.Unsupported},
		"no strategy":        {"nobody", "good", right, core.Unsupported},
		"names nobody":       {"op", "good", nobody, core.Internal},
		"names no time":      {"op", "good", never, core.Internal},
		"has no name":        {"op", "good", nameless, core.Internal},
		"is over":            {"op", "good", over, core.InvalidInput},
	} {
		s.notice = c.notice
		if got := w.EndRemote(t.Context(), request("logout_token", c.token), c.strategy); code(got.Error) != c.want || !signedIn(t, w, me) {
			t.Errorf("%s: %+v; signed in: %v", name, got.Error, signedIn(t, w, me))
		}
	}
}

// A notice that comes twice is refused, and ends nothing that was opened since
// it was issued, and no login that is under way.
func TestANoticeThatComesTwice(t *testing.T) {
	issued := time.Now().Add(-5 * time.Minute)
	for name, notice := range notices(issued) {
		w, s := twoSites(t)
		s.notice = notice
		before, onItsWay := signedInAt(t, w, s, issued.Add(-time.Hour)), signedInAt(t, w, s, issued.Add(time.Minute))
		if got, tr := notify(t, w); !got.Success || tr.Ended != 2 || signedIn(t, w, before) || signedIn(t, w, onItsWay) {
			t.Errorf("%s: %+v, %d ended", name, got.Error, tr.Ended)
		}
		again := signedInAt(t, w, s, time.Now().Add(time.Second))
		got, tr := notify(t, w)
		if code(got.Error) != core.InvalidInput || tr.Reason != flow.ReasonNoticeUsed || tr.Ended != 0 || !signedIn(t, w, again) {
			t.Errorf("%s, replayed: %+v, %d ended", name, got.Error, tr.Ended)
		}
		if late := signedInAt(t, w, s, time.Now().Add(2*time.Second)); !signedIn(t, w, late) {
			t.Errorf("%s, replayed: a login under way is refused", name)
		}
	}
}

// failing is a store that fails at ending sessions, before or after it has.
type failing struct {
	core.SessionStore
	before, after error
}

func (f *failing) EndSessions(ctx context.Context, e core.SessionEnd) ([]string, error) {
	if f.before != nil {
		return nil, f.before
	}
	ids, err := f.SessionStore.EndSessions(ctx, e)
	if f.after != nil {
		return nil, f.after
	}
	return ids, err
}

// restart opens the world's sessions anew, over a store.
func (w *world) restart(t *testing.T, store core.SessionStore) {
	t.Helper()
	m, err := session.Open(t.Context(), session.Options{
		Sessions: store, Keys: w.store, Secret: core.NewSecret(strings.Repeat("s", 32)), Issuer: "http://localhost:8080",
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = m.Close() })
	w.Session = m
}

// A notice that could not be carried out is an outage, and ends what it means
// when it comes again. What fails after the store has written is like a process
// that died before it could answer.
func TestANoticeWhileTheStoreFails(t *testing.T) {
	down := errors.New("the disk is full")
	issued := time.Now().Add(-5 * time.Minute)
	for name, c := range map[string]struct {
		fails   failing
		restart bool
		ended   int // by the second, which is refused if it ends none
	}{
		"before it wrote":              {failing{before: down}, false, 1},
		"before it wrote, and we died": {failing{before: down}, true, 1},
		"after it wrote, and we died":  {failing{after: down}, true, 0},
	} {
		for by, notice := range notices(issued) {
			w, s := twoSites(t)
			s.notice = notice
			c.fails.SessionStore = w.store
			store := c.fails
			w.restart(t, &store)
			meant := signedInAt(t, w, s, issued)
			if got, tr := notify(t, w); code(got.Error) != core.Unavailable || tr.Ended != 0 || !signedIn(t, w, meant) {
				t.Errorf("%s, %s: %+v, %d ended", name, by, got.Error, tr.Ended)
			}
			since := signedInAt(t, w, s, time.Now().Add(time.Second))
			store.before, store.after = nil, nil
			if c.restart {
				w.restart(t, &store)
			}
			got, tr := notify(t, w)
			if got.Success != (c.ended > 0) || tr.Ended != c.ended || signedIn(t, w, meant) || !signedIn(t, w, since) {
				t.Errorf("%s, %s, again: %+v, %d ended; signed in: %v, and since: %v", name, by, got.Error, tr.Ended, signedIn(t, w, meant), signedIn(t, w, since))
			}
			if got, tr = notify(t, w); tr.Reason != flow.ReasonNoticeUsed || tr.Ended != 0 || !signedIn(t, w, since) {
				t.Errorf("%s, %s, replayed: %+v, %d ended", name, by, got.Error, tr.Ended)
			}
		}
	}
}

func TestNoticesAtOnce(t *testing.T) {
	for name, notice := range notices(time.Now()) {
		w, s := twoSites(t)
		s.notice = notice
		me := signedInAt(t, w, s, time.Now())
		var all sync.WaitGroup
		for range 10 {
			all.Go(func() {
				got := w.EndRemote(t.Context(), request("logout_token", "good"), "op")
				if !got.Success && got.Error.Reason != flow.ReasonNoticeUsed {
					t.Errorf("%s: %+v", name, got.Error)
				}
			})
		}
		all.Wait()
		ended := 0
		for _, tr := range w.traces {
			ended += tr.Ended
		}
		if ended != 1 || signedIn(t, w, me) {
			t.Errorf("%s: one session ended %d times; signed in: %v", name, ended, signedIn(t, w, me))
		}
	}
}
