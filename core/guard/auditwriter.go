package guard

import (
	"context"
	"log/slog"
	"strings"
	"time"

	"github.com/authd-go/authd/core"
)

// auditWriter is what the background goroutine of an Auditor remembers.
type auditWriter struct {
	*Auditor
	told       int64     // of the lost rows
	toldAt     time.Time // when it last said so
	failing    bool      // writing fails, and that was said
	purgeFails bool      // forgetting fails, and that was said
}

func (w *auditWriter) write(ctx context.Context, batch []core.AuditEvent) {
	limited, cancel := context.WithTimeout(ctx, auditTimeout)
	defer cancel()
	err := w.Store.AppendAudit(limited, batch...)
	if err != nil {
		w.lost.Add(int64(len(batch)))
	}
	switch {
	case err != nil && !w.failing:
		w.failing = true
		w.Log.ErrorContext(ctx, "audit rows cannot be written; the log has the events", "error", err)
	case err == nil && (w.failing || w.Now().Sub(w.toldAt) >= tellEvery):
		w.failing = false
		w.tellLost(ctx)
	}
}

// tellLost says how many rows are missing since it last said so.
func (w *auditWriter) tellLost(ctx context.Context) {
	if lost := w.lost.Load(); lost > w.told {
		w.Log.WarnContext(ctx, "audit rows were lost; the log has the events", "lost", lost-w.told)
		w.told, w.toldAt = lost, w.Now()
	}
}

// purge forgets one batch of old rows and says when to come again.
func (w *auditWriter) purge(ctx context.Context) (next time.Duration) {
	if w.Keep <= 0 {
		return purgeEvery
	}
	limited, cancel := context.WithTimeout(ctx, auditTimeout)
	defer cancel()
	n, err := w.Store.PurgeAudit(limited, w.Now().Add(-w.Keep), purgeBatch)
	if err != nil && !w.purgeFails {
		w.Log.WarnContext(ctx, "old audit rows cannot be forgotten", "error", err)
	}
	w.purgeFails = err != nil
	if n == purgeBatch {
		return purgeAgain
	}
	return purgeEvery
}

// writeLine writes an event as one line. The names of its fields are stable.
// The cause is told only where an operator has something to repair.
func writeLine(ctx context.Context, log *slog.Logger, e core.AuditEvent, cause error) {
	level := auditLevel(e)
	if !log.Enabled(ctx, level) {
		return
	}
	attrs := []slog.Attr{slog.String("event", e.Event), slog.String("outcome", outcomeWord(e.Outcome))}
	for _, f := range []struct{ key, value string }{
		{"reason", e.Reason},
		{"account", accountWord(e.Account)},
		{"backend", e.Strategy},
		{"asked", AskedWords(e.Asked)},
		{"session", e.SessionID},
		{"address", addrWord(e)},
		{"requestId", e.RequestID},
		{"actor", e.Actor},
		{"method", e.Method},
		{"object", e.Object},
	} {
		if f.value != "" {
			attrs = append(attrs, slog.String(f.key, f.value))
		}
	}
	if level == slog.LevelError && cause != nil {
		attrs = append(attrs, slog.String("error", cause.Error()))
	}
	log.LogAttrs(ctx, level, "audit", attrs...)
}

func auditLevel(e core.AuditEvent) slog.Level {
	switch {
	case e.Outcome == core.Internal || e.Outcome == core.Unavailable:
		return slog.LevelError
	case e.Event == core.AuditRefreshReused || e.Reason == "refresh_ahead":
		return slog.LevelWarn
	}
	return slog.LevelInfo
}

// AskedWords writes what backends answered as lines and tables show it:
// "staff:unknown_user,members:ok".
func AskedWords(asked []core.AuditAnswer) string {
	words := make([]string, len(asked))
	for i, s := range asked {
		words[i] = s.Strategy + ":" + outcomeWord(s.Outcome)
	}
	return strings.Join(words, ",")
}

func outcomeWord(c core.Code) string {
	if c == "" {
		return "ok"
	}
	return string(c)
}

func accountWord(a core.AccountID) string {
	if a == (core.AccountID{}) {
		return ""
	}
	return a.String()
}

func addrWord(e core.AuditEvent) string {
	if !e.Addr.IsValid() {
		return ""
	}
	return e.Addr.String()
}
