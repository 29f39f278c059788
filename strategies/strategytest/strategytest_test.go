package strategytest_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/authd-go/authd/core"
	"github.com/authd-go/authd/strategies/strategytest"
)

func untouched(*subjectOfStudy) {}

// A correct strategy with every capability keeps every rule, and no rule is
// skipped for it.
func TestCorrectStrategy(t *testing.T) {
	strategytest.Run(t, harness(untouched))
	report := strategytest.Inspect(t.Context(), harness(untouched))
	if err := report.Err(); err != nil {
		t.Error(err)
	}
	for _, r := range report.Results {
		if r.Skipped != "" {
			t.Errorf("%s was skipped: %s", r.Rule.Name, r.Skipped)
		}
	}
}

// Each rule is proved by a strategy that breaks it: the rule of that name must
// fail, and the harness must not be what fails.
func TestMutants(t *testing.T) {
	tried := map[string]int{}
	for _, m := range mutants() {
		tried[m.rule]++
		t.Run(m.rule+"/"+m.how, func(t *testing.T) {
			t.Parallel()
			h := harness(m.mutate)
			h.Patience = 300 * time.Millisecond // it runs out for those that hang
			skipped, err := strategytest.Check(t.Context(), m.rule, h)
			if err == nil {
				t.Fatalf("the rule does not notice (skipped: %q)", skipped)
			}
			t.Logf("caught: %.300v", err)
		})
	}
	for _, r := range strategytest.Rules() {
		if tried[r.Name] == 0 {
			t.Errorf("no mutant breaks the rule %q", r.Name)
		}
		delete(tried, r.Name)
	}
	for name := range tried {
		t.Errorf("there is no rule %q", name)
	}
}

func TestRulesSayWhy(t *testing.T) {
	seen := map[string]bool{}
	for _, r := range strategytest.Rules() {
		if r.Name == "" || r.Why == "" || seen[r.Name] || strings.Contains(r.Name, "/") {
			t.Errorf("rule %q: no name, not its own, or no reason %q", r.Name, r.Why)
		}
		seen[r.Name] = true
	}
}

// Without capabilities and functions there is little to check, and the report
// says what was not.
func TestSkippedRulesAreListed(t *testing.T) {
	bare := strategytest.Harness{Open: func(context.Context, core.Env) (*strategytest.Backend, error) {
		return &strategytest.Backend{}, nil
	}}
	report := strategytest.Inspect(t.Context(), bare)
	skipped := 0
	for _, r := range report.Results {
		if r.Skipped != "" {
			skipped++
			if !strings.Contains(report.String(), "skipped  "+r.Rule.Name+": "+r.Skipped) {
				t.Errorf("the report does not list %s", r.Rule.Name)
			}
		}
	}
	if want := len(strategytest.Rules()) - 4; skipped != want || report.Err() != nil {
		t.Errorf("%d rules were skipped, want %d; %v\n%s", skipped, want, report.Err(), report)
	}
}

func TestVerifyNamesTheRuleAndTheReason(t *testing.T) {
	err := strategytest.Verify(t.Context(), harness(withPassword(func(string) string { return johns })))
	if err == nil || !strings.Contains(err.Error(), "a wrong password is refused: ") || !strings.Contains(err.Error(), "this is what the strategy is for") {
		t.Errorf("got %v", err)
	}
	if err := strategytest.Verify(t.Context(), harness(untouched)); err != nil {
		t.Errorf("a correct strategy: %v", err)
	}
	broken := strategytest.Harness{Open: func(context.Context, core.Env) (*strategytest.Backend, error) {
		return nil, errors.New("no file")
	}}
	if err := strategytest.Verify(t.Context(), broken); err == nil || !strings.Contains(err.Error(), "no file") {
		t.Errorf("a strategy that does not open: %v", err)
	}
}

// A backend may say that it has no such thing.
func TestNotApplicable(t *testing.T) {
	h := harness(func(s *subjectOfStudy) {
		s.backend.Seed = func(context.Context, strategytest.Account) error {
			return errors.Join(errors.New("the list is fixed"), strategytest.ErrNotApplicable)
		}
	})
	skipped, err := strategytest.Check(t.Context(), "composed and decomposed are one", h)
	if err != nil || !strings.Contains(skipped, "the list is fixed") {
		t.Errorf("skipped %q, %v", skipped, err)
	}
}
