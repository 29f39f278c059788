package oauth2_test

import (
	"testing"

	"github.com/authd-go/authd/strategies/oauth2"
)

// An address is verified only where the list says so of that address.
func FuzzEmails(f *testing.F) {
	f.Add([]byte(`[{"email": "a@example.com", "verified": true, "primary": false}, {"email": "b@example.com", "verified": false, "primary": true}]`))
	f.Add([]byte(`[{"email": ["a", "b"], "verified": [true, false]}, null, {}]`))
	f.Add([]byte(`{}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		address, verified, err := oauth2.PickEmail(body)
		if err != nil && (address != "" || verified) || verified && address == "" {
			t.Fatalf("%q: %q, %v, %v", body, address, verified, err)
		}
	})
}
