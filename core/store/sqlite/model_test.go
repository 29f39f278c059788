package sqlite_test

import (
	"testing"

	"github.com/authd-go/authd/core/session/sessiontest"
)

// TestSessionModel measures sessions over this store by the model that also
// measures the one in memory.
func TestSessionModel(t *testing.T) {
	sequences := 200
	if testing.Short() {
		sequences = 30
	}
	sessiontest.RunModel(t, sequences, func(t *testing.T) sessiontest.Stores {
		s := open(t, newPath(t))
		return sessiontest.Stores{Sessions: s, Keys: s}
	})
}
