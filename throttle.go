package authd

import (
	"context"

	"github.com/authd-go/authd/core"
	"github.com/authd-go/authd/core/flow"
	"github.com/authd-go/authd/core/guard"
)

// ThrottleSettings say how often credentials may be tried; see core/guard.
type ThrottleSettings = guard.ThrottleSettings

// DefaultThrottle returns what holds where a configuration is silent.
func DefaultThrottle() ThrottleSettings { return guard.DefaultThrottle() }

// guarded puts the guards around the flows. There is no way to the flows that
// leads past them.
func guarded(p *flow.Provider, o Options) (guard.Provider, error) {
	if o.Throttle.InsecureOff {
		return p, nil
	}
	key, err := o.Sessions.DeriveKey("throttle")
	if err != nil {
		return nil, err
	}
	return guard.NewThrottle(guard.ThrottleOptions{
		ThrottleSettings: o.Throttle, Provider: p, Store: o.Tries, Key: key,
		Caller: func(ctx context.Context, r core.Request) (core.AccountID, error) {
			claims, err := o.Sessions.Verify(ctx, r.AccessToken)
			return claims.Identity.AccountID, err
		},
		FailureTo: map[string]string{
			core.MethodLogin:          p.Routes.LoginFailureTo,
			core.MethodRegister:       p.Routes.Register.FailureRedirectTo,
			core.MethodForgotPassword: p.Routes.ForgotPassword.FailureRedirectTo,
			core.MethodUpdatePassword: p.Routes.UpdatePassword.FailureRedirectTo,
		},
		Messages: p.Messages, Tracer: o.Tracer, Log: o.Log, Now: o.Now,
	}), nil
}
