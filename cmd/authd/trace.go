package main

import (
	"context"
	"log/slog"

	"github.com/authd-go/authd/core"
	"github.com/authd-go/authd/core/guard"
)

// traceLog writes each decision as one line at debug level: who, which
// backends were asked, what each said, how long it took, and what came of it.
// What failed and is no event of the audit trail is written at error level,
// since nothing else tells of it.
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
		{"op", t.Op}, {"reason", t.Reason}, {"requestId", t.RequestID}, {"session", t.SessionID},
	} {
		if a.value != "" {
			attrs = append(attrs, slog.String(a.key, a.value))
		}
	}
	if t.Ended > 0 {
		attrs = append(attrs, slog.Int("ended", t.Ended))
	}
	if t.Account.Subject != "" {
		attrs = append(attrs, slog.String("account", t.Account.String()))
	}
	if t.Addr.IsValid() {
		attrs = append(attrs, slog.String("address", t.Addr.String()))
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
	if t.Outcome == core.Internal || t.Outcome == core.Unavailable {
		if _, told := guard.Event(t); !told {
			return slog.LevelError
		}
	}
	return slog.LevelDebug
}

func outcome(c core.Code) string {
	if c == "" {
		return "ok"
	}
	return string(c)
}

func stepKey(i int) string { return "step" + string(rune('1'+min(i, 8))) }
