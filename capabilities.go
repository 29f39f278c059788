package authd

import (
	"context"
	"errors"
	"maps"
	"slices"

	"github.com/authd-go/authd/core"
)

// Capabilities says what each strategy of the options can do, as it is
// configured. Like Check it opens the strategies without a store, closes them
// again and reaches for nothing outside the process; it looks at no methods. A
// strategy that cannot be opened is missing from the map, and the error, which
// wraps core.Problems with paths such as "strategies.staff.urls", says why.
func Capabilities(ctx context.Context, o Options) (map[string][]core.Capability, error) {
	o.Users = func(string) core.UserStore { return core.OfflineUsers{} }
	o = o.withDefaults()
	out := make(map[string][]core.Capability, len(o.Strategies))
	var problems core.Problems
	var errs []error
	for _, name := range slices.Sorted(maps.Keys(o.Strategies)) {
		b, err := open(ctx, o, name)
		problems.Merge("strategies."+name, err)
		if b.Broken {
			continue
		}
		out[name] = b.Strategy.Capabilities()
		if b.Strategy.Close != nil {
			errs = append(errs, b.Strategy.Close())
		}
	}
	return out, errors.Join(problems.Err(), errors.Join(errs...))
}
