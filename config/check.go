package config

import (
	"context"
	"fmt"
	"maps"
	"slices"

	authd "github.com/authd-go/authd"
	"github.com/authd-go/authd/core"
)

// used is what one method says about backends.
type used struct {
	path string
	use  authd.Use
}

func usesOf(m authd.Methods) []used {
	return []used{
		{"methods.login.use", m.Login.Use},
		{"methods.register.use", m.Register.Use},
		{"methods.forgotPassword.use", m.ForgotPassword.Use},
		{"methods.updatePassword.use", m.UpdatePassword.Use},
		{"methods.getPermissions.use", m.GetPermissions.Use},
		{"methods.getIdentity.use", m.GetIdentity.Use},
	}
}

// check asks the registry what it would say about the options. Where something
// was reported already, what follows from it is left out.
func (v *validator) check(ctx context.Context) {
	if v.report.at(strategiesKey) {
		return
	}
	v.names()
	var problems core.Problems
	problems.Merge("", authd.Check(ctx, v.Options()))
	before := collector{v.report.problems}
	for _, p := range problems {
		if p.Path == "" || !before.about(p.Path) {
			v.add(p.Path, p.Message)
		}
	}
}

// names reports the names in use lists that no strategy has. The registry
// would too; here it can be said what was meant.
func (v *validator) names() {
	known := slices.Sorted(maps.Keys(v.Strategies))
	for _, u := range usesOf(v.Methods) {
		for i, link := range u.use {
			if _, ok := v.Strategies[link.Strategy]; ok || link.Strategy == authd.Session || link.Strategy == "" {
				continue
			}
			v.undefined(u, i, link.Strategy, known)
		}
	}
}

func (v *validator) undefined(u used, i int, name string, known []string) {
	at, key := item(u.path, i)+".strategy", u.path
	if v.tree.find(u.path).shape == list {
		key = item(u.path, i)
	}
	message := fmt.Sprintf("no strategy is named %s; the strategies are: %s", quote(name), listed(known))
	v.report.suggest(v.tree.find(at).where(), key, message, nearest(name, append(known, authd.Session)))
}

// warnings are about what is allowed and probably not meant.
func (v *validator) warnings(canMail bool) []Problem {
	var out collector
	named := map[string]bool{}
	for _, u := range usesOf(v.Methods) {
		for _, link := range u.use {
			named[link.Strategy] = true
		}
	}
	for _, name := range slices.Sorted(maps.Keys(v.Strategies)) {
		if key := join(strategiesKey, name); !named[name] {
			out.add(v.tree.find(key).where(), key, "is not used by any method")
		}
	}
	if len(v.Methods.ForgotPassword.Use) > 0 && !canMail {
		const key = "methods.forgotPassword.use"
		out.add(v.tree.find(key).where(), key, "nothing will be sent, because no mail is set up; print links with `authd user reset`")
	}
	return out.sorted()
}
