package session_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/authd-go/authd/core/session"
	"github.com/authd-go/authd/core/session/sessiontest"
)

// Of two nodes, the one that made a key tells of it, and nobody else; each key
// is told once, when it is made.
func TestOnKeyRotated(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := new(sessiontest.Memory)
		told := make(chan string, 100)
		o := bubbleOptions(store)
		o.KeyRotation, o.PollInterval = 24*time.Hour, time.Hour
		o.OnKeyRotated = func(_ context.Context, id string, from time.Time) {
			told <- id + from.UTC().Format(time.RFC3339)
		}
		nodes := []*session.Manager{open(t, o), open(t, o)}
		if len(told) != 1 {
			t.Errorf("%d keys were told at the start", len(told))
		}
		time.Sleep(5*24*time.Hour + time.Minute)
		synctest.Wait()
		for _, n := range nodes {
			if err := n.Close(); err != nil {
				t.Error(err)
			}
		}
		close(told)
		seen := map[string]bool{}
		for key := range told {
			if seen[key] {
				t.Errorf("%s was told twice", key)
			}
			seen[key] = true
		}
		keys, err := store.SigningKeys(t.Context())
		if err != nil || len(seen) < 5 {
			t.Errorf("%d keys were told in five days, %v", len(seen), err)
		}
		for _, k := range keys {
			if !seen[k.ID+k.ActiveFrom.UTC().Format(time.RFC3339)] {
				t.Errorf("key %s, active from %v, was not told", k.ID, k.ActiveFrom)
			}
		}
	})
}

// A refusal says whose session was refused, if there is one.
func TestRefusedRefreshNamesTheSession(t *testing.T) {
	h := newHouse(t)
	first := h.login()
	h.next(h.next(h.next(first)))
	got, err := h.Refresh(t.Context(), first.Tokens.Refresh.Reveal(), nil)
	if err == nil || got.SessionID != first.SessionID || got.Account != john || !got.Tokens.Refresh.Empty() {
		t.Errorf("reuse: %+v, %v", got, err)
	}
	if got, err := h.Refresh(t.Context(), "no token", nil); err == nil || got.SessionID != "" || got.Account.Subject != "" {
		t.Errorf("no token: %+v, %v", got, err)
	}
}
