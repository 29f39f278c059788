package httpapi

import (
	"context"
	"net/http"
	"net/url"
	"strings"

	"github.com/authd-go/authd/core"
)

const (
	// pendingPrefix begins the names of the cookies that hold logins which have
	// gone to another site, each under a name of its own, so that two tabs do
	// not disturb each other.
	pendingPrefix = "authd-login-"
	// maxPending is how many of them a browser is left with.
	maxPending = 5
	nonceName  = pendingPrefix + "nonce"
	// maxAnswer bounds what another site may have a browser post, in bytes.
	maxAnswer = 32 << 10
)

// answerFields are the parameters of an answer that anybody reads: those of RFC
// 6749, RFC 9207 and OpenID Connect, and Apple's user.
func answerFields() []string {
	return []string{"code", "state", "iss", "error", "error_description", "error_uri", "session_state", "scope", "user"}
}

// remoteRoutes are the routes around logins at other sites.
func (a *api) remoteRoutes() []route {
	callback := core.CallbackPath + "{strategy}"
	return []route{
		{http.MethodGet, core.ResumePath, getOnly(a.resume, http.MethodGet)},
		{http.MethodGet, callback, getOnly(a.callback, http.MethodGet, http.MethodPost)},
		{http.MethodPost, callback, a.postedCallback},
		{http.MethodPost, "/auth/exchange", a.action(action{call: a.Backend.Exchange, takes: intake{body: true}, status: withoutChallenge})},
		{http.MethodPost, "/auth/nonce", a.nonce},
		{http.MethodPost, "/auth/backchannel/{strategy}", a.backchannel},
	}
}

// getOnly keeps HEAD, which net/http takes for a GET, from using up what works
// once: what sends it is no browser on its way.
func getOnly(h handler, allowed ...string) handler {
	return func(w http.ResponseWriter, r *http.Request) error {
		if r.Method != http.MethodHead {
			return h(w, r)
		}
		w.Header().Set("Allow", strings.Join(allowed, ", "))
		return httpError{http.StatusMethodNotAllowed, &core.Error{Code: core.Unsupported, Reason: "method_not_allowed"}}
	}
}

// pendingCookie makes the cookie of a pending login. It must come along when
// another site sends the browser back, so it is never Strict.
func (a *api) pendingCookie(name, value string, maxAge int) *http.Cookie {
	jar := a.cookies
	if jar.sameSite == http.SameSiteStrictMode {
		jar.sameSite = http.SameSiteLaxMode
	}
	return jar.bake(name, value, maxAge)
}

// keepPending has the browser keep a login that goes on elsewhere. Of many that
// were begun and left, the oldest go, since a request's headers are bounded;
// browsers send the oldest first (RFC 6265, section 5.4).
func (a *api) keepPending(w http.ResponseWriter, r *http.Request, p *core.PendingLogin) {
	if p == nil {
		return
	}
	var old []string
	for _, c := range r.Cookies() {
		if name := strings.TrimPrefix(c.Name, a.cookies.name("")); strings.HasPrefix(name, pendingPrefix) && name != nonceName {
			old = append(old, name)
		}
	}
	for len(old) >= maxPending {
		http.SetCookie(w, a.pendingCookie(old[0], "", -1))
		old = old[1:]
	}
	http.SetCookie(w, a.pendingCookie(pendingPrefix+p.Name, p.Sealed.Reveal(), seconds(p.TTL)))
}

// resume sends a browser on to the other site, with the login that its front
// end has begun.
func (a *api) resume(w http.ResponseWriter, r *http.Request) error {
	result := a.told(a.Backend.ResumeLogin(r.Context(), core.Request{
		Params: core.Params{"ticket": r.URL.Query().Get("ticket")}, Client: a.client(r),
	}))
	if result.Success {
		a.keepPending(w, r, result.Pending)
	}
	return a.sendOn(w, r, result)
}

