package session_test

import (
	"testing"

	"github.com/authd-go/authd/core/session/sessiontest"
)

func TestModel(t *testing.T) {
	sessiontest.RunModel(t, 1000, func(*testing.T) sessiontest.Stores {
		m := new(sessiontest.Memory)
		return sessiontest.Stores{Sessions: m, Keys: m}
	})
}
