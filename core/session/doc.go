// Package session owns sessions and the tokens derived from them: access
// tokens with the keys that sign them, refresh tokens with the rule that
// rotates them, and the one-time tokens of password recovery.
//
// One mechanism carries all of it: a session row, and tokens that follow from
// the row. An access token is a signed statement that [Manager.Verify] checks
// without storage. A refresh token is the session's id and a generation under
// a key that only the secret yields, so a forged one is refused before storage
// is touched and a copy of the database holds nothing that can be presented.
// [Manager.Refresh] is one compare-and-swap on the row.
//
// The package depends on core and golang-jwt only. It knows no strategy, no
// configuration file and no HTTP, and keeps no state that another node would
// miss: what is in memory (keys, revoked sessions, checked tokens) is a copy of
// the store that is at most a second old. The clocks of nodes that share a
// store must agree within 30 seconds.
package session
