package guard

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime/debug"
	"sync/atomic"
	"time"

	"github.com/authd-go/authd/core"
)

// ReasonHanging is the reason of a refusal on behalf of a backend that has too
// many calls which never came back.
const ReasonHanging = "backend_hanging"

// MaxAbandoned is how many calls to one backend may be abandoned and still run
// before no further one is begun.
const MaxAbandoned = 64

// grace is how long a call may take to notice that its context has ended. A
// strategy that honours its context is never abandoned.
const grace = 100 * time.Millisecond

var (
	errHanging   = errors.New("earlier calls never came back; none is begun until one does")
	errAbandoned = errors.New("the call did not end with its context and was abandoned")
	errPanicked  = errors.New("the strategy panicked; the log has the stack")
	errLeft      = errors.New("the strategy ended its goroutine")
)

// Deadline returns the strategy with a limit on each call, Ready and Close
// included: one that is not back soon after its context ended or the limit
// passed is abandoned, and the answer is Unavailable. The limit of 0 leaves it
// to the caller's context.
//
// What was abandoned runs on in its goroutine, which nobody can end, and its
// result is dropped. While MaxAbandoned calls do so, further ones are refused
// at once (Unavailable, ReasonHanging). Calls under way when a backend begins to
// hang are not counted before their time is up, so for as long as the limit
// there may be more.
//
// A panic in a call becomes Internal; its stack goes to log, which should carry
// the strategy's name. Capabilities that are nil stay nil.
func Deadline(s core.Strategy, limit time.Duration, log *slog.Logger) core.Strategy {
	l := &limiter{limit: limit, log: log}
	wrap(&s.Authenticator, func(next core.Authenticator) core.Authenticator { return authenticator{l, next} })
	wrap(&s.Redirector, func(next core.Redirector) core.Redirector { return redirector{l, next} })
	wrap(&s.TokenAuthenticator, func(next core.TokenAuthenticator) core.TokenAuthenticator { return tokenAuthenticator{l, next} })
	wrap(&s.Registrar, func(next core.Registrar) core.Registrar { return registrar{l, next} })
	wrap(&s.Recoverer, func(next core.Recoverer) core.Recoverer { return recoverer{l, next} })
	wrap(&s.PasswordChanger, func(next core.PasswordChanger) core.PasswordChanger { return passwordChanger{l, next} })
	wrap(&s.Revalidator, func(next core.Revalidator) core.Revalidator { return revalidator{l, next} })
	wrap(&s.Renewer, func(next core.Renewer) core.Renewer { return renewer{l, next} })
	wrap(&s.PermissionSource, func(next core.PermissionSource) core.PermissionSource { return permissionSource{l, next} })
	wrap(&s.IdentitySource, func(next core.IdentitySource) core.IdentitySource { return identitySource{l, next} })
	wrap(&s.LogoutRedirector, func(next core.LogoutRedirector) core.LogoutRedirector { return logoutRedirector{l, next} })
	wrap(&s.PictureSource, func(next core.PictureSource) core.PictureSource { return pictureSource{l, next} })
	wrap(&s.LogoutReceiver, func(next core.LogoutReceiver) core.LogoutReceiver { return logoutReceiver{l, next} })
	if ready := s.Ready; ready != nil {
		s.Ready = func(ctx context.Context) error { return l.do(ctx, "ready", ready) }
	}
	if end := s.Close; end != nil {
		// Asked of a hanging backend too, and only then of use.
		s.Close = func() error {
			_, err := bounded(context.Background(), l, "close", func(context.Context) (struct{}, error) { return struct{}{}, end() })
			return err
		}
	}
	return s
}

// wrap replaces a capability that is there.
func wrap[C comparable](field *C, around func(C) C) {
	var none C
	if *field != none {
		*field = around(*field)
	}
}

// limiter is what the calls to one backend share.
type limiter struct {
	limit     time.Duration
	log       *slog.Logger
	abandoned atomic.Int32 // calls that run although nobody waits for them
}

// do is call for questions that are answered by an error alone.
func (l *limiter) do(ctx context.Context, op string, question func(context.Context) error) error {
	_, err := call(ctx, l, op, func(ctx context.Context) (struct{}, error) { return struct{}{}, question(ctx) })
	return err
}

// call asks, unless the backend hangs.
func call[T any](ctx context.Context, l *limiter, op string, question func(context.Context) (T, error)) (none T, _ error) {
	if l.abandoned.Load() >= MaxAbandoned {
		return none, &core.Error{Code: core.Unavailable, Op: op, Reason: ReasonHanging, Err: errHanging}
	}
	return bounded(ctx, l, op, question)
}

// answer is what a question came to.
type answer[T any] struct {
	value T
	err   error
}

// bounded asks in a goroutine of its own and waits for as long as it may.
func bounded[T any](ctx context.Context, l *limiter, op string, question func(context.Context) (T, error)) (none T, _ error) {
	if l.limit > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, l.limit)
		defer cancel()
	}
	if err := ctx.Err(); err != nil {
		return none, core.Fail(core.Unavailable, op, err)
	}
	answered := make(chan answer[T], 1)
	var settled atomic.Bool // by whichever comes first: the answer, or giving up
	go func() {
		a := answer[T]{err: core.Fail(core.Internal, op, errLeft)}
		defer func() { // also after runtime.Goexit
			answered <- a
			if !settled.CompareAndSwap(false, true) {
				l.abandoned.Add(-1)
			}
		}()
		a = ask(ctx, l, op, question)
	}()
	if a, ok := await(ctx, answered); ok {
		return a.value, a.err
	}
	l.abandoned.Add(1)
	if settled.CompareAndSwap(false, true) {
		return none, core.Fail(core.Unavailable, op, errors.Join(errAbandoned, ctx.Err()))
	}
	l.abandoned.Add(-1) // it came back this very moment
	a := <-answered
	return a.value, a.err
}

// await returns the answer, if there is one before the context and its grace end.
func await[T any](ctx context.Context, answered <-chan answer[T]) (answer[T], bool) {
	select {
	case a := <-answered:
		return a, true
	case <-ctx.Done():
	}
	timer := time.NewTimer(grace)
	defer timer.Stop()
	select {
	case a := <-answered:
		return a, true
	case <-timer.C:
		return answer[T]{}, false
	}
}

// ask turns a panic into an answer.
func ask[T any](ctx context.Context, l *limiter, op string, question func(context.Context) (T, error)) (a answer[T]) {
	defer func() {
		if cause := recover(); cause != nil {
			l.log.ErrorContext(ctx, "panic in a strategy", "op", op, "panic", fmt.Sprint(cause), "stack", string(debug.Stack()))
			a = answer[T]{err: core.Fail(core.Internal, op, errPanicked)}
		}
	}()
	a.value, a.err = question(ctx)
	return a
}
