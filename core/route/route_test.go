package route_test

import (
	"strings"
	"testing"

	"github.com/authd-go/authd/core"
	"github.com/authd-go/authd/core/flow"
	"github.com/authd-go/authd/core/onerror"
	"github.com/authd-go/authd/core/route"
)

type able struct {
	core.Authenticator
	core.Registrar
	core.Recoverer
	core.PasswordChanger
}

// backends are: full, which can everything that is asked for here; staff,
// which can only sign in; and broken, which could not be opened.
func backends() map[string]route.Backend {
	var a able
	backend := func(name string, s core.Strategy) *flow.Backend { return &flow.Backend{Name: name, Strategy: s} }
	return map[string]route.Backend{
		"full":   {Backend: backend("full", core.Strategy{Authenticator: a, Registrar: a, Recoverer: a, PasswordChanger: a}), Kind: "local"},
		"staff":  {Backend: backend("staff", core.Strategy{Authenticator: a}), Kind: "ldap"},
		"broken": {Backend: backend("broken", core.Strategy{}), Kind: "oidc", Broken: true},
	}
}

func resolve(change func(*route.Methods)) (flow.Routes, string) {
	m := route.Defaults()
	m.Login.Use = route.Names("staff", "full")
	change(&m)
	routes, problems := m.Resolve(backends(), core.RedirectPolicy{})
	return routes, problems.Error()
}

func TestResolve(t *testing.T) {
	routes, problems := resolve(func(m *route.Methods) {
		m.Login.Use = route.Use{{Strategy: "staff", OnUnavailable: flow.StepStop}, {Strategy: "full"}, {Strategy: "broken"}}
		m.Register.Use = route.Names("full")
		m.ForgotPassword.Use = route.Names("full", "broken")
		m.UpdatePassword.Use = route.Names("session", "full")
	})
	if problems != "" {
		t.Fatal(problems)
	}
	first, second := routes.Login[0], routes.Login[1]
	if first.Name != "staff" || first.OnUnavailable != flow.StepStop || first.OnUnknown != flow.StepNext || second.Name != "full" {
		t.Errorf("chain %+v", routes.Login)
	}
	if u := routes.UpdatePassword; !u.Session || len(u.Backends) != 1 || u.RedirectTo != "/login" {
		t.Errorf("updatePassword %+v", u)
	}
	if !routes.Permissions.Session || !routes.Identity.Session || routes.CheckTo != "/login" {
		t.Errorf("defaults %+v", routes)
	}
}

func TestResolveProblems(t *testing.T) {
	for _, c := range []struct {
		name   string
		change func(*route.Methods)
		want   string
	}{
		{
			"no login", func(m *route.Methods) { m.Login.Use = nil },
			`methods.login.use: is required: name the strategies to ask, in order; these can: full, staff`,
		},
		{
			"cannot", func(m *route.Methods) { m.Register.Use = route.Names("staff") },
			`methods.register.use: strategy "staff" (ldap) cannot register; these can: full`,
		},
		{
			"undefined", func(m *route.Methods) { m.Login.Use = route.Names("full", "stuff") },
			`methods.login.use[1]: no strategy is named "stuff"; these can: full, staff`,
		},
		{
			"twice", func(m *route.Methods) { m.Login.Use = route.Names("full", "full") },
			`methods.login.use[1]: strategy "full" is named twice`,
		},
		{
			"session at login", func(m *route.Methods) { m.Login.Use = route.Names("session") },
			`methods.login.use: nobody is signed in yet at login: name a strategy; these can: full, staff`,
		},
		{
			"session at register", func(m *route.Methods) { m.Register.Use = route.Names("session") },
			`methods.register.use: nobody is signed in here: name a strategy; these can: full`,
		},
		{"no session can", func(m *route.Methods) {
			m.Login.Use = route.Names("staff")
			m.UpdatePassword.Use = route.Names("session")
		}, `methods.updatePassword.use: session: none of the strategies of methods.login can change a password; these can: full`},
		{
			"dead link", func(m *route.Methods) { m.ForgotPassword.Use = route.Names("full") },
			`methods.forgotPassword.use: the links of strategy "full" lead to updatePassword, which does not use it; add it to methods.updatePassword.use`,
		},
		{
			"odd step", func(m *route.Methods) { m.Login.Use[0].OnUnknown = "halt" },
			`methods.login.use[0].onUnknown: "halt" is not a step; write next or stop`,
		},
		{
			"step elsewhere", func(m *route.Methods) { m.Register.Use = route.Use{{Strategy: "full", OnUnknown: flow.StepStop}} },
			`methods.register.use: onUnknown, onRejected and onUnavailable belong to methods.login only`,
		},
		{
			"redirect", func(m *route.Methods) { m.Login.RedirectTo = "//evil.example" },
			`methods.login.redirectTo: must not start with two slashes; write a path such as /login, or add the origin to redirects.allowedOrigins`,
		},
		{
			"onError", func(m *route.Methods) { m.OnError.Rules = onerror.Table{{RedirectTo: "https://evil.example"}} },
			"methods.onError.rules[0].redirectTo: must be a path or a URL of an allowed origin; write a path such as /login, or add the origin to redirects.allowedOrigins\n" +
				"methods.onError.rules[0].status: is required: write 401, 5xx, 500-599 or a list of these",
		},
		{
			"nobody can", func(m *route.Methods) { m.GetPermissions.Use = route.Names("full") },
			`methods.getPermissions.use: strategy "full" (local) cannot tell permissions; no strategy can tell permissions; session answers with the roles that the sign-in brought`,
		},
		{"broken ones are passed over", func(m *route.Methods) { m.Register.Use = route.Names("broken") }, ""},
	} {
		if _, got := resolve(c.change); got != c.want {
			t.Errorf("%s:\n got %s\nwant %s", c.name, strings.ReplaceAll(got, "\n", "\n     "), c.want)
		}
	}
}
