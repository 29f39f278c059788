package httpapi

import (
	"net/http"
	"strings"
	"time"

	"github.com/authd-go/authd/core"
)

// visitor returns a request as whoever looks at a page, and whether that is
// somebody who is signed in. An access token that has ended is refreshed on the
// way, but not for a browser that only looks ahead.
func (a *api) visitor(w http.ResponseWriter, r *http.Request) (core.Request, bool, error) {
	c, err := a.readPage(w, r, intake{access: true, refresh: true})
	if err != nil {
		return core.Request{}, false, err
	}
	seen := a.Backend.Check(r.Context(), core.Request{AccessToken: c.AccessToken, Client: c.Client})
	switch {
	case seen.Authenticated:
		return c.Request, true, nil
	case seen.Error != nil && checkStatus(seen.Error.Code) != http.StatusUnauthorized:
		return core.Request{}, false, &core.Error{Code: seen.Error.Code, Op: "check"}
	case c.RefreshToken == "" || r.Header.Get("Sec-Purpose") != "":
		return c.Request, false, nil
	}
	result := a.Backend.Refresh(r.Context(), core.Request{RefreshToken: c.RefreshToken, Client: c.Client})
	switch {
	case result.Success && result.Tokens != nil:
		a.setCookies(w, r, c.transports, result.Tokens)
		c.AccessToken, c.RefreshToken = result.Tokens.Access.Reveal(), result.Tokens.Refresh.Reveal()
		return c.Request, true, nil
	case result.Error != nil && refusedCookie(c, withoutChallenge(result.Error.Code)):
		a.cookies.clear(w, c.transports)
		return c.Request, false, nil
	}
	return core.Request{}, false, core.Fail(core.Unavailable, "refresh", nil)
}

// account is what the page of somebody who is signed in shows.
type account struct {
	Name, Email, Roles string
	Sessions           []sessionLine
	Links              []pageLink
}

type sessionLine struct {
	ID, Device, Addr string
	Since, SinceText string
	Used, UsedText   string
	Current          bool
}

func (a *api) home(w http.ResponseWriter, r *http.Request) error {
	who, signedIn, err := a.visitor(w, r)
	if err != nil {
		return err
	}
	if !signedIn {
		http.Redirect(w, r, loginPage, http.StatusSeeOther)
		return nil
	}
	identity := a.Backend.GetIdentity(r.Context(), who)
	list := a.Backend.Sessions(r.Context(), who)
	for _, refusal := range []*core.Refusal{identity.Error, list.Error} {
		if refusal != nil && refusal.Code == core.Unauthenticated {
			a.cookies.clear(w, transports{cookie: true})
			http.Redirect(w, r, loginPage, http.StatusSeeOther)
			return nil
		}
		if refusal != nil {
			return &core.Error{Code: refusal.Code, Op: "read the account", Reason: refusal.Reason}
		}
	}
	page := account{Sessions: lines(list.Sessions)}
	if id, ok := identity.Value.(core.Identity); ok {
		page.Name, page.Email, page.Roles = id.Name, id.Email, strings.Join(id.Roles, ", ")
	}
	if a.inUse(core.MethodUpdatePassword) {
		page.Links = []pageLink{{updatePage, "Change password"}}
	}
	return a.show(w, http.StatusOK, sheet{Title: "You are signed in"}, "account", page)
}

func lines(sessions []core.SessionInfo) []sessionLine {
	const words = "2 Jan 2006, 15:04 UTC"
	out := make([]sessionLine, len(sessions))
	for i, s := range sessions {
		since, used := s.CreatedAt.UTC(), s.LastUsed.UTC()
		out[i] = sessionLine{
			ID: s.ID, Device: device(s.UserAgent), Addr: s.Addr, Current: s.Current,
			Since: since.Format(time.RFC3339), SinceText: since.Format(words),
			Used: used.Format(time.RFC3339), UsedText: used.Format(words),
		}
	}
	return out
}

// device names the browser and the system of a User-Agent header roughly, which
// is enough to tell one's own apart. The order matters: most of them claim to be others.
func device(userAgent string) string {
	find := func(names [][2]string) string {
		for _, n := range names {
			if strings.Contains(userAgent, n[0]) {
				return n[1]
			}
		}
		return ""
	}
	browser := find([][2]string{
		{"Edg/", "Edge"},
		{"OPR/", "Opera"},
		{"Firefox/", "Firefox"},
		{"FxiOS/", "Firefox"},
		{"CriOS/", "Chrome"},
		{"Chrome/", "Chrome"},
		{"Safari/", "Safari"},
		{"curl/", "curl"},
	})
	system := find([][2]string{
		{"iPhone", "iPhone"},
		{"iPad", "iPad"},
		{"Android", "Android"},
		{"Windows", "Windows"},
		{"Mac OS X", "macOS"},
		{"CrOS", "ChromeOS"},
		{"Linux", "Linux"},
	})
	switch {
	case browser != "" && system != "":
		return browser + " on " + system
	case browser+system != "":
		return browser + system
	}
	return "An unknown device"
}
