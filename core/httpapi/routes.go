package httpapi

import (
	"errors"
	"fmt"
	"net/http"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/authd-go/authd/core"
)

// handler answers a request, or returns the error to answer with. It has
// written nothing if it returns one.
type handler func(http.ResponseWriter, *http.Request) error

type route struct {
	method, path string
	handle       handler
}

// routes is the one list of what is served, beside the hosted pages.
func (a *api) routes() []route {
	b := a.Backend
	module, modulePath := a.module()
	out := []route{
		{http.MethodPost, "/auth/login", a.action(action{call: b.Login, takes: intake{body: true}, status: withoutChallenge})},
		{http.MethodPost, "/auth/logout", a.action(action{
			call: b.Logout, takes: intake{body: true, access: true, refresh: true}, status: withoutChallenge, clears: always,
		})},
		{http.MethodPost, "/auth/register", a.action(action{call: b.Register, takes: intake{body: true}, status: withoutChallenge})},
		{http.MethodPost, "/auth/forgot-password", a.action(action{
			call: b.ForgotPassword, takes: intake{body: true}, status: withoutChallenge,
		})},
		{http.MethodPost, "/auth/update-password", a.action(action{
			call: b.UpdatePassword, takes: intake{body: true, access: true}, status: statusOf,
		})},
		{http.MethodPost, "/auth/on-error", a.onError},
		{http.MethodGet, "/auth/check", a.check},
		{http.MethodGet, "/auth/permissions", a.value(b.GetPermissions)},
		{http.MethodGet, "/auth/identity", a.value(b.GetIdentity)},
		{http.MethodGet, core.AvatarPath + "{id}", a.avatar},
		{http.MethodGet, "/auth/sessions", a.sessions},
		{http.MethodDelete, "/auth/sessions", a.action(action{
			call: a.endAllSessions, takes: intake{access: true}, status: statusOf, clears: onSuccess,
		})},
		{http.MethodDelete, "/auth/sessions/{id}", a.endSession},
		{http.MethodGet, "/auth/config", a.config(modulePath)},
		{http.MethodGet, clientPath, module},
		{http.MethodGet, "/.well-known/jwks.json", a.jwks},
		{http.MethodGet, "/openapi.yaml", a.openapi},
		{http.MethodGet, "/metrics", a.metrics},
		{http.MethodGet, "/healthz", a.health},
		{http.MethodGet, "/readyz", a.ready},
	}
	out = append(out, a.remoteRoutes()...)
	for _, p := range append([]string{"/auth/refresh"}, a.RefreshAliases...) {
		out = append(out, route{http.MethodPost, p, a.action(action{
			call: b.Refresh, takes: intake{body: true, refresh: true}, status: withoutChallenge, clears: refusedCookie,
		})})
	}
	return out
}

// routing puts the routes on a mux: below each path without a method lies the
// 405, below everything the 404, as JSON or, for people, as a page.
func (a *api) routing() (http.Handler, error) {
	routes, pages := a.routes(), a.pageRoutes()
	if err := checkAliases(append(slices.Clone(routes), pages...), a.RefreshAliases); err != nil {
		return nil, err
	}
	mux := http.NewServeMux()
	methods := map[string][]string{}
	known := shortcut{}
	for _, r := range routes {
		h := a.answering(r.handle, a.refuse)
		mux.Handle(r.method+" "+r.path, h)
		known.add(r, h)
		methods[r.path] = append(methods[r.path], r.method)
	}
	for _, r := range pages {
		mux.Handle(r.method+" "+r.path, a.answering(r.handle, a.refusePage))
		methods[r.path] = append(methods[r.path], r.method)
	}
	for p, allowed := range methods {
		mux.Handle(p, a.answering(methodNotAllowed(allowed), a.fail))
	}
	notFound := a.answering(func(http.ResponseWriter, *http.Request) error { return errNotFound() }, a.fail)
	mux.Handle("/", notFound)
	return known.before(guardPath(mux, notFound)), nil
}

// shortcut answers what is asked most, GETs of fixed paths, as the mux would:
// to find them there takes a tenth of the time of a check.
type shortcut map[string]shortRoute

type shortRoute struct {
	pattern string
	handler http.Handler
}

func (s shortcut) add(r route, h http.Handler) {
	if r.method == http.MethodGet && !strings.Contains(r.path, "{") {
		s[r.path] = shortRoute{r.method + " " + r.path, h}
	}
}

func (s shortcut) before(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		short, found := s[r.URL.Path]
		if !found || r.Method != http.MethodGet || r.URL.RawPath != "" {
			next.ServeHTTP(w, r)
			return
		}
		r.Pattern = short.pattern
		short.handler.ServeHTTP(w, r)
	})
}

// guardPath keeps from the mux what it would answer by itself, with a redirect
// to a cleaner path or with no body, and paths with a letter in disguise, which
// it would read as the letter: nothing here has two names, of which a proxy in
// front might know one.
func guardPath(mux, notFound http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		p := r.URL.EscapedPath()
		clean := path.Clean(p)
		if strings.HasSuffix(p, "/") && clean != "/" {
			clean += "/"
		}
		if !strings.HasPrefix(p, "/") || p != clean || disguised(p) {
			notFound.ServeHTTP(w, r)
			return
		}
		mux.ServeHTTP(w, r)
	})
}

// disguised says whether a path encodes what need not be: unreserved characters
// (RFC 3986, section 2.3), with which all our paths are written.
func disguised(escaped string) bool {
	for rest := escaped; ; {
		_, after, found := strings.Cut(rest, "%")
		if !found {
			return false
		}
		c, err := strconv.ParseUint(after[:min(2, len(after))], 16, 8)
		if err != nil || c < utf8.RuneSelf && (isLetterOrDigit(byte(c)) || strings.IndexByte("-._~", byte(c)) >= 0) {
			return true
		}
		rest = after
	}
}

// answering turns a handler's error into an answer.
func (a *api) answering(h handler, refuse func(http.ResponseWriter, *http.Request, error)) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if err := h(w, r); err != nil {
			refuse(w, r, err)
		}
	})
}

func methodNotAllowed(allowed []string) handler {
	if slices.Contains(allowed, http.MethodGet) {
		allowed = append(allowed, http.MethodHead)
	}
	slices.Sort(allowed)
	list := strings.Join(allowed, ", ")
	return func(w http.ResponseWriter, _ *http.Request) error {
		w.Header().Set("Allow", list)
		return httpError{http.StatusMethodNotAllowed, &core.Error{Code: core.Unsupported, Reason: "method_not_allowed"}}
	}
}

func errNotFound() error {
	return httpError{http.StatusNotFound, &core.Error{Code: core.Unsupported, Reason: "not_found"}}
}

// checkAliases refuses what the mux would panic over, or read as a pattern.
func checkAliases(routes []route, aliases []string) error {
	plain := regexp.MustCompile(`^(/[A-Za-z0-9_.~-]+)+$`)
	served := map[string]int{}
	for _, r := range routes {
		served[r.path]++
	}
	var errs error
	for _, alias := range aliases {
		switch {
		case !plain.MatchString(alias) || path.Clean(alias) != alias:
			errs = errors.Join(errs, fmt.Errorf("httpapi: refresh alias %q is not a plain path", alias))
		case served[alias] > 1 || strings.HasPrefix(alias, "/auth/sessions/") || strings.HasPrefix(alias, core.AvatarPath):
			errs = errors.Join(errs, fmt.Errorf("httpapi: refresh alias %q is taken", alias))
		}
	}
	return errs
}
