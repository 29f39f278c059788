package guard

import (
	"context"

	"github.com/authd-go/authd/core"
)

type witnessKey struct{}

// witness sees the trace of the method call that it was put into the context of.
type witness struct {
	trace core.Trace
	seen  bool
}

func withWitness(ctx context.Context, w *witness) context.Context {
	return context.WithValue(ctx, witnessKey{}, w)
}

// Witnessed returns a tracer for the provider that a Throttle is put around. It
// shows the throttle each trace and hands it on to next, which may be nil.
func Witnessed(next core.Tracer) core.Tracer {
	return core.TracerFunc(func(ctx context.Context, t core.Trace) {
		if w, ok := ctx.Value(witnessKey{}).(*witness); ok {
			w.trace, w.seen = t, true
		}
		if next != nil {
			next.Trace(ctx, t)
		}
	})
}

// unheard says that no backend gave a verdict on anything, so that the try
// taught the caller nothing. An unknown account is a verdict too: if it were
// not, an outage of one backend of a chain would show, by the count, which
// accounts another one has. So is whatever nobody witnessed.
func (w *witness) unheard() bool {
	if w.trace.Op == core.OpFinishLogin || w.trace.Op == core.OpExchange {
		return w.trace.Outcome == core.Unavailable // an answer that is not believed was judged
	}
	if !w.seen || !saysNothing(w.trace.Outcome) {
		return false
	}
	for _, s := range w.trace.Steps {
		if s.Verdict != core.VerdictSkip && !saysNothing(s.Outcome) {
			return false
		}
	}
	return true
}

// proved says that the password was right although the answer is a refusal, as
// its owner is told: that was no guess. A right password of which nobody is told
// is a guess like any other.
func (w *witness) proved() bool {
	e := core.AsError(w.trace.Err)
	return w.seen && e != nil && e.Proved
}

// saysNothing is whether an outcome says nothing about the credentials.
func saysNothing(code core.Code) bool {
	switch code {
	case core.Unavailable, core.Throttled, core.InvalidInput, core.Unsupported, core.Unauthenticated:
		return true
	}
	return false
}
