package oidc_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/authd-go/authd/tools/e2e/peers"
)

// TestDoctor holds what authd doctor prints of a provider against golden files.
func TestDoctor(t *testing.T) {
	exe := peers.Authd(t)
	for golden, c := range map[string]struct {
		code   int
		issuer func(peers.Facts) string
		skew   bool
	}{
		"doctor-healthy":      {0, func(f peers.Facts) string { return f["OIDC_ISSUER"] }, false},
		"doctor-wrong-issuer": {1, func(f peers.Facts) string { return f["OIDC_ISSUER"] + "/" }, false},
		"doctor-dead":         {1, func(peers.Facts) string { return "http://127.0.0.1:" + peers.FreePort(t) }, false},
		"doctor-clock":        {1, func(f peers.Facts) string { return f["OIDC_ISSUER"] }, true},
	} {
		t.Run(golden, func(t *testing.T) {
			f := peers.Start(t, "op")
			if c.skew {
				fault := fmt.Sprintf(`{"path":".well-known/openid-configuration","status":0,"count":9,"headers":{"Date":%q}}`,
					time.Now().Add(-7*time.Minute).UTC().Format(http.TimeFormat))
				r, err := http.Post(f["OIDC_CONTROL_URL"]+"/faults", "application/json", strings.NewReader(fault))
				if err != nil {
					t.Fatal(err)
				}
				_ = r.Body.Close()
			}
			yaml := fmt.Sprintf("  staff: {type: oidc, issuer: '%s', clientID: %s, clientSecret: %s, allowPrivateAddresses: true}\n",
				c.issuer(f), f["OIDC_CLIENT_ID"], f["OIDC_CLIENT_SECRET"])
			peers.Doctor(t, exe, peers.Visit{Golden: golden, Strategies: yaml, Code: c.code, Secrets: []string{f["OIDC_CLIENT_SECRET"]}})
		})
	}
}
