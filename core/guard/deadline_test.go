package guard_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"reflect"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/authd-go/authd/core"
	"github.com/authd-go/authd/core/guard"
)

// scripted has every capability. Each of its methods does what answer says.
type scripted struct{ answer func(context.Context) error }

func (s scripted) Authenticate(ctx context.Context, _ core.Credentials) (core.Identity, error) {
	return core.Identity{Name: "x"}, s.answer(ctx)
}

func (s scripted) Begin(ctx context.Context, _ core.RedirectRequest) (core.Redirect, error) {
	return core.Redirect{URL: "x"}, s.answer(ctx)
}

func (s scripted) Complete(ctx context.Context, _ core.Callback) (core.Grant, error) {
	return core.Grant{SessionID: "x"}, s.answer(ctx)
}

func (s scripted) AuthenticateToken(ctx context.Context, _ core.TokenCredentials) (core.TokenGrant, error) {
	return core.TokenGrant{Grant: core.Grant{SessionID: "x"}}, s.answer(ctx)
}

func (s scripted) Renew(ctx context.Context, _ core.Grant) (core.Grant, error) {
	return core.Grant{SessionID: "x"}, s.answer(ctx)
}

func (s scripted) ReceiveLogout(ctx context.Context, _ core.Secret) (core.LogoutNotice, error) {
	return core.LogoutNotice{ID: "x"}, s.answer(ctx)
}

func (s scripted) Picture(ctx context.Context, _ string) ([]byte, error) {
	return []byte("x"), s.answer(ctx)
}

func (s scripted) Register(ctx context.Context, _ core.Registration) (core.Identity, error) {
	return core.Identity{Name: "x"}, s.answer(ctx)
}

func (s scripted) FindAccount(ctx context.Context, _ string) (core.Identity, error) {
	return core.Identity{Name: "x"}, s.answer(ctx)
}

func (s scripted) ResetPassword(ctx context.Context, _ string, _ core.Secret) error {
	return s.answer(ctx)
}

func (s scripted) ChangePassword(ctx context.Context, _ core.PasswordChange) error {
	return s.answer(ctx)
}

func (s scripted) Revalidate(ctx context.Context, _ string) (core.Identity, error) {
	return core.Identity{Name: "x"}, s.answer(ctx)
}

func (s scripted) Permissions(ctx context.Context, _ core.Identity, _ core.Params) (any, error) {
	return "x", s.answer(ctx)
}

func (s scripted) Identity(ctx context.Context, _ core.Identity) (core.Identity, error) {
	return core.Identity{Name: "x"}, s.answer(ctx)
}

func (s scripted) LogoutURL(ctx context.Context, _ core.Grant, _ string) (string, error) {
	return "x", s.answer(ctx)
}

// operators is the one field that no request leads to.
const operators = "Diagnoser"

// whole is a strategy with every field set. Fields that a later version adds
// are found by reflection, and scripted must learn their methods.
func whole(t *testing.T, answer func(context.Context) error) core.Strategy {
	t.Helper()
	var s core.Strategy
	v := reflect.ValueOf(&s).Elem()
	for i := range v.NumField() {
		field, name := v.Field(i), v.Type().Field(i).Name
		if name == operators {
			continue
		}
		switch f := field.Addr().Interface().(type) {
		case *func(context.Context) error:
			*f = answer
		case *func() error:
			*f = func() error { return answer(context.Background()) }
		default:
			if !reflect.TypeFor[scripted]().Implements(field.Type()) {
				t.Fatalf("teach scripted the capability %s", name)
			}
			field.Set(reflect.ValueOf(scripted{answer}))
		}
	}
	return s
}

// question is one function of a strategy, with its arguments filled in.
type question struct {
	name string
	ask  func(context.Context) (value any, err error)
}

// questions finds all that can be asked of a strategy.
func questions(s core.Strategy) []question {
	var out []question
	v := reflect.ValueOf(s)
	for i := range v.NumField() {
		field, name := v.Field(i), v.Type().Field(i).Name
		if name == operators {
			continue
		}
		if field.Kind() == reflect.Func {
			out = append(out, question{name, asker(field)})
			continue
		}
		for m := range field.Type().NumMethod() {
			method := field.Type().Method(m).Name
			out = append(out, question{name + "." + method, asker(field.MethodByName(method))})
		}
	}
	return out
}

