package strategytest

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/authd-go/authd/core"
)

// Name is the name that the strategy has in the suite, as core.Env.Name.
const Name = "suite"

// ErrNotApplicable is what a function of a Backend wraps to say that this
// backend has no such thing: a user list that takes ASCII names only, for
// example. The rule is then skipped, with the error's text as the reason.
var ErrNotApplicable = errors.New("there is nothing to check")

// Harness is how the suite gets hold of a strategy. It is used by one
// goroutine at a time.
type Harness struct {
	// Open opens the strategy with env, over a backend that holds Account and
	// shares nothing with any other. It is called once per rule. Of env, Users
	// and Hashing are nil: a strategy that needs a store is given it here.
	Open func(ctx context.Context, env core.Env) (*Backend, error)
	// Want are the capabilities that must be there; all others must not.
	Want []core.Capability
	// Weak is a password that the strategy refuses to set. If it is empty, the
	// rules about weak passwords are skipped.
	Weak string
	// Patience is how long an answer may take that should come at once.
	// Default: five seconds.
	Patience time.Duration
}

// Account is somebody who may sign in.
type Account struct {
	Identifier string // in canonical form
	Password   string
}

// Backend is a strategy that was opened, and what can be done to the backend
// behind it. Functions may be nil; the rules that need them are skipped.
type Backend struct {
	Strategy core.Strategy

	// Account exists, may sign in, and should have a role, so that rules about
	// roles have something to look at. Its password should be a text that could
	// not appear in a log line by chance.
	Account Account
	// Spellings are further identifiers of Account, in canonical form.
	Spellings []string
	// Secrets are further texts that no error and no log line may show: the
	// backend's own password, a stored hash.
	Secrets []string

	// SignIn signs Account in where that takes more than a password: it plays
	// the person at the other site. Nil for a strategy with an Authenticator.
	SignIn func(context.Context, core.Strategy) (core.Identity, error)
	// Other is the other site, for a strategy that signs in there. Nil for others.
	Other *OtherSite
	// Seed adds an account that may sign in. Its names and passwords are the
	// suite's: addresses below example.com, and what passes any usual policy.
	Seed func(context.Context, Account) error
	// Disable switches an account off, by identifier.
	Disable func(ctx context.Context, identifier string) error
	// MustChange makes an account's password, by identifier, one that must be
	// changed before anybody signs in with it.
	MustChange func(ctx context.Context, identifier string) error
	// Break makes the backend unreachable from now on: every question to it
	// fails quickly.
	Break func()
	// Hang makes the backend take questions from now on and never answer them,
	// until Close.
	Hang func()
	// Reopen opens the strategy once more over the same backend, as a restart
	// does.
	Reopen func(context.Context) (core.Strategy, error)
	// Work counts the hashing that was done so far, in any unit.
	Work func() uint64
	// Close frees what is not the strategy's own. The suite has closed the
	// strategy before.
	Close func() error
}

// OtherSite is what can be done at the site that a strategy signs in at. All is
// about Account. Functions may be nil.
type OtherSite struct {
	// Grant signs in and returns all that follows from it.
	Grant func(context.Context, core.Strategy) (core.Grant, error)
	// Token returns a new token that proves who somebody is, with this nonce if it
	// is not empty.
	Token func(nonce string) string
	// Notice returns a new logout token.
	Notice func() string
	// Revoke takes back whatever was granted.
	Revoke func()
}

// Need is what a rule needs: a core.Capability, or one of the names below.
type Need string

// The needs that are no capabilities: functions and values of Harness and Backend.
const (
	NeedAccount    Need = "an Authenticator or Backend.SignIn"
	NeedSpellings  Need = "Backend.Spellings"
	NeedSeed       Need = "Backend.Seed"
	NeedDisable    Need = "Backend.Disable"
	NeedMustChange Need = "Backend.MustChange"
	NeedBreak      Need = "Backend.Break"
	NeedHang       Need = "Backend.Hang"
	NeedReopen     Need = "Backend.Reopen"
	NeedWork       Need = "Backend.Work"
	NeedReady      Need = "Strategy.Ready"
	NeedDiagnoser  Need = "Strategy.Diagnoser"
	NeedWeak       Need = "Harness.Weak"
	NeedGrant      Need = "Backend.Other.Grant"
	NeedToken      Need = "Backend.Other.Token"
	NeedNotice     Need = "Backend.Other.Notice"
	NeedRevoke     Need = "Backend.Other.Revoke"
)

// reason says what is missing.
func (n Need) reason() string {
	if strings.Contains(string(n), ".") {
		return "there is no " + string(n)
	}
	return "the strategy cannot " + string(n)
}

// missing returns the first of the needs that is not met, or "".
func (tr *trial) missing(needs []Need) Need {
	b, other := tr.Backend, tr.other()
	have := map[Need]bool{
		NeedAccount:    b.Strategy.Authenticator != nil || b.SignIn != nil,
		NeedSpellings:  len(b.Spellings) > 0,
		NeedSeed:       b.Seed != nil,
		NeedDisable:    b.Disable != nil,
		NeedMustChange: b.MustChange != nil,
		NeedBreak:      b.Break != nil,
		NeedHang:       b.Hang != nil,
		NeedReopen:     b.Reopen != nil,
		NeedWork:       b.Work != nil,
		NeedReady:      b.Strategy.Ready != nil,
		NeedDiagnoser:  b.Strategy.Diagnoser != nil,
		NeedWeak:       tr.harness.Weak != "",
		NeedGrant:      other.Grant != nil,
		NeedToken:      other.Token != nil,
		NeedNotice:     other.Notice != nil,
		NeedRevoke:     other.Revoke != nil,
	}
	for _, c := range b.Strategy.Capabilities() {
		have[Need(c)] = true
	}
	for _, n := range needs {
		if !have[n] {
			return n
		}
	}
	return ""
}
