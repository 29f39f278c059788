package strategytest_test

import (
	"context"

	"github.com/authd-go/authd/core"
)

type diagnose func(context.Context, core.DiagnoseRequest, func(core.Finding))

func (f diagnose) Diagnose(ctx context.Context, r core.DiagnoseRequest, report func(core.Finding)) {
	f(ctx, r, report)
}

// findings changes each finding on its way.
func findings(f func(*core.Finding)) func(*subjectOfStudy) {
	return func(s *subjectOfStudy) {
		s.backend.Strategy.Diagnoser = diagnose(func(ctx context.Context, r core.DiagnoseRequest, report func(core.Finding)) {
			s.Diagnose(ctx, r, func(found core.Finding) {
				f(&found)
				report(found)
			})
		})
	}
}

func doctorMutants() []mutant {
	return []mutant{
		{"a diagnosis of what works has no failure", "it always fails", findings(func(f *core.Finding) { f.Mark = core.MarkFailed })},
		{"a diagnosis of an outage has a failure", "all is always well", findings(func(f *core.Finding) { f.Mark = core.MarkOK })},
		{"a diagnosis shows no secret", "the backend's password is in it", findings(func(f *core.Finding) { f.Detail += " with bind-password-77" })},
		{"a failure comes with advice", "there is none", findings(func(f *core.Finding) { f.Advice = "" })},
		{"a diagnosis ends with its context", "it waits for the backend", func(s *subjectOfStudy) {
			s.backend.Strategy.Diagnoser = diagnose(func(ctx context.Context, r core.DiagnoseRequest, report func(core.Finding)) {
				s.Diagnose(context.WithoutCancel(ctx), r, report)
			})
		}},
	}
}
