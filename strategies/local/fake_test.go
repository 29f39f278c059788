package local_test

import (
	"bytes"
	"cmp"
	"context"
	"crypto/rand"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/authd-go/authd/core"
	"github.com/authd-go/authd/core/password"
	"github.com/authd-go/authd/strategies/local"
)

// memory is a core.UserStore. Each of its methods first asks fail, if set.
type memory struct {
	mu    sync.Mutex
	users map[string]core.User
	fail  func(method string) error
	calls []string
}

func (m *memory) begin(method string) (unlock func(), err error) {
	if m.fail != nil {
		if err := m.fail(method); err != nil {
			return nil, err
		}
	}
	m.mu.Lock()
	m.calls = append(m.calls, method)
	return m.mu.Unlock, nil
}

func (m *memory) User(_ context.Context, id string) (core.User, error) {
	unlock, err := m.begin("User")
	if err != nil {
		return core.User{}, err
	}
	defer unlock()
	u, ok := m.users[id]
	if !ok {
		return core.User{}, core.UnknownUser
	}
	return u, nil
}

func (m *memory) FindUser(_ context.Context, identifier string) (core.User, error) {
	unlock, err := m.begin("FindUser")
	if err != nil {
		return core.User{}, err
	}
	defer unlock()
	if u, ok := m.named(identifier); ok {
		return u, nil
	}
	return core.User{}, core.UnknownUser
}

func (m *memory) named(identifier string) (core.User, bool) {
	for _, u := range m.users {
		if identifier != "" && (u.Email == identifier || u.Username == identifier) {
			return u, true
		}
	}
	return core.User{}, false
}

func (m *memory) Users(_ context.Context, after string, limit int) ([]core.User, error) {
	unlock, err := m.begin("Users")
	if err != nil {
		return nil, err
	}
	defer unlock()
	var out []core.User
	for _, u := range m.users {
		if u.ID > after {
			out = append(out, u)
		}
	}
	slices.SortFunc(out, func(a, b core.User) int { return cmp.Compare(a.ID, b.ID) })
	return out[:min(limit, len(out))], nil
}

func (m *memory) CreateUser(_ context.Context, u core.User) error {
	unlock, err := m.begin("CreateUser")
	if err != nil {
		return err
	}
	defer unlock()
	_, id := m.users[u.ID]
	_, email := m.named(u.Email)
	_, username := m.named(u.Username)
	if id || email || username {
		return core.Conflict
	}
	m.users[u.ID] = u
	return nil
}

func (m *memory) ChangeUser(_ context.Context, id string, c core.UserChange) error {
	unlock, err := m.begin("ChangeUser")
	if err != nil {
		return err
	}
	defer unlock()
	u, ok := m.users[id]
	if !ok {
		return core.UnknownUser
	}
	if c.IfPasswordHash != "" && c.IfPasswordHash != u.PasswordHash {
		return core.Conflict
	}
	if c.PasswordHash != nil {
		u.PasswordHash = *c.PasswordHash
	}
	if c.DisabledAt != nil {
		u.DisabledAt = *c.DisabledAt
	}
	if !c.ChangedAt.IsZero() {
		u.PasswordChangedAt = c.ChangedAt
	}
	m.users[id] = u
	return nil
}

func (m *memory) DeleteUser(_ context.Context, id string) error {
	unlock, err := m.begin("DeleteUser")
	if err != nil {
		return err
	}
	defer unlock()
	if _, ok := m.users[id]; !ok {
		return core.UnknownUser
	}
	delete(m.users, id)
	return nil
}

// cheap stands in for the real hasher where hashing is not the question, since
// bcrypt is slow on purpose. It keeps the rules that count: one call, one unit
// of work, whatever the outcome.
type cheap struct{ units atomic.Uint64 }

func (c *cheap) Hash(ctx context.Context, pw core.Secret) (string, error) {
	if err := ctx.Err(); err != nil {
		return "", err
	}
	c.units.Add(1)
	return "cheap:" + pw.Reveal(), nil
}

