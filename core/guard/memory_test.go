package guard_test

import (
	"context"
	"encoding/binary"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/authd-go/authd/core"
	"github.com/authd-go/authd/core/guard"
	"github.com/authd-go/authd/core/store"
	"github.com/authd-go/authd/core/store/sqlite"
	"github.com/authd-go/authd/core/store/storetest"
)

// forgetful is a store that remembers tries in memory only.
type forgetful struct {
	store.Store
	memory *guard.MemoryTries
}

func (f forgetful) ChangeTries(ctx context.Context, c core.TriesChange) error {
	return f.memory.ChangeTries(ctx, c)
}

// TestMemoryKeepsTheRulesOfStores runs those of storetest that are about tries.
func TestMemoryKeepsTheRulesOfStores(t *testing.T) {
	kept, err := sqlite.Open(t.Context(), sqlite.Options{Path: filepath.Join(t.TempDir(), "authd.db")})
	if err != nil {
		t.Fatal(err)
	}
	defer kept.Close()
	checked := 0
	for _, r := range storetest.Rules() {
		if !strings.Contains(r.Name, "tries") {
			continue
		}
		checked++
		if err := r.Check(t.Context(), forgetful{kept, new(guard.MemoryTries)}); err != nil {
			t.Errorf("%s: %v", r.Name, err)
		}
	}
	if checked < 5 {
		t.Errorf("%d rules are about tries", checked)
	}
}

// TestMemoryIsBounded brings more keys than there is room for: what would be
// forgotten first goes, and what matters longer stays.
func TestMemoryIsBounded(t *testing.T) {
	m, now := new(guard.MemoryTries), time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)
	held := func(n uint64) (found bool) {
		var key core.ThrottleKey
		binary.BigEndian.PutUint64(key[:], n)
		err := m.ChangeTries(t.Context(), core.TriesChange{Now: now, Keys: []core.ThrottleKey{key}, Change: func(tries []core.Tries) {
			found = tries[0] != core.Tries{}
			tries[0].FadeAt = now.Add(time.Duration(1_000_000-n) * time.Second) // later ones end sooner
		}})
		if err != nil {
			t.Fatal(err)
		}
		return found
	}
	for n := range uint64(guard.MemoryKeys + 10) {
		held(n)
	}
	if !held(0) {
		t.Error("what matters longest was forgotten")
	}
	if held(guard.MemoryKeys - 1) {
		t.Error("nothing was forgotten")
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	err := m.ChangeTries(ended, core.TriesChange{Now: now, Keys: make([]core.ThrottleKey, 1), Change: func([]core.Tries) {}})
	if core.CodeOf(err) != core.Unavailable {
		t.Errorf("an ended context: %v", err)
	}
}
