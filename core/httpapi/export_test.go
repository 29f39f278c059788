package httpapi

import (
	"net/http"
	"net/netip"

	"github.com/authd-go/authd/core"
)

// What the tests of package httpapi_test see of the inside.

var (
	DecodeJSON = decodeJSON
	DecodeForm = decodeForm
	StatusOf   = statusOf
)

// Routes lists what is served, as "METHOD /path".
func Routes(o Options) ([]string, error) {
	a, err := newAPI(o)
	if err != nil {
		return nil, err
	}
	var out []string
	for _, r := range a.routes() {
		out = append(out, r.method+" "+r.path)
	}
	return out, nil
}

// PageRoutes lists the hosted pages, as "METHOD /path".
func PageRoutes(o Options) ([]string, error) {
	a, err := newAPI(o)
	if err != nil {
		return nil, err
	}
	var out []string
	for _, r := range a.pageRoutes() {
		out = append(out, r.method+" "+r.path)
	}
	return out, nil
}

// AccentContrasts are the contrasts that an accent colour leads to: of the text
// on it, and of links in light and in dark.
func AccentContrasts(accent string) (onAccent, light, dark float64, err error) {
	c, err := parseColor(accent)
	return contrast(c, c.ink()), contrast(rounded(c.legible(white(), black())), white()), contrast(rounded(c.legible(darkCard(), white())), darkCard()), err
}

// ClientAddr is the address that a request comes from.
func ClientAddr(trusted []netip.Prefix, r *http.Request) (netip.Addr, error) {
	p, err := newProxies(trusted)
	if err != nil {
		return netip.Addr{}, err
	}
	return p.client(r), nil
}

// CallerTokens are the tokens that a request over https carries.
func CallerTokens(r *http.Request, params core.Params) (access, refresh string, err error) {
	both, jar := transports{bearer: true, cookie: true}, cookieJar{secure: true}
	access, _ = jar.accessToken(r, both)
	refresh, _, err = jar.refreshToken(r, both, params)
	return access, refresh, err
}
