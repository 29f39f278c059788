package route

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/authd-go/authd/core"
	"github.com/authd-go/authd/core/flow"
)

// Backend is an opened backend, or one that could not be opened: that one is
// known by name, and nothing is said about what it can do.
type Backend struct {
	*flow.Backend
	Kind   string
	Broken bool
}

// Resolve turns names into backends. All problems come back at once, with
// paths below "methods"; the routes are good only if there is none.
func (m Methods) Resolve(backends map[string]Backend, redirects core.RedirectPolicy) (flow.Routes, core.Problems) {
	r := &resolver{backends: backends, redirects: redirects}
	routes := flow.Routes{
		Backends:       r.opened(),
		Login:          r.login(m.Login.Use),
		LoginTo:        m.Login.RedirectTo,
		LoginFailureTo: m.Login.FailureRedirectTo,
		CheckTo:        m.Check.RedirectTo,
		CheckLogout:    m.Check.Logout,
		LogoutTo:       m.Logout.RedirectTo,
		Register:       r.route("methods.register", m.Register, core.CanRegister),
		ForgotPassword: r.route("methods.forgotPassword", m.ForgotPassword, core.CanRecover),
		UpdatePassword: r.route("methods.updatePassword", m.UpdatePassword, core.CanChangePassword, core.CanRecover),
		Permissions:    r.use("methods.getPermissions.use", m.GetPermissions.Use, core.CanPermissions),
		Identity:       r.use("methods.getIdentity.use", m.GetIdentity.Use, core.CanIdentity),
		OnError:        m.OnError.Rules,
	}
	r.sessionBackends(m, routes)
	r.recoverable(routes)
	r.targets(m)
	return routes, r.problems
}

type resolver struct {
	backends  map[string]Backend
	redirects core.RedirectPolicy
	problems  core.Problems
}

func (r *resolver) opened() map[string]*flow.Backend {
	out := make(map[string]*flow.Backend, len(r.backends))
	for name, b := range r.backends {
		out[name] = b.Backend
	}
	return out
}

func (r *resolver) login(use Use) []flow.Link {
	const path = "methods.login.use"
	if len(use) == 0 {
		r.problems.Add(path, "is required: name the strategies to ask, in order; "+r.able(core.CanLogin))
	}
	var links []flow.Link
	for i, link := range use {
		at := entry(path, use, i)
		if link.Strategy == Session {
			r.problems.Add(at, "nobody is signed in yet at login: name a strategy; "+r.able(core.CanLogin))
			continue
		}
		b := r.capable(at, use, i, core.CanLogin, core.CanRedirect, core.CanLoginToken)
		links = append(links, flow.Link{
			Backend: b, OnUnknown: r.step(at, "onUnknown", link.OnUnknown),
			OnRejected: r.step(at, "onRejected", link.OnRejected), OnUnavailable: r.step(at, "onUnavailable", link.OnUnavailable),
		})
	}
	return links
}

func (r *resolver) step(path, name string, s flow.Step) flow.Step {
	switch s {
	case "":
		return flow.StepNext
	case flow.StepNext, flow.StepStop:
	default:
		r.problems.Add(path+"."+name, fmt.Sprintf("%q is not a step; write next or stop", s))
	}
	return s
}

func (r *resolver) route(path string, route Route, needs ...core.Capability) flow.Route {
	out := flow.Route{
		Use: r.use(path+".use", route.Use, needs...), RedirectTo: route.RedirectTo, FailureRedirectTo: route.FailureRedirectTo,
	}
	if out.Session && !slices.Contains(needs, core.CanChangePassword) {
		r.problems.Add(path+".use", "nobody is signed in here: name a strategy; "+r.able(needs...))
	}
	return out
}

// use resolves a list whose backends need one of the capabilities.
func (r *resolver) use(path string, use Use, needs ...core.Capability) flow.Use {
	var out flow.Use
	for i, link := range use {
		at := entry(path, use, i)
		if link.OnUnknown != "" || link.OnRejected != "" || link.OnUnavailable != "" {
			r.problems.Add(at, "onUnknown, onRejected and onUnavailable belong to methods.login only")
		}
		if link.Strategy == Session {
			out.Session = true
		} else if b := r.capable(at, use, i, needs...); b != nil {
			out.Backends = append(out.Backends, b)
		}
	}
	return out
}