func asker(f reflect.Value) func(context.Context) (any, error) {
	return func(ctx context.Context) (any, error) {
		var args []reflect.Value
		for i := range f.Type().NumIn() {
			arg := reflect.Zero(f.Type().In(i))
			if i == 0 {
				arg = reflect.ValueOf(ctx)
			}
			args = append(args, arg)
		}
		out := f.Call(args)
		err, _ := out[len(out)-1].Interface().(error)
		if len(out) == 1 {
			return nil, err
		}
		return out[0].Interface(), err
	}
}

func quiet() *slog.Logger { return slog.New(slog.DiscardHandler) }

func TestDeadlineWrapsEveryField(t *testing.T) {
	s := whole(t, func(context.Context) error { return nil })
	before, after := reflect.ValueOf(s), reflect.ValueOf(guard.Deadline(s, time.Second, quiet()))
	for i := range before.NumField() {
		name, was, is := before.Type().Field(i).Name, before.Field(i), after.Field(i)
		if name == operators {
			continue
		}
		if is.IsNil() {
			t.Errorf("%s was lost", name)
		} else if was.Kind() == reflect.Func && was.Pointer() == is.Pointer() || was.Kind() == reflect.Interface && was.Elem().Type() == is.Elem().Type() {
			t.Errorf("%s is not wrapped", name)
		}
	}
	if got, want := guard.Deadline(s, 0, quiet()).Capabilities(), s.Capabilities(); !reflect.DeepEqual(got, want) {
		t.Errorf("capabilities are %v, were %v", got, want)
	}
	if none := reflect.ValueOf(guard.Deadline(core.Strategy{}, time.Second, quiet())); !none.IsZero() {
		t.Errorf("capabilities out of nothing: %+v", none)
	}
}

func TestDeadlinePassesAnswersOn(t *testing.T) {
	refusal := &core.Error{Code: core.Throttled, RetryAfter: time.Minute}
	for _, want := range []error{nil, refusal} {
		for _, q := range questions(guard.Deadline(whole(t, func(context.Context) error { return want }), time.Second, quiet())) {
			value, err := q.ask(t.Context())
			if !errors.Is(err, want) || want == nil && value != nil && reflect.ValueOf(value).IsZero() {
				t.Errorf("%s: %v, %v", q.name, value, err)
			}
		}
	}
}

func TestDeadlinePassesTheContextOn(t *testing.T) {
	type key struct{}
	for _, q := range questions(guard.Deadline(whole(t, func(ctx context.Context) error {
		if _, limited := ctx.Deadline(); !limited || ctx.Value(key{}) != "value" {
			return errors.New("no deadline or no value")
		}
		return nil
	}), time.Second, quiet())) {
		if q.name == "Close" {
			continue // takes none
		}
		if _, err := q.ask(context.WithValue(t.Context(), key{}, "value")); err != nil {
			t.Errorf("%s: %v", q.name, err)
		}
	}
}

func TestDeadlineLeavesWhoIgnoresIt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		release := make(chan struct{})
		s := guard.Deadline(whole(t, func(context.Context) error { <-release; return nil }), 2*time.Second, quiet())
		for _, q := range questions(s) {
			start := time.Now()
			value, err := q.ask(t.Context())
			if !errors.Is(err, core.Unavailable) || value != nil && !reflect.ValueOf(value).IsZero() {
				t.Errorf("%s: %v, %v", q.name, value, err)
			}
			if took := time.Since(start); took < 2*time.Second || took > 2200*time.Millisecond {
				t.Errorf("%s came back after %v", q.name, took)
			}
		}
		close(release)
	})
}

