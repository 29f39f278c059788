package session_test

import (
	"testing"

	"github.com/authd-go/authd/core/session/sessiontest"
)

func TestModel(t *testing.T) {
	sequences := 1000
	if testing.Short() {
		sequences = 100
	}
	sessiontest.RunModel(t, sequences, func(*testing.T) sessiontest.Stores {
		m := new(sessiontest.Memory)
		return sessiontest.Stores{Sessions: m, Keys: m}
	})
}
