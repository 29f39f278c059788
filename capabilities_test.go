package authd_test

import (
	"context"
	"errors"
	"slices"
	"testing"

	"github.com/authd-go/authd"
	"github.com/authd-go/authd/core"
)

// toolConfig is a kind whose strategy says what was done with it.
type toolConfig struct {
	problem, openErr error
	can              core.Strategy
	closed           *int
	users            *core.UserStore
}

func (c toolConfig) Validate() error { return c.problem }

func (c toolConfig) Open(_ context.Context, env core.Env) (core.Strategy, error) {
	if c.users != nil {
		*c.users = env.Users
	}
	s := c.can
	s.Close = func() error { *c.closed++; return nil }
	return s, c.openErr
}

// able answers nothing; it is there to be seen.
type able struct {
	core.Authenticator
	core.Registrar
}

// TestCapabilitiesOfOptions opens what can be opened, without a store and
// without methods, closes it again and says why the rest is missing.
func TestCapabilitiesOfOptions(t *testing.T) {
	closed := 0
	var users core.UserStore
	asked := errors.New("a store was asked for")
	got, err := authd.Capabilities(t.Context(), authd.Options{
		Users: func(string) core.UserStore { t.Error(asked); return nil },
		Strategies: map[string]authd.StrategyOptions{
			"able":   {Kind: "tool", Config: toolConfig{can: core.Strategy{Registrar: able{}, Authenticator: able{}}, closed: &closed, users: &users}},
			"unable": {Kind: "tool", Config: toolConfig{closed: &closed}},
			"wrong":  {Kind: "tool", Config: toolConfig{problem: core.Problem{Path: "urls", Message: "is required"}, closed: &closed}},
			"broken": {Kind: "tool", Config: toolConfig{openErr: errors.New("no key"), closed: &closed}},
		},
	})
	if want := []core.Capability{core.CanLogin, core.CanRegister}; len(got) != 2 || !slices.Equal(got["able"], want) || len(got["unable"]) != 0 {
		t.Errorf("got %v", got)
	}
	if want := "strategies.broken: no key\nstrategies.wrong.urls: is required"; err == nil || err.Error() != want {
		t.Errorf("got %v", err)
	}
	if _, offline := users.(core.OfflineUsers); closed != 2 || !offline {
		t.Errorf("%d were closed, the store was %T", closed, users)
	}
}
