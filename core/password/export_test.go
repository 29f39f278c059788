package password

// NewCheapHasher makes a Hasher of any cost, for the tests of this package
// only: under the race detector one bcrypt of MinCost takes a second.
func NewCheapHasher(cost int) *Hasher { return &Hasher{cost: cost, dummy: randomDummy()} }