// callback ends a login at another site.
func (a *api) callback(w http.ResponseWriter, r *http.Request) error {
	query := r.URL.Query()
	name := pendingPrefix + core.PendingName(query.Get("state"))
	pending := a.cookies.read(r, name)
	result := a.told(a.Backend.FinishLogin(r.Context(), core.Request{Params: core.Params{}, Client: a.client(r)}, core.SiteAnswer{
		Strategy: r.PathValue("strategy"), Query: query, Pending: pending,
	}))
	// An answer that came too soon was not looked at: it is good when the browser
	// comes again.
	if soon := result.Error != nil && result.Error.Code == core.Throttled; pending != "" && !soon {
		http.SetCookie(w, a.pendingCookie(name, "", -1))
	}
	if result.Success && result.Tokens != nil {
		a.setCookies(w, r, transports{cookie: a.transports.cookie}, result.Tokens)
	}
	return a.sendOn(w, r, result)
}

// postedCallback takes an answer in a form (OAuth 2.0 Form Post Response Mode).
// The browser posts it from the other site and so leaves our cookies out; asked
// to come again with a GET it sends them.
func (a *api) postedCallback(w http.ResponseWriter, r *http.Request) error {
	r.Body = http.MaxBytesReader(w, r.Body, maxAnswer)
	if bodyFormat(r.Header) != formatForm || r.ParseForm() != nil {
		return core.InvalidField("body", "must be the form of another site's answer")
	}
	query := url.Values{}
	for _, name := range answerFields() {
		if values := r.PostForm[name]; len(values) > 0 {
			query[name] = values // all of them: an answer that says something twice is refused
		}
	}
	w.Header().Set("Location", core.CallbackPath+url.PathEscape(r.PathValue("strategy"))+"?"+query.Encode())
	w.WriteHeader(http.StatusSeeOther)
	return nil
}

// sendOn answers a browser that is on its way. Without anywhere to go, it is
// told what happened.
func (a *api) sendOn(w http.ResponseWriter, r *http.Request, result core.ActionResult) error {
	if result.RedirectTo == "" {
		err := &core.Error{Code: core.Internal, Op: "send the browser on"}
		if result.Error != nil {
			err = &core.Error{Code: result.Error.Code, Reason: result.Error.Reason, RetryAfter: result.Error.RetryAfter, Proved: true}
		}
		if a.pages != nil && strings.Contains(r.Header.Get("Accept"), "text/html") {
			a.refusePage(w, r, err)
			return nil
		}
		return err
	}
	if a.cookies.sameSite == http.SameSiteStrictMode && a.pages != nil && result.Tokens != nil {
		// A redirect would still count as the other site's, and the cookies that
		// were just set would stay behind.
		return a.show(w, http.StatusOK, sheet{Title: "One moment", Text: "You are signed in and are being taken to the next page.", Leave: result.RedirectTo},
			"link", pageLink{URL: result.RedirectTo, Text: "Continue"})
	}
	w.Header().Set("Location", result.RedirectTo)
	w.WriteHeader(http.StatusSeeOther)
	return nil
}

// nonce makes a nonce for a login by token.
func (a *api) nonce(w http.ResponseWriter, r *http.Request) error {
	c, err := a.read(w, r, intake{body: true})
	if err != nil {
		return err
	}
	result := a.Backend.LoginNonce(r.Context(), c.Request)
	if p := result.Pending; p != nil {
		http.SetCookie(w, a.pendingCookie(nonceName, p.Sealed.Reveal(), seconds(p.TTL)))
	}
	writeJSON(w, http.StatusOK, nil, []byte(`{"nonce":"`+result.Nonce+`"}`)) // letters and digits
	return nil
}

// backchannel takes another site's word that sessions ended there (OpenID
// Connect Back-Channel Logout 1.0, section 2.5).
func (a *api) backchannel(w http.ResponseWriter, r *http.Request) error {
	end := func(ctx context.Context, req core.Request) core.ActionResult {
		return a.Backend.EndRemote(ctx, req, r.PathValue("strategy"))
	}
	return a.action(action{call: end, takes: intake{body: true}, status: withoutChallenge})(w, r)
}
