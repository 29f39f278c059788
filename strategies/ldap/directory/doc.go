// Package directory keeps connections to the servers of one LDAP directory
// (RFC 4511): several servers that hold the same entries, tried in order, with
// a back-off for each that fails.
//
// It owns transport only: dialling, TLS, binding as the service, pools, health
// and time limits. It knows neither accounts nor groups. A connection that was
// bound as a user never answers a search of the service: there are two pools
// for each server, and nothing moves between them.
//
// go-ldap does not take a context. Here each connection serves one caller at a
// time, and the connection is cut when the caller's context or the time limit
// of the attempt ends, which makes go-ldap return.
package directory
