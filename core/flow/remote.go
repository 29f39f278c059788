package flow

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/json"
	"errors"
	"net/url"
	"strings"
	"time"

	"github.com/authd-go/authd/core"
	"github.com/authd-go/authd/core/session"
)

// What sealed text is for. One cannot be used for another.
const (
	sealedPending = "pending login"
	sealedTicket  = "login ticket"
	sealedCode    = "login code"
	sealedNonce   = "login nonce"
)

const (
	// maxPending is how long a sealed login may be: with its name it must fit the
	// 4096 bytes of a cookie that browsers keep (RFC 6265, section 6.1).
	maxPending = 4000
	// maxKept bounds what a strategy may have a browser keep, so that it fits.
	maxKept = 2 << 10
)

// pendingLogin is what a browser keeps, sealed. There is no other trace of a
// login that has begun, so any node can finish it.
type pendingLogin struct {
	Strategy  string    `json:"s"`
	State     string    `json:"t"`
	Keep      string    `json:"k,omitempty"`
	Origin    string    `json:"o,omitempty"` // of the page it was begun on; empty is ours
	Asked     string    `json:"a,omitempty"` // where that page wants to go, judged; empty is as configured
	Remember  bool      `json:"r,omitempty"` // whether cookies outlive the browser
	Challenge string    `json:"c,omitempty"` // of a front end that takes tokens itself
	Expires   time.Time `json:"e"`
}

// ticket is a login that was begun for a front end whose calls carry no cookies.
type ticket struct {
	URL     string `json:"u"`
	Name    string `json:"n"`
	Pending string `json:"p"`
}

// leaves says whether a login goes on at another site.
func leaves(links []Link, params core.Params) bool {
	if len(links) != 1 || links[0].Strategy.Redirector == nil {
		return false
	}
	return links[0].Strategy.Authenticator == nil || !params.Has("password")
}

// beginLogin asks the backend where to send the browser, and what it must keep.
func (d *decision) beginLogin(ctx context.Context, r core.Request, b *Backend, remember bool) (core.ActionResult, error) {
	d.trace.Op = core.OpBeginLogin
	pending, err := d.p.plan(r, b)
	if err != nil {
		return core.ActionResult{}, err
	}
	pending.Remember = remember
	var leave core.Redirect
	err = d.ask(ctx, b, core.OpBeginLogin, func(ctx context.Context) (err error) {
		leave, err = b.Strategy.Redirector.Begin(ctx, core.RedirectRequest{
			CallbackURL: d.p.callbackURL(b), State: pending.State, Params: r.Params,
		})
		if err == nil {
			err = checkLeave(leave)
		}
		return err
	})
	if err != nil {
		return core.ActionResult{}, err
	}
	pending.Keep = leave.Keep.Reveal()
	kept := &core.PendingLogin{Name: core.PendingName(pending.State), Sealed: d.p.sealPending(pending), TTL: core.PendingTTL}
	if r.Client.Cookieless {
		way := d.p.PublicURL.JoinPath(core.ResumePath)
		sealed := d.p.seal(sealedTicket, ticket{leave.URL, kept.Name, kept.Sealed.Reveal()})
		way.RawQuery = url.Values{"ticket": {sealed.Reveal()}}.Encode()
		return core.ActionResult{RedirectTo: way.String()}, nil
	}
	return core.ActionResult{RedirectTo: leave.URL, Pending: kept}, nil
}

func checkLeave(leave core.Redirect) error {
	u, err := url.Parse(leave.URL)
	if err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Host == "" {
		return &core.Error{Code: core.Internal, Reason: ReasonWrongOrigin, Err: errors.New("the strategy names no web address to go to")}
	}
	if len(leave.Keep.Reveal()) > maxKept {
		return core.Fail(core.Internal, core.OpBeginLogin, errors.New("the strategy wants a browser to keep too much"))
	}
	return nil
}

// plan notes where the browser goes afterwards.
func (p *Provider) plan(r core.Request, b *Backend) (pendingLogin, error) {
	if p.Once == nil {
		return pendingLogin{}, core.Fail(core.Internal, core.OpBeginLogin, errors.New("there is no store for answers of other sites"))
	}
	pending := pendingLogin{Strategy: b.Name, State: rand.Text() + rand.Text(), Expires: p.Now().Add(core.PendingTTL)}
	var err error
	if pending.Asked, err = p.askedFor(r.Params); err != nil {
		return pendingLogin{}, err
	}
	pending.Origin = r.Client.Origin
	if r.Client.Cookieless {
		pending.Challenge, err = readChallenge(r.Params)
	}
	return pending, err
}

// sealPending seals a login so that a browser keeps it. A page that was asked
// for and is too long for that is given up: somebody who comes back to another
// page is better off than one whose login has come to nothing.
func (p *Provider) sealPending(pending pendingLogin) core.Secret {
	sealed := p.seal(sealedPending, pending)
	if len(sealed.Reveal()) > maxPending {
		pending.Asked = ""
		sealed = p.seal(sealedPending, pending)
	}
	return sealed
}

// target is where a login leads that worked.
func (p *Provider) target(pending pendingLogin) string {
	return p.absolute(core.Client{Origin: pending.Origin}, firstNonEmpty(pending.Asked, p.Routes.LoginTo))
}

// failTarget is the login page of a login that did not, which leads on to where
// it would have led.
func (p *Provider) failTarget(pending pendingLogin) string {
	page := p.loginPage(core.Client{Origin: pending.Origin})
	if pending.Asked != "" {
		page = withQuery(page, "to", pending.Asked)
	}
	return page
}

