package password

import "github.com/authd-go/authd/core"

// NewCheapHasher makes a Hasher of any cost, for the tests of this package
// only: under the race detector one bcrypt of MinCost takes a second.
func NewCheapHasher(cost int) *Hasher { return newHasher(nil, cost) }

// NewCheapHasherOn is NewCheapHasher with its work done elsewhere.
func NewCheapHasherOn(where core.Runner, cost int) *Hasher { return newHasher(where, cost) }
