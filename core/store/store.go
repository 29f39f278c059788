// Package store says what a durable store is: the storage interfaces of
// package core in one bundle, and the obligations every driver keeps beyond
// what their sentences say.
//
// It imports core only. The drivers live in folders of their own below it,
// and storetest is the table of rules that each of them passes.
package store

import (
	"context"

	"github.com/authd-go/authd/core"
)

// Store is everything that must last. Parts of it are handed out under the
// small interfaces it is made of: a session manager sees a core.SessionStore,
// a strategy the core.UserStore of its own users.
//
// It is an interface and not a struct of fields, as a strategy is, because
// nothing in it is optional: a store without one of its parts is no store, and
// the compiler says so. A wrapper embeds a Store and overrides what it counts,
// delays or breaks.
//
// Obligations, beyond those in package core:
//
//   - A write is atomic: it happens as a whole or not at all, whatever
//     happens to the process or the machine, and it has reached the disk when
//     the method returns nil. An error of code Unavailable says that it did not
//     happen or that its fate is unknown; every other error says that nothing
//     was written.
//   - Whoever got the answer of a write sees that write in every later read,
//     in this process.
//   - A context that has ended before a write began means that the write does
//     not happen. A write that has begun is carried through, and its true
//     result is returned.
//   - A duplicate is Conflict; a database that cannot answer (down, busy, out
//     of space, closed, a deadline) is Unavailable; an argument that names
//     nothing is InvalidInput. A driver's own errors never come out bare.
//   - No error holds a password hash, a token hash, a sealed key or a value
//     that somebody typed.
//   - Times keep at least millisecond precision and come back in UTC; the zero
//     time comes back as the zero time. A lifetime ends at its end: a session
//     or token that expires at t is dead at t.
//   - Text is compared byte by byte: whoever calls has put it in canonical form.
//   - Ordering an account's sessions to end also ends those that have merely
//     expired, without reporting them, so that a node whose clock is behind
//     cannot revive one.
//   - A session stays with its account: an Identity that comes with an advance
//     replaces names, roles and claims, never the strategy and the subject.
//   - Claims come back as encoding/json reads them with numbers as
//     json.Number: their JSON is the same as before.
type Store interface {
	core.SessionStore
	core.TokenStore
	core.OnceStore
	core.KeyStore
	core.ThrottleStore
	core.AuditStore

	// Users returns the store of one strategy's users. Users of different
	// strategies never meet: the same identifier may exist in each. The result
	// costs nothing and is good until Close.
	Users(strategy string) core.UserStore

	// Ready returns nil if the store can be read and written now, else
	// Unavailable with the cause.
	Ready(context.Context) error

	// Close lets writes that have begun finish, answers Unavailable to those
	// that have not, and frees what the store holds. After it every method,
	// Ready too, answers Unavailable. It may be called twice.
	Close() error
}
