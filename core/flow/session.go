package flow

import (
	"context"

	"github.com/authd-go/authd/core"
	"github.com/authd-go/authd/core/onerror"
	"github.com/authd-go/authd/core/session"
)

// Check implements core.AuthProvider.
func (p *Provider) Check(ctx context.Context, r core.Request) core.CheckResult {
	d := p.decision(core.MethodCheck, r)
	claims, err := p.caller(ctx, r)
	d.trace.Account, d.trace.SessionID = claims.Identity.AccountID, claims.SessionID
	if refusal := d.end(ctx, err); refusal != nil {
		return core.CheckResult{RedirectTo: p.Routes.CheckTo, Logout: p.Routes.CheckLogout, Error: refusal}
	}
	return core.CheckResult{Authenticated: true, Identity: &claims.Identity}
}

// Logout implements core.AuthProvider. A redirectPath that may not be followed
// is refused after the session has ended: nobody stays signed in over it.
func (p *Provider) Logout(ctx context.Context, r core.Request) core.ActionResult {
	d := p.begin(core.MethodLogout, r)
	target, redirectErr := p.redirect(r.Params, p.Routes.LogoutTo)
	elsewhere, err := p.logout(ctx, d, r, p.absolute(r.Client, target))
	if err == nil {
		err = redirectErr
	}
	if elsewhere != "" {
		target = elsewhere
	}
	return d.action(ctx, core.ActionResult{RedirectTo: target}, "", err)
}

// logout ends the session that the tokens belong to, if any, and returns the
// address at which the other site signs out too, if there is one.
func (p *Provider) logout(ctx context.Context, d *decision, r core.Request, returnTo string) (elsewhere string, err error) {
	id, ok := p.Session.Owner(r.AccessToken, r.RefreshToken)
	if !ok {
		return "", nil
	}
	d.trace.SessionID = id
	row, unknown := p.Session.Session(ctx, id)
	if unknown == nil {
		d.trace.Account = row.Identity.AccountID
	}
	// Here first: whoever does not wait for the other site is signed out, too.
	if _, err := p.Session.End(ctx, core.SessionEnd{ID: id, Reason: "logout", At: p.Now()}); err != nil || unknown != nil {
		return "", err
	}
	return p.logoutURL(ctx, d, row, returnTo), nil
}

// logoutURL is where the session that has just ended ends at the other site, or
// "" if that cannot be told.
func (p *Provider) logoutURL(ctx context.Context, d *decision, row core.Session, returnTo string) (elsewhere string) {
	b := p.Routes.Backends[row.Identity.Strategy]
	if b == nil || b.Strategy.LogoutRedirector == nil {
		return ""
	}
	grant, err := p.Session.Grant(row)
	if err != nil {
		grant = core.Grant{Identity: row.Identity, SessionID: row.RemoteID}
	}
	err = d.ask(ctx, b, "logout address", func(ctx context.Context) (err error) {
		elsewhere, err = b.Strategy.LogoutRedirector.LogoutURL(ctx, grant, returnTo)
		return err
	})
	if err != nil {
		return ""
	}
	return elsewhere
}

// Refresh implements core.Refresher.
func (p *Provider) Refresh(ctx context.Context, r core.Request) core.ActionResult {
	d := p.begin(core.MethodRefresh, r)
	tokens, err := p.refresh(ctx, d, r)
	return d.action(ctx, core.ActionResult{Tokens: tokens}, "", err)
}

func (p *Provider) refresh(ctx context.Context, d *decision, r core.Request) (*core.Tokens, error) {
	issued, err := p.Session.Refresh(ctx, r.RefreshToken, d.backing)
	d.trace.Account, d.trace.SessionID = issued.Account, issued.SessionID
	if err != nil {
		return nil, err
	}
	return &issued.Tokens, nil
}

// backing is how the backend of an account is asked at refresh. One that is no
// longer configured knows nobody.
func (d *decision) backing(account core.AccountID) session.Backing {
	b := d.p.Routes.Backends[account.Strategy]
	if b == nil {
		return session.Backing{Ask: func(context.Context, core.Identity) (core.Identity, error) {
			return core.Identity{}, core.Fail(core.UnknownUser, "revalidate", nil)
		}}
	}
	out := session.Backing{Every: b.RevalidateEvery, Grace: b.OutageGrace, Limit: b.Timeout}
	if b.Strategy.Revalidator != nil {
		out.Ask = func(ctx context.Context, id core.Identity) (core.Identity, error) { return d.revalidate(ctx, b, id) }
	}
	if b.Strategy.Renewer != nil {
		out.Renew = func(ctx context.Context, g core.Grant) (core.Grant, error) { return d.renew(ctx, b, g) }
	}
	return out
}

