package session_test

import (
	"testing"

	"github.com/authd-go/authd/core"
	"github.com/authd-go/authd/core/session"
)

// seeds are a good token of the other deployment, which must be refused here,
// and shapes that parsers trip over.
func seeds(f *testing.F, of func(session.Issued) string) {
	other := newHouse(f, func(o *session.Options) { o.Secret = core.NewSecret("the secret of quite another house") })
	good := of(other.login())
	for _, s := range []string{
		good, good + "A", good[:len(good)-1], "", ".", "..", "...", "e30.e30.", "e30.e30.e30",
		"eyJhbGciOiJub25lIn0.eyJzaWQiOiJ4In0.", "bnVsbA.bnVsbA.bnVsbA", "W10.W10.W10", "\x00.\xff.\n",
		"eyJhbGciOiJFZERTQSIsInR5cCI6ImF0K2p3dCIsImtpZCI6MX0.e30.AA", "eyJhbGciOiJIUzI1NiIsInR5cCI6InJ0K2p3dCJ9.bnVsbA.AA",
	} {
		f.Add(s)
	}
}

// FuzzVerify: nothing but a token of this house is good, nothing panics, and
// the store is left alone.
func FuzzVerify(f *testing.F) {
	seeds(f, func(i session.Issued) string { return i.Tokens.Access.Reveal() })
	h := newHouse(f)
	h.login()
	f.Fuzz(func(t *testing.T, token string) {
		before := h.store.Calls()
		_, err := h.Verify(t.Context(), token)
		if core.CodeOf(err) != core.Unauthenticated {
			t.Errorf("%q gives %v", token, err)
		}
		if id, ok := h.Owner(token, token); ok {
			t.Errorf("%q belongs to %q", token, id)
		}
		if h.store.Calls() != before {
			t.Errorf("%q reached the store", token)
		}
	})
}

// FuzzRefresh is the same for refresh tokens.
func FuzzRefresh(f *testing.F) {
	seeds(f, func(i session.Issued) string { return i.Tokens.Refresh.Reveal() })
	h := newHouse(f)
	h.login()
	f.Fuzz(func(t *testing.T, token string) {
		before := h.store.Calls()
		if _, err := h.Refresh(t.Context(), token, nil); core.CodeOf(err) != core.Unauthenticated {
			t.Errorf("%q gives %v", token, err)
		}
		if h.store.Calls() != before {
			t.Errorf("%q reached the store", token)
		}
	})
}
