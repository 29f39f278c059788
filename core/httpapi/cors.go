package httpapi

import "net/http"

// varyOrigin is said of every answer, or a cache could mix up those for allowed
// origins with those for others.
const varyOrigin = "Origin"

// allowOrigin sets the CORS headers (WHATWG Fetch, section 3.2) for pages of an
// allowed origin. Others get none, so their browser keeps the answer from them.
func (s *site) allowOrigin(h http.Header, r *http.Request) {
	origin := headerOf(r, "Origin")
	if !s.allowed[origin] {
		return
	}
	h.Set("Access-Control-Allow-Origin", origin)
	h.Set("Access-Control-Allow-Credentials", "true")
	h.Set("Access-Control-Expose-Headers", "retry-after, x-request-id")
}

// preflight answers CORS preflights on every path, so that a page that asks
// for a path that is not there can read that in the answer.
func (a *api) preflight(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodOptions || r.Header.Get("Origin") == "" || r.Header.Get("Access-Control-Request-Method") == "" {
			next.ServeHTTP(w, r)
			return
		}
		h := w.Header()
		h.Add("Vary", "Access-Control-Request-Method, Access-Control-Request-Headers")
		if a.allowed[r.Header.Get("Origin")] {
			h.Set("Access-Control-Allow-Methods", "GET, HEAD, POST, DELETE")
			h.Set("Access-Control-Allow-Headers", "authorization, content-type, authd-transport, x-requested-with")
			h.Set("Access-Control-Max-Age", "7200")
		}
		w.WriteHeader(http.StatusNoContent)
	})
}