func (d *decision) revalidate(ctx context.Context, b *Backend, id core.Identity) (core.Identity, error) {
	err := d.ask(ctx, b, "revalidate", func(ctx context.Context) error {
		fresh, err := b.Strategy.Revalidator.Revalidate(ctx, id.Subject)
		if err == nil {
			id = d.p.own(b, fresh)
		}
		return err
	})
	return id, err
}

func (d *decision) renew(ctx context.Context, b *Backend, g core.Grant) (fresh core.Grant, err error) {
	err = d.ask(ctx, b, "renew", func(ctx context.Context) (err error) {
		fresh, err = b.Strategy.Renewer.Renew(ctx, g)
		return err
	})
	if err != nil {
		return core.Grant{Keep: fresh.Keep}, err
	}
	fresh.Identity = b.own(fresh.Identity)
	return fresh, nil
}

// OnError implements core.AuthProvider. It never sends the user to the page
// that the call came from, which would be a loop.
func (p *Provider) OnError(ctx context.Context, r core.Request) core.ErrorResult {
	d := p.begin(core.MethodOnError, r)
	result, err := p.onError(ctx, r)
	if refusal := d.end(ctx, err); refusal != nil {
		return core.ErrorResult{Error: refusal}
	}
	return result
}

func (p *Provider) onError(ctx context.Context, r core.Request) (core.ErrorResult, error) {
	status, err := onerror.StatusOf(r.Params)
	if err != nil {
		return core.ErrorResult{}, err
	}
	page, err := r.Params.String("page")
	if err != nil {
		return core.ErrorResult{}, err
	}
	rule, ok := p.Routes.OnError.Match(status)
	if !ok {
		return core.ErrorResult{}, nil
	}
	if rule.Refresh && r.RefreshToken != "" {
		tokens, err := p.refreshFirst(ctx, r)
		switch core.CodeOf(err) {
		case "":
			return core.ErrorResult{Tokens: tokens}, nil
		case core.Unauthenticated, core.Expired:
		default:
			return core.ErrorResult{}, err // says nothing about the session, so nobody is logged out
		}
	}
	result := core.ErrorResult{Logout: rule.Logout, RedirectTo: rule.RedirectTo}
	if page == "" {
		page = r.Client.Page
	}
	if onerror.SamePage(result.RedirectTo, page) {
		result.RedirectTo = ""
	}
	return result, nil
}

// refreshFirst is a refresh within another method: a decision of its own, so
// that its trace tells of a token that was reused.
func (p *Provider) refreshFirst(ctx context.Context, r core.Request) (*core.Tokens, error) {
	d := p.begin(core.MethodRefresh, r)
	tokens, err := p.refresh(ctx, d, r)
	d.end(ctx, err)
	return tokens, err
}

// Sessions implements core.SessionKeeper.
func (p *Provider) Sessions(ctx context.Context, r core.Request) core.SessionsResult {
	d := p.begin(core.MethodSessions, r)
	d.trace.Op = core.OpListSessions
	infos, err := p.sessions(ctx, d, r)
	if refusal := d.end(ctx, err); refusal != nil {
		return core.SessionsResult{Error: refusal}
	}
	return core.SessionsResult{Sessions: infos}
}

func (p *Provider) sessions(ctx context.Context, d *decision, r core.Request) ([]core.SessionInfo, error) {
	claims, err := p.caller(ctx, r)
	if err != nil {
		return nil, err
	}
	d.trace.Account, d.trace.SessionID = claims.Identity.AccountID, claims.SessionID
	rows, err := p.Session.List(ctx, claims.Identity.AccountID)
	if err != nil {
		return nil, err
	}
	return sessionInfos(rows, claims.SessionID), nil
}

func sessionInfos(rows []core.Session, current string) []core.SessionInfo {
	infos := make([]core.SessionInfo, len(rows))
	for i, row := range rows {
		infos[i] = row.Info()
		infos[i].Current = row.ID == current
	}
	return infos
}

// EndSession implements core.SessionKeeper.
func (p *Provider) EndSession(ctx context.Context, r core.Request, id string) core.ActionResult {
	d := p.begin(core.MethodSessions, r)
	d.trace.Op = core.OpEndSessions
	return d.action(ctx, core.ActionResult{}, "", p.endSession(ctx, d, r, id))
}

func (p *Provider) endSession(ctx context.Context, d *decision, r core.Request, id string) error {
	claims, err := p.caller(ctx, r)
	if err != nil {
		return err
	}
	account := claims.Identity.AccountID
	d.trace.Account, d.trace.SessionID = account, claims.SessionID
	end := core.SessionEnd{ID: id, Reason: "ended_by_user", At: p.Now()}
	if id == "" {
		end.Account = account
	} else if row, err := p.Session.Session(ctx, id); core.CodeOf(err) == core.Unavailable {
		return err
	} else if err != nil || row.Identity.AccountID != account {
		return core.Fail(core.Forbidden, "end session", err)
	} else {
		d.trace.SessionID = id // the one it is about; it is the caller's own
	}
	_, err = p.Session.End(ctx, end)
	return err
}
