// Package ldap signs people in against an LDAP directory: OpenLDAP, Active
// Directory, 389 Directory Server, FreeIPA and what speaks like them.
//
// It owns what a directory account is: how it is found, when its password is
// right and what the server's refusals mean, which groups it is in. The folder
// directory beside it owns the connections. Sessions, roles as front ends see
// them, and limits on tries belong to the house.
package ldap

import "github.com/authd-go/authd/core"

// Kind returns the strategy type "ldap" for strategies.All.
func Kind() core.Kind {
	return core.Kind{Name: "ldap", New: func() core.StrategyConfig { return NewConfig() }}
}
