package strategytest

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"net/url"

	"github.com/authd-go/authd/core"
)

func presentRules() []Rule {
	revalidate, permissions, identity := Need(core.CanRevalidate), Need(core.CanPermissions), Need(core.CanIdentity)
	picture := Need(core.CanPicture)
	return []Rule{
		{"a good account revalidates", "a refresh must not sign people out", []Need{revalidate, NeedAccount}, goodRevalidates},
		{"no account does not revalidate", "a session must end with its account", []Need{revalidate}, unknownRevalidates},
		{"a disabled account does not revalidate", "who left must be signed out within one refresh", []Need{revalidate, NeedAccount, NeedDisable}, disabledRevalidates},
		{"permissions of its own account", "the front end shows and hides by them, and reads them as JSON", []Need{permissions, NeedAccount}, ownPermissions},
		{"permissions of a stranger", "equal names in two backends are two people: one's roles are not the other's", []Need{permissions, NeedAccount}, foreignPermissions},
		{"identity of its own account", "the front end shows it", []Need{identity, NeedAccount}, ownIdentity},
		{"identity of a stranger", "equal names in two backends are two people", []Need{identity, NeedAccount}, foreignIdentity},
		{"a picture that is promised is there", "the front end shows it", []Need{picture, NeedAccount}, promisedPicture},
		{"no account has no picture", "nobody is shown for somebody else", []Need{picture}, unknownPicture},
	}
}

func goodRevalidates(ctx context.Context, tr *trial) error {
	id, err := tr.signIn(ctx)
	if err != nil {
		return err
	}
	now, err := tr.Strategy.Revalidator.Revalidate(ctx, id.Subject)
	if err != nil {
		return fmt.Errorf("revalidate: %w", err)
	}
	return sameIdentity("Revalidate", now, id)
}

// sameIdentity compares what clients see of two identities, but for the
// claims: some are about the login, not about the person.
func sameIdentity(what string, got, want core.Identity) error {
	got.Claims, want.Claims = nil, nil
	gotText, err := json.Marshal(stamped(got))
	if err != nil {
		return fmt.Errorf("%s: %w", what, err)
	}
	wantText, err := json.Marshal(stamped(want))
	if err != nil {
		return fmt.Errorf("the login: %w", err)
	}
	if string(gotText) != string(wantText) {
		return fmt.Errorf("%s gave %s, the login %s", what, gotText, wantText)
	}
	return nil
}

func unknownRevalidates(ctx context.Context, tr *trial) error {
	for _, subject := range []string{"nobody-at-all", "", "*", "\x00"} {
		id, err := tr.Strategy.Revalidator.Revalidate(ctx, subject)
		if err := refused(fmt.Sprintf("Revalidate(%q)", subject), id, err, core.UnknownUser); err != nil {
			return err
		}
	}
	return nil
}

func disabledRevalidates(ctx context.Context, tr *trial) error {
	id, err := tr.signIn(ctx)
	if err != nil {
		return err
	}
	if err := tr.disable(ctx); err != nil {
		return err
	}
	now, err := tr.Strategy.Revalidator.Revalidate(ctx, id.Subject)
	return refused("Revalidate of a disabled account", now, err, core.Disabled, core.UnknownUser, core.Locked)
}

func ownPermissions(ctx context.Context, tr *trial) error {
	id, err := tr.signIn(ctx)
	if err != nil {
		return err
	}
	value, err := tr.Strategy.PermissionSource.Permissions(ctx, id, nil)
	if err != nil {
		return fmt.Errorf("permissions: %w", err)
	}
	if text, err := json.Marshal(value); err != nil || string(text) == "null" {
		return fmt.Errorf("permissions are %s as JSON (error: %w)", text, orNone(err))
	}
	return nil
}

// foreigners are identities that are not the strategy's: another backend's
// under the same subject and names, and one that does not exist.
func foreigners(id core.Identity) map[string]core.Identity {
	elsewhere, unknown := id.Clone(), id.Clone()
	elsewhere.Strategy = "elsewhere"
	unknown.Subject = "nobody-at-all"
	return map[string]core.Identity{"another backend's": elsewhere, "an unknown": unknown}
}

func foreignPermissions(ctx context.Context, tr *trial) error {
	id, err := tr.signIn(ctx)
	if err != nil {
		return err
	}
	for what, stranger := range foreigners(id) {
		_, err := tr.Strategy.PermissionSource.Permissions(ctx, stranger, nil)
		if err := outcome("Permissions of "+what+" identity", err, core.UnknownUser); err != nil {
			return err
		}
	}
	return nil
}

func ownIdentity(ctx context.Context, tr *trial) error {
	id, err := tr.signIn(ctx)
	if err != nil {
		return err
	}
	now, err := tr.Strategy.IdentitySource.Identity(ctx, id.Clone())
	if err != nil {
		return fmt.Errorf("identity: %w", err)
	}
	return sameIdentity("Identity", now, id)
}

