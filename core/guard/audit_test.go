package guard_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"go/ast"
	"go/parser"
	"go/token"
	"log/slog"
	"net/netip"
	"os"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"github.com/authd-go/authd/core"
	"github.com/authd-go/authd/core/guard"
)

// trail is an AuditStore in memory that can be told to fail or hang.
type trail struct {
	mu      sync.Mutex
	batches [][]core.AuditEvent
	purges  []time.Time
	left    int // old rows that PurgeAudit finds
	err     error
	hang    bool
}

func (s *trail) AppendAudit(ctx context.Context, events ...core.AuditEvent) error {
	s.mu.Lock()
	hang, err := s.hang, s.err
	s.mu.Unlock()
	if hang {
		<-ctx.Done()
		return core.Fail(core.Unavailable, "append", ctx.Err())
	}
	if err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.batches = append(s.batches, slices.Clone(events))
	return nil
}

func (s *trail) Audit(context.Context, core.AuditQuery) ([]core.AuditEvent, error) { return nil, nil }

func (s *trail) PurgeAudit(_ context.Context, t time.Time, limit int) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.purges = append(s.purges, t)
	n := min(limit, s.left)
	s.left -= n
	return n, s.err
}

func (s *trail) set(hang bool, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.hang, s.err = hang, err
}

func (s *trail) rows() []core.AuditEvent {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Concat(s.batches...)
}

func (s *trail) purged() (left int, at []time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.left, slices.Clone(s.purges)
}

// lines decodes a JSON log.
func lines(t *testing.T, log *bytes.Buffer) []map[string]any {
	t.Helper()
	var out []map[string]any
	for line := range strings.Lines(log.String()) {
		var m map[string]any
		if err := json.Unmarshal([]byte(line), &m); err != nil {
			t.Fatal(err)
		}
		delete(m, "time")
		out = append(out, m)
	}
	return out
}

// newAuditor makes an auditor over a trail and a log.
func newAuditor(s *trail, keep time.Duration) (*guard.Auditor, *bytes.Buffer) {
	var log bytes.Buffer
	o := guard.AuditOptions{Log: slog.New(slog.NewJSONHandler(&log, nil)), Keep: keep}
	if s != nil {
		o.Store = s
	}
	return guard.NewAuditor(o), &log
}

func closeAuditor(t *testing.T, a *guard.Auditor) {
	t.Helper()
	for range 2 {
		if err := a.Close(t.Context()); err != nil {
			t.Errorf("Close: %v", err)
		}
	}
}

func login(outcome core.Code) core.Trace {
	return core.Trace{
		Method: core.MethodLogin, RequestID: "r1", Addr: netip.MustParseAddr("::ffff:192.0.2.7"),
		Start: time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC), Duration: 80 * time.Millisecond, Outcome: outcome,
		Steps: []core.Step{
			{Strategy: "guests", Op: "authenticate", Verdict: core.VerdictSkip},
			{Strategy: "staff", Op: "authenticate", Outcome: core.UnknownUser, Verdict: core.VerdictNext},
			{Strategy: "members", Op: "authenticate", Outcome: outcome, Verdict: core.VerdictAccept},
		},
	}
}

