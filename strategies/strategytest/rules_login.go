package strategytest

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/authd-go/authd/core"
)

func loginRules() []Rule {
	login := Need(core.CanLogin)
	return []Rule{
		{"the right password is accepted", "people must be able to sign in", []Need{login}, rightPassword},
		{"a wrong password is refused", "this is what the strategy is for", []Need{login}, wrongPasswords},
		{"an unknown user is refused", "the next backend is asked about people who are unknown here", []Need{login}, unknownUser},
		{"an empty password is refused", "an LDAP server takes a bind without a password for a success", []Need{login}, emptyPassword},
		{"no canonical form is no account", "what has no canonical form is not counted against the account it reaches", []Need{login}, noCanonicalForm},
		{"a disabled account is refused", "somebody who left must not get in", []Need{login, NeedDisable}, disabledRefused},
	}
}

func concealmentRules() []Rule {
	login := Need(core.CanLogin)
	return []Rule{
		{"unknown looks like wrong", "an answer that differs tells a stranger who has an account", []Need{login}, unknownLooksWrong},
		{"unknown works like wrong", "an answer that comes sooner tells a stranger who has an account", []Need{login, NeedWork}, unknownWorksWrong},
		{"disabled looks like wrong", "who was disabled is nobody's business", []Need{login, NeedDisable}, disabledLooksWrong},
		{"disabled works like wrong", "an answer that comes sooner tells a stranger who was disabled", []Need{login, NeedDisable, NeedWork}, disabledWorksWrong},
	}
}

func rightPassword(ctx context.Context, tr *trial) error {
	return tr.accepted(ctx, tr.Account.Identifier, tr.Account.Password, "")
}

// wrongPasswords are near misses, so that no comparison gets away with
// folding, trimming or looking at a part.
func wrongPasswords(ctx context.Context, tr *trial) error {
	right := tr.Account.Password
	for _, pw := range []string{
		wrongPassword, right + " ", " " + right, right + right, right[:len(right)-1], right[1:],
		strings.ToUpper(right), strings.ToLower(right), tr.Account.Identifier, "*",
	} {
		if pw == right || pw == "" {
			continue
		}
		id, err := tr.login(ctx, tr.Account.Identifier, pw)
		if err := refused("a wrong password", id, err, core.InvalidCredentials); err != nil {
			return err
		}
	}
	return rightPassword(ctx, tr)
}

func unknownUser(ctx context.Context, tr *trial) error {
	for _, pw := range []string{tr.Account.Password, wrongPassword} {
		id, err := tr.login(ctx, nobody, pw)
		if err := refused("an unknown user", id, err, core.UnknownUser, core.InvalidCredentials); err != nil {
			return err
		}
	}
	return nil
}

func emptyPassword(ctx context.Context, tr *trial) error {
	for _, pw := range []string{"", " ", "\x00"} {
		for _, name := range []string{tr.Account.Identifier, nobody} {
			id, err := tr.login(ctx, name, pw)
			what := fmt.Sprintf("the password %q", pw)
			if err := refused(what, id, err, core.InvalidCredentials, core.UnknownUser, core.InvalidInput); err != nil {
				return err
			}
		}
	}
	return nil
}

func noCanonicalForm(ctx context.Context, tr *trial) error {
	c := typed(tr.Account.Identifier, tr.Account.Password)
	c.Identifier = ""
	id, err := tr.Strategy.Authenticator.Authenticate(ctx, c)
	return refused("a name without a canonical form", id, err, core.UnknownUser, core.InvalidCredentials)
}

func disabledRefused(ctx context.Context, tr *trial) error {
	if err := tr.disable(ctx); err != nil {
		return err
	}
	for what, pw := range map[string]string{"with the right password": tr.Account.Password, "with a wrong one": wrongPassword} {
		id, err := tr.login(ctx, tr.Account.Identifier, pw)
		// A directory may not tell a disabled account from none.
		if err := refused("a disabled account "+what, id, err, core.Disabled, core.InvalidCredentials, core.UnknownUser); err != nil {
			return err
		}
	}
	return nil
}

