package strategytest

import (
	"context"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/authd-go/authd/core"
)

func houseRules() []Rule {
	return []Rule{
		{"capabilities are those wanted", "the configuration is checked against them: one too many fails at run time, one too few at start", nil, capabilitiesWanted},
		{"ready says yes", "a node that never says ready gets no traffic", []Need{NeedReady}, readySaysYes},
		{"close twice", "a start that fails half-way closes what a shutdown closes again", nil, closeTwice},
		{"parallel use", "the house calls from many goroutines at once", []Need{NeedAccount}, parallelUse},
		{"no secret is shown", "errors and log lines are read by people who must not know passwords", nil, noSecretShown},
	}
}

func capabilitiesWanted(_ context.Context, tr *trial) error {
	got, want := tr.Strategy.Capabilities(), slices.Clone(tr.harness.Want)
	sorted := slices.Clone(got)
	slices.Sort(sorted)
	slices.Sort(want)
	if !slices.Equal(sorted, want) {
		return fmt.Errorf("the strategy can %q, want %q", got, tr.harness.Want)
	}
	return nil
}

func readySaysYes(ctx context.Context, tr *trial) error {
	return tr.inTime("Ready", func() error { return outcome("Ready", tr.Strategy.Ready(ctx), "") })
}

func closeTwice(_ context.Context, tr *trial) error {
	for range 2 {
		if err := closeStrategy(tr.Strategy); err != nil {
			return err
		}
	}
	return nil
}

// parallelUse asks the same questions from several goroutines. Everybody must
// get the answer that is right for them.
func parallelUse(ctx context.Context, tr *trial) error {
	id, err := tr.signIn(ctx)
	if err != nil {
		return err
	}
	var (
		group sync.WaitGroup
		mu    sync.Mutex
		wrong error
	)
	for i := range 8 {
		group.Go(func() {
			err := guarded(func() error { return tr.questions(ctx, id, i) })
			mu.Lock()
			defer mu.Unlock()
			wrong = errors.Join(wrong, err)
		})
	}
	group.Wait()
	return wrong
}

// questions asks what changes nothing. Every other asker is a stranger.
func (tr *trial) questions(ctx context.Context, id core.Identity, asker int) error {
	subject := id.Subject
	for range 2 {
		if tr.Strategy.Authenticator != nil && asker%2 == 1 {
			got, err := tr.login(ctx, tr.Account.Identifier, wrongPassword)
			if err := refused("a wrong password", got, err, core.InvalidCredentials, core.Throttled, core.Locked); err != nil {
				return err
			}
		}
		if tr.Strategy.Authenticator != nil && asker%2 == 0 {
			if err := tr.accepted(ctx, tr.Account.Identifier, tr.Account.Password, subject); err != nil {
				return err
			}
		}
		for _, c := range tr.presentCalls(id) {
			if err := c.do(ctx); err != nil {
				return fmt.Errorf("%s: %w", c.name, err)
			}
		}
	}
	return nil
}

// noSecretShown makes every call succeed and fail in all the ways there are,
// and then looks at what came out.
func noSecretShown(ctx context.Context, tr *trial) error {
	id, err := tr.known(ctx)
	if err != nil {
		return err
	}
	var seen []error
	note := func(_ core.Identity, err error) { seen = append(seen, err) }
	if tr.Strategy.Authenticator != nil {
		note(tr.login(ctx, tr.Account.Identifier, wrongPassword))
		note(tr.login(ctx, nobody, wrongPassword))
		note(tr.login(ctx, wrongPassword, wrongPassword)) // typed into the wrong field
	}
	everything := func(ctx context.Context) {
		for _, c := range append(tr.calls(id), tr.refusedCalls(id)...) {
			note(core.Identity{}, c.do(ctx))
		}
	}
	everything(ctx)
	cancelled, cancel := context.WithCancel(ctx)
	cancel()
	everything(cancelled)
	if tr.Break != nil {
		tr.Break()
		everything(ctx)
	}
	return tr.lookForSecrets(seen)
}

// refusedCalls are calls with secrets in them that must be refused.
func (tr *trial) refusedCalls(id core.Identity) []call {
	s := tr.Strategy
	var out []call
	if s.Registrar != nil {
		out = append(out, call{"Register", nil, func(ctx context.Context) error {
			r := registration(1) // taken by now
			r.Password = core.NewSecret(otherPassword)
			_, err := s.Registrar.Register(ctx, r)
			return err
		}})
	}
	if s.Recoverer != nil {
		out = append(out, call{"ResetPassword", nil, func(ctx context.Context) error {
			return tr.reset(ctx, "nobody-at-all", otherPassword)
		}})
	}
	if s.PasswordChanger != nil {
		out = append(out, call{"ChangePassword", nil, func(ctx context.Context) error {
			return tr.change(ctx, id.Subject, wrongPassword, otherPassword)
		}})
	}
	return out
}

func (tr *trial) lookForSecrets(seen []error) error {
	secrets := append([]string{wrongPassword, newPassword, otherPassword, tr.Account.Password}, append(tr.shown, tr.Secrets...)...)
	for _, err := range seen {
		if err == nil {
			continue
		}
		for _, text := range []string{err.Error(), fmt.Sprintf("%+v", err), fmt.Sprintf("%#v", err)} {
			if shows(text, secrets) {
				return fmt.Errorf("an error shows a secret: %q", text)
			}
		}
	}
	for line := range strings.Lines(tr.log.String()) {
		if shows(line, secrets) {
			return fmt.Errorf("a log line shows a secret: %s", line)
		}
	}
	return nil
}

// shows says whether a text holds a secret as it is or in a usual encoding.
func shows(text string, secrets []string) bool {
	for _, secret := range secrets {
		if secret == "" {
			continue
		}
		for _, form := range []string{
			secret, hex.EncodeToString([]byte(secret)),
			base64.StdEncoding.EncodeToString([]byte(secret)), base64.RawURLEncoding.EncodeToString([]byte(secret)),
		} {
			if strings.Contains(text, form) {
				return true
			}
		}
	}
	return false
}
