package httpapi

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/netip"
	"net/url"
	"slices"

	"github.com/authd-go/authd/core"
)

// Checker says whether an access token stands for a live session. The
// registry implements it.
type Checker interface {
	// Check answers Authenticated with the Identity, or says why not.
	Check(context.Context, core.Request) core.CheckResult
}

// ProtectOptions configure Protect. Checker and PublicURL are required; what
// has a counterpart in Options must have the same value, or the two halves
// will not understand each other's cookies.
type ProtectOptions struct {
	Checker        Checker
	PublicURL      *url.URL // of the authd handler; its scheme decides the cookies' names
	AllowedOrigins []string
	TrustedProxies []netip.Prefix
	Transports     []Transport
	Messages       core.Messages
}

type guard struct {
	site
	checker  Checker
	messages core.Messages
}

// Protect returns a middleware that lets signed-in callers through, with their
// identity in the context (core.IdentityFrom). Anybody else gets the contract's
// JSON: 401, or 503 if the session cannot be judged now. The access token is
// taken from the Authorization header or the cookie. A request that is
// authenticated by the cookie and may change something is refused with 403 if
// it comes from another site's page; the handler behind must not change
// anything on GET, HEAD and OPTIONS.
//
// Refusals carry CORS headers for AllowedOrigins, so that pages can read them;
// the CORS headers of successes and the answers to preflights are left to the
// server around, and belong outside of this middleware.
func Protect(o ProtectOptions) (func(http.Handler) http.Handler, error) {
	if o.Checker == nil {
		return nil, errors.New("httpapi: Checker is required")
	}
	s, err := newSite(o.PublicURL, o.AllowedOrigins, o.TrustedProxies, o.Transports, http.SameSiteLaxMode)
	if err != nil {
		return nil, fmt.Errorf("httpapi: %w", err)
	}
	g := &guard{site: s, checker: o.Checker, messages: core.DefaultMessages().With(o.Messages)}
	return g.protect, nil
}

func (g *guard) protect(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		token, fromCookie := g.cookies.accessToken(r, g.transports)
		if fromCookie && g.csrf.Check(r) != nil {
			g.refuse(w, r, g.messages.Refuse(errCrossOrigin()))
			return
		}
		result := g.checker.Check(r.Context(), core.Request{
			Params: core.Params{}, AccessToken: token,
			Client: core.Client{Addr: g.proxies.client(r), UserAgent: userAgent(r), Page: g.page(r)},
		})
		if !result.Authenticated || result.Identity == nil {
			g.refuse(w, r, result.Error)
			return
		}
		ctx := context.WithValue(core.WithIdentity(r.Context(), *result.Identity), refuserKey{}, g)
		next.ServeHTTP(w, r.WithContext(ctx))
	})
}

// refuse answers for the handler behind. A check that does not say what is
// wrong leaves the caller unauthenticated.
func (g *guard) refuse(w http.ResponseWriter, r *http.Request, refusal *core.Refusal) {
	if refusal == nil {
		refusal = g.messages.Refuse(core.Unauthenticated)
	}
	h := w.Header()
	h.Set("Cache-Control", "no-store")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Add("Vary", varyOrigin)
	g.allowOrigin(h, r)
	status := statusOf(refusal.Code)
	if refusal.Code != core.Forbidden {
		status = checkStatus(refusal.Code)
	}
	writeFailure(w, status, refusal)
}

type refuserKey struct{}

// RequireRole returns a middleware that lets callers through whose identity
// has at least one of the roles, and answers 403 to others and 401 where there
// is no identity. It belongs inside of Protect, which gives the identity.
// Without any role it lets nobody through.
func RequireRole(roles ...string) func(http.Handler) http.Handler {
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			g, ok := r.Context().Value(refuserKey{}).(*guard)
			if !ok {
				g = &guard{messages: core.DefaultMessages()}
			}
			id, ok := core.IdentityFrom(r.Context())
			switch {
			case !ok:
				g.refuse(w, r, nil)
			case !slices.ContainsFunc(id.Roles, func(role string) bool { return slices.Contains(roles, role) }):
				g.refuse(w, r, g.messages.Refuse(core.Forbidden))
			default:
				next.ServeHTTP(w, r)
			}
		})
	}
}
