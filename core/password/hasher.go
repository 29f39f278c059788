package password

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"sync/atomic"

	"golang.org/x/crypto/bcrypt"

	"github.com/authd-go/authd/core"
)

// The bcrypt costs a Hasher may be configured with. Each step doubles the work.
const (
	MinCost     = 10
	MaxCost     = 16
	DefaultCost = 12
)

var errMalformed = errors.New("the stored password hash is malformed")

// Hasher makes and compares password hashes of one configured cost. It is
// safe for concurrent use.
type Hasher struct {
	cost  int
	dummy string // salt and hash of a bcrypt text that no password is known for
	where core.Runner
	work  atomic.Uint64
}

// NewHasher returns a Hasher of the given bcrypt cost, from MinCost to
// MaxCost, that works in its callers' goroutines. It does no hashing work yet.
func NewHasher(cost int) (*Hasher, error) { return NewHasherOn(nil, cost) }

// NewHasherOn is NewHasher with its work done by a Runner, such as a Pool. Nil
// means in place.
func NewHasherOn(where core.Runner, cost int) (*Hasher, error) {
	if cost < MinCost || cost > MaxCost {
		return nil, fmt.Errorf("bcrypt cost is %d, must be from %d to %d", cost, MinCost, MaxCost)
	}
	return newHasher(where, cost), nil
}

func newHasher(where core.Runner, cost int) *Hasher {
	if where == nil {
		where = inPlace{}
	}
	return &Hasher{cost: cost, dummy: randomDummy(), where: where}
}

// inPlace is the Runner of callers that have none.
type inPlace struct{}

func (inPlace) Run(ctx context.Context, work func()) error {
	if err := ctx.Err(); err != nil {
		return core.Fail(core.Unavailable, "begin", err)
	}
	work()
	return nil
}

// randomDummy draws salt and hash instead of computing the hash: comparing
// costs the same, and nobody, we included, knows a password for it.
func randomDummy() string {
	encoding := base64.NewEncoding("./ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789").WithPadding(base64.NoPadding)
	var salt [16]byte
	var hash [23]byte
	_, _ = rand.Read(salt[:]) // documented never to fail
	_, _ = rand.Read(hash[:])
	return encoding.EncodeToString(salt[:]) + encoding.EncodeToString(hash[:])
}

// Hash returns what to store for a password. An empty password is
// InvalidInput, before any work. It is Unavailable if the Runner has no room
// or the context ends first. It does not ask a Policy.
func (h *Hasher) Hash(ctx context.Context, pw core.Secret) (string, error) {
	const op = "hash a password"
	if pw.Empty() {
		return "", core.InvalidField("password", "must not be empty")
	}
	var text string
	var failed error
	k, digested := key(prepare(pw))
	if err := h.where.Run(ctx, func() { text, failed = h.generate(k) }); err != nil {
		return "", fmt.Errorf("%s: %w", op, err)
	}
	if failed != nil {
		return "", core.Fail(core.Internal, op, failed)
	}
	if digested {
		return digestScheme + text, nil
	}
	return text, nil
}

// Match is the outcome of a comparison.
type Match struct {
	OK     bool // the password is the one that was hashed
	Rehash bool // with OK: Hash would now make a hash of another cost or form
}

// Verify compares a password with a stored hash. The empty hash stands for "no
// such user" and "no password"; nothing matches it, nor does the empty
// password match anything.
//
// Every call, whatever its outcome, does the work of one bcrypt at the
// configured cost: against a dummy where there is no hash, a malformed one, or
// one of the scheme that the password cannot have; and topped up with dummy
// comparisons where the stored cost is lower. So the time tells neither
// whether the user exists nor when the password was set.
//
// What that does not cover: a stored cost above the configured one costs what
// it says, until the next login replaces the hash; and a long password takes
// some microseconds more to prepare, for every user alike.
//
// All of it is one job of the Runner. It is Unavailable, whatever the password,
// if the Runner has no room or the context ends first. A malformed hash is
// Internal, after the work.
func (h *Hasher) Verify(ctx context.Context, hash string, pw core.Secret) (Match, error) {
	var m Match
	k, digested := key(prepare(pw))
	s, ok := parse(hash)
	possible := ok && s.digested == digested && !pw.Empty()
	err := h.where.Run(ctx, func() { m.OK = h.equalWork(s, ok, possible, k) })
	switch {
	case err != nil:
		return Match{}, fmt.Errorf("verify a password: %w", err)
	case !ok:
		return Match{}, malformed(hash)
	}
	m.Rehash = m.OK && !s.current(h.cost)
	return m, nil
}

// equalWork compares with the stored hash if a match is possible, and else
// with a dummy. It does at least the work of the configured cost.
func (h *Hasher) equalWork(s stored, ok, possible bool, k []byte) bool {
	text, cost := s.bcrypt, s.cost
	if !ok {
		cost = h.cost
	}
	if !possible {
		text = h.dummyText(cost)
	}
	matches := h.compare(text, cost, k)
	h.topUp(cost, k)
	return matches && possible
}

func malformed(hash string) error {
	if hash == "" {
		return nil
	}
	return core.Fail(core.Internal, "verify a password", errMalformed)
}

// topUp makes 2^from up to 2^h.cost, since 2^c + 2^c + 2^(c+1) + ... = 2^h.cost.
func (h *Hasher) topUp(from int, k []byte) {
	for cost := from; cost < h.cost; cost++ {
		h.compare(h.dummyText(cost), cost, k)
	}
}

func (h *Hasher) dummyText(cost int) string {
	return fmt.Sprintf("$2a$%02d$%s", cost, h.dummy)
}

// Work returns how many bcrypt rounds were begun so far: 2^cost for each hash
// made or compared. Tests compare work instead of time, and as a metric it
// shows what logins cost.
func (h *Hasher) Work() uint64 { return h.work.Load() }

// generate and compare are the two places where bcrypt is called.

func (h *Hasher) generate(k []byte) (string, error) {
	h.work.Add(1 << h.cost)
	text, err := bcrypt.GenerateFromPassword(k, h.cost)
	return string(text), err
}

func (h *Hasher) compare(text string, cost int, k []byte) bool {
	h.work.Add(1 << cost)
	return bcrypt.CompareHashAndPassword([]byte(text), k) == nil
}
