package metrics_test

import (
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/authd-go/authd/core"
	"github.com/authd-go/authd/core/guard/metrics"
)

func TestMetrics(t *testing.T) {
	m := metrics.New()
	m.Trace(t.Context(), core.Trace{Method: core.MethodLogin, Duration: time.Second, Outcome: core.Unavailable, Steps: []core.Step{
		{Strategy: "staff", Op: "authenticate", Outcome: core.Unavailable, Verdict: core.VerdictNext, Duration: time.Second},
		{Strategy: "members", Op: "authenticate", Verdict: core.VerdictSkip},
	}})
	m.Trace(t.Context(), core.Trace{Method: core.MethodCheck, Account: core.AccountID{Strategy: "staff", Subject: "who"}})
	w := httptest.NewRecorder()
	m.Handler().ServeHTTP(w, httptest.NewRequest("GET", "/metrics", nil))
	page := w.Body.String()
	for _, want := range []string{
		`authd_decisions_total{method="login",outcome="unavailable"} 1`,
		`authd_decisions_total{method="check",outcome="ok"} 1`,
		`authd_decision_seconds_count{method="login"} 1`,
		`authd_backend_questions_total{op="authenticate",outcome="unavailable",strategy="staff"} 1`,
		`authd_backend_seconds_sum{strategy="staff"} 1`,
		`go_goroutines`,
	} {
		if !strings.Contains(page, want) {
			t.Errorf("the page lacks %s", want)
		}
	}
	for _, no := range []string{"members", "who"} {
		if strings.Contains(page, no) {
			t.Errorf("the page holds %q", no)
		}
	}
}

func BenchmarkTrace(b *testing.B) {
	m := metrics.New()
	trace := core.Trace{Method: core.MethodCheck, Duration: time.Microsecond}
	for b.Loop() {
		m.Trace(b.Context(), trace)
	}
}