func TestEventHoldsWhatWasDecided(t *testing.T) {
	trace := login("")
	trace.Account, trace.SessionID = core.AccountID{Strategy: "members", Subject: "u1"}, "s1"
	trace.Err = errors.New("not for rows")
	got, ok := guard.Event(trace)
	want := core.AuditEvent{
		Time: trace.Start.Add(trace.Duration), Event: core.AuditLogin, Actor: core.ActorUser, Method: core.MethodLogin,
		Account: trace.Account, Strategy: "members",
		Asked:     []core.AuditAnswer{{Strategy: "staff", Outcome: core.UnknownUser}, {Strategy: "members"}},
		SessionID: "s1", Addr: netip.MustParseAddr("192.0.2.7"), RequestID: "r1",
	}
	if !ok || !reflect.DeepEqual(got, want) {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
}

// TestWhichDecisionsAreEvents is the table once more, by example.
func TestWhichDecisionsAreEvents(t *testing.T) {
	account := core.AccountID{Strategy: "members", Subject: "u1"}
	asked := []core.Step{{Strategy: "members"}}
	for _, c := range []struct {
		want  string
		trace core.Trace
	}{
		{core.AuditLogin, core.Trace{Method: core.MethodLogin}},
		{core.AuditLogin, core.Trace{Method: core.MethodLogin, Outcome: core.UnknownUser, Steps: asked}},
		{core.AuditLogin, core.Trace{Method: core.MethodLogin, Outcome: core.Unauthenticated, Steps: asked}},
		{core.AuditLogin, core.Trace{Method: core.MethodLogin, Outcome: core.Internal}},
		{"", core.Trace{Method: core.MethodLogin, Outcome: core.InvalidInput}},
		{"", core.Trace{Method: core.MethodLogin, Outcome: core.Unsupported}},
		{"", core.Trace{Method: core.MethodLogin, Op: core.OpBeginLogin}},
		{core.AuditLogin, core.Trace{Method: core.MethodLogin, Op: core.OpBeginLogin, Outcome: core.Unavailable, Steps: asked}},
		{core.AuditLogin, core.Trace{Method: core.MethodLogin, Op: core.OpFinishLogin}},
		{core.AuditLogin, core.Trace{Method: core.MethodLogin, Op: core.OpFinishLogin, Outcome: core.InvalidInput, Reason: "wrong_callback"}},
		{"", core.Trace{Method: core.MethodLogin, Op: core.OpExchange, SessionID: "s1"}},
		{core.AuditLogin, core.Trace{Method: core.MethodLogin, Op: core.OpExchange, Outcome: core.InvalidInput}},
		{core.AuditLogin, core.Trace{Method: core.MethodLogin, Op: core.OpTokenLogin, Outcome: core.InvalidCredentials, Steps: asked}},
		{core.AuditSessionsEnded, core.Trace{Method: core.MethodRemoteLogout, Account: account, Ended: 1}},
		{"", core.Trace{Method: core.MethodRemoteLogout, Account: account}},
		{core.AuditSessionsEnded, core.Trace{Method: core.MethodRemoteLogout, Outcome: core.InvalidInput}},
		{core.AuditThrottled, core.Trace{Method: core.MethodLogin, Outcome: core.Throttled}},
		{core.AuditThrottled, core.Trace{Method: core.MethodCheck, Outcome: core.Throttled}},
		{core.AuditLogout, core.Trace{Method: core.MethodLogout, Account: account, SessionID: "s1"}},
		{core.AuditLogout, core.Trace{Method: core.MethodLogout, SessionID: "s1", Outcome: core.Unavailable}},
		{"", core.Trace{Method: core.MethodLogout}},
		{"", core.Trace{Method: core.MethodLogout, SessionID: "ended long ago"}},
		{core.AuditRegister, core.Trace{Method: core.MethodRegister, Steps: asked, Outcome: core.Conflict}},
		{core.AuditPasswordResetRequested, core.Trace{Method: core.MethodForgotPassword}},
		{core.AuditPasswordResetSent, core.Trace{Method: core.MethodRecovery, Account: account, Outcome: core.Unsupported}},
		{core.AuditPasswordReset, core.Trace{Method: core.MethodUpdatePassword, Op: core.OpResetPassword, Outcome: core.Expired}},
		{core.AuditPasswordChanged, core.Trace{Method: core.MethodUpdatePassword, Op: core.OpChangePassword, Account: account}},
		{"", core.Trace{Method: core.MethodUpdatePassword, Op: core.OpChangePassword, Outcome: core.Unauthenticated}},
		{core.AuditSessionsEnded, core.Trace{Method: core.MethodSessions, Op: core.OpEndSessions, Account: account, Outcome: core.Forbidden}},
		{"", core.Trace{Method: core.MethodSessions, Op: core.OpListSessions, Account: account}},
		{"", core.Trace{Method: core.MethodRefresh, Account: account, SessionID: "s1"}},
		{"", core.Trace{Method: core.MethodRefresh, Outcome: core.Unavailable}},
		{core.AuditRefreshReused, refused("refresh_reused")},
		{core.AuditSessionsEnded, refused("refresh_ahead")},
		{core.AuditSessionsEnded, refused("account_gone")},
		{"", refused("session_ended")},
	} {
		e, ok := guard.Event(c.trace)
		if ok != (c.want != "") || e.Event != c.want {
			t.Errorf("%+v is %q, want %q", c.trace, e.Event, c.want)
		}
	}
}

func refused(reason string) core.Trace {
	return core.Trace{Method: core.MethodRefresh, Outcome: core.Unauthenticated, Reason: reason, SessionID: "s1"}
}

// constants reads the values of the string constants of a file of core, by the
// beginning of their names.
func constants(t *testing.T, file, prefix string) (out []string) {
	t.Helper()
	parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	ast.Inspect(parsed, func(n ast.Node) bool {
		spec, ok := n.(*ast.ValueSpec)
		if !ok || len(spec.Values) == 0 || !strings.HasPrefix(spec.Names[0].Name, prefix) {
			return true
		}
		if text, ok := spec.Values[0].(*ast.BasicLit); ok {
			value, err := strconv.Unquote(text.Value)
			if err != nil {
				t.Fatal(err)
			}
			out = append(out, value)
		}
		return true
	})
	return out
}

// TestEveryMethodIsJudged fails for a method that is neither in the table of
// events nor on the list of those that are none.
func TestEveryMethodIsJudged(t *testing.T) {
	methods := constants(t, "../provider.go", "Method")
	if len(methods) < 12 {
		t.Fatalf("only %d methods were found: %v", len(methods), methods)
	}
	account := core.AccountID{Strategy: "members", Subject: "u1"}
	for _, method := range methods {
		isEvent := false
		for _, op := range []string{"", core.OpEndSessions} {
			for _, reason := range []string{"", "refresh_reused"} {
				_, ok := guard.Event(core.Trace{Method: method, Op: op, Reason: reason, Account: account, Ended: 1})
				isEvent = isEvent || ok
			}
		}
		if quiet := slices.Contains(guard.QuietMethods(), method); quiet == isEvent {
			t.Errorf("%s: in the table of events: %v; on the list of methods that are none: %v", method, isEvent, quiet)
		}
	}
}

func TestEveryEventIsListedAndDocumented(t *testing.T) {
	declared := constants(t, "../audit.go", "Audit")
	if !slices.Equal(declared, core.AuditEvents()) {
		t.Errorf("declared %v\nlisted   %v", declared, core.AuditEvents())
	}
	page, err := os.ReadFile("../../docs/audit.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, event := range declared {
		if !strings.Contains(string(page), "`"+event+"`") {
			t.Errorf("docs/audit.md does not tell of %s", event)
		}
	}
}

func TestLines(t *testing.T) {
	a, log := newAuditor(nil, 0)
	ok := login("")
	ok.Account, ok.SessionID = core.AccountID{Strategy: "members", Subject: "u1"}, "s1"
	outage := login(core.Unavailable)
	outage.Err = errors.New("dial: refused")
	wrong := login(core.InvalidCredentials)
	wrong.Err = errors.New("not told")
	for _, trace := range []core.Trace{ok, wrong, outage, {Method: core.MethodCheck}, refused("refresh_reused")} {
		a.Trace(t.Context(), trace)
	}
	a.Record(t.Context(), core.AuditEvent{Event: core.AuditKeyRotated, Actor: core.ActorSystem, Object: "k1"})
	closeAuditor(t, a)
	line := func(level, event, outcome string, more ...string) map[string]any {
		m := map[string]any{"level": level, "msg": "audit", "event": event, "outcome": outcome}
		for i := 0; i < len(more); i += 2 {
			m[more[i]] = more[i+1]
		}
		return m
	}
	common := []string{"backend", "members", "address", "192.0.2.7", "requestId", "r1", "actor", "user", "method", "login"}
	want := []map[string]any{
		line("INFO", "login", "ok", append([]string{"account", "members:u1", "session", "s1", "asked", "staff:unknown_user,members:ok"}, common...)...),
		line("INFO", "login", "invalid_credentials", append([]string{"asked", "staff:unknown_user,members:invalid_credentials"}, common...)...),
		line("ERROR", "login", "unavailable", append([]string{"asked", "staff:unknown_user,members:unavailable", "error", "dial: refused"}, common...)...),
		line("WARN", "refresh_reused", "unauthenticated", "reason", "refresh_reused", "session", "s1", "actor", "user", "method", "refresh"),
		line("INFO", "key_rotated", "ok", "actor", "system", "object", "k1"),
	}
	got := lines(t, log)
	if len(got) != len(want) {
		t.Fatalf("%d lines:\n%s", len(got), log)
	}
	for i := range want {
		if !reflect.DeepEqual(got[i], want[i]) {
			t.Errorf("line %d:\n%v, want\n%v", i, got[i], want[i])
		}
	}
}

func TestRowsAreWrittenTogether(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &trail{}
		a, _ := newAuditor(s, 0)
		for range 3 {
			a.Trace(t.Context(), login(""))
		}
		if len(s.rows()) != 0 {
			t.Error("a row was written in the caller's time")
		}
		time.Sleep(time.Second)
		a.Record(t.Context(), core.AuditEvent{Event: core.AuditConfigLoaded})
		closeAuditor(t, a)
		rows := s.rows()
		if len(s.batches) != 2 || len(rows) != 4 || rows[3].Time.IsZero() || len(s.purges) != 0 || a.Lost() != 0 {
			t.Errorf("%d batches, rows %+v, %d purges, %d lost", len(s.batches), rows, len(s.purges), a.Lost())
		}
	})
}

