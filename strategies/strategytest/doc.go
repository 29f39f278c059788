// Package strategytest is the table of rules that every strategy passes: each
// sentence of the capability interfaces that promises something, as a check.
//
// A strategy of your own is tested like ours. Say how to open it over a
// backend of its own, and what it is meant to be able to do:
//
//	func TestConformance(t *testing.T) {
//		strategytest.Run(t, strategytest.Harness{
//			Want: []core.Capability{core.CanLogin},
//			Open: func(ctx context.Context, env core.Env) (*strategytest.Backend, error) {
//				config := mybackend.Config{Path: filepath.Join(t.TempDir(), "users")}
//				...
//				s, err := config.Open(ctx, env)
//				return &strategytest.Backend{Strategy: s, Account: john}, err
//			},
//		})
//	}
//
// Run it under the race detector. A rule that needs a function which the
// harness does not have, or a capability which the strategy does not have, is
// skipped by name: what was not checked is always listed. The more functions
// of [Backend] you give, the more is checked; Seed, Disable, Break and Work
// are those that find the mistakes people make.
//
// What the suite does not check: that one-time tokens work once, expire and
// are bound to their purpose (the house makes them, and core/session tests
// them); that tries are limited (core/guard); that passwords are hashed well.
//
// The package imports core and core/identifier only.
package strategytest
