package strategytest_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/authd-go/authd/core"
	"github.com/authd-go/authd/core/identifier"
	"github.com/authd-go/authd/strategies/strategytest"
)

// memory is a small correct strategy with every capability there is. The
// mutants are made of it.
type memory struct {
	name string
	log  *slog.Logger
	back *back
}

// back is what lies behind it and outlives it.
type back struct {
	mu       sync.Mutex
	people   map[string]*person // by subject
	begun    map[string]bool    // states of logins at the other site
	mode     atomic.Int32
	released chan struct{}
	work     atomic.Uint64
	grants   map[string]bool // what may be renewed, once
}

const (
	working = iota
	broken
	hanging
)

type person struct {
	subject  string
	names    []string
	password string
	roles    []string
	disabled bool
	due      bool // the password must be changed before anybody signs in
}

var errDown = errors.New("the backend is down")

const johns = "twelve oxen on a Hill 4711"

func (b *back) add(names []string, password string, roles ...string) (person, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, p := range b.people {
		for _, n := range names {
			if slices.Contains(p.names, n) {
				return person{}, core.Conflict
			}
		}
	}
	p := &person{subject: fmt.Sprintf("id-%d", len(b.people)+1), names: names, password: password, roles: roles}
	b.people[p.subject] = p
	return *p, nil
}

// look calls f with the person, or nil, under the lock.
func (b *back) look(match func(*person) bool, f func(*person) error) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, p := range b.people {
		if match(p) {
			return f(p)
		}
	}
	return f(nil)
}

func named(name string) func(*person) bool {
	return func(p *person) bool { return slices.Contains(p.names, name) }
}

func subject(s string) func(*person) bool { return func(p *person) bool { return p.subject == s } }

// reach asks the backend for nothing but an answer.
func (m *memory) reach(ctx context.Context) error {
	if m.back.mode.Load() == hanging {
		select {
		case <-ctx.Done():
		case <-m.back.released:
		}
	}
	if err := ctx.Err(); err != nil {
		return core.Fail(core.Unavailable, "reach the backend", err)
	}
	if m.back.mode.Load() != working {
		return core.Fail(core.Unavailable, "reach the backend", errDown)
	}
	return nil
}

func (m *memory) identity(p *person) core.Identity {
	id := core.Identity{
		AccountID: core.AccountID{Subject: p.subject}, Roles: slices.Clone(p.roles), HasPicture: true,
		Claims: map[string]any{"team": map[string]any{"colour": "blue"}},
	}
	for _, n := range p.names {
		if identifier.IsEmail(n) {
			id.Email = n
		} else {
			id.Username = n
		}
	}
	return id
}

// person answers with the identity of whoever matches and is enabled.
func (m *memory) person(ctx context.Context, match func(*person) bool) (id core.Identity, err error) {
	if err := m.reach(ctx); err != nil {
		return id, err
	}
	err = m.back.look(match, func(p *person) error {
		switch {
		case p == nil:
			return core.UnknownUser
		case p.disabled:
			return core.Disabled
		}
		id = m.identity(p)
		return nil
	})
	return id, err
}

func (m *memory) Authenticate(ctx context.Context, c core.Credentials) (id core.Identity, err error) {
	if err := m.reach(ctx); err != nil {
		return id, err
	}
	err = m.back.look(named(c.Identifier), func(p *person) error {
		m.back.work.Add(1)
		switch {
		case p == nil || c.Identifier == "":
			return core.UnknownUser
		case p.disabled:
			return core.Disabled
		case c.Password.Empty() || p.password != c.Password.Reveal():
			return core.InvalidCredentials
		case p.due:
			return &core.Error{Code: core.ActionRequired, Action: core.ActionNewPassword, Subject: p.subject, Proved: true}
		}
		id = m.identity(p)
		return nil
	})
	if err != nil {
		m.log.InfoContext(ctx, "a login was refused", "error", err)
	}
	return id, err
}

func fit(pw core.Secret) error {
	if n := len(pw.Reveal()); n < 8 || n > 256 {
		return core.InvalidField("password", "must have from 8 to 256 bytes")
	}
	return nil
}

func (m *memory) Register(ctx context.Context, r core.Registration) (core.Identity, error) {
	if err := m.reach(ctx); err != nil {
		return core.Identity{}, err
	}
	if err := fit(r.Password); err != nil {
		return core.Identity{}, err
	}
	names := slices.DeleteFunc([]string{r.Email, r.Username}, func(n string) bool { return n == "" })
	if len(names) == 0 {
		return core.Identity{}, core.InvalidField("email", "must not be empty")
	}
	p, err := m.back.add(names, r.Password.Reveal())
	if err != nil {
		return core.Identity{}, err
	}
	return m.identity(&p), nil
}

func (m *memory) FindAccount(ctx context.Context, name string) (core.Identity, error) {
	id, err := m.person(ctx, named(name))
	if errors.Is(err, core.Disabled) {
		return id, core.UnknownUser
	}
	return id, err
}

func (m *memory) ResetPassword(ctx context.Context, who string, pw core.Secret) error {
	return m.set(ctx, who, pw, func(*person) bool { return true })
}

func (m *memory) ChangePassword(ctx context.Context, c core.PasswordChange) error {
	return m.set(ctx, c.Subject, c.New, func(p *person) bool { return p.password == c.Old.Reveal() })
}

