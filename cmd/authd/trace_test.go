package main

import (
	"errors"
	"log/slog"
	"strings"
	"testing"

	"github.com/authd-go/authd/core"
)

// Of what failed, the decision line tells what the audit trail does not.
func TestDecisionLines(t *testing.T) {
	for _, c := range []struct {
		trace core.Trace
		level string
	}{
		{core.Trace{Method: core.MethodLogin}, "DEBUG"},
		{core.Trace{Method: core.MethodLogin, Outcome: core.Unavailable}, "DEBUG"},
		{core.Trace{Method: core.MethodCheck, Outcome: core.Unauthenticated}, "DEBUG"},
		{core.Trace{Method: core.MethodRefresh, Outcome: core.Unavailable}, "ERROR"},
		{core.Trace{Method: core.MethodGetIdentity, Outcome: core.Internal}, "ERROR"},
	} {
		var log strings.Builder
		c.trace.Err = errors.New("the cause")
		traceLog{slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))}.Trace(t.Context(), c.trace)
		if got := log.String(); !strings.Contains(got, "level="+c.level+" msg=decision method="+c.trace.Method) || !strings.Contains(got, "the cause") {
			t.Errorf("%+v: %s, want %s", c.trace, got, c.level)
		}
	}
}
