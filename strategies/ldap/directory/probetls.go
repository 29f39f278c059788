package directory

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"strings"
	"time"
)

// expiresSoon is when somebody should be told of a certificate's end.
const expiresSoon = 21 * 24 * time.Hour

// handshake does TLS by way of shake, with a configuration that judges the
// server as the real one does and remembers what was seen: a certificate that
// is refused is the one to look at.
func (p *probe) handshake(name string, shake func(*tls.Config) error) bool {
	wanted := p.opts.tlsFor(p.address)
	var seen tls.ConnectionState
	config := wanted.Clone()
	// VerifyConnection does the same, and an error of its ends the handshake.
	config.InsecureSkipVerify = true
	config.VerifyConnection = func(state tls.ConnectionState) error {
		seen = state
		return p.verify(wanted, state.PeerCertificates)
	}
	return p.step(name, func() (detail, warn string, err error) {
		if err = shake(config); len(seen.PeerCertificates) > 0 {
			leaf := seen.PeerCertificates[0]
			// The verdict itself; go-ldap's error has only its text.
			if refused := p.verify(wanted, seen.PeerCertificates); refused != nil {
				return describe(leaf), "", refused
			}
			detail = tls.VersionName(seen.Version) + ", " + describe(leaf)
			if left := time.Until(leaf.NotAfter); left < expiresSoon {
				warn = fmt.Sprintf("the certificate expires in %d days: have the server's certificate renewed before that, or nobody can sign in", int(left.Hours()/24))
			}
		}
		return detail, warn, err
	}, func(err error) string { return p.adviseTLS(wanted, seen, err) })
}

// verify is what crypto/tls does where it is not told to leave it.
func (p *probe) verify(config *tls.Config, chain []*x509.Certificate) error {
	if len(chain) == 0 {
		return errors.New("the server showed no certificate")
	}
	o := x509.VerifyOptions{Roots: config.RootCAs, DNSName: config.ServerName, Intermediates: x509.NewCertPool()}
	for _, c := range chain[1:] {
		o.Intermediates.AddCert(c)
	}
	_, err := chain[0].Verify(o)
	return err
}

// describe says what a certificate is for, who made it and when it ends.
func describe(c *x509.Certificate) string {
	names := append([]string{}, c.DNSNames...)
	for _, ip := range c.IPAddresses {
		names = append(names, ip.String())
	}
	if len(names) == 0 {
		names = []string{"no host"}
	}
	return fmt.Sprintf("certificate for %s, by %q, until %s", strings.Join(names, ", "), c.Issuer.CommonName, c.NotAfter.UTC().Format(time.DateOnly))
}

func (p *probe) adviseTLS(config *tls.Config, seen tls.ConnectionState, err error) string {
	var wrongName x509.HostnameError
	var unknown x509.UnknownAuthorityError
	var invalid x509.CertificateInvalidError
	switch {
	case errors.As(err, &wrongName):
		return p.adviseName(config, wrongName.Certificate)
	case errors.As(err, &unknown) && config.RootCAs == nil:
		return "this machine does not know the authority: set tls.caFile to a PEM file with the certificate of the authority that made it"
	case errors.As(err, &unknown):
		return "tls.caFile does not hold the authority that made this certificate, or the server does not send the ones in between; put the authority's certificate into tls.caFile"
	case errors.As(err, &invalid) && invalid.Reason == x509.Expired:
		return "have the server's certificate renewed, and look at this machine's clock; no key of authd's lets an expired one pass"
	case len(seen.PeerCertificates) == 0 && p.opts.StartTLS:
		return "the server does not do StartTLS: give it a certificate, or use its TLS port: write ldaps:// in urls and take startTLS away"
	case len(seen.PeerCertificates) == 0:
		return "nothing there speaks TLS (of a version that tls.minVersion allows): is the port in urls the one for ldaps? If it is for ldap, write ldap:// and startTLS: true"
	}
	return "the server ended the handshake: it may want a certificate of authd's: tls.certFile and tls.keyFile"
}

// adviseName names the names that would do.
func (p *probe) adviseName(config *tls.Config, c *x509.Certificate) string {
	names := append([]string{}, c.DNSNames...)
	for _, ip := range c.IPAddresses {
		names = append(names, ip.String())
	}
	if len(names) == 0 || net.ParseIP(config.ServerName) != nil && len(c.DNSNames) == 0 {
		return "the certificate names no host; have one made with the server's name as a subject alternative name"
	}
	return fmt.Sprintf("the certificate is not for %s: write a name that it has in urls (%s), or name it in tls.serverName if that is surely this server",
		config.ServerName, strings.Join(names, ", "))
}
