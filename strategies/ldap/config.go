package ldap

import (
	"time"

	"github.com/authd-go/authd/core"
	"github.com/authd-go/authd/strategies/ldap/directory"
)

// Config holds the options. NewConfig fills in the defaults; what Directory
// knows fills in what is empty after that.
type Config struct {
	Directory         string      `koanf:"directory" doc:"the kind of directory: generic, openldap, activeDirectory, ds389 or freeipa. It fills in what is not set below"`
	URLs              []string    `koanf:"urls" doc:"the servers, ldaps://host or ldap://host, the preferred one first; each holds the same entries. ldaps+srv://example.com or ldap+srv://example.com stands for those that DNS names (SRV records)"`
	StartTLS          bool        `koanf:"startTLS" doc:"upgrade ldap:// connections to TLS before anything else is said on them"`
	InsecurePlaintext bool        `koanf:"insecurePlaintext" doc:"allow passwords to cross the network unencrypted, to a server that is not on this machine"`
	TLS               TLS         `koanf:"tls" doc:"how the servers prove who they are, and authd to them"`
	BindDN            string      `koanf:"bindDN" doc:"the account that looks people up; without one the lookups are anonymous"`
	BindPassword      core.Secret `koanf:"bindPassword" doc:"its password"`
	Users             Users       `koanf:"users" doc:"where people are, and how they are found"`
	Groups            Groups      `koanf:"groups" doc:"where groups are; their names become roles"`
	Passwords         Passwords   `koanf:"passwords" doc:"whether passwords are changed, too; without change and reset nothing is ever written"`
	Pool              Pool        `koanf:"pool" doc:"the connections that are kept"`
	// AttemptTimeout is shorter than the house's timeout, so that there is time
	// for a second server.
	AttemptTimeout time.Duration `koanf:"attemptTimeout" doc:"how long one server may take to connect, and to answer one question, before the next one is asked"`
}

// TLS is the security of connections.
type TLS struct {
	CAFile     string `koanf:"caFile" doc:"PEM file of the authorities that are believed, in place of the system's"`
	CertFile   string `koanf:"certFile" doc:"PEM file of the certificate that authd shows"`
	KeyFile    string `koanf:"keyFile" doc:"PEM file of its key"`
	ServerName string `koanf:"serverName" doc:"the name that servers must prove, in place of the one in their URL"`
	MinVersion string `koanf:"minVersion" doc:"the oldest version of TLS: 1.2 or 1.3"`
}

// Users says where people are and how they are found.
type Users struct {
	BaseDN     string     `koanf:"baseDN" doc:"the entry below which people are"`
	Scope      string     `koanf:"scope" doc:"how far below: sub (at any depth) or one (directly)"`
	Filter     string     `koanf:"filter" doc:"finds one person; {username} stands for what was typed, in its canonical form"`
	Bind       string     `koanf:"bind" doc:"binds without a search first, as this DN, uid={username},ou=people,..., or name, {username}@ad.example.com; the entry is then read as the user"`
	Attributes Attributes `koanf:"attributes" doc:"which attribute tells what"`
	Disabled   Condition  `koanf:"disabled" doc:"marks accounts that may not sign in, beside what the kind of directory knows"`
}

// Attributes name the attributes that an identity is made of.
type Attributes struct {
	ID       string `koanf:"id" doc:"the subject: it must never change and never be given to somebody else"`
	Username string `koanf:"username" doc:"the user name"`
	Name     string `koanf:"name" doc:"the name to show"`
	Email    string `koanf:"email" doc:"the address; of several the first good one counts, and all are told as the claim emails"`
	Photo    string `koanf:"photo" doc:"the photo, shown as the avatar; none shows none"`
}

// Condition holds for entries with one of the values.
type Condition struct {
	Attribute string   `koanf:"attribute" doc:"the attribute to look at"`
	Values    []string `koanf:"values" doc:"any of these, in any case, means yes"`
}

// Groups says where groups are.
type Groups struct {
	BaseDN    string `koanf:"baseDN" doc:"the entry below which groups are; empty takes the user's memberOf as it is"`
	Filter    string `koanf:"filter" doc:"finds the groups of a member; {dn} stands for the member's DN and {username} for its user name"`
	Nested    string `koanf:"nested" doc:"how groups of groups are found: none, walk (ask again for each group), inChain or tokenGroups (Active Directory's own)"`
	Name      string `koanf:"name" doc:"the attribute that names a group"`
	MaxDepth  int    `koanf:"maxDepth" doc:"how many steps walk goes"`
	MaxGroups int    `koanf:"maxGroups" doc:"how many groups one person may be in; with more the login fails, since roles would be missing"`
}

// Passwords says which passwords are written, and how.
type Passwords struct {
	Change       bool        `koanf:"change" doc:"let people change their passwords, and set a new one where the directory asks for that before they may sign in"`
	Reset        bool        `koanf:"reset" doc:"set new passwords for people who forgot theirs, by an account that may do so"`
	Method       string      `koanf:"method" doc:"extended (the password modify operation, RFC 3062), unicodePwd (Active Directory's) or userPassword (the attribute, which the server must hash)"`
	BindDN       string      `koanf:"bindDN" doc:"the account that sets passwords of others; without one it is the service's"`
	BindPassword core.Secret `koanf:"bindPassword" doc:"its password"`
}

// Pool bounds the connections.
type Pool struct {
	Size        int           `koanf:"size" doc:"connections to each server, for lookups and as many again for people's passwords"`
	IdleTimeout time.Duration `koanf:"idleTimeout" doc:"how long one may lie unused"`
	MaxLife     time.Duration `koanf:"maxLife" doc:"how old one may become"`
}

// PhotoNone is the value of Attributes.Photo that shows none.
const PhotoNone = "none"

// The values of Groups.Nested.
const (
	NestedNone        = "none"
	NestedWalk        = "walk"
	NestedInChain     = "inChain"
	NestedTokenGroups = "tokenGroups"
)

// NewConfig returns the defaults.
func NewConfig() *Config {
	return &Config{
		Directory:      Generic,
		TLS:            TLS{MinVersion: "1.2"},
		Users:          Users{Scope: "sub"},
		Groups:         Groups{Name: "cn", MaxDepth: 10, MaxGroups: 1000},
		Pool:           Pool{Size: directory.DefaultSize, IdleTimeout: directory.DefaultIdleTimeout, MaxLife: directory.DefaultMaxLife},
		AttemptTimeout: directory.DefaultTimeout,
	}
}
