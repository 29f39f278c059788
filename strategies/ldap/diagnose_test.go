package ldap_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/authd-go/authd/core"
	"github.com/authd-go/authd/strategies/ldap"
	"github.com/authd-go/authd/strategies/ldap/ldaptest"
)

// certificate is one that signs itself, for 127.0.0.1, and its file.
func certificate(t *testing.T, until time.Time) (*tls.Config, string) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "test"}, NotBefore: time.Now().Add(-48 * time.Hour), NotAfter: until,
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageDigitalSignature,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(file, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), 0o600); err != nil {
		t.Fatal(err)
	}
	return &tls.Config{MinVersion: tls.VersionTLS12, Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}}}, file
}

// diagnose returns the findings by name.
func diagnose(t *testing.T, c *ldap.Config) map[string]core.Finding {
	t.Helper()
	out := map[string]core.Finding{}
	open(t, c).Diagnoser.Diagnose(t.Context(), core.DiagnoseRequest{}, func(f core.Finding) { out[f.Name] = f })
	return out
}

// TestDiagnosisOfCertificates: each way in which one is not good has its advice,
// and nothing is said on a connection that is not secured.
func TestDiagnosisOfCertificates(t *testing.T) {
	_, stranger := certificate(t, time.Now().Add(time.Hour))
	for name, c := range map[string]struct {
		until  time.Duration
		change func(*ldap.Config)
		mark   core.Mark
		advice string
	}{
		"good":          {90 * 24 * time.Hour, func(*ldap.Config) {}, core.MarkOK, ""},
		"ends soon":     {5*24*time.Hour + time.Hour, func(*ldap.Config) {}, core.MarkWarning, "expires in 5 days"},
		"has ended":     {-time.Hour, func(*ldap.Config) {}, core.MarkFailed, "renewed"},
		"of a stranger": {90 * 24 * time.Hour, func(c *ldap.Config) { c.TLS.CAFile = stranger }, core.MarkFailed, "tls.caFile"},
		"another name":  {90 * 24 * time.Hour, func(c *ldap.Config) { c.TLS.ServerName = "dc1.example.com" }, core.MarkFailed, "not for dc1.example.com"},
	} {
		for _, startTLS := range []bool{false, true} {
			config, file := certificate(t, time.Now().Add(c.until))
			var server *ldaptest.Server
			step := "TLS"
			if startTLS {
				server, step = ldaptest.Start(t, directory()), "StartTLS"
				server.TLS = config
			} else {
				server = ldaptest.StartSecure(t, directory(), config)
			}
			options := configFor(server, startTLS)
			options.TLS.CAFile = file
			c.change(options)
			found := diagnose(t, options)
			if f := found[step]; f.Mark != c.mark || !strings.Contains(f.Advice, c.advice) {
				t.Errorf("%s, %s: %+v", name, step, f)
			}
			if _, bound := found["bind"]; bound != (c.mark != core.MarkFailed) {
				t.Errorf("%s, %s: bound: %v", name, step, bound)
			}
			for _, seen := range server.Seen() {
				if c.mark == core.MarkFailed && seen.Op != "extended" {
					t.Errorf("%s, %s: the server was asked %+v", name, step, seen)
				}
			}
		}
	}
}

func configFor(s *ldaptest.Server, startTLS bool) *ldap.Config {
	c := config(s)
	c.StartTLS = startTLS
	if !startTLS {
		c.URLs = []string{strings.Replace(s.URL(), "ldap:", "ldaps:", 1)}
	}
	return c
}
