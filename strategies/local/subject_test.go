package local_test

import (
	"testing"

	"github.com/authd-go/authd/core"
)

// A refusal names the account that was meant, for the audit trail only.
func TestRefusalsNameTheAccount(t *testing.T) {
	h := open(t)
	for _, c := range []struct {
		what, who, subject string
		prepare            func()
	}{
		{"wrong", "john@mail.com", "id-john", nil},
		{"by name", "john", "id-john", nil},
		{"unknown", "nobody@mail.com", "", nil},
		{"disabled", "john", "id-john", func() { h.edit("id-john", func(u *core.User) { u.DisabledAt = h.now }) }},
	} {
		if c.prepare != nil {
			c.prepare()
		}
		_, err := h.login(t.Context(), c.who, "not the password")
		if err == nil || core.AsError(err).Subject != c.subject {
			t.Errorf("%s: %v names %q, want %q", c.what, err, core.AsError(err).Subject, c.subject)
		}
	}
}
