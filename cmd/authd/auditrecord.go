package main

import (
	"context"
	"log/slog"
	"strings"
	"time"

	"github.com/authd-go/authd/core"
	"github.com/authd-go/authd/core/guard"
	"github.com/authd-go/authd/core/store/sqlite"
)

// keyRotated is told of signing keys that the session manager made.
func (h *house) keyRotated(ctx context.Context, keyID string, _ time.Time) {
	h.audit.Record(ctx, core.AuditEvent{Event: core.AuditKeyRotated, Actor: core.ActorSystem, Object: keyID})
}

// configLoaded notes what the daemon serves with. No file means the demo.
func (h *house) configLoaded(ctx context.Context, files []string) {
	object := "demo"
	if len(files) > 0 {
		object = strings.Join(files, ", ")
	}
	h.audit.Record(ctx, core.AuditEvent{Event: core.AuditConfigLoaded, Actor: core.ActorOperator, Object: object})
}

// operatorTrail is the audit trail of a command. Nobody ships the output of a
// command, so it writes rows and no lines, and says on standard error only
// that rows could not be written.
type operatorTrail struct{ auditor *guard.Auditor }

func newOperatorTrail(store *sqlite.Store, log *slog.Logger) operatorTrail {
	return operatorTrail{guard.NewAuditor(guard.AuditOptions{Store: store, Log: slog.New(warningsOnly{log.Handler()})})}
}

// note records what the operator did.
func (t operatorTrail) note(ctx context.Context, e core.AuditEvent) {
	e.Actor = core.ActorOperator
	t.auditor.Record(ctx, e)
}

// close waits until the rows are written.
func (t operatorTrail) close(ctx context.Context) error { return t.auditor.Close(ctx) }

// warningsOnly is a log handler without the lines below warnings.
type warningsOnly struct{ slog.Handler }

// Enabled implements slog.Handler.
func (w warningsOnly) Enabled(ctx context.Context, level slog.Level) bool {
	return level >= slog.LevelWarn && w.Handler.Enabled(ctx, level)
}
