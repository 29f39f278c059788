package strategytest

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"slices"
	"sync"
	"time"

	"github.com/authd-go/authd/core"
	"github.com/authd-go/authd/core/identifier"
)

// The passwords of the suite. They pass any usual policy, have fewer than the
// 72 bytes that bcrypt reads, and appear nowhere else.
const (
	wrongPassword = "canary-5e1f Quartz lantern"
	newPassword   = "canary-8c2d Maple harbour"
	otherPassword = "canary-9b3a Velvet anchor"
)

// nobody is an identifier that no backend knows.
const nobody = "nobody-here@example.com"

// trial is one rule's strategy and backend.
type trial struct {
	*Backend
	harness Harness
	log     *logBuffer
	granted core.Grant // to the account, for the calls about it
	shown   []string   // tokens that were presented
	now     func() time.Time
}

func newTrial(ctx context.Context, h Harness) (*trial, error) {
	if h.Patience == 0 {
		h.Patience = 5 * time.Second
	}
	tr := &trial{harness: h, log: &logBuffer{}}
	b, err := h.Open(ctx, tr.env())
	if err != nil {
		return nil, err
	}
	tr.Backend = b
	return tr, nil
}

// env is what the house lends. Everything is logged, whatever its level.
func (tr *trial) env() core.Env {
	started := time.Now()
	tr.now = func() time.Time {
		return time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC).Add(time.Since(started))
	}
	return core.Env{
		Name:      Name,
		Log:       slog.New(slog.NewJSONHandler(tr.log, &slog.HandlerOptions{Level: slog.Level(-100)})),
		Now:       tr.now,
		Rand:      rand.Reader,
		HTTP:      &http.Client{Timeout: 10 * time.Second},
		PublicURL: &url.URL{Scheme: "http", Host: "localhost:8080"},
	}
}

func (tr *trial) close() error {
	err := closeStrategy(tr.Strategy)
	if tr.Close != nil {
		err = errors.Join(err, guarded(tr.Close))
	}
	return err
}

func closeStrategy(s core.Strategy) error {
	if s.Close == nil {
		return nil
	}
	if err := guarded(s.Close); err != nil {
		return fmt.Errorf("close: %w", err)
	}
	return nil
}

// logBuffer collects log lines. It is safe for concurrent use.
type logBuffer struct {
	mu   sync.Mutex
	text bytes.Buffer
}

// Write implements io.Writer.
func (b *logBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.Write(p)
}

func (b *logBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.String()
}

// typed makes credentials as the house does: what has no canonical form names
// no account.
func typed(name, password string) core.Credentials {
	canonical, _ := identifier.Canonical(name)
	return core.Credentials{
		Identifier: canonical, Typed: name, Password: core.NewSecret(password),
		Params: core.Params{"email": name, "password": password},
	}
}

// login signs in with what somebody typed.
func (tr *trial) login(ctx context.Context, name, password string) (core.Identity, error) {
	return tr.Strategy.Authenticator.Authenticate(ctx, typed(name, password))
}

// signIn signs Account in, by whatever way there is.
func (tr *trial) signIn(ctx context.Context) (core.Identity, error) {
	id, err := tr.play(ctx)
	if err != nil {
		return core.Identity{}, fmt.Errorf("sign the account in: %w", err)
	}
	return stamped(id), nil
}

func (tr *trial) play(ctx context.Context) (core.Identity, error) {
	if tr.SignIn != nil {
		return tr.SignIn(ctx, tr.Strategy)
	}
	return tr.login(ctx, tr.Account.Identifier, tr.Account.Password)
}

// stamped is an identity with the strategy's name, as the registry hands it on.
func stamped(id core.Identity) core.Identity {
	id.Strategy = Name
	return id
}

// seed adds an account of the suite.
func (tr *trial) seed(ctx context.Context, name, password string) error {
	if err := tr.Seed(ctx, Account{Identifier: name, Password: password}); err != nil {
		return fmt.Errorf("seed %q: %w", name, err)
	}
	return nil
}

// accepted checks that a login works and is an account's.
func (tr *trial) accepted(ctx context.Context, name, password, subject string) error {
	id, err := tr.login(ctx, name, password)
	if err != nil {
		return fmt.Errorf("the login of %q: %w", short(name), err)
	}
	if subject != "" && id.Subject != subject {
		return fmt.Errorf("the login of %q gave subject %q, want %q", short(name), id.Subject, subject)
	}
	return nil
}

// refused checks that a login came to nothing, and to one of the codes.
func refused(what string, id core.Identity, err error, codes ...core.Code) error {
	if err == nil {
		return fmt.Errorf("%s: accepted, as %q", what, id.Subject)
	}
	if id.Subject != "" {
		return fmt.Errorf("%s: refused, and yet it names %q", what, id.Subject)
	}
	return outcome(what, err, codes...)
}

// outcome checks an error's code; "" is success.
func outcome(what string, err error, codes ...core.Code) error {
	if got := core.CodeOf(err); !slices.Contains(codes, got) {
		return fmt.Errorf("%s: outcome %q, want %q (error: %w)", what, string(got), codes, orNone(err))
	}
	return nil
}

func orNone(err error) error {
	if err == nil {
		return errors.New("none")
	}
	return err
}

// inTime calls f and says so if it takes longer than the harness has patience.
func (tr *trial) inTime(what string, f func() error) error {
	done := make(chan error, 1)
	go func() { done <- guarded(f) }()
	timer := time.NewTimer(tr.harness.Patience)
	defer timer.Stop()
	select {
	case err := <-done:
		return err
	case <-timer.C:
		return fmt.Errorf("%s: no answer within %v", what, tr.harness.Patience)
	}
}

// short keeps reports readable.
func short(s string) string {
	if len(s) > 60 {
		return s[:60] + "..."
	}
	return s
}
