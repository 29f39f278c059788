package main

import (
	"context"
	"strings"
	"testing"

	"github.com/authd-go/authd/core"
)

// TestDoctorAsksReady: a strategy without a diagnosis of its own has Ready, or nothing.
func TestDoctorAsksReady(t *testing.T) {
	for name, c := range map[string]struct {
		strategy core.Strategy
		want     string
	}{
		"ready":   {core.Strategy{Ready: func(context.Context) error { return nil }}, "the backend answers"},
		"not":     {core.Strategy{Ready: func(context.Context) error { return core.Unavailable }}, "failed   ready"},
		"nothing": {core.Strategy{}, "there is nothing to look at"},
	} {
		var out strings.Builder
		k := &checkup{paper: &paper{out: &out}}
		k.paper.begin("theirs", "custom")
		k.look(t.Context(), c.strategy)
		if !strings.Contains(out.String(), c.want) {
			t.Errorf("%s: %s", name, out.String())
		}
	}
}
