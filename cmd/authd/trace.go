package main

import (
	"context"
	"log/slog"
	"slices"

	"github.com/authd-go/authd/core"
)

// traceLog writes each decision as one log line: who, which backends were
// asked, what each said, and what came of it. Questions that front ends ask
// all the time are written at debug level.
type traceLog struct{ log *slog.Logger }

// Trace implements core.Tracer.
func (l traceLog) Trace(ctx context.Context, t core.Trace) {
	level := traceLevel(t)
	if !l.log.Enabled(ctx, level) {
		return
	}
	attrs := []slog.Attr{
		slog.String("method", t.Method), slog.String("outcome", outcome(t.Outcome)), slog.Duration("took", t.Duration),
	}
	for _, a := range []struct{ key, value string }{
		{"reason", t.Reason}, {"request", t.RequestID}, {"session", t.SessionID},
	} {
		if a.value != "" {
			attrs = append(attrs, slog.String(a.key, a.value))
		}
	}
	if t.Account.Subject != "" {
		attrs = append(attrs, slog.String("account", t.Account.String()))
	}
	for i, s := range t.Steps {
		attrs = append(attrs, slog.String(stepKey(i), s.Strategy+" "+s.Op+" "+outcome(s.Outcome)+" "+string(s.Verdict)+" "+s.Duration.String()))
	}
	if t.Err != nil {
		attrs = append(attrs, slog.String("error", t.Err.Error()))
	}
	l.log.LogAttrs(ctx, level, "decision", attrs...)
}

func traceLevel(t core.Trace) slog.Level {
	switch {
	case t.Outcome == core.Internal || t.Outcome == core.Unavailable:
		return slog.LevelError
	case t.Reason == "refresh_reused" || t.Reason == "refresh_ahead":
		return slog.LevelWarn
	case slices.Contains([]string{core.MethodCheck, core.MethodGetIdentity, core.MethodGetPermissions, core.MethodOnError, core.MethodSessions}, t.Method):
		return slog.LevelDebug
	case t.Method == core.MethodRefresh && t.Outcome == "":
		return slog.LevelDebug
	}
	return slog.LevelInfo
}

func outcome(c core.Code) string {
	if c == "" {
		return "ok"
	}
	return string(c)
}

func stepKey(i int) string { return "step" + string(rune('1'+min(i, 8))) }
