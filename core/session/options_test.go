package session_test

import (
	"testing"
	"time"

	"github.com/authd-go/authd/core"
	"github.com/authd-go/authd/core/session"
	"github.com/authd-go/authd/core/session/sessiontest"
)

func TestOptionsProblems(t *testing.T) {
	store := new(sessiontest.Memory)
	good := session.Options{Sessions: store, Keys: store, Secret: core.NewSecret(testSecret), Issuer: "x"}
	if ps := good.Problems(); len(ps) != 0 {
		t.Fatalf("good options: %v", ps)
	}
	for _, c := range []struct {
		path   string
		change func(*session.Options)
	}{
		{"secret", func(o *session.Options) { o.Secret = core.NewSecret("short") }},
		{"secret", func(o *session.Options) { o.Secret = core.Secret{} }},
		{"store", func(o *session.Options) { o.Keys = nil }},
		{"store", func(o *session.Options) { o.Sessions = nil }},
		{"issuer", func(o *session.Options) { o.Issuer = "" }},
		{"rotation", func(o *session.Options) { o.Rotation = "sometimes" }},
		{"keyRotation", func(o *session.Options) { o.KeyRotation = time.Minute }},
		{"pollInterval", func(o *session.Options) { o.PollInterval = -1 }},
		{"claims[1]", func(o *session.Options) { o.Claims = []string{"name", "sub"} }},
		{"claims[0]", func(o *session.Options) { o.Claims = []string{""} }},
		{"accessTTL", lives(0, time.Hour, time.Hour, 0)},
		{"idleTTL", lives(time.Hour, time.Minute, time.Hour, 0)},
		{"maxTTL", lives(time.Minute, time.Hour, time.Minute, 0)},
		{"refreshGrace", lives(time.Minute, time.Hour, time.Hour, -1)},
		{"refreshGrace", lives(time.Minute, time.Hour, time.Hour, 2*time.Hour)},
	} {
		o := good
		c.change(&o)
		ps := o.Problems()
		if len(ps) != 1 || ps[0].Path != c.path {
			t.Errorf("want one problem at %s, got %v", c.path, ps)
		}
		if _, err := session.Open(t.Context(), o); err == nil {
			t.Errorf("options with a bad %s were opened", c.path)
		}
	}
	if n := store.Calls(); n != 0 {
		t.Errorf("bad options reached the store %d times", n)
	}
}

func lives(access, idle, whole, grace time.Duration) func(*session.Options) {
	return func(o *session.Options) {
		o.Lifetimes = session.Lifetimes{AccessTTL: access, IdleTTL: idle, MaxTTL: whole, RefreshGrace: grace}
	}
}
