package storetest

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/authd-go/authd/core"
	"github.com/authd-go/authd/core/store"
)

func commonRules() []rule {
	return []rule{
		{"ready", "an open store that works must say so, or no node ever takes traffic", ready},
		{"a context that has ended", "nobody waits any more: the write must not happen, and the answer is an outage", endedContext},
		{"closed store", "a closed store must say that it cannot answer, never that a user is unknown", closedStore},
		{"errors hold no secret", "errors go to the log", errorsHoldNoSecret},
		{"milliseconds count", "two times a millisecond apart are two times", millisecondsCount},
	}
}

// call is one method of the store, with arguments that would work.
type call struct {
	name   string
	writes bool
	do     func(context.Context, store.Store) error
}

// calls is every method that takes a context.
func calls() []call {
	return slices.Concat(sessionCalls(), renewalCalls(), userCalls(), tokenAndKeyCalls(), auditCalls(), triesCalls())
}

func userCalls() []call {
	return []call{
		{"User", false, func(ctx context.Context, s store.Store) error {
			_, err := s.Users("members").User(ctx, "u-john")
			return err
		}},
		{"FindUser", false, func(ctx context.Context, s store.Store) error {
			_, err := s.Users("members").FindUser(ctx, "john")
			return err
		}},
		{"Users", false, func(ctx context.Context, s store.Store) error {
			_, err := s.Users("members").Users(ctx, "", 1)
			return err
		}},
		{"CreateUser", true, func(ctx context.Context, s store.Store) error { return s.Users("members").CreateUser(ctx, jane()) }},
		{"ChangeUser", true, func(ctx context.Context, s store.Store) error {
			return s.Users("members").ChangeUser(ctx, "u-john", core.UserChange{Name: ptr("changed")})
		}},
		{"DeleteUser", true, func(ctx context.Context, s store.Store) error { return s.Users("members").DeleteUser(ctx, "u-john") }},
	}
}

func sessionCalls() []call {
	return []call{
		{"Session", false, func(ctx context.Context, s store.Store) error { _, err := s.Session(ctx, "s1"); return err }},
		{"AccountSessions", false, func(ctx context.Context, s store.Store) error {
			_, err := s.AccountSessions(ctx, johnID(), start())
			return err
		}},
		{"EndedSince", false, func(ctx context.Context, s store.Store) error { _, err := s.EndedSince(ctx, start()); return err }},
		{"CreateSession", true, func(ctx context.Context, s store.Store) error { return s.CreateSession(ctx, session("s2", johnID())) }},
		{"AdvanceSession", true, func(ctx context.Context, s store.Store) error {
			_, _, err := s.AdvanceSession(ctx, advance("s1", 0, after(time.Minute)))
			return err
		}},
		{"EndSessions", true, func(ctx context.Context, s store.Store) error {
			_, err := s.EndSessions(ctx, core.SessionEnd{ID: "s1", Reason: "logout", At: start()})
			return err
		}},
		{"PurgeSessions", true, func(ctx context.Context, s store.Store) error {
			_, err := s.PurgeSessions(ctx, after(1000*time.Hour), 10)
			return err
		}},
	}
}

func tokenAndKeyCalls() []call {
	return []call{
		{"PutToken", true, func(ctx context.Context, s store.Store) error {
			return s.PutToken(ctx, token("two", "reset", johnID()))
		}},
		{"TakeToken", true, func(ctx context.Context, s store.Store) error {
			_, err := s.TakeToken(ctx, token("one", "reset", johnID()).Hash, "reset", start())
			return err
		}},
		{"SigningKeys", false, func(ctx context.Context, s store.Store) error { _, err := s.SigningKeys(ctx); return err }},
		{"AddSigningKey", true, func(ctx context.Context, s store.Store) error {
			return s.AddSigningKey(ctx, key("b", after(time.Hour)))
		}},
		{"PurgeSigningKeys", true, func(ctx context.Context, s store.Store) error {
			return s.PurgeSigningKeys(ctx, after(1000*time.Hour))
		}},
		{"Ready", false, func(ctx context.Context, s store.Store) error { return s.Ready(ctx) }},
	}
}

