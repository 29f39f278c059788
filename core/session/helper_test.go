package session_test

import (
	"context"
	"log/slog"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/authd-go/authd/core"
	"github.com/authd-go/authd/core/session"
	"github.com/authd-go/authd/core/session/sessiontest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const testSecret = "a secret of at least thirty-two bytes"

var (
	john  = core.AccountID{Strategy: "members", Subject: "john:1"}
	start = time.Date(2026, 11, 20, 12, 0, 0, 250_000_000, time.UTC)
)

// house is one manager on a store of its own, with a clock set by hand.
type house struct {
	*session.Manager
	t     testing.TB
	store *sessiontest.Memory
	clock *sessiontest.Clock
	opts  session.Options
}

func newHouse(t testing.TB, change ...func(*session.Options)) *house {
	h := &house{t: t, store: new(sessiontest.Memory), clock: sessiontest.NewClock(start)}
	h.opts = session.Options{
		Sessions: h.store, Keys: h.store, Secret: core.NewSecret(testSecret),
		Issuer: "https://auth.example.com", Audience: "app", Claims: []string{"name", "email", "roles", "team"},
		Now: h.clock.Now, PollInterval: time.Hour,
	}
	for _, c := range change {
		c(&h.opts)
	}
	h.Manager = open(t, h.opts)
	return h
}

func open(t testing.TB, o session.Options) *session.Manager {
	t.Helper()
	m, err := session.Open(t.Context(), o)
	if err != nil {
		t.Fatalf("open: %v", err)
	}
	t.Cleanup(func() { _ = m.Close() })
	return m
}

func (h *house) login() session.Issued {
	h.t.Helper()
	issued, err := h.Create(h.t.Context(), session.NewSession{Identity: core.Identity{
		AccountID: john, Name: "John", Email: "john@mail.com", Roles: []string{"admin"},
		Claims: map[string]any{"team": "red", "secret": "not named"},
	}})
	if err != nil {
		h.t.Fatalf("login: %v", err)
	}
	return issued
}

// next refreshes and must succeed.
func (h *house) next(i session.Issued) session.Issued {
	h.t.Helper()
	out, err := h.Refresh(h.t.Context(), i.Tokens.Refresh.Reveal(), nil)
	if err != nil {
		h.t.Fatalf("refresh: %v", err)
	}
	return out
}

func (h *house) try(i session.Issued) error {
	_, err := h.Refresh(context.Background(), i.Tokens.Refresh.Reveal(), nil)
	return err
}

func (h *house) verify(i session.Issued) error {
	_, err := h.Verify(context.Background(), i.Tokens.Access.Reveal())
	return err
}

func (h *house) row(id string) core.Session {
	h.t.Helper()
	row, err := h.store.Session(h.t.Context(), id)
	if err != nil {
		h.t.Fatalf("row: %v", err)
	}
	return row
}

func wantError(t testing.TB, err error, code core.Code, reason string) {
	t.Helper()
	if e := core.AsError(err); e == nil || core.CodeOf(err) != code || e.Reason != reason {
		t.Errorf("got error %v, want %s (%s)", err, code, reason)
	}
}

func wantEqual(t testing.TB, what, got, want string) {
	t.Helper()
	if got != want {
		t.Errorf("%s is %q, want %q", what, got, want)
	}
}

// untouched fails the test if fn calls the store.
func (h *house) untouched(fn func()) {
	h.t.Helper()
	before := h.store.Calls()
	fn()
	if n := h.store.Calls() - before; n != 0 {
		h.t.Errorf("the store was called %d times", n)
	}
}

// logged is a logger that writes into a text.
func logged(b *strings.Builder) *slog.Logger { return slog.New(slog.NewTextHandler(b, nil)) }