func (c *cheap) Verify(ctx context.Context, hash string, pw core.Secret) (password.Match, error) {
	if err := ctx.Err(); err != nil {
		return password.Match{}, err
	}
	c.units.Add(1)
	stored, known := strings.CutPrefix(hash, "cheap:")
	stored, stale := strings.CutPrefix(stored, "stale:")
	ok := known && !pw.Empty() && stored == pw.Reveal()
	return password.Match{OK: ok, Rehash: ok && stale}, nil
}

// house is an opened strategy over a memory, as the tests see it.
type house struct {
	core.Strategy
	store  *memory
	hasher local.Hasher
	admin  *local.Admin
	log    *bytes.Buffer
	now    time.Time
}

// work counts in hashes of the configured cost.
func (h *house) work() uint64 {
	switch hasher := h.hasher.(type) {
	case *cheap:
		return hasher.units.Load()
	case *password.Hasher:
		return hasher.Work() >> password.MinCost
	}
	panic("an unknown hasher")
}

const (
	johns = "nine horses in a row"
	janes = "ten geese by the river"
)

// open makes a house with cheap hashes for John, who has a password, and Jane,
// who is disabled.
func open(t testing.TB, change ...func(*local.Config)) *house {
	t.Helper()
	return openWith(t, &cheap{}, change...)
}

// openReal is open with bcrypt of the least cost.
func openReal(t testing.TB) *house {
	t.Helper()
	return openWith(t, nil)
}

func openWith(t testing.TB, hasher local.Hasher, change ...func(*local.Config)) *house {
	t.Helper()
	config := local.NewConfig()
	config.Hash.BcryptCost = password.MinCost
	for _, f := range change {
		f(config)
	}
	h := &house{
		store: &memory{users: map[string]core.User{}},
		log:   &bytes.Buffer{},
		now:   time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC),
	}
	env := core.Env{
		Name: "members", Users: h.store, Rand: rand.Reader,
		Log: slog.New(slog.NewTextHandler(h.log, nil)),
		Now: func() time.Time { return h.now },
	}
	var err error
	if h.Strategy, h.admin, h.hasher, err = local.OpenWith(config, env, hasher); err != nil {
		t.Fatal(err)
	}
	h.add(t, "id-john", "john@mail.com", johns)
	h.add(t, "id-jane", "jane@mail.com", janes)
	h.edit("id-jane", func(u *core.User) { u.DisabledAt = h.now })
	return h
}

func (h *house) add(t testing.TB, id, email, pw string) {
	t.Helper()
	u := core.User{ID: id, Email: email, Username: id[3:], Name: "Somebody", Roles: []string{"editor"}}
	if pw != "" {
		u.PasswordHash = h.hash(t, pw)
	}
	h.store.users[id] = u
}

func (h *house) hash(t testing.TB, pw string) string {
	t.Helper()
	hash, err := h.hasher.Hash(context.Background(), core.NewSecret(pw))
	if err != nil {
		t.Fatal(err)
	}
	return hash
}

func (h *house) edit(id string, f func(*core.User)) {
	u := h.store.users[id]
	f(&u)
	h.store.users[id] = u
}

func (h *house) login(ctx context.Context, identifier, pw string) (core.Identity, error) {
	return h.Authenticator.Authenticate(ctx, core.Credentials{
		Identifier: identifier, Typed: identifier, Password: core.NewSecret(pw),
	})
}

func (h *house) register(ctx context.Context, r core.Registration, pw string) (core.Identity, error) {
	r.Password = core.NewSecret(pw)
	return h.Registrar.Register(ctx, r)
}

func (h *house) change(ctx context.Context, subject, old, pw string) error {
	return h.PasswordChanger.ChangePassword(ctx, core.PasswordChange{
		Subject: subject, Old: core.NewSecret(old), New: core.NewSecret(pw),
	})
}

func wantCode(t testing.TB, what string, err error, want core.Code) {
	t.Helper()
	if got := core.CodeOf(err); got != want {
		t.Errorf("%s: %q (%v), want %q", what, got, err, want)
	}
}
