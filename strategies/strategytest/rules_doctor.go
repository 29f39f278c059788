package strategytest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"

	"github.com/authd-go/authd/core"
)

func doctorRules() []Rule {
	return []Rule{
		{"a diagnosis of what works has no failure", "an operator who mends what is not broken breaks it", []Need{NeedDiagnoser}, diagnosisOfHealth},
		{"a diagnosis of an outage has a failure", "authd doctor must not say that all is well while nobody can sign in", []Need{NeedDiagnoser, NeedBreak}, diagnosisOfOutage},
		{"a diagnosis shows no secret", "what it prints is pasted into tickets", []Need{NeedDiagnoser}, diagnosisShowsNoSecret},
		{"a failure comes with advice", "a failure alone leaves the operator where they were", []Need{NeedDiagnoser, NeedBreak}, failuresHaveAdvice},
		{"a diagnosis ends with its context", "somebody pressed Ctrl-C", []Need{NeedDiagnoser, NeedHang}, diagnosisEnds},
	}
}

// diagnosed runs a diagnosis and returns its findings. One finding at a time is
// part of the promise.
func (tr *trial) diagnosed(ctx context.Context, identifier string) ([]core.Finding, error) {
	var mu sync.Mutex
	var out []core.Finding
	err := tr.inTime("Diagnose", func() error {
		var wrong error
		tr.Strategy.Diagnoser.Diagnose(ctx, core.DiagnoseRequest{Identifier: identifier}, func(f core.Finding) {
			if !mu.TryLock() {
				wrong = errors.New("two findings were reported at a time")
				return
			}
			defer mu.Unlock()
			out = append(out, f)
			if f.Name == "" || !slices.Contains([]core.Mark{core.MarkOK, core.MarkWarning, core.MarkFailed}, f.Mark) {
				wrong = fmt.Errorf("a finding without a name or with the mark %q", f.Mark)
			}
		})
		return wrong
	})
	if err == nil && len(out) == 0 && ctx.Err() == nil {
		err = errors.New("the diagnosis found nothing, good or bad")
	}
	return out, err
}

func failures(findings []core.Finding) []core.Finding {
	return slices.DeleteFunc(slices.Clone(findings), func(f core.Finding) bool { return f.Mark != core.MarkFailed })
}

func diagnosisOfHealth(ctx context.Context, tr *trial) error {
	for _, who := range []string{"", tr.Account.Identifier} {
		found, err := tr.diagnosed(ctx, who)
		if err != nil {
			return err
		}
		if bad := failures(found); len(bad) > 0 {
			return fmt.Errorf("a backend that works has a failure: %s: %s", bad[0].Name, bad[0].Detail)
		}
	}
	return nil
}

func diagnosisOfOutage(ctx context.Context, tr *trial) error {
	tr.Break()
	found, err := tr.diagnosed(ctx, "")
	if err == nil && len(failures(found)) == 0 {
		err = errors.New("nothing failed during an outage")
	}
	return err
}

func failuresHaveAdvice(ctx context.Context, tr *trial) error {
	tr.Break()
	found, err := tr.diagnosed(ctx, "")
	for _, f := range failures(found) {
		if f.Advice == "" {
			return fmt.Errorf("the failure of %q comes without advice", f.Name)
		}
	}
	return err
}

func diagnosisShowsNoSecret(ctx context.Context, tr *trial) error {
	secrets := append(slices.Clone(tr.Secrets), tr.Account.Password)
	look := func(who string) error {
		found, err := tr.diagnosed(ctx, who)
		for _, f := range found {
			text := f.Name + "\n" + f.Target + "\n" + f.Detail + "\n" + f.Advice
			if shows(text, secrets) {
				return fmt.Errorf("the finding %q shows a secret", f.Name)
			}
		}
		return err
	}
	for _, who := range []string{"", tr.Account.Identifier, nobody} {
		if err := look(who); err != nil {
			return err
		}
	}
	if tr.Break == nil {
		return nil
	}
	tr.Break()
	return look("")
}

func diagnosisEnds(ctx context.Context, tr *trial) error {
	tr.Hang()
	brief, cancel := context.WithTimeout(ctx, tr.harness.Patience/20)
	defer cancel()
	_, err := tr.diagnosed(brief, "")
	return err
}
