package httpapi

import (
	"cmp"
	"context"
	"errors"
	"net/http"
	"strings"

	"github.com/authd-go/authd/core"
)

// pageRoutes lists the hosted pages. Each form is posted to its own address and
// answered by the same method of the backend as the route of the API.
func (a *api) pageRoutes() []route {
	if a.pages == nil {
		return nil
	}
	b := a.Backend
	out := []route{
		{http.MethodGet, "/{$}", a.home},
		{http.MethodGet, loginPage, a.getLogin},
		{http.MethodPost, loginPage, a.postLogin},
		{http.MethodPost, logoutPage, a.postLogout},
		{http.MethodPost, sessionsPage, a.postSessions},
		{http.MethodGet, stylePath, a.stylesheet},
		{http.MethodGet, logoPath, a.logo},
	}
	form := func(path string, fill func(core.Params, string) formPage, call func(context.Context, core.Request) core.ActionResult) {
		out = append(out,
			route{http.MethodGet, path, func(w http.ResponseWriter, r *http.Request) error {
				return a.render(w, http.StatusOK, fill(nil, r.URL.Query().Get("to")), nil)
			}},
			route{http.MethodPost, path, a.submit(fill, call)})
	}
	if a.inUse(core.MethodRegister) {
		form(registerPage, registerForm, b.Register)
	}
	if a.inUse(core.MethodForgotPassword) {
		form(forgotPage, forgotForm, b.ForgotPassword)
	}
	if a.inUse(core.MethodUpdatePassword) {
		out = append(out, route{http.MethodGet, updatePage, a.getUpdate}, route{http.MethodPost, updatePage, a.postUpdate})
	}
	return out
}

// readPage is read for a page: only cookies count.
func (a *api) readPage(w http.ResponseWriter, r *http.Request, takes intake) (call, error) {
	r.Header.Del("Authorization")
	r.Header.Del(transportHeader)
	c, err := a.read(w, r, takes)
	c.transports = transports{cookie: true}
	return c, err
}

// told is the result with a reason for every failure.
func (a *api) told(result core.ActionResult) core.ActionResult {
	if !result.Success && result.Error == nil {
		result.Error = a.Messages.Refuse(core.Internal)
	}
	return result
}

// submit answers a form by a method that opens no session, so that the login
// comes after it, unless the operator sends people elsewhere.
func (a *api) submit(fill func(core.Params, string) formPage, method func(context.Context, core.Request) core.ActionResult) handler {
	return func(w http.ResponseWriter, r *http.Request) error {
		c, err := a.readPage(w, r, intake{body: true})
		if err != nil {
			return err
		}
		to := wanted(c.Params, "to")
		delete(c.Params, "to")
		result := a.told(method(r.Context(), c.Request))
		if result.Success {
			result.RedirectTo = goingOn(result.RedirectTo, to)
			return a.done(w, r, result)
		}
		return a.render(w, withoutChallenge(result.Error.Code), fill(c.Params, to), result.Error)
	}
}

// done shows the message of a success, if there is one, before going on.
func (a *api) done(w http.ResponseWriter, r *http.Request, result core.ActionResult) error {
	n := result.SuccessNotification
	if n == nil {
		return a.goTo(w, r, result.RedirectTo)
	}
	next := pageLink{URL: cmp.Or(result.RedirectTo, homePage), Text: "Continue"}
	if next.URL == loginPage || strings.HasPrefix(next.URL, loginPage+"?") {
		next.Text = "Go to sign in"
	}
	return a.show(w, http.StatusOK, sheet{Title: n.Message, Text: n.Description}, "link", next)
}

// goingOn is the target, and after the login page where that login was going.
func goingOn(target, to string) string {
	if target == loginPage {
		return withTo(loginPage, to)
	}
	return target
}

// getLogin shows the form, or goes on if somebody is signed in already. error
// names the outcome of a login that failed on the way through another site.
func (a *api) getLogin(w http.ResponseWriter, r *http.Request) error {
	q := r.URL.Query()
	to := q.Get("to")
	if code := core.Code(q.Get("error")); code != "" {
		if _, known := a.Messages[code]; known {
			return a.render(w, http.StatusOK, a.loginForm(nil, to), a.Messages.Refuse(&core.Error{Code: code, Reason: q.Get("reason"), Proved: true}))
		}
	}
	_, signedIn, err := a.visitor(w, r)
	switch {
	case err != nil:
		return err
	case signedIn:
		return a.goTo(w, r, ownPath(to))
	}
	return a.render(w, http.StatusOK, a.loginForm(nil, to), nil)
}

// ownPath is the path if it is one of ours in every browser's eyes, else "".
func ownPath(target string) string {
	if !strings.HasPrefix(target, "/") || (core.RedirectPolicy{}).Judge(target) != nil {
		return ""
	}
	return target
}