// disable switches Account off.
func (tr *trial) disable(ctx context.Context) error {
	if err := tr.Disable(ctx, tr.Account.Identifier); err != nil {
		return fmt.Errorf("disable %q: %w", tr.Account.Identifier, err)
	}
	return nil
}

// shown is what a client sees of an error, headers included.
func shown(err error) (string, error) {
	refusal := core.DefaultMessages().Refuse(err)
	if refusal == nil {
		return "", fmt.Errorf("accepted")
	}
	text, err := json.Marshal(refusal)
	return fmt.Sprintf("%s, retry after %v", text, refusal.RetryAfter.Round(time.Second)), err
}

// sight is what a stranger learns from one login: what is shown, and how much
// work it took, if that can be counted.
func (tr *trial) sight(ctx context.Context, name, pw string) (string, uint64, error) {
	before := tr.work()
	_, err := tr.login(ctx, name, pw)
	work := tr.work() - before
	text, err := shown(err)
	return text, work, err
}

func (tr *trial) work() uint64 {
	if tr.Work == nil {
		return 0
	}
	return tr.Work()
}

// alike compares what a stranger learns from two logins.
func (tr *trial) looks(ctx context.Context, what, name, pw, want string) error {
	got, _, err := tr.sight(ctx, name, pw)
	if err != nil {
		return fmt.Errorf("%s: %w", what, err)
	}
	if got != want {
		return fmt.Errorf("%s is shown %s, a wrong password %s", what, got, want)
	}
	return nil
}

func (tr *trial) works(ctx context.Context, what, name, pw string, want uint64) error {
	_, got, err := tr.sight(ctx, name, pw)
	if err != nil {
		return fmt.Errorf("%s: %w", what, err)
	}
	if got != want {
		return fmt.Errorf("%s costs %d units of work, a wrong password %d", what, got, want)
	}
	return nil
}

// wrong is what a stranger learns from a wrong password of Account.
func (tr *trial) wrong(ctx context.Context) (string, uint64, error) {
	text, work, err := tr.sight(ctx, tr.Account.Identifier, wrongPassword)
	if err != nil {
		return "", 0, fmt.Errorf("a wrong password: %w", err)
	}
	if tr.Work != nil && work == 0 {
		return "", 0, fmt.Errorf("a wrong password costs no work: Backend.Work counts nothing")
	}
	return text, work, nil
}

// strangers are names that no account has.
func strangers() []string { return []string{nobody, "nobody", "no canonical\nform", ""} }

func unknownLooksWrong(ctx context.Context, tr *trial) error {
	want, _, err := tr.wrong(ctx)
	if err != nil {
		return err
	}
	for _, name := range strangers() {
		if err := tr.looks(ctx, fmt.Sprintf("the unknown user %q", name), name, wrongPassword, want); err != nil {
			return err
		}
	}
	return nil
}

func unknownWorksWrong(ctx context.Context, tr *trial) error {
	_, want, err := tr.wrong(ctx)
	if err != nil {
		return err
	}
	for _, name := range strangers() {
		if err := tr.works(ctx, fmt.Sprintf("the unknown user %q", name), name, wrongPassword, want); err != nil {
			return err
		}
	}
	return nil
}

func disabledLooksWrong(ctx context.Context, tr *trial) error {
	want, _, err := tr.wrong(ctx)
	if err != nil {
		return err
	}
	if err := tr.disable(ctx); err != nil {
		return err
	}
	return tr.looks(ctx, "a disabled account", tr.Account.Identifier, wrongPassword, want)
}

func disabledWorksWrong(ctx context.Context, tr *trial) error {
	_, want, err := tr.wrong(ctx)
	if err != nil {
		return err
	}
	if err := tr.disable(ctx); err != nil {
		return err
	}
	for what, pw := range map[string]string{"with a wrong password": wrongPassword, "with the right one": tr.Account.Password} {
		if err := tr.works(ctx, "a disabled account "+what, tr.Account.Identifier, pw, want); err != nil {
			return err
		}
	}
	return nil
}
