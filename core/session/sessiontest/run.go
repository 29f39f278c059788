package sessiontest

import (
	"context"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/authd-go/authd/core"
	"github.com/authd-go/authd/core/session"
)

const (
	nodes = 2
	steps = 20
	seed  = 20261120
)

// Stores are what a session manager needs of a store.
type Stores struct {
	Sessions core.SessionStore
	Keys     core.KeyStore
}

// RunModel runs random sequences of logins, refreshes with any token that was
// ever handed out, lost replies, bursts, backends' answers, log-outs and the
// passing of time against two managers on one store, and compares each answer
// and each stored row with a model of a page's length. A third as many
// sequences run for each of the stricter and laxer rotations.
//
// The invariants, besides equality with the model: a generation has one refresh
// token, byte for byte; a refresh moves a session by one generation at most;
// an ended session stays ended, for its first reason, and gives nothing any
// more; every access token handed out is good on both nodes until its exp,
// unless the session was ended, and then the node that ended it refuses it
// at once; no token outlives its session.
//
// The sequences are the same in every run. A failure prints its sequence. open
// is called once per rotation and returns an empty store.
func RunModel(t *testing.T, sequences int, open func(*testing.T) Stores) {
	for _, rotation := range session.Rotations() {
		n := sequences
		if rotation != session.RotateUntilUsed {
			n = (sequences + 2) / 3
		}
		t.Run(string(rotation), func(t *testing.T) {
			w := newWorld(t, rotation, open(t))
			for i := range n {
				w.sequence(i)
			}
		})
	}
}

// world is two nodes on one store, and what the model knows of them.
type world struct {
	t        *testing.T
	rotation session.Rotation
	clock    *Clock
	nodes    [nodes]*session.Manager
	store    core.SessionStore

	rng      *rand.Rand
	number   int
	log      []string
	sessions []*modelSession
	cutoff   map[core.AccountID]time.Time
}

func newWorld(t *testing.T, rotation session.Rotation, stores Stores) *world {
	w := &world{
		t: t, rotation: rotation, store: stores.Sessions,
		clock: NewClock(time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)),
	}
	for i := range w.nodes {
		m, err := session.Open(t.Context(), session.Options{
			Sessions: stores.Sessions, Keys: stores.Keys, Issuer: "https://auth.example.com",
			Secret:    core.NewSecret("a secret of at least thirty-two bytes"),
			Lifetimes: modelLives, Rotation: rotation, Now: w.clock.Now, Claims: []string{"name"},
			KeyRotation:  100_000 * time.Hour, // one key: nobody polls here
			PollInterval: time.Hour,
		})
		if err != nil {
			t.Fatalf("open node %d: %v", i, err)
		}
		t.Cleanup(func() { _ = m.Close() })
		w.nodes[i] = m
	}
	return w
}

// sequence walks through one random history. Histories share the store and
// nothing else; each begins on a full minute.
func (w *world) sequence(number int) {
	w.number, w.log, w.sessions = number, nil, nil
	w.cutoff = map[core.AccountID]time.Time{}
	w.rng = rand.New(rand.NewPCG(seed, uint64(number)))
	now := w.clock.Now()
	w.clock.Advance(now.Truncate(time.Minute).Add(time.Minute).Sub(now))
	w.login()
	for range steps {
		w.step()
	}
	for _, s := range w.sessions {
		w.compareRow(s)
	}
}

func (w *world) step() {
	if len(w.sessions) == 0 {
		w.login()
		return
	}
	switch p := w.rng.IntN(100); {
	case p < 8:
		w.login()
	case p < 50:
		w.refresh()
	case p < 56:
		w.burst()
	case p < 60:
		w.forge()
	case p < 84:
		w.wait()
	case p < 90:
		w.check()
	case p < 95:
		w.logout()
	case p < 97:
		w.endAccount(true)
	default:
		w.endAccount(false)
	}
}

// note writes the history down; failures print it.
func (w *world) note(format string, args ...any) {
	w.log = append(w.log, w.clock.Now().Format("15:04:05.000")+" "+fmt.Sprintf(format, args...))
}

func (w *world) fail(format string, args ...any) {
	w.t.Helper()
	history := ""
	for _, line := range w.log {
		history += "\n  " + line
	}
	w.t.Fatalf("sequence %d of seed %d, rotation %s: %s\nhistory:%s", w.number, seed, w.rotation, fmt.Sprintf(format, args...), history)
}

func (w *world) pick() (*modelSession, int) {
	i := w.rng.IntN(len(w.sessions))
	return w.sessions[i], i
}

func (w *world) node() (*session.Manager, int) {
	i := w.rng.IntN(nodes)
	return w.nodes[i], i
}

func (w *world) account() core.AccountID {
	return core.AccountID{Strategy: "members", Subject: fmt.Sprintf("%d-%d", w.number, w.rng.IntN(2))}
}

func (w *world) wait() {
	spans := []time.Duration{time.Second, 20 * time.Second, 90 * time.Second, 11 * time.Minute, 70 * time.Minute}
	weights := []int{0, 0, 0, 1, 1, 1, 2, 2, 2, 3, 3, 4}
	span := spans[weights[w.rng.IntN(len(weights))]]
	d := time.Duration(w.rng.Int64N(int64(span))).Truncate(time.Millisecond)
	w.note("wait %v", d)
	w.clock.Advance(d)
}

func (w *world) ctx() context.Context { return w.t.Context() }