// A store that hangs slows nobody: callers go on, what does not fit is lost
// and counted, and every event is in the log.
func TestAStoreThatHangs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const n = 3000
		s := &trail{hang: true}
		a, log := newAuditor(s, 0)
		started := time.Now()
		for range n {
			a.Trace(t.Context(), login(""))
		}
		if took := time.Since(started); took != 0 {
			t.Errorf("callers waited for %v", took)
		}
		time.Sleep(time.Second) // the first batch is under way
		s.set(false, nil)
		time.Sleep(time.Minute)
		closeAuditor(t, a)
		rows := len(s.rows())
		if lost := a.Lost(); int(lost)+rows != n || rows < 500 || lost < 1000 {
			t.Errorf("%d rows and %d lost, of %d", rows, lost, n)
		}
		told, audits := 0, 0
		for _, line := range lines(t, log) {
			switch line["msg"] {
			case "audit":
				audits++
			case "audit rows were lost; the log has the events":
				told += int(line["lost"].(float64))
			}
		}
		if audits != n || told != int(a.Lost()) {
			t.Errorf("%d lines; the log says that %d rows were lost, want %d", audits, told, a.Lost())
		}
	})
}

func TestAStoreThatIsDown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &trail{err: core.Unavailable}
		a, log := newAuditor(s, 0)
		for range 5 {
			a.Trace(t.Context(), login(""))
			time.Sleep(time.Second)
		}
		synctest.Wait()
		if n := strings.Count(log.String(), "cannot be written"); n != 1 {
			t.Errorf("the outage was told %d times", n)
		}
		s.set(false, nil)
		a.Trace(t.Context(), login(""))
		time.Sleep(time.Second)
		synctest.Wait()
		if !strings.Contains(log.String(), `"lost":5`) || a.Lost() != 5 || len(s.rows()) != 1 {
			t.Errorf("%d lost, %d rows\n%s", a.Lost(), len(s.rows()), log)
		}
		closeAuditor(t, a)
	})
}

func TestCloseStaysWithinItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &trail{hang: true}
		a, log := newAuditor(s, 0)
		a.Trace(t.Context(), login(""))
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		started := time.Now()
		if err := a.Close(ctx); core.CodeOf(err) != core.Unavailable {
			t.Errorf("Close: %v", err)
		}
		if took := time.Since(started); took != time.Second {
			t.Errorf("Close took %v", took)
		}
		a.Trace(t.Context(), login("")) // after the end
		if a.Lost() != 2 || strings.Count(log.String(), `"msg":"audit"`) != 2 {
			t.Errorf("%d lost\n%s", a.Lost(), log)
		}
	})
}

// A flood of refusals fills no disk, and does not hide the guess that was right.
func TestAFloodOfRefusals(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &trail{}
		a, log := newAuditor(s, 0)
		const seconds, rate = 300, 200
		for range seconds {
			for range rate {
				a.Trace(t.Context(), login(core.InvalidCredentials))
			}
			a.Trace(t.Context(), login(""))
			time.Sleep(time.Second)
		}
		closeAuditor(t, a)
		good, bad := 0, 0
		for _, e := range s.rows() {
			if e.Outcome == "" {
				good++
			} else {
				bad++
			}
		}
		if good != seconds {
			t.Errorf("%d of %d logins are among the rows", good, seconds)
		}
		if bad < 20*seconds || bad > 512+20*seconds || int(a.Lost()) != seconds*rate-bad {
			t.Errorf("%d refusals are among the rows, %d lost", bad, a.Lost())
		}
		if told := strings.Count(log.String(), "rows were lost"); told < 2 || told > 10 {
			t.Errorf("the loss was told %d times in five minutes", told)
		}
	})
}

func TestRetention(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &trail{left: 2500}
		a, _ := newAuditor(s, 48*time.Hour)
		started := time.Now()
		time.Sleep(time.Minute)
		if left, at := s.purged(); left != 0 || len(at) != 3 || !at[0].Equal(started.Add(-48*time.Hour)) {
			t.Errorf("%d rows left after purges %v", left, at)
		}
		time.Sleep(24 * time.Hour)
		if _, at := s.purged(); len(at) != 3+24 {
			t.Errorf("%d purges in a day", len(at)-3)
		}
		closeAuditor(t, a)
	})
}

func TestAuditorEndsWhatItStarted(t *testing.T) {
	defer goleak.VerifyNone(t, goleak.IgnoreCurrent())
	s := &trail{}
	a, _ := newAuditor(s, time.Hour)
	var group sync.WaitGroup
	for range 8 {
		group.Go(func() {
			for range 50 {
				a.Trace(t.Context(), login(""))
			}
		})
	}
	group.Wait()
	closeAuditor(t, a)
	if len(s.rows()) != 400 {
		t.Errorf("%d rows", len(s.rows()))
	}
}

func BenchmarkAuditTrace(b *testing.B) {
	a := guard.NewAuditor(guard.AuditOptions{Store: &trail{}, Log: slog.New(slog.DiscardHandler)})
	trace := login("")
	for b.Loop() {
		a.Trace(b.Context(), trace)
	}
	if err := a.Close(context.WithoutCancel(b.Context())); err != nil {
		b.Error(err)
	}
}