// postLogin signs in. A target that may not be followed is forgotten: a link
// that somebody else made must not keep anybody out.
func (a *api) postLogin(w http.ResponseWriter, r *http.Request) error {
	c, err := a.readPage(w, r, intake{body: true})
	if err != nil {
		return err
	}
	if _, asked := c.Params["remembered"]; asked {
		c.Params["remember"] = c.Params["remember"] == true
	}
	delete(c.Params, "remembered")
	result := a.told(a.Backend.Login(r.Context(), c.Request))
	if result.Error != nil && result.Error.Errors["redirectPath"] != "" {
		delete(c.Params, "redirectPath")
		result = a.told(a.Backend.Login(r.Context(), c.Request))
	}
	if !result.Success && result.Error.Action == core.ActionNewPassword && a.inUse(core.MethodUpdatePassword) {
		return a.render(w, statusOf(result.Error.Code), dueForm(typed(c.Params, "identifier"), wanted(c.Params, "redirectPath")), nil)
	}
	if !result.Success {
		return a.render(w, withoutChallenge(result.Error.Code), a.loginForm(c.Params, wanted(c.Params, "redirectPath")), result.Error)
	}
	a.keepPending(w, r, result.Pending)
	if result.Tokens != nil {
		a.setCookies(w, r, c.transports, result.Tokens)
	}
	return a.goTo(w, r, result.RedirectTo)
}

func (a *api) getUpdate(w http.ResponseWriter, r *http.Request) error {
	token := r.URL.Query().Get("token")
	if token != "" {
		return a.render(w, http.StatusOK, updateForm(token), nil)
	}
	_, signedIn, err := a.visitor(w, r)
	if err != nil {
		return err
	}
	if !signedIn {
		return a.goTo(w, r, loginPage+"?to="+updatePage)
	}
	return a.render(w, http.StatusOK, updateForm(""), nil)
}

func (a *api) postUpdate(w http.ResponseWriter, r *http.Request) error {
	c, err := a.readPage(w, r, intake{body: true, access: true})
	if err != nil {
		return err
	}
	token, named, to := typed(c.Params, "token"), typed(c.Params, "identifier"), wanted(c.Params, "to")
	result := a.told(a.Backend.UpdatePassword(r.Context(), c.Request))
	if result.Success {
		switch {
		case result.Tokens != nil:
			a.setCookies(w, r, c.transports, result.Tokens)
			result.RedirectTo = homePage
		case named != "":
			result.RedirectTo = goingOn(cmp.Or(result.RedirectTo, loginPage), to)
		}
		return a.done(w, r, result)
	}
	page := updateForm(token)
	if token == "" && c.Params.NamesAccount() {
		page = dueForm(named, to)
	}
	if token != "" && result.Error.Code == core.Expired && a.inUse(core.MethodForgotPassword) {
		page.form, page.links = pageForm{}, []pageLink{{forgotPage, "Ask for a new link"}}
	}
	return a.render(w, statusOf(result.Error.Code), page, result.Error)
}

func (a *api) postLogout(w http.ResponseWriter, r *http.Request) error {
	c, err := a.readPage(w, r, intake{body: true, access: true, refresh: true})
	if err != nil {
		return err
	}
	result := a.told(a.Backend.Logout(r.Context(), c.Request))
	a.cookies.clear(w, c.transports)
	if !result.Success {
		return &core.Error{Code: result.Error.Code, Op: "sign out", Reason: result.Error.Reason}
	}
	return a.goTo(w, r, cmp.Or(result.RedirectTo, loginPage))
}

// postSessions ends one of the caller's sessions, or all of them.
func (a *api) postSessions(w http.ResponseWriter, r *http.Request) error {
	c, err := a.readPage(w, r, intake{body: true, access: true})
	if err != nil {
		return err
	}
	id := typed(c.Params, "session")
	result := a.told(a.Backend.EndSession(r.Context(), c.Request, id))
	switch {
	case result.Success && id == "":
		a.cookies.clear(w, c.transports)
		return a.goTo(w, r, loginPage)
	case result.Success, result.Error.Code == core.Forbidden: // it is gone, or was never there
		return a.goTo(w, r, homePage)
	case result.Error.Code == core.Unauthenticated:
		return a.goTo(w, r, loginPage+"?to="+homePage)
	}
	return &core.Error{Code: result.Error.Code, Op: "end sessions", Reason: result.Error.Reason}
}

// fail answers with an error in the form that the caller reads.
func (a *api) fail(w http.ResponseWriter, r *http.Request, err error) {
	if a.wantsPage(r) {
		a.refusePage(w, r, err)
		return
	}
	a.refuse(w, r, err)
}

// refusePage answers with an error as a page, for people.
func (a *api) refusePage(w http.ResponseWriter, r *http.Request, err error) {
	refusal := a.Messages.Refuse(err)
	status := statusOf(refusal.Code)
	var he httpError
	if errors.As(err, &he) {
		status = he.status
	}
	if status == http.StatusInternalServerError {
		a.Log.ErrorContext(r.Context(), "request failed", "requestId", factsOf(r).id, "error", err)
	}
	setRefusalHeaders(w.Header(), status, refusal)
	s := sheet{Title: refusal.Name, Text: refusal.Message}
	if refusal.Reason == "not_found" {
		s = sheet{Title: "Page not found", Text: "There is no such page here."}
	}
	if err := a.show(w, status, s, "link", pageLink{URL: homePage, Text: "Back to the start"}); err != nil {
		writeFailure(w, http.StatusInternalServerError, a.Messages.Refuse(core.Internal))
	}
}

// wantsPage says whether somebody looks at the answer: a browser that was not
// sent by a script asks for HTML by name.
func (a *api) wantsPage(r *http.Request) bool {
	return a.pages != nil && strings.Contains(r.Header.Get("Accept"), "text/html") && !strings.HasPrefix(r.URL.Path, "/auth/")
}
