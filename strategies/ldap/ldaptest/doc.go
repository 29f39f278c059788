// Package ldaptest is an LDAP server in the test's own process: entries in
// memory, simple binds, searches with filters, StartTLS, the password modify
// operation, and faults on demand. It speaks enough of RFC 4511 for the tests
// of strategies/ldap to run without a directory; that real directories behave
// as it does is proved elsewhere, against real ones.
package ldaptest
