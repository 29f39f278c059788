package sqlite_test

import (
	"path/filepath"
	"testing"

	"go.uber.org/goleak"

	"github.com/authd-go/authd/core/store"
	"github.com/authd-go/authd/core/store/sqlite"
	"github.com/authd-go/authd/core/store/storetest"
)

var _ store.Store = (*sqlite.Store)(nil)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestStoreRules(t *testing.T) {
	storetest.Run(t, func(t *testing.T) store.Store { return open(t, filepath.Join(t.TempDir(), "authd.db")) })
}

// open opens a store that the caller closes, or the end of the test.
func open(t testing.TB, path string) *sqlite.Store {
	t.Helper()
	s, err := sqlite.Open(t.Context(), sqlite.Options{Path: path})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Errorf("Close: %v", err)
		}
	})
	return s
}