// A caller that goes away is not kept, and a backend that honours its context
// is not counted as hanging, however many callers go away.
func TestDeadlineFollowsTheCallersContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		polite := guard.Deadline(whole(t, func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() }), time.Minute, quiet())
		ctx, cancel := context.WithCancel(t.Context())
		var calls sync.WaitGroup
		start := time.Now()
		for range 10 * guard.MaxAbandoned {
			calls.Go(func() {
				if _, err := polite.Revalidator.Revalidate(ctx, "x"); !errors.Is(err, context.Canceled) {
					t.Errorf("got %v", err)
				}
			})
		}
		synctest.Wait()
		cancel()
		calls.Wait()
		if time.Since(start) != 0 {
			t.Errorf("they were kept for %v", time.Since(start))
		}
		if _, err := polite.Revalidator.Revalidate(ctx, "x"); !errors.Is(err, core.Unavailable) || core.AsError(err).Reason != "" {
			t.Errorf("with a context that has ended: %v", err)
		}
	})
}

func TestDeadlineBoundsWhatItAbandons(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		release := make(chan struct{})
		var begun atomic.Int32
		s := guard.Deadline(core.Strategy{
			Authenticator: scripted{func(context.Context) error { begun.Add(1); <-release; return nil }},
			Close:         func() error { return nil },
		}, time.Second, quiet())
		for range guard.MaxAbandoned {
			if _, err := s.Authenticator.Authenticate(t.Context(), core.Credentials{}); core.AsError(err).Reason != "" {
				t.Fatalf("too early: %v", err)
			}
		}
		start := time.Now()
		_, err := s.Authenticator.Authenticate(t.Context(), core.Credentials{})
		if !errors.Is(err, core.Unavailable) || core.AsError(err).Reason != guard.ReasonHanging || time.Since(start) != 0 {
			t.Errorf("got %v after %v", err, time.Since(start))
		}
		if begun.Load() != guard.MaxAbandoned {
			t.Errorf("%d calls were begun, want %d", begun.Load(), guard.MaxAbandoned)
		}
		if err := s.Close(); err != nil {
			t.Errorf("a hanging backend cannot be closed: %v", err)
		}
		close(release)
		synctest.Wait()
		if id, err := s.Authenticator.Authenticate(t.Context(), core.Credentials{}); err != nil || id.Name != "x" {
			t.Errorf("once they returned: %+v, %v", id, err)
		}
	})
}

// Answers that come at the very moment of giving up are counted once.
func TestDeadlineCountsRaces(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := guard.Deadline(core.Strategy{Ready: func(ctx context.Context) error {
			<-ctx.Done()
			time.Sleep(100 * time.Millisecond) // the grace, to the nanosecond
			return nil
		}}, time.Second, quiet())
		var calls sync.WaitGroup
		for range 20 * guard.MaxAbandoned {
			calls.Go(func() { _ = s.Ready(t.Context()) })
		}
		calls.Wait()
		synctest.Wait()
		if err := s.Ready(t.Context()); err != nil && core.AsError(err).Reason == guard.ReasonHanging {
			t.Errorf("all came back, and it is still taken to hang: %v", err)
		}
	})
}

func TestDeadlineTurnsPanicsIntoInternal(t *testing.T) {
	var log bytes.Buffer
	s := guard.Deadline(whole(t, func(context.Context) error { panic("out of order") }), time.Second, slog.New(slog.NewTextHandler(&log, nil)))
	for _, q := range questions(s) {
		log.Reset()
		_, err := q.ask(t.Context())
		if core.CodeOf(err) != core.Internal || strings.Contains(err.Error(), "out of order") {
			t.Errorf("%s: %v", q.name, err)
		}
		if !strings.Contains(log.String(), "out of order") || !strings.Contains(log.String(), "deadline_test.go") {
			t.Errorf("%s: the log has no stack: %s", q.name, &log)
		}
	}
}

func TestDeadlineSurvivesGoexit(t *testing.T) {
	s := guard.Deadline(core.Strategy{Ready: func(context.Context) error { runtime.Goexit(); return nil }}, time.Minute, quiet())
	if err := s.Ready(t.Context()); core.CodeOf(err) != core.Internal {
		t.Errorf("got %v", err)
	}
}

func BenchmarkDeadline(b *testing.B) {
	s := guard.Deadline(core.Strategy{Revalidator: scripted{func(context.Context) error { return nil }}}, time.Minute, quiet())
	b.ReportAllocs()
	for b.Loop() {
		if _, err := s.Revalidator.Revalidate(b.Context(), "x"); err != nil {
			b.Fatal(err)
		}
	}
}
