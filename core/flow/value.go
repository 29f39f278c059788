package flow

import (
	"context"

	"github.com/authd-go/authd/core"
)

// GetPermissions implements core.AuthProvider.
func (p *Provider) GetPermissions(ctx context.Context, r core.Request) core.ValueResult {
	d := p.begin(core.MethodGetPermissions, r)
	value, err := p.permissions(ctx, d, r)
	return core.ValueResult{Value: value, Error: d.end(ctx, err)}
}

func (p *Provider) permissions(ctx context.Context, d *decision, r core.Request) (any, error) {
	id, err := d.caller(ctx, r)
	if err != nil {
		return nil, err
	}
	var value any = append([]string{}, id.Roles...)
	b := d.source(p.Routes.Permissions, id)
	if b == nil || b.Strategy.PermissionSource == nil {
		return value, nil
	}
	err = d.ask(ctx, b, "permissions", func(ctx context.Context) (err error) {
		value, err = b.Strategy.PermissionSource.Permissions(ctx, id, r.Params)
		return err
	})
	if err != nil {
		return d.stranger(b, id, []string{}, err)
	}
	if roles, ok := value.([]string); ok {
		value = append([]string{}, b.Roles.Apply(roles)...)
	}
	return value, nil
}

// GetIdentity implements core.AuthProvider.
func (p *Provider) GetIdentity(ctx context.Context, r core.Request) core.ValueResult {
	d := p.begin(core.MethodGetIdentity, r)
	value, err := p.identity(ctx, d, r)
	return core.ValueResult{Value: value, Error: d.end(ctx, err)}
}

func (p *Provider) identity(ctx context.Context, d *decision, r core.Request) (any, error) {
	id, err := d.caller(ctx, r)
	if err != nil {
		return nil, err
	}
	b := d.source(p.Routes.Identity, id)
	if b == nil || b.Strategy.IdentitySource == nil {
		return id, nil
	}
	var fresh core.Identity
	err = d.ask(ctx, b, "identity", func(ctx context.Context) (err error) {
		fresh, err = b.Strategy.IdentitySource.Identity(ctx, id)
		return err
	})
	if err != nil {
		return d.stranger(b, id, nil, err)
	}
	return p.own(b, fresh), nil
}

// caller returns the caller's identity as the session remembers it, and only
// if the session is still alive in the store.
func (d *decision) caller(ctx context.Context, r core.Request) (core.Identity, error) {
	claims, err := d.p.caller(ctx, r)
	if err != nil {
		return core.Identity{}, err
	}
	d.trace.Account, d.trace.SessionID = claims.Identity.AccountID, claims.SessionID
	row, err := d.p.Session.Session(ctx, claims.SessionID)
	if err != nil {
		return core.Identity{}, err
	}
	return row.Identity, nil
}

// source returns the backend that tells a value: the one that signed the
// caller in if the method says so, else the first one named.
func (d *decision) source(u Use, id core.Identity) *Backend {
	if b := u.of(id.Strategy, d.p.Routes.Backends); b != nil {
		return b
	}
	if len(u.Backends) > 0 {
		return u.Backends[0]
	}
	return nil
}

// stranger reads a backend's refusal: an identity that another backend does
// not know has nothing there; one that its own backend no longer knows is gone.
func (d *decision) stranger(b *Backend, id core.Identity, nothing any, err error) (any, error) {
	switch core.CodeOf(err) {
	case core.UnknownUser, core.Disabled, core.Locked:
		if b.Name != id.Strategy {
			d.verdict(core.VerdictNext)
			return nothing, nil
		}
		return nil, &core.Error{Code: core.Unauthenticated, Op: "identify", Reason: "account_gone", Err: err}
	}
	return nil, err
}
