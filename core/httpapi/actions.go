package httpapi

import (
	"context"
	"encoding/json"
	"net/http"

	"github.com/authd-go/authd/core"
)

// intake says what a route takes from a request.
type intake struct{ body, access, refresh bool }

// call is a request as the backend sees it, and how to answer it.
type call struct {
	core.Request
	transports
	fromCookie bool // the refresh token is the cookie's
}

func (a *api) read(w http.ResponseWriter, r *http.Request, takes intake) (call, error) {
	t, err := a.transports.pick(r.Header)
	if err != nil {
		return call{}, err
	}
	c := call{transports: t, Request: core.Request{Client: a.client(r)}}
	c.Client.Cookieless = !t.cookie
	if takes.body {
		if c.Params, err = a.params(w, r); err != nil {
			return call{}, err
		}
	}
	if takes.access {
		c.AccessToken, _ = a.cookies.accessToken(r, t)
	}
	if takes.refresh {
		c.RefreshToken, c.fromCookie, err = a.cookies.refreshToken(r, t, c.Params)
	}
	return c, err
}

func (a *api) client(r *http.Request) core.Client {
	f := factsOf(r)
	return core.Client{
		Addr: f.addr, UserAgent: userAgent(r), RequestID: f.id, Page: a.page(r), Origin: a.origin(r),
		Nonce: a.cookies.read(r, nonceName),
	}
}

// action is a method that answers with an action answer.
type action struct {
	call   func(context.Context, core.Request) core.ActionResult
	takes  intake
	status func(core.Code) int
	clears func(call, int) bool // whether the cookies go; nil means never
}

func always(call, int) bool             { return true }
func onSuccess(_ call, status int) bool { return status == http.StatusOK }
func refusedCookie(c call, status int) bool {
	return c.fromCookie && (status == http.StatusBadRequest || status == http.StatusForbidden)
}

func (a *api) action(act action) handler {
	return func(w http.ResponseWriter, r *http.Request) error {
		c, err := a.read(w, r, act.takes)
		if err != nil {
			return err
		}
		result := act.call(r.Context(), c.Request)
		if !result.Success && result.Error == nil {
			result.Error = a.Messages.Refuse(core.Internal)
		}
		if result.Success {
			a.keepPending(w, r, result.Pending)
			body, err := encodeAction(result, c.transports)
			if err != nil {
				return core.Fail(core.Internal, "encode answer", err)
			}
			a.deliver(w, r, c, body, result.Tokens, act.clears)
			return nil
		}
		status := act.status(result.Error.Code)
		if act.clears != nil && act.clears(c, status) {
			a.cookies.clear(w, c.transports)
		}
		body, err := json.Marshal(result)
		if err != nil {
			return core.Fail(core.Internal, "encode answer", err)
		}
		writeJSON(w, status, result.Error, body)
		return nil
	}
}

// deliver writes a success, with cookies of the tokens that came of it, if any.
func (a *api) deliver(w http.ResponseWriter, r *http.Request, c call, body []byte, tokens *core.Tokens, clears func(call, int) bool) {
	switch {
	case tokens != nil:
		a.setCookies(w, r, c.transports, tokens)
	case clears != nil && clears(c, http.StatusOK):
		a.cookies.clear(w, c.transports)
	}
	writeJSON(w, http.StatusOK, nil, body)
}

func (a *api) endAllSessions(ctx context.Context, r core.Request) core.ActionResult {
	return a.Backend.EndSession(ctx, r, "")
}

func (a *api) endSession(w http.ResponseWriter, r *http.Request) error {
	end := func(ctx context.Context, req core.Request) core.ActionResult {
		return a.Backend.EndSession(ctx, req, r.PathValue("id"))
	}
	return a.action(action{call: end, takes: intake{access: true}, status: statusOf})(w, r)
}

// constant is an answer that is always the same, with a 200. Nearly all checks
// have the same one, so nothing of it is made anew. As in headers, its header
// is shared.
type constant struct {
	contentType []string
	body        []byte
}

func (c constant) write(w http.ResponseWriter) {
	w.Header()["Content-Type"] = c.contentType
	_, _ = w.Write(c.body) // a client that is gone needs no answer
}

func (a *api) onError(w http.ResponseWriter, r *http.Request) error {
	c, err := a.read(w, r, intake{body: true, refresh: true})
	if err != nil {
		return err
	}
	result := a.Backend.OnError(r.Context(), c.Request)
	if result.Error != nil && onErrorStatus(result.Error.Code) != http.StatusOK {
		writeFailure(w, onErrorStatus(result.Error.Code), result.Error)
		return nil
	}
	body, err := encodeError(result, c.transports)
	if err != nil {
		return core.Fail(core.Internal, "encode answer", err)
	}
	a.deliver(w, r, c, body, result.Tokens, nil)
	return nil
}

func (a *api) check(w http.ResponseWriter, r *http.Request) error {
	c, err := a.read(w, r, intake{access: true})
	if err != nil {
		return err
	}
	result := a.Backend.Check(r.Context(), c.Request)
	if result == (core.CheckResult{Authenticated: true, Identity: result.Identity}) {
		a.signedIn.write(w)
		return nil
	}
	if !result.Authenticated && result.Error == nil {
		result.Error = a.Messages.Refuse(core.Unauthenticated)
	}
	status := http.StatusOK
	if !result.Authenticated {
		status = checkStatus(result.Error.Code)
	}
	if status >= http.StatusInternalServerError {
		result.RedirectTo, result.Logout = "", false // an outage sends nobody to the login page
	}
	return encode(w, status, result.Error, result)
}

// value answers with a bare value, and with null for whoever is not signed in.
func (a *api) value(get func(context.Context, core.Request) core.ValueResult) handler {
	return func(w http.ResponseWriter, r *http.Request) error {
		c, err := a.read(w, r, intake{access: true})
		if err != nil {
			return err
		}
		c.Params = core.Params{} // a strategy sees them
		result := get(r.Context(), c.Request)
		switch {
		case result.Error == nil:
			return encode(w, http.StatusOK, nil, result)
		case result.Error.Code == core.Unauthenticated:
			return encode(w, http.StatusUnauthorized, result.Error, core.ValueResult{})
		}
		writeFailure(w, statusOf(result.Error.Code), result.Error)
		return nil
	}
}

func (a *api) sessions(w http.ResponseWriter, r *http.Request) error {
	c, err := a.read(w, r, intake{access: true})
	if err != nil {
		return err
	}
	result := a.Backend.Sessions(r.Context(), c.Request)
	if result.Error != nil {
		writeFailure(w, statusOf(result.Error.Code), result.Error)
		return nil
	}
	return encode(w, http.StatusOK, nil, result)
}

func encode(w http.ResponseWriter, status int, refusal *core.Refusal, v json.Marshaler) error {
	body, err := json.Marshal(v)
	if err != nil {
		return core.Fail(core.Internal, "encode answer", err)
	}
	writeJSON(w, status, refusal, body)
	return nil
}