// askedFor returns where the caller wants to go, if that may be followed. To
// stay on a page that the browser leaves means nothing.
func (p *Provider) askedFor(params core.Params) (string, error) {
	name := "redirectPath"
	if params[name] == false || params[name] == nil {
		name = "to"
	}
	target, err := params.String(name)
	if err != nil || target == "" {
		return "", err
	}
	if err := p.Redirects.Judge(target); err != nil {
		return "", core.InvalidField(name, err.Error())
	}
	return target, nil
}

func readChallenge(params core.Params) (string, error) {
	const name = "codeChallenge"
	challenge, err := params.String(name, "code_challenge")
	if err != nil {
		return "", err
	}
	if sum, err := decodeBase64(challenge); err != nil || len(sum) != sha256.Size {
		return "", core.InvalidField(name, "must be the SHA-256 of a codeVerifier in base64url: without cookies it ties the login to whoever began it")
	}
	return challenge, nil
}

func (p *Provider) callbackURL(b *Backend) string {
	return p.PublicURL.JoinPath(core.CallbackPath, b.Name).String()
}

// ResumeLogin implements core.RemoteLogins.
func (p *Provider) ResumeLogin(ctx context.Context, r core.Request) core.ActionResult {
	d := p.begin(core.MethodLogin, r)
	d.trace.Op = core.OpBeginLogin
	var begun ticket
	sealed, err := r.Params.String("ticket")
	if err == nil && p.unseal(sealedTicket, sealed, &begun) != nil {
		err = &core.Error{Code: core.Expired, Op: core.OpBeginLogin, Reason: ReasonNotBegun}
	}
	kept := &core.PendingLogin{Name: begun.Name, Sealed: core.NewSecret(begun.Pending), TTL: core.PendingTTL}
	return d.action(ctx, core.ActionResult{RedirectTo: begun.URL, Pending: kept}, p.failureURL(p.loginPage(r.Client), err), err)
}

// loginPage is where the outcome of a login elsewhere is told.
func (p *Provider) loginPage(c core.Client) string {
	return p.absolute(c, firstNonEmpty(p.Routes.LoginFailureTo, p.Routes.CheckTo))
}

// failureURL is the login page with the outcome. It holds words of ours only:
// a text in a link would be anybody's text.
func (p *Provider) failureURL(page string, err error) string {
	if err == nil {
		return page
	}
	refusal := p.Messages.Refuse(err)
	page = withQuery(page, "error", string(refusal.Code))
	if refusal.Reason != "" {
		page = withQuery(page, "reason", refusal.Reason)
	}
	return page
}

// absolute puts a path on the page's own origin, or on ours.
func (p *Provider) absolute(c core.Client, target string) string {
	if target != "" && target[0] != '/' {
		return target // it was judged, so it is an allowed origin's
	}
	origin := c.Origin
	if origin == "" {
		origin = p.PublicURL.Scheme + "://" + p.PublicURL.Host
	}
	return origin + firstNonEmpty(target, "/")
}

func withQuery(page, name, value string) string {
	u, err := url.Parse(page)
	if err != nil {
		return page
	}
	q := u.Query()
	q.Set(name, value)
	u.RawQuery = q.Encode()
	return u.String()
}

func firstNonEmpty(texts ...string) string {
	for _, text := range texts {
		if text != "" {
			return text
		}
	}
	return ""
}

// seal returns v as text that only this house can read or make.
func (p *Provider) seal(purpose string, v any) core.Secret {
	var text bytes.Buffer
	e := json.NewEncoder(&text)
	e.SetEscapeHTML(false) // six bytes for each & of an address
	_ = e.Encode(v)        // strings, truth values and a time
	return core.NewSecret(base64.RawURLEncoding.EncodeToString(p.Sealer.Seal(text.Bytes(), purpose)))
}

// maxSealed is longer than anything that seal makes.
const maxSealed = 8 << 10

func (p *Provider) unseal(purpose, sealed string, into any) error {
	if len(sealed) > maxSealed {
		return errors.New("it is too long")
	}
	raw, err := decodeBase64(sealed)
	if err != nil {
		return err
	}
	text, err := p.Sealer.Open(raw, purpose)
	if err != nil {
		return err
	}
	return json.Unmarshal(text, into)
}

// decodeBase64 reads base64url in its one spelling: without padding, white
// space, or bits that do not count.
func decodeBase64(text string) ([]byte, error) {
	raw, err := base64.RawURLEncoding.Strict().DecodeString(text)
	if err != nil || strings.ContainsAny(text, "\r\n") { // which the decoder passes over
		return nil, errors.New("it is not base64url")
	}
	return raw, nil
}

func sameText(a, b string) bool { return subtle.ConstantTimeCompare([]byte(a), []byte(b)) == 1 }

// once takes something for the first time, or is an error with that reason.
func (p *Provider) once(ctx context.Context, purpose, what string, until time.Time, used *core.Error) error {
	now := p.Now()
	if !until.After(now) {
		return used
	}
	sum := sha256.Sum256([]byte(what))
	switch err := p.Once.Once(ctx, purpose, sum[:], now, until); core.CodeOf(err) {
	case "":
		return nil
	case core.Conflict:
		return used
	default:
		return core.Fail(core.Unavailable, "note "+purpose, err)
	}
}

// enter opens the session of a grant.
func (d *decision) enter(ctx context.Context, r core.Request, b *Backend, g core.Grant, remember bool) (session.Issued, error) {
	if g.Identity.Subject == "" {
		return session.Issued{}, core.Fail(core.Internal, d.trace.Op, errors.New("the strategy named no subject"))
	}
	id := d.p.own(b, g.Identity)
	d.trace.Account = id.AccountID
	return d.create(ctx, r, session.NewSession{
		Identity: id, AuthAt: d.trace.Start, Persistent: remember, Keep: g.Keep, RemoteID: g.SessionID,
	})
}
