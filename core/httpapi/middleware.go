package httpapi

import (
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"runtime/debug"
	"strings"
	"time"

	"github.com/authd-go/authd/core"
)

const requestIDHeader = "X-Request-Id"

// enter puts the request id and the client's address into the context, bounds
// its time, recovers panics and writes the access log line. The line holds no
// query, body or header, which may hold secrets.
func (a *api) enter(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var x struct {
			scope
			recorder
			id [1]string // the header's value, so that it needs no room of its own
		}
		x.id[0] = a.requestID(r)
		x.scope.begin(r.Context(), facts{id: x.id[0], addr: a.proxies.client(r), start: time.Now()}, a.Timeout)
		x.recorder.ResponseWriter = w
		w.Header()[requestIDHeader] = x.id[:]
		r = r.WithContext(&x.scope)
		defer x.scope.end()
		defer a.logAccess(&x.recorder, r)
		defer a.rescue(&x.recorder, r)
		next.ServeHTTP(&x.recorder, r)
	})
}

// requestID is the trusted proxy's, if it gave a well-formed one, so that both
// logs tell the same story; otherwise a new one.
func (a *api) requestID(r *http.Request) string {
	given := r.Header[requestIDHeader]
	if len(given) == 1 && wellFormedID(given[0]) && a.proxies.trust(parseAddr(r.RemoteAddr)) {
		return given[0]
	}
	high, low := rand.Uint64(), rand.Uint64() //nolint:gosec // ids are told apart and guard nothing
	var id [16]byte
	binary.BigEndian.PutUint64(id[:8], high)
	binary.BigEndian.PutUint64(id[8:], low)
	var text [2 * len(id)]byte
	hex.Encode(text[:], id[:])
	return string(text[:])
}

func wellFormedID(id string) bool {
	for i := range len(id) {
		c := id[i]
		if !isLetterOrDigit(c) && strings.IndexByte("._-", c) < 0 {
			return false
		}
	}
	return len(id) >= 8 && len(id) <= 64
}

func isLetterOrDigit(c byte) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9'
}

// headers sets what every answer carries. Answers are not cached unless a
// handler says otherwise. Cross-Origin-Resource-Policy does not stand in the
// way of allowed origins: it stops requests without CORS only.
//
// The values are made once and shared by all answers, which is safe as long as
// handlers use Set, which puts another slice there, and Add, which copies one
// that is full.
func (a *api) headers(next http.Handler) http.Handler {
	type header struct {
		name   string
		values []string
	}
	var fixed []header // a list, which is quicker to walk than a map
	for name, values := range a.fixedHeaders() {
		fixed = append(fixed, header{name, values})
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		for _, f := range fixed {
			h[f.name] = f.values
		}
		a.allowOrigin(h, r)
		next.ServeHTTP(w, r)
	})
}

func (a *api) fixedHeaders() http.Header {
	h := http.Header{}
	h.Set("Cache-Control", "no-store")
	h.Set("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("Vary", varyOrigin)
	h.Set("X-Content-Type-Options", "nosniff")
	if a.cookies.secure {
		h.Set("Strict-Transport-Security", "max-age=31536000")
	}
	return h
}

func (a *api) logAccess(rec *recorder, r *http.Request) {
	level := accessLevel(r, rec.status)
	if !a.Log.Enabled(r.Context(), level) {
		return
	}
	f := factsOf(r)
	a.Log.LogAttrs(r.Context(), level, "request",
		slog.String("method", logMethod(r.Method)),
		slog.String("route", r.Pattern),
		slog.Int("status", rec.status), // 0 if the connection was dropped without an answer
		slog.Duration("duration", time.Since(f.start)),
		slog.String("requestId", f.id),
		slog.String("client", f.addr.String()),
	)
}

// accessLevel is debug for good answers to what is asked all the time and
// changes nothing: front ends ask on every page, and probes every few seconds.
func accessLevel(r *http.Request, status int) slog.Level {
	switch r.Pattern {
	case "GET /healthz", "GET /readyz":
		return slog.LevelDebug
	case "GET /auth/check", "GET /auth/permissions", "GET /auth/identity":
		if status == http.StatusOK {
			return slog.LevelDebug
		}
	}
	return slog.LevelInfo
}

// logMethod keeps made-up methods of any length out of the log.
func logMethod(method string) string {
	switch method {
	case http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch,
		http.MethodDelete, http.MethodOptions, http.MethodConnect, http.MethodTrace:
		return method
	}
	return "other"
}

// rescue turns a panic into a 500, or drops the connection if the answer has
// begun. http.ErrAbortHandler is net/http's own way to do the latter.
func (a *api) rescue(rec *recorder, r *http.Request) {
	cause := recover()
	if cause == nil {
		return
	}
	if cause == http.ErrAbortHandler {
		panic(cause)
	}
	a.Log.ErrorContext(r.Context(), "panic in a handler", "requestId", factsOf(r).id, "route", r.Pattern,
		"panic", fmt.Sprint(cause), "stack", string(debug.Stack()))
	if rec.status != 0 {
		panic(http.ErrAbortHandler)
	}
	writeFailure(rec, http.StatusInternalServerError, a.Messages.Refuse(core.Internal))
}

// crossOrigin refuses changes that a page of a foreign origin asks for. Requests
// without Origin and Sec-Fetch-Site do not come from browsers and pass.
func (a *api) crossOrigin(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if err := a.csrf.Check(r); err != nil {
			a.fail(w, r, errCrossOrigin())
			return
		}
		next.ServeHTTP(w, r)
	})
}

func errCrossOrigin() error {
	return &core.Error{Code: core.Forbidden, Op: "cross-origin check", Reason: "cross_origin"}
}

// recorder notes the status. Unwrap keeps http.ResponseController working.
type recorder struct {
	http.ResponseWriter
	status int
}

func (r *recorder) Unwrap() http.ResponseWriter { return r.ResponseWriter }

func (r *recorder) WriteHeader(status int) {
	if r.status == 0 {
		r.status = status
	}
	r.ResponseWriter.WriteHeader(status)
}

func (r *recorder) Write(b []byte) (int, error) {
	if r.status == 0 {
		r.status = http.StatusOK
	}
	return r.ResponseWriter.Write(b)
}

// headerOf is Header.Get for a name in its canonical form, which need not be
// looked at character by character.
func headerOf(r *http.Request, canonical string) string {
	if values := r.Header[canonical]; len(values) > 0 {
		return values[0]
	}
	return ""
}

// maxUserAgent bounds what is kept of the header, in bytes.
const maxUserAgent = 512

func userAgent(r *http.Request) string {
	ua := headerOf(r, "User-Agent")
	return strings.ToValidUTF8(ua[:min(len(ua), maxUserAgent)], "")
}
