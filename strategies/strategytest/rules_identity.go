package strategytest

import (
	"context"
	"encoding/json"
	"fmt"
	"reflect"

	"github.com/authd-go/authd/core"
	"github.com/authd-go/authd/core/identifier"
)

func identityRules() []Rule {
	return []Rule{
		{"subject is stable", "sessions, audit and links hang on it: a subject that changes is another person", []Need{NeedAccount}, subjectStable},
		{"subject outlives a restart", "a subject that changes at a restart signs everybody out, or in as somebody else", []Need{NeedAccount, NeedReopen}, subjectAfterReopen},
		{"all spellings are one account", "two subjects for one person are two counters for guesses and two lists of sessions", []Need{NeedSpellings, Need(core.CanLogin)}, spellingsAreOne},
		{"accounts are told apart", "two people under one subject read each other's data", []Need{NeedSeed, Need(core.CanLogin)}, accountsApart},
		{"identity can be shown", "it travels as JSON, and its names are compared with canonical ones", []Need{NeedAccount}, identityShown},
		{"results share no memory", "the registry changes the roles of a result, which must not change the next one", []Need{NeedAccount}, resultsAreCopies},
	}
}

func subjectStable(ctx context.Context, tr *trial) error {
	first, err := tr.play(ctx)
	if err != nil {
		return fmt.Errorf("sign the account in: %w", err)
	}
	switch {
	case first.Subject == "":
		return fmt.Errorf("the subject is empty")
	case first.Strategy != "" && first.Strategy != Name:
		return fmt.Errorf("the identity names the strategy %q, want %q or nothing", first.Strategy, Name)
	}
	again, err := tr.signIn(ctx)
	if err != nil {
		return err
	}
	subjects := map[string]string{"a second login": again.Subject}
	for _, s := range tr.sources(stamped(first)) {
		id, err := s.ask(ctx)
		if err != nil {
			return fmt.Errorf("%s: %w", s.name, err)
		}
		subjects[s.name] = id.Subject
	}
	return sameSubjects(first.Subject, subjects)
}

func sameSubjects(want string, got map[string]string) error {
	for what, subject := range got {
		if subject != want {
			return fmt.Errorf("%s gave subject %q, the first login %q", what, subject, want)
		}
	}
	return nil
}

// source is one of the calls that return Account's identity.
type source struct {
	name string
	ask  func(context.Context) (core.Identity, error)
}

func (tr *trial) sources(id core.Identity) []source {
	s := tr.Strategy
	out := []source{{"the login", tr.play}}
	if s.Recoverer != nil {
		out = append(out, source{"FindAccount", func(ctx context.Context) (core.Identity, error) {
			return s.Recoverer.FindAccount(ctx, tr.Account.Identifier)
		}})
	}
	if s.Revalidator != nil {
		out = append(out, source{"Revalidate", func(ctx context.Context) (core.Identity, error) {
			return s.Revalidator.Revalidate(ctx, id.Subject)
		}})
	}
	if s.IdentitySource != nil {
		out = append(out, source{"Identity", func(ctx context.Context) (core.Identity, error) {
			return s.IdentitySource.Identity(ctx, id.Clone())
		}})
	}
	return out
}

func subjectAfterReopen(ctx context.Context, tr *trial) error {
	before, err := tr.signIn(ctx)
	if err != nil {
		return err
	}
	reopened, err := tr.Reopen(ctx)
	if err != nil {
		return fmt.Errorf("reopen: %w", err)
	}
	old := tr.Strategy
	tr.Strategy = reopened // closed with the trial
	if err := closeStrategy(old); err != nil {
		return err
	}
	after, err := tr.signIn(ctx)
	if err != nil {
		return fmt.Errorf("after reopening: %w", err)
	}
	return sameSubjects(before.Subject, map[string]string{"the login after reopening": after.Subject})
}

