package httpapi

import (
	"errors"
	"fmt"
	"net/http"
	"net/netip"
	"net/url"

	"github.com/authd-go/authd/core"
)

// site is what a deployment looks like from outside: its own origin, the
// origins it trusts, its cookies, its proxies.
type site struct {
	own        string // the origin of the public URL
	allowed    map[string]bool
	csrf       *http.CrossOriginProtection
	cookies    cookieJar
	transports transports
	proxies    proxies
}

func newSite(public *url.URL, allowed []string, trusted []netip.Prefix, enabled []Transport, mode http.SameSite) (site, error) {
	s := site{allowed: map[string]bool{}, csrf: http.NewCrossOriginProtection()}
	if public == nil {
		return site{}, errors.New("PublicURL is required")
	}
	own, err := core.ParseOrigin(public.Scheme + "://" + public.Host)
	if err != nil {
		return site{}, fmt.Errorf("PublicURL: %w", err)
	}
	s.own = own
	if err := s.allow(allowed); err != nil {
		return site{}, err
	}
	if s.proxies, err = newProxies(trusted); err != nil {
		return site{}, err
	}
	if s.transports, err = newTransports(enabled); err != nil {
		return site{}, err
	}
	s.cookies, err = newCookieJar(public.Scheme == "https", mode)
	return s, err
}

// allow notes the origins whose pages may call. The own origin is trusted to
// make changes also where a proxy rewrites the Host header, but it needs no
// CORS headers.
func (s *site) allow(origins []string) error {
	for _, o := range origins {
		origin, err := core.ParseOrigin(o)
		if err != nil {
			return fmt.Errorf("AllowedOrigins: %q: %w", o, err)
		}
		s.allowed[origin] = true
		if err := s.csrf.AddTrustedOrigin(origin); err != nil {
			return fmt.Errorf("AllowedOrigins: %w", err)
		}
	}
	if err := s.csrf.AddTrustedOrigin(s.own); err != nil {
		return fmt.Errorf("PublicURL: %w", err)
	}
	return nil
}

// sameOrigin says whether a request comes from a page of this origin, or from
// no browser at all. Where the browser sends Sec-Fetch-Site its word decides,
// because a page without referrers has the Origin "null".
func (s *site) sameOrigin(r *http.Request) bool {
	switch r.Header.Get("Sec-Fetch-Site") {
	case "same-origin", "none":
		return true
	case "":
	default:
		return false
	}
	origin := r.Header.Get("Origin")
	if origin == "" || origin == s.own {
		return true
	}
	u, err := url.Parse(origin)
	return err == nil && u.Host != "" && u.Host == r.Host
}

// page returns the path of the page that a request came from, if the page is
// one of ours, and "" if that is not known. Queries are cut off, since they may
// hold one-time tokens. Between origins browsers send the bare origin, whose
// path says nothing.
func (s *site) page(r *http.Request) string {
	referer := headerOf(r, "Referer")
	if referer == "" || len(referer) > maxReferer {
		return ""
	}
	u, err := url.Parse(referer)
	if err != nil {
		return ""
	}
	origin := u.Scheme + "://" + u.Host
	switch {
	case origin == s.own:
		return u.EscapedPath()
	case s.allowed[origin] && u.Path != "/":
		return u.EscapedPath()
	}
	return ""
}

const maxReferer = 2048

// origin returns the origin of the page that a request came from, if it is ours
// or one of those that may call.
func (s *site) origin(r *http.Request) string {
	origin := headerOf(r, "Origin")
	if origin == s.own || s.allowed[origin] {
		return origin
	}
	return ""
}

// transports says in which ways tokens may travel.
type transports struct{ bearer, cookie bool }

func newTransports(enabled []Transport) (transports, error) {
	var t transports
	for _, name := range enabled {
		switch name {
		case Bearer:
			t.bearer = true
		case Cookie:
			t.cookie = true
		default:
			return transports{}, fmt.Errorf("Transports: %q is neither bearer nor cookie", name)
		}
	}
	if len(enabled) == 0 {
		t = transports{bearer: true, cookie: true}
	}
	return t, nil
}

func (t transports) names() []Transport {
	var out []Transport
	if t.bearer {
		out = append(out, Bearer)
	}
	if t.cookie {
		out = append(out, Cookie)
	}
	return out
}

// transportHeader picks one transport for one exchange.
const transportHeader = "Authd-Transport"

// pick narrows t to what the request asks for.
func (t transports) pick(h http.Header) (transports, error) {
	switch asked := h[transportHeader]; {
	case len(asked) == 0:
		return t, nil
	case len(asked) == 1 && asked[0] == string(Bearer) && t.bearer:
		return transports{bearer: true}, nil
	case len(asked) == 1 && asked[0] == string(Cookie) && t.cookie:
		return transports{cookie: true}, nil
	}
	return transports{}, core.InvalidField(transportHeader, "names no transport that is in use here")
}