// fill stores one of each, so that every call has something to find.
func fill(ctx context.Context, s store.Store) error {
	return all(
		func() error { return create(ctx, s.Users("members"), john()) },
		func() error { return createSessions(ctx, s, session("s1", johnID())) },
		func() error { return putTokens(ctx, s, token("one", "reset", johnID())) },
		func() error { return addKeys(ctx, s, key("a", start())) },
		func() error { return s.AppendAudit(ctx, event("login", start())) },
	)
}

// wantFilled checks that what fill stored is still all there is.
func wantFilled(ctx context.Context, s store.Store) error {
	list, err := s.Users("members").Users(ctx, "", 10)
	_, second := s.Session(ctx, "s2")
	return all(
		func() error { return err },
		func() error { return equal("users", list, []core.User{john()}) },
		func() error { return wantSession(ctx, s, session("s1", johnID())) },
		func() error { return outcome("another session", second, core.Unauthenticated) },
		func() error { return wantKeys(ctx, s, key("a", start())) },
		func() error { return wantEvents(ctx, s, everything(), event("login", start())) },
		func() error { return take(ctx, s, token("one", "reset", johnID()), "reset", start(), "") },
	)
}

func ready(ctx context.Context, s store.Store) error {
	return all(
		func() error { return s.Ready(ctx) },
		func() error { return fill(ctx, s) },
		func() error { return s.Ready(ctx) },
		func() error { return wantFilled(ctx, s) },
	)
}

func endedContext(ctx context.Context, s store.Store) error {
	if err := fill(ctx, s); err != nil {
		return err
	}
	cancelled, cancel := context.WithCancel(ctx)
	cancel()
	late, cancelLate := context.WithDeadline(ctx, time.Now().Add(-time.Second))
	defer cancelLate()
	for _, c := range calls() {
		if err := outcome(c.name+" with a cancelled context", c.do(cancelled, s), core.Unavailable); err != nil {
			return err
		}
		if err := outcome(c.name+" after the deadline", c.do(late, s), core.Unavailable); err != nil {
			return err
		}
	}
	return wantFilled(ctx, s)
}

func closedStore(ctx context.Context, s store.Store) error {
	if err := fill(ctx, s); err != nil {
		return err
	}
	for range 2 {
		if err := s.Close(); err != nil {
			return fmt.Errorf("Close: %w", err)
		}
	}
	for _, c := range calls() {
		if err := outcome(c.name+" after Close", c.do(ctx, s), core.Unavailable); err != nil {
			return err
		}
	}
	return nil
}

func errorsHoldNoSecret(ctx context.Context, s store.Store) error {
	if err := fill(ctx, s); err != nil {
		return err
	}
	const canary = "canary-5e1f"
	user := john()
	user.PasswordHash = canary
	sealed := key("a", start())
	sealed.Sealed = []byte(canary)
	stolen := token("one", "reset", janeID())
	stolen.Hash = []byte(canary)
	_, takeErr := s.TakeToken(ctx, stolen.Hash, "reset", start())
	_, findErr := s.Users("members").FindUser(ctx, canary)
	for what, err := range map[string]error{
		"CreateUser":    s.Users("members").CreateUser(ctx, user),
		"ChangeUser":    s.Users("members").ChangeUser(ctx, "u-john", core.UserChange{PasswordHash: ptr(canary), IfPasswordHash: canary}),
		"AddSigningKey": s.AddSigningKey(ctx, sealed),
		"TakeToken":     takeErr,
		"FindUser":      findErr,
	} {
		if err == nil {
			return fmt.Errorf("%s: no error, so this rule could not look at it", what)
		}
		if strings.Contains(err.Error(), canary) {
			return fmt.Errorf("%s: the error repeats a secret: %w", what, err)
		}
	}
	return nil
}

func millisecondsCount(ctx context.Context, s store.Store) error {
	near := time.Millisecond
	a, b := key("a", start()), key("b", after(near))
	ended := session("s1", johnID())
	return all(
		func() error { return addKeys(ctx, s, b, a) },
		func() error { return wantKeys(ctx, s, a, b) },
		func() error { return createSessions(ctx, s, ended) },
		func() error {
			return wantEnd(ctx, s, core.SessionEnd{ID: "s1", Reason: "logout", At: start()}, "s1")
		},
		func() error {
			list, err := s.EndedSince(ctx, after(near))
			return all(func() error { return err }, func() error { return equal("ended since a millisecond later", len(list), 0) })
		},
	)
}
