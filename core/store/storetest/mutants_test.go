package storetest_test

import (
	"context"
	"errors"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/authd-go/authd/core"
	"github.com/authd-go/authd/core/store"
	"github.com/authd-go/authd/core/store/sqlite"
	"github.com/authd-go/authd/core/store/storetest"
)

// mutant is a store that is right but for the one thing that the rule of its
// name is about.
type mutant struct {
	rule   string
	how    string
	mutate func(sound store.Store, b *broken)
}

func mutants() []mutant {
	return slices.Concat(userMutants(), changeMutants(), sessionMutants(), advanceMutants(), renewalMutants(), endMutants(),
		purgeMutants(), tokenMutants(), onceMutants(), keyMutants(), auditMutants(), triesMutants(), commonMutants())
}

func openReal(ctx context.Context, t *testing.T) store.Store {
	t.Helper()
	s, err := sqlite.Open(ctx, sqlite.Options{Path: filepath.Join(t.TempDir(), "authd.db")})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// Each rule is proved by a store that breaks it: the rule of that name must
// fail over the mutant, and hold over the store it was made of.
func TestMutants(t *testing.T) {
	rules, tried := map[string]storetest.Rule{}, map[string]bool{}
	for _, r := range storetest.Rules() {
		rules[r.Name] = r
	}
	for _, m := range mutants() {
		tried[m.rule] = true
		t.Run(m.rule+"/"+m.how, func(t *testing.T) {
			r, ok := rules[m.rule]
			if !ok {
				t.Fatal("there is no such rule")
			}
			sound := openReal(t.Context(), t)
			b := &broken{Store: sound}
			m.mutate(sound, b)
			err := r.Check(t.Context(), b)
			if err == nil {
				t.Error("the rule does not notice")
			}
			t.Logf("caught: %.300v", err)
			if err := sound.Close(); err != nil {
				t.Error(err)
			}
		})
	}
	for name := range rules {
		if !tried[name] {
			t.Errorf("no mutant breaks the rule %q", name)
		}
	}
}

// Verify walks the whole table and names what is broken, and nothing else.
func TestVerify(t *testing.T) {
	err := storetest.Verify(t.Context(), func(ctx context.Context) (store.Store, error) {
		sound := openReal(ctx, t)
		early := func(ctx context.Context, at time.Time) error {
			return sound.PurgeSigningKeys(ctx, at.Add(time.Millisecond))
		}
		return &broken{Store: sound, purgeKeys: early}, nil
	})
	if err == nil || !strings.HasPrefix(err.Error(), "purge keys: ") || strings.Count(err.Error(), "why it matters: ") != 1 {
		t.Errorf("a store that forgets keys too early: %v", err)
	}
	err = storetest.Verify(t.Context(), func(context.Context) (store.Store, error) { return nil, errors.New("no disk") })
	if err == nil || !strings.Contains(err.Error(), "no disk") {
		t.Errorf("a store that does not open: %v", err)
	}
}

// users makes a mutant of the users' methods. The mutation runs for each call
// of Users: what it must remember is kept outside.
func users(f func(core.UserStore, *brokenUsers)) func(store.Store, *broken) {
	return func(_ store.Store, b *broken) { b.brokenUsers = f }
}

// creating changes a user on the way in.
func creating(f func(*core.User)) func(store.Store, *broken) {
	return users(func(sound core.UserStore, u *brokenUsers) {
		u.create = func(ctx context.Context, user core.User) error {
			f(&user)
			return sound.CreateUser(ctx, user)
		}
	})
}

// changing changes a change on the way in.
func changing(f func(*core.UserChange)) func(store.Store, *broken) {
	return users(func(sound core.UserStore, u *brokenUsers) {
		u.change = func(ctx context.Context, id string, c core.UserChange) error {
			f(&c)
			return sound.ChangeUser(ctx, id, c)
		}
	})
}

// silent makes one outcome a success.
func silent(err error, code core.Code) error {
	if core.CodeOf(err) == code {
		return nil
	}
	return err
}