func foreignIdentity(ctx context.Context, tr *trial) error {
	id, err := tr.signIn(ctx)
	if err != nil {
		return err
	}
	for what, stranger := range foreigners(id) {
		now, err := tr.Strategy.IdentitySource.Identity(ctx, stranger)
		if err := refused("Identity of "+what+" identity", now, err, core.UnknownUser); err != nil {
			return err
		}
	}
	return nil
}

func promisedPicture(ctx context.Context, tr *trial) error {
	id, err := tr.signIn(ctx)
	if err != nil {
		return err
	}
	image, err := tr.Strategy.PictureSource.Picture(ctx, id.Subject)
	switch {
	case err != nil:
		return fmt.Errorf("picture: %w", err)
	case id.HasPicture != (core.PictureType(image) != ""):
		return fmt.Errorf("the login says that there is a picture (%t), and there are %d bytes of type %q", id.HasPicture, len(image), core.PictureType(image))
	}
	return nil
}

func unknownPicture(ctx context.Context, tr *trial) error {
	for _, subject := range []string{"nobody-at-all", "", "*", "\x00"} {
		image, err := tr.Strategy.PictureSource.Picture(ctx, subject)
		if len(image) > 0 {
			return fmt.Errorf("Picture(%q) gave %d bytes", subject, len(image))
		}
		if err := outcome(fmt.Sprintf("Picture(%q)", subject), err, core.UnknownUser); err != nil {
			return err
		}
	}
	return nil
}

func redirectRules() []Rule {
	redirect := Need(core.CanRedirect)
	return []Rule{
		{"a redirect leads somewhere", "the browser is sent there", []Need{redirect}, redirectLeads},
		{"each redirect is one of its own", "a state that repeats ties one person's answer to another's browser", []Need{redirect}, statesDiffer},
		{"an answer without its question is refused", "a link with somebody else's code must not sign anybody in", []Need{redirect}, foreignAnswer},
		{"a logout leads somewhere or nowhere", "the browser is sent there", []Need{Need(core.CanLogoutRedirect), NeedAccount}, logoutLeads},
	}
}

func redirectRequest() core.RedirectRequest {
	return core.RedirectRequest{CallbackURL: "http://localhost:8080/auth/callback/" + Name, State: rand.Text()}
}

// foreignCallback lists what may become of an answer nobody asked for.
func foreignCallback() []core.Code {
	return []core.Code{core.Forbidden, core.Expired, core.InvalidInput}
}

func absolute(text string) error {
	u, err := url.Parse(text)
	if err != nil || u.Host == "" || (u.Scheme != "https" && u.Scheme != "http") {
		return fmt.Errorf("%q is no absolute web address", text)
	}
	return nil
}

func redirectLeads(ctx context.Context, tr *trial) error {
	r, err := tr.Strategy.Redirector.Begin(ctx, redirectRequest())
	if err != nil {
		return fmt.Errorf("begin: %w", err)
	}
	return absolute(r.URL)
}

func statesDiffer(ctx context.Context, tr *trial) error {
	first, err := tr.Strategy.Redirector.Begin(ctx, redirectRequest())
	if err != nil {
		return fmt.Errorf("begin: %w", err)
	}
	second, err := tr.Strategy.Redirector.Begin(ctx, redirectRequest())
	if err != nil {
		return fmt.Errorf("begin again: %w", err)
	}
	if first.URL == second.URL {
		return fmt.Errorf("two logins are the same question to the other site: %s", first.URL)
	}
	if !first.Keep.Empty() && first.Keep.Equal(second.Keep) {
		return fmt.Errorf("two logins keep the same")
	}
	return nil
}

func foreignAnswer(ctx context.Context, tr *trial) error {
	asked := redirectRequest()
	begun, err := tr.Strategy.Redirector.Begin(ctx, asked)
	if err != nil {
		return fmt.Errorf("begin: %w", err)
	}
	answer := func(state string) map[string][]string {
		return map[string][]string{"code": {"a-code"}, "state": {state}}
	}
	for what, c := range map[string]core.Callback{
		"without what was kept":    {State: asked.State, Query: answer(asked.State)},
		"with what was never kept": {State: asked.State, Query: answer(asked.State), Keep: core.NewSecret("garbage")},
		"with another state":       {State: asked.State, Query: answer("a-state"), Keep: begun.Keep},
		"without a state":          {Query: map[string][]string{"code": {"a-code"}}, Keep: begun.Keep},
		"without anything":         {},
	} {
		c.CallbackURL = asked.CallbackURL
		grant, err := tr.Strategy.Redirector.Complete(ctx, c)
		if err := refused("an answer "+what, grant.Identity, err, foreignCallback()...); err != nil {
			return err
		}
	}
	return nil
}

func logoutLeads(ctx context.Context, tr *trial) error {
	id, err := tr.signIn(ctx)
	if err != nil {
		return err
	}
	target, err := tr.Strategy.LogoutRedirector.LogoutURL(ctx, core.Grant{Identity: id}, "http://localhost:8080/login")
	if err != nil {
		return fmt.Errorf("logout: %w", err)
	}
	if target == "" {
		return nil
	}
	return absolute(target)
}
