package config_test

import (
	"context"
	"fmt"

	"github.com/authd-go/authd/config"
)

func ExampleLoad() {
	c, err := config.Load(context.Background(), config.Sources{
		Defaults: config.Document{Name: "builtin.yaml", Text: []byte(`
strategies: {members: {type: local}}
methods: {login: {use: members}}
`)},
		Env:   []string{"AUTHD_SESSION__ACCESS_TTL=5m"},
		Kinds: kinds(), // strategies.All() in a program
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	source, _ := c.Origin("session.accessTTL")
	fmt.Println(c.Session.AccessTTL, "from", source)
	// Output: 5m0s from AUTHD_SESSION__ACCESS_TTL
}

func ExampleReport() {
	_, err := config.Load(context.Background(), config.Sources{
		Defaults: config.Document{Name: "authd.yaml", Text: []byte(`
strategies:
  staff: {type: ldap, urls: [ldaps://dc1.example.com], urll: ldaps://dc2.example.com}
  members: {type: local}
methods:
  login: {use: [staff, members]}
  register: {use: staff}
`)},
		Kinds: kinds(),
	})
	fmt.Println(err)
	// Output:
	// authd.yaml:3:56: strategies.staff.urll: unknown key; did you mean "urls"?
	// authd.yaml:7:19: methods.register.use: strategy "staff" (ldap) cannot register; these can: members
	// 2 problems
}
