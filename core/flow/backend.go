// Package flow runs the nine methods of the contract, and the refresh flow
// beside them, over backends that somebody else opened and routed.
//
// It owns the order of questions, the login chain, redirects, public texts and
// the trace of each decision. It knows neither configuration files nor HTTP,
// and imports core, core/identifier, core/onerror and core/session only.
package flow

import (
	"context"
	"slices"
	"time"

	"github.com/authd-go/authd/core"
	"github.com/authd-go/authd/core/identifier"
)

// Backend is an opened strategy as the flows see it. It is not changed after
// it was handed in.
type Backend struct {
	Name       string
	Label      string
	Strategy   core.Strategy
	Accepts    []string // patterns of canonical identifiers; empty accepts all
	Roles      Roles
	TrustEmail bool
	Timeout    time.Duration
	// RevalidateEvery is how long the backend's word on an account is good; 0
	// asks at each refresh.
	RevalidateEvery time.Duration
	// OutageGrace is how long a session goes on without the backend's word; 0 is
	// until its end.
	OutageGrace time.Duration
}

// Roles says how a backend's roles become the front end's.
type Roles struct {
	// Map renames roles. If it is not empty, roles that are not in it are dropped.
	Map map[string]string `koanf:"map"`
	// Default are roles that everybody has who comes from this backend.
	Default []string `koanf:"default"`
}

// Apply returns the front end's roles for a backend's, sorted.
func (r Roles) Apply(roles []string) []string {
	var out []string
	for _, role := range roles {
		if len(r.Map) > 0 {
			mapped, ok := r.Map[role]
			if !ok {
				continue
			}
			role = mapped
		}
		out = append(out, role)
	}
	out = append(out, r.Default...)
	slices.Sort(out)
	return slices.Compact(out)
}

// accepts says whether the backend is asked about an identifier.
func (b *Backend) accepts(canonical string) bool {
	if len(b.Accepts) == 0 {
		return true
	}
	return canonical != "" && slices.ContainsFunc(b.Accepts, func(pattern string) bool {
		return identifier.Match(pattern, canonical)
	})
}

// own finishes an identity that the backend told: it stamps the name and
// applies the house options.
func (b *Backend) own(id core.Identity) core.Identity {
	id = id.Clone()
	id.Strategy = b.Name
	id.Roles = b.Roles.Apply(id.Roles)
	id.EmailVerified = id.EmailVerified && b.TrustEmail
	return id
}

// deadline bounds one question to the backend.
func (b *Backend) deadline(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeout(ctx, b.Timeout)
}

// Step is what a login chain does after an outcome.
type Step string

// The steps. The empty step is StepNext.
const (
	StepNext Step = "next"
	StepStop Step = "stop"
)