func spellingsAreOne(ctx context.Context, tr *trial) error {
	id, err := tr.signIn(ctx)
	if err != nil {
		return err
	}
	for _, name := range tr.Spellings {
		if err := tr.accepted(ctx, name, tr.Account.Password, id.Subject); err != nil {
			return err
		}
	}
	return nil
}

func accountsApart(ctx context.Context, tr *trial) error {
	const name = "another-one@example.com"
	first, err := tr.signIn(ctx)
	if err != nil {
		return err
	}
	if err := tr.seed(ctx, name, otherPassword); err != nil {
		return err
	}
	second, err := tr.login(ctx, name, otherPassword)
	if err != nil {
		return fmt.Errorf("the login of another account: %w", err)
	}
	if second.Subject == first.Subject {
		return fmt.Errorf("two accounts share the subject %q", first.Subject)
	}
	crossed, err := tr.login(ctx, name, tr.Account.Password)
	return refused("another account with the first one's password", crossed, err, core.InvalidCredentials)
}

func identityShown(ctx context.Context, tr *trial) error {
	id, err := tr.signIn(ctx)
	if err != nil {
		return err
	}
	for _, s := range tr.sources(id) {
		got, err := s.ask(ctx)
		if err != nil {
			return fmt.Errorf("%s: %w", s.name, err)
		}
		if _, err := json.Marshal(got); err != nil {
			return fmt.Errorf("%s: the identity has no JSON: %w", s.name, err)
		}
		for _, name := range []string{got.Email, got.Username} {
			if canonical, _ := identifier.Canonical(name); name != "" && canonical != name {
				return fmt.Errorf("%s: the identity's %q is not canonical, %q is", s.name, name, canonical)
			}
		}
	}
	return nil
}

func resultsAreCopies(ctx context.Context, tr *trial) error {
	id, err := tr.signIn(ctx)
	if err != nil {
		return err
	}
	if len(id.Roles) == 0 && len(id.Claims) == 0 {
		return fmt.Errorf("%w: the account has neither roles nor claims", ErrNotApplicable)
	}
	for _, s := range tr.sources(id) {
		if err := copied(s.name, func() (any, error) { return s.ask(ctx) }); err != nil {
			return err
		}
	}
	if source := tr.Strategy.PermissionSource; source != nil {
		return copied("Permissions", func() (any, error) { return source.Permissions(ctx, id, nil) })
	}
	return nil
}

// copied asks, spoils the answer, and asks again.
func copied(what string, ask func() (any, error)) error {
	first, err := ask()
	if err != nil {
		return fmt.Errorf("%s: %w", what, err)
	}
	before, err := json.Marshal(first)
	if err != nil {
		return fmt.Errorf("%s: %w", what, err)
	}
	spoil(reflect.ValueOf(first))
	second, err := ask()
	if err != nil {
		return fmt.Errorf("%s, again: %w", what, err)
	}
	after, err := json.Marshal(second)
	if err != nil {
		return fmt.Errorf("%s, again: %w", what, err)
	}
	if string(before) != string(after) {
		return fmt.Errorf("%s: a caller that changed the answer changed the next one from %s to %s", what, before, after)
	}
	return nil
}

// spoil overwrites what slices and maps in v refer to.
func spoil(v reflect.Value) {
	switch v.Kind() {
	case reflect.Interface, reflect.Pointer:
		if !v.IsNil() {
			spoil(v.Elem())
		}
	case reflect.Struct:
		for i := range v.NumField() {
			if v.Type().Field(i).IsExported() {
				spoil(v.Field(i))
			}
		}
	case reflect.Slice:
		for i := range v.Len() {
			spoil(v.Index(i))
			v.Index(i).SetZero()
		}
	case reflect.Map:
		for _, key := range v.MapKeys() {
			spoil(v.MapIndex(key))
			v.SetMapIndex(key, reflect.Value{})
		}
	default: // a plain value: the caller has its own
	}
}
