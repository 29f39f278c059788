package ldap_test

import (
	"crypto/tls"
	"encoding/pem"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/authd-go/authd/core"
	"github.com/authd-go/authd/strategies/ldap/ldaptest"
)

// TestOldestTLS: a server that speaks nothing newer than 1.2 is told nothing
// where 1.3 is asked for, and nobody speaks 1.1.
func TestOldestTLS(t *testing.T) {
	site := httptest.NewUnstartedServer(nil) // for its certificate
	site.StartTLS()
	t.Cleanup(site.Close)
	pair := site.TLS.Certificates[0]
	caFile := filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(caFile, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: pair.Certificate[0]}), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		least  string
		newest uint16
		good   bool
	}{
		{"1.2", tls.VersionTLS11, false},
		{"1.2", tls.VersionTLS12, true},
		{"1.2", tls.VersionTLS13, true},
		{"1.3", tls.VersionTLS12, false},
		{"1.3", tls.VersionTLS13, true},
	} {
		d := directory()
		server := ldaptest.StartSecure(t, d, &tls.Config{
			Certificates: []tls.Certificate{pair}, MinVersion: tls.VersionTLS10, MaxVersion: c.newest,
		})
		conf := config()
		conf.URLs = []string{strings.Replace(server.URL(), "ldap:", "ldaps:", 1)}
		conf.TLS.CAFile, conf.TLS.MinVersion = caFile, c.least
		_, err := login(t.Context(), open(t, conf), "john", johnPW)
		if c.good != (err == nil) || err != nil && core.CodeOf(err) != core.Unavailable {
			t.Errorf("%s asked, %x spoken: %v", c.least, c.newest, err)
		}
		if !c.good && len(d.Seen()) > 0 {
			t.Errorf("%s asked, %x spoken: the server was told something", c.least, c.newest)
		}
	}
}
