package strategytest

import (
	"context"
	"fmt"
)

// Check checks the one rule of this name.
func Check(ctx context.Context, name string, h Harness) (skipped string, err error) {
	for _, r := range Rules() {
		if r.Name == name {
			return r.walk(ctx, h)
		}
	}
	return "", fmt.Errorf("there is no rule %q", name)
}
