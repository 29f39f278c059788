package strategytest

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"strings"
	"testing"
)

// Rule is one promise of the contract.
type Rule struct {
	Name  string
	Why   string // what goes wrong for people if it is broken
	Needs []Need // what must be there for the rule to say anything
	check func(context.Context, *trial) error
}

// Rules returns the table, in the order in which it is walked.
func Rules() []Rule {
	var all []Rule
	for _, part := range [][]Rule{
		houseRules(), outageRules(), identityRules(), loginRules(), concealmentRules(), hostileRules(),
		registrationRules(), recoveryRules(), changeRules(), dueRules(), presentRules(), redirectRules(), grantRules(), doctorRules(),
	} {
		all = append(all, part...)
	}
	return all
}

// Run checks every rule in a subtest of its own. A skip's reason begins with
// "does not apply: ".
func Run(t *testing.T, h Harness) {
	t.Helper()
	for _, r := range Rules() {
		t.Run(r.Name, func(t *testing.T) {
			skipped, err := r.walk(t.Context(), h)
			switch {
			case err != nil:
				t.Errorf("%v\nwhy it matters: %s", err, r.Why)
			case skipped != "":
				t.Skip("does not apply: " + skipped)
			}
		})
	}
}

// Verify checks every rule and returns what is broken, or nil. Inspect also
// says what was not checked.
func Verify(ctx context.Context, h Harness) error { return Inspect(ctx, h).Err() }

// Inspect checks every rule and reports on all of them.
func Inspect(ctx context.Context, h Harness) Report {
	var out Report
	for _, r := range Rules() {
		skipped, err := r.walk(ctx, h)
		out.Results = append(out.Results, Result{Rule: r, Skipped: skipped, Err: err})
	}
	return out
}

// Result is what came of one rule.
type Result struct {
	Rule    Rule
	Skipped string // why it says nothing about this strategy; "" if it was checked
	Err     error  // nil if it holds
}

// Report is what came of all rules.
type Report struct{ Results []Result }

// Err joins what is broken, each with its rule's name and reason.
func (r Report) Err() error {
	var broken []error
	for _, result := range r.Results {
		if result.Err != nil {
			broken = append(broken, fmt.Errorf("%s: %w\nwhy it matters: %s", result.Rule.Name, result.Err, result.Rule.Why))
		}
	}
	return errors.Join(broken...)
}

// String has a line per rule.
func (r Report) String() string {
	var b strings.Builder
	for _, result := range r.Results {
		switch {
		case result.Err != nil:
			fmt.Fprintf(&b, "broken   %s: %v\n", result.Rule.Name, result.Err)
		case result.Skipped != "":
			fmt.Fprintf(&b, "skipped  %s: %s\n", result.Rule.Name, result.Skipped)
		default:
			fmt.Fprintf(&b, "holds    %s\n", result.Rule.Name)
		}
	}
	return b.String()
}

// walk checks the rule over a backend of its own. A panic is a broken rule.
func (r Rule) walk(ctx context.Context, h Harness) (skipped string, err error) {
	tr, err := newTrial(ctx, h)
	if err != nil {
		return "", fmt.Errorf("open the strategy: %w", err)
	}
	defer func() { err = errors.Join(err, tr.close()) }()
	if need := tr.missing(r.Needs); need != "" {
		return need.reason(), nil
	}
	err = guarded(func() error { return r.check(ctx, tr) })
	if errors.Is(err, ErrNotApplicable) {
		return err.Error(), nil
	}
	return "", err
}

// guarded calls f and makes a panic an error.
func guarded(f func() error) (err error) {
	defer func() {
		if v := recover(); v != nil {
			err = fmt.Errorf("panic: %v\n%s", v, debug.Stack())
		}
	}()
	return f()
}