func (m *memory) set(ctx context.Context, who string, pw core.Secret, may func(*person) bool) error {
	if err := m.reach(ctx); err != nil {
		return err
	}
	return m.back.look(subject(who), func(p *person) error {
		switch {
		case p == nil:
			return core.UnknownUser
		case p.disabled:
			return core.Disabled
		case fit(pw) != nil:
			return fit(pw)
		case !may(p):
			return core.InvalidCredentials
		}
		p.password, p.due = pw.Reveal(), false
		return nil
	})
}

func (m *memory) Revalidate(ctx context.Context, who string) (core.Identity, error) {
	return m.person(ctx, subject(who))
}

func (m *memory) Identity(ctx context.Context, id core.Identity) (core.Identity, error) {
	if id.Strategy != m.name {
		return core.Identity{}, core.UnknownUser
	}
	return m.person(ctx, subject(id.Subject))
}

func (m *memory) Permissions(ctx context.Context, id core.Identity, _ core.Params) (any, error) {
	now, err := m.Identity(ctx, id)
	if err != nil {
		return nil, err
	}
	return append([]string{}, now.Roles...), nil
}

func (m *memory) Picture(ctx context.Context, who string) ([]byte, error) {
	if _, err := m.person(ctx, subject(who)); err != nil {
		return nil, err
	}
	return []byte("GIF89a"), nil
}

func (m *memory) Begin(_ context.Context, r core.RedirectRequest) (core.Redirect, error) {
	m.back.mu.Lock()
	defer m.back.mu.Unlock()
	m.back.begun[r.State] = true
	keep := fmt.Sprint(r.State, " ", len(m.back.begun))
	return core.Redirect{URL: "https://id.example.com/authorize?state=" + r.State, Keep: core.NewSecret(keep)}, nil
}

func (m *memory) Complete(ctx context.Context, c core.Callback) (core.Grant, error) {
	kept, _, _ := strings.Cut(c.Keep.Reveal(), " ")
	if kept == "" || kept != c.State || len(c.Query["state"]) != 1 || c.Query["state"][0] != c.State {
		return core.Grant{}, core.Forbidden
	}
	return m.grant(ctx)
}

func (m *memory) LogoutURL(_ context.Context, _ core.Grant, returnTo string) (string, error) {
	return "https://id.example.com/logout?to=" + returnTo, nil
}

func (m *memory) Diagnose(ctx context.Context, _ core.DiagnoseRequest, report func(core.Finding)) {
	f := core.Finding{Name: "reach", Mark: core.MarkOK}
	if err := m.reach(ctx); err != nil {
		f.Mark, f.Detail, f.Advice = core.MarkFailed, err.Error(), "switch it on"
	}
	report(f)
}

func (m *memory) strategy() core.Strategy {
	return core.Strategy{
		Authenticator: m, Redirector: m, Registrar: m, Recoverer: m, PasswordChanger: m, Revalidator: m,
		PermissionSource: m, IdentitySource: m, LogoutRedirector: m, Renewer: m, TokenAuthenticator: m, LogoutReceiver: m,
		PictureSource: m, Diagnoser: m,
		Ready: m.reach, Close: func() error { return nil },
	}
}

// everything is what memory can do.
func everything() []core.Capability {
	return (&memory{}).strategy().Capabilities()
}

// harness opens a memory, changed by the mutation, which gets hold of all
// there is to break.
func harness(mutate func(*subjectOfStudy)) strategytest.Harness {
	return strategytest.Harness{
		Want: everything(), Weak: "short", Patience: 2 * time.Second,
		Open: func(_ context.Context, env core.Env) (*strategytest.Backend, error) {
			b := &back{people: map[string]*person{}, begun: map[string]bool{}, grants: map[string]bool{}, released: make(chan struct{})}
			m := &memory{name: env.Name, log: env.Log, back: b}
			if _, err := b.add([]string{"john@mail.com", "john"}, johns, "editor"); err != nil {
				return nil, err
			}
			s := &subjectOfStudy{memory: m, env: env, backend: &strategytest.Backend{
				Strategy:  m.strategy(),
				Account:   strategytest.Account{Identifier: "john@mail.com", Password: johns},
				Spellings: []string{"john"},
				Secrets:   []string{"bind-password-77"},
				Seed: func(_ context.Context, a strategytest.Account) error {
					_, err := b.add([]string{a.Identifier}, a.Password)
					return err
				},
				Disable: func(_ context.Context, name string) error {
					return b.look(named(name), func(p *person) error { p.disabled = true; return nil })
				},
				MustChange: func(_ context.Context, name string) error {
					return b.look(named(name), func(p *person) error { p.due = true; return nil })
				},
				Break: func() { b.mode.Store(broken) },
				Hang:  func() { b.mode.Store(hanging) },
				Work:  b.work.Load,
				Close: func() error { close(b.released); return nil },
			}}
			s.backend.Reopen = func(context.Context) (core.Strategy, error) { return s.backend.Strategy, nil }
			s.backend.Other = m.otherSite(env.Now)
			mutate(s)
			return s.backend, nil
		},
	}
}

// subjectOfStudy is a memory that is about to be broken.
type subjectOfStudy struct {
	*memory
	env     core.Env
	backend *strategytest.Backend
}