// capable returns the named backend if it has one of the capabilities.
func (r *resolver) capable(path string, use Use, i int, needs ...core.Capability) *flow.Backend {
	name := use[i].Strategy
	b, ok := r.backends[name]
	switch {
	case !ok:
		r.problems.Add(path, fmt.Sprintf("no strategy is named %q; %s", name, r.able(needs...)))
		return nil
	case slices.ContainsFunc(use[:i], func(l Link) bool { return l.Strategy == name }):
		r.problems.Add(path, fmt.Sprintf("strategy %q is named twice", name))
	case !b.Broken && !canOne(b, needs):
		r.problems.Add(path, fmt.Sprintf("strategy %q (%s) cannot %s; %s%s", name, b.Kind, needs[0], r.able(needs...), remembered(needs[0])))
	}
	return b.Backend
}

// remembered says where else an answer is, if sessions hold it.
func remembered(what core.Capability) string {
	switch what {
	case core.CanPermissions:
		return "; session answers with the roles that the sign-in brought"
	case core.CanIdentity:
		return "; session answers with what the sign-in told"
	}
	return ""
}

// sessionBackends refuses "session" where no backend of the login chain could
// ever answer. Permissions and identity need none: the session remembers them.
func (r *resolver) sessionBackends(m Methods, routes flow.Routes) {
	if !routes.UpdatePassword.Session {
		return
	}
	for _, link := range m.Login.Use {
		b, ok := r.backends[link.Strategy]
		if ok && (b.Broken || canOne(b, []core.Capability{core.CanChangePassword, core.CanRecover})) {
			return
		}
	}
	r.problems.Add("methods.updatePassword.use",
		"session: none of the strategies of methods.login can change a password; "+r.able(core.CanChangePassword))
}

// recoverable sees to it that a reset link can be redeemed.
func (r *resolver) recoverable(routes flow.Routes) {
	for _, b := range routes.ForgotPassword.Backends {
		u := routes.UpdatePassword
		if !u.Session && !slices.Contains(u.Backends, b) {
			r.problems.Add("methods.forgotPassword.use",
				fmt.Sprintf("the links of strategy %q lead to updatePassword, which does not use it; add it to methods.updatePassword.use", b.Name))
		}
	}
}

func (r *resolver) targets(m Methods) {
	for _, t := range []struct{ path, target string }{
		{"methods.login.redirectTo", m.Login.RedirectTo},
		{"methods.login.failureRedirectTo", m.Login.FailureRedirectTo},
		{"methods.check.redirectTo", m.Check.RedirectTo},
		{"methods.logout.redirectTo", m.Logout.RedirectTo},
		{"methods.register.redirectTo", m.Register.RedirectTo},
		{"methods.register.failureRedirectTo", m.Register.FailureRedirectTo},
		{"methods.forgotPassword.redirectTo", m.ForgotPassword.RedirectTo},
		{"methods.forgotPassword.failureRedirectTo", m.ForgotPassword.FailureRedirectTo},
		{"methods.updatePassword.redirectTo", m.UpdatePassword.RedirectTo},
		{"methods.updatePassword.failureRedirectTo", m.UpdatePassword.FailureRedirectTo},
	} {
		r.target(t.path, t.target)
	}
	for i, rule := range m.OnError.Rules {
		path := fmt.Sprintf("methods.onError.rules[%d]", i)
		r.target(path+".redirectTo", rule.RedirectTo)
		if len(rule.Status) == 0 {
			r.problems.Add(path+".status", "is required: write 401, 5xx, 500-599 or a list of these")
		}
	}
}

func (r *resolver) target(path, target string) {
	if target == "" {
		return
	}
	if err := r.redirects.Judge(target); err != nil {
		r.problems.Add(path, err.Error()+"; write a path such as /login, or add the origin to redirects.allowedOrigins")
	}
}

// able names the backends that have one of the capabilities.
func (r *resolver) able(needs ...core.Capability) string {
	var names []string
	for _, name := range slices.Sorted(maps.Keys(r.backends)) {
		if b := r.backends[name]; !b.Broken && canOne(b, needs) {
			names = append(names, name)
		}
	}
	if len(names) == 0 {
		return "no strategy can " + string(needs[0])
	}
	return "these can: " + strings.Join(names, ", ")
}

func canOne(b Backend, needs []core.Capability) bool {
	return slices.ContainsFunc(b.Strategy.Capabilities(), func(c core.Capability) bool { return slices.Contains(needs, c) })
}

// entry is the path of one name; a list of one may be written as a plain name.
func entry(path string, use Use, i int) string {
	if len(use) == 1 {
		return path
	}
	return fmt.Sprintf("%s[%d]", path, i)
}
