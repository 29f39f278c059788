package local_test

import (
	"context"
	"crypto/rand"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/authd-go/authd/core"
	"github.com/authd-go/authd/strategies/local"
)

func TestDefaults(t *testing.T) {
	config, ok := local.Kind().New().(*local.Config)
	if !ok || local.Kind().Name != "local" {
		t.Fatalf("kind %q makes %T", local.Kind().Name, config)
	}
	want := local.Config{Hash: local.Hash{BcryptCost: 12}, Password: local.Password{MinLength: 8, MaxBytes: 256}, Registration: true}
	if *config != want {
		t.Errorf("defaults are %+v", *config)
	}
	if err := config.Validate(); err != nil {
		t.Error(err)
	}
}

func TestValidateReportsAllProblems(t *testing.T) {
	config := &local.Config{Hash: local.Hash{BcryptCost: 9}, Password: local.Password{MinLength: 7, MaxBytes: 257}}
	var problems core.Problems
	if !errors.As(config.Validate(), &problems) {
		t.Fatal("no problems")
	}
	want := core.Problems{
		{Path: "hash.bcryptCost", Message: "is 9, must be from 10 to 16"},
		{Path: "password.minLength", Message: "is 7, must be from 8 to 64"},
		{Path: "password.maxBytes", Message: "is 257, must be from 64 to 256"},
	}
	if !slices.Equal(problems, want) {
		t.Errorf("problems are\n%v", problems)
	}
	if _, err := config.Open(t.Context(), core.Env{Users: core.OfflineUsers{}}); err == nil {
		t.Error("Open takes what Validate refuses")
	}
}

func TestOpenNeedsAStoreAndTouchesNone(t *testing.T) {
	if _, err := local.NewConfig().Open(t.Context(), core.Env{}); err == nil {
		t.Error("opened without a store")
	}
	h := open(t)
	if len(h.store.calls) != 0 {
		t.Errorf("Open called %v", h.store.calls)
	}
}

func TestCapabilities(t *testing.T) {
	all := []core.Capability{
		core.CanLogin, core.CanRegister, core.CanRecover, core.CanChangePassword,
		core.CanRevalidate, core.CanPermissions, core.CanIdentity,
	}
	if got := open(t).Capabilities(); !slices.Equal(got, all) {
		t.Errorf("capabilities are %v", got)
	}
	closed := open(t, func(c *local.Config) { c.Registration = false })
	if closed.Registrar != nil {
		t.Error("registration is closed and possible")
	}
}

// refusing is a Runner without room.
type refusing struct{}

func (refusing) Run(context.Context, func()) error {
	return &core.Error{Code: core.Unavailable, RetryAfter: time.Second}
}

// Passwords are hashed where the house says, and a refusal of that place is an
// outage with its time to wait.
func TestHashingIsTheHouses(t *testing.T) {
	h := open(t)
	s, err := local.NewConfig().Open(t.Context(), core.Env{Name: "members", Users: h.store, Now: time.Now, Rand: rand.Reader, Hashing: refusing{}})
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"john@mail.com", "nobody@mail.com"} {
		_, err := s.Authenticator.Authenticate(t.Context(), core.Credentials{Identifier: name, Password: core.NewSecret(johns)})
		wantCode(t, name, err, core.Unavailable)
		if core.AsError(err).RetryAfter != time.Second {
			t.Errorf("%s: %v does not say how long to wait", name, err)
		}
	}
}
