package httpapi

import (
	"errors"
	"net/http"

	"github.com/authd-go/authd/core"
)

// The cookies, without the prefix that https adds.
const (
	accessCookie  = "authd-access"
	refreshCookie = "authd-refresh"
)

// maxCookie is where browsers drop a cookie, in bytes of name and value.
const maxCookie = 4096

// cookieJar names and makes the cookies. The __Host- prefix (RFC 6265bis,
// section 4.1.3) keeps sibling hosts from planting one; it needs https.
type cookieJar struct {
	secure   bool
	sameSite http.SameSite
}

func newCookieJar(secure bool, mode http.SameSite) (cookieJar, error) {
	switch mode {
	case 0, http.SameSiteDefaultMode:
		mode = http.SameSiteLaxMode
	case http.SameSiteLaxMode, http.SameSiteStrictMode:
	case http.SameSiteNoneMode:
		if !secure {
			return cookieJar{}, errors.New("CookieSameSite: none needs an https PublicURL")
		}
	default:
		return cookieJar{}, errors.New("CookieSameSite: unknown mode")
	}
	return cookieJar{secure: secure, sameSite: mode}, nil
}

func (j cookieJar) name(name string) string {
	if j.secure {
		return "__Host-" + name
	}
	return name
}

func (j cookieJar) read(r *http.Request, name string) string {
	c, err := r.Cookie(j.name(name))
	if err != nil {
		return ""
	}
	return c.Value
}

// bake makes a cookie. maxAge is in seconds: 0 ends it with the browser, less
// than 0 at once.
func (j cookieJar) bake(name, value string, maxAge int) *http.Cookie {
	return &http.Cookie{
		Name: j.name(name), Value: value, Path: "/", MaxAge: maxAge,
		Secure: j.secure, HttpOnly: true, SameSite: j.sameSite,
	}
}

func (j cookieJar) clear(w http.ResponseWriter, t transports) {
	if !t.cookie {
		return
	}
	http.SetCookie(w, j.bake(accessCookie, "", -1))
	http.SetCookie(w, j.bake(refreshCookie, "", -1))
}

func (a *api) setCookies(w http.ResponseWriter, r *http.Request, t transports, tokens *core.Tokens) {
	if !t.cookie {
		return
	}
	var accessAge, refreshAge int
	if tokens.Persistent {
		accessAge = max(1, seconds(tokens.AccessExpires.Sub(tokens.IssuedAt)))
		refreshAge = max(1, seconds(tokens.RefreshExpires.Sub(tokens.IssuedAt)))
	}
	for _, c := range []*http.Cookie{
		a.cookies.bake(accessCookie, tokens.Access.Reveal(), accessAge),
		a.cookies.bake(refreshCookie, tokens.Refresh.Reveal(), refreshAge),
	} {
		if size := len(c.Name) + len(c.Value); size > maxCookie {
			a.Log.WarnContext(r.Context(), "a cookie is too large; browsers will drop it",
				"cookie", c.Name, "bytes", size, "limit", maxCookie, "requestId", factsOf(r).id)
		}
		http.SetCookie(w, c)
	}
}
