// Package metrics counts decisions for Prometheus.
//
// It is a package of its own so that an embedder who counts in another way
// does not compile the Prometheus client. It imports core and that client.
package metrics

import (
	"context"
	"net/http"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/authd-go/authd/core"
)

// Metrics is a core.Tracer that counts what it is told, and the page that
// shows the counts. Nothing in it names a person: the labels are methods,
// strategies and outcome codes, of which there are few. It is safe for
// concurrent use.
//
//	authd_decisions_total{method,outcome}               decisions; outcome "ok" is success
//	authd_decision_seconds{method}                      how long they took
//	authd_backend_questions_total{strategy,op,outcome}  questions put to backends
//	authd_backend_seconds{strategy}                     how long the answers took
type Metrics struct {
	registry  *prometheus.Registry
	decisions *prometheus.CounterVec
	took      *prometheus.HistogramVec
	questions *prometheus.CounterVec
	answered  *prometheus.HistogramVec

	// The two counts of a good check, by far the most frequent decision, so
	// that they are not looked up each time.
	checks    prometheus.Counter
	checkTook prometheus.Observer
}

// New returns Metrics with the Go runtime's and the process's own beside.
func New() *Metrics {
	m := &Metrics{
		registry: prometheus.NewRegistry(),
		decisions: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "authd_decisions_total", Help: "Decisions by method and outcome.",
		}, []string{"method", "outcome"}),
		took: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "authd_decision_seconds", Help: "How long decisions took.", Buckets: buckets(),
		}, []string{"method"}),
		questions: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "authd_backend_questions_total", Help: "Questions put to backends, by outcome.",
		}, []string{"strategy", "op", "outcome"}),
		answered: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "authd_backend_seconds", Help: "How long backends took to answer.", Buckets: buckets(),
		}, []string{"strategy"}),
	}
	m.registry.MustRegister(m.decisions, m.took, m.questions, m.answered,
		collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	m.checks = m.decisions.WithLabelValues(core.MethodCheck, outcome(""))
	m.checkTook = m.took.WithLabelValues(core.MethodCheck)
	return m
}

// buckets reach from a cached check to a backend's time-out.
func buckets() []float64 { return prometheus.ExponentialBuckets(0.0001, 4, 9) }

// Trace implements core.Tracer.
func (m *Metrics) Trace(_ context.Context, t core.Trace) {
	if t.Method == core.MethodCheck && t.Outcome == "" {
		m.checks.Inc()
		m.checkTook.Observe(t.Duration.Seconds())
		return
	}
	m.decisions.WithLabelValues(t.Method, outcome(t.Outcome)).Inc()
	m.took.WithLabelValues(t.Method).Observe(t.Duration.Seconds())
	for _, s := range t.Steps {
		if s.Verdict == core.VerdictSkip {
			continue
		}
		m.questions.WithLabelValues(s.Strategy, s.Op, outcome(s.Outcome)).Inc()
		m.answered.WithLabelValues(s.Strategy).Observe(s.Duration.Seconds())
	}
}

func outcome(c core.Code) string {
	if c == "" {
		return "ok"
	}
	return string(c)
}

// Handler serves the counts in Prometheus' text format. It asks nobody who
// they are: what it shows is for operators, so it belongs where only they
// reach it.
func (m *Metrics) Handler() http.Handler {
	return promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{})
}
