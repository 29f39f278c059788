package directory_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"log/slog"
	"math/big"
	"net"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/net/dns/dnsmessage"

	"github.com/authd-go/authd/core"
	"github.com/authd-go/authd/strategies/ldap/directory"
	"github.com/authd-go/authd/strategies/ldap/ldaptest"
)

// zone is a DNS server: SRV records by name, and every host is this machine.
type zone struct {
	mu      sync.Mutex
	records map[string][]net.SRV
	down    bool // for SRV records
	asked   atomic.Int64
}

func newZone(t *testing.T) (*zone, *net.Resolver) {
	t.Helper()
	z := &zone{records: map[string][]net.SRV{}}
	conn, err := (&net.ListenConfig{}).ListenPacket(t.Context(), "udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	go z.serve(conn)
	dial := func(ctx context.Context, _, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, "udp", conn.LocalAddr().String())
	}
	return z, &net.Resolver{PreferGo: true, Dial: dial}
}

func (z *zone) set(name string, records ...net.SRV) {
	z.mu.Lock()
	defer z.mu.Unlock()
	z.records[name+"."] = records
}

func (z *zone) fail(down bool) {
	z.mu.Lock()
	defer z.mu.Unlock()
	z.down = down
}

func (z *zone) serve(conn net.PacketConn) {
	buf := make([]byte, 1500)
	for {
		n, from, err := conn.ReadFrom(buf)
		if err != nil {
			return
		}
		var m dnsmessage.Message
		if m.Unpack(buf[:n]) != nil || len(m.Questions) != 1 {
			continue
		}
		z.answer(&m)
		if out, err := m.Pack(); err == nil {
			_, _ = conn.WriteTo(out, from)
		}
	}
}

func (z *zone) answer(m *dnsmessage.Message) {
	z.mu.Lock()
	defer z.mu.Unlock()
	q := m.Questions[0]
	m.Response, m.Additionals = true, nil
	header := dnsmessage.ResourceHeader{Name: q.Name, Type: q.Type, Class: q.Class, TTL: 1}
	switch {
	case z.down && q.Type == dnsmessage.TypeSRV:
		m.RCode = dnsmessage.RCodeServerFailure
	case q.Type == dnsmessage.TypeSRV:
		z.asked.Add(1)
		for _, r := range z.records[q.Name.String()] {
			m.Answers = append(m.Answers, dnsmessage.Resource{Header: header, Body: &dnsmessage.SRVResource{
				Priority: r.Priority, Weight: r.Weight, Port: r.Port, Target: dnsmessage.MustNewName(r.Target),
			}})
		}
	case q.Type == dnsmessage.TypeA:
		m.Answers = []dnsmessage.Resource{{Header: header, Body: &dnsmessage.AResource{A: [4]byte{127, 0, 0, 1}}}}
	}
}

// port of a server of this process.
func port(t *testing.T, s *ldaptest.Server) uint16 {
	t.Helper()
	_, text, err := net.SplitHostPort(strings.TrimPrefix(s.URL(), "ldap://"))
	if err != nil {
		t.Fatal(err)
	}
	n, err := strconv.ParseUint(text, 10, 16)
	if err != nil {
		t.Fatal(err)
	}
	return uint16(n)
}

const record = "_ldap._tcp.example.test"

// byDNS is a client whose servers DNS names, and a clock that it goes by.
func byDNS(t *testing.T, r *net.Resolver, change func(*directory.Options)) (c *directory.Client, later *atomic.Int64, log *logged) {
	t.Helper()
	later, log = &atomic.Int64{}, &logged{}
	return client(t, func(o *directory.Options) {
		o.URLs, o.Resolver = []string{"ldap+srv://example.test"}, r
		o.Now = func() time.Time { return time.Now().Add(time.Duration(later.Load())) }
		o.Log = slog.New(slog.NewTextHandler(log, nil))
		if change != nil {
			change(o)
		}
	}), later, log
}

// logged is a log to read while others write.
type logged struct {
	mu sync.Mutex
	b  strings.Builder
}

func (l *logged) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *logged) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// TestServersByDNS: the lower priority first, the higher one when it is gone.
func TestServersByDNS(t *testing.T) {
	z, resolver := newZone(t)
	d := entries()
	one, two := ldaptest.Start(t, d), ldaptest.Start(t, d)
	z.set(record,
		net.SRV{Target: "dc2.example.test.", Port: port(t, two), Priority: 20},
		net.SRV{Target: "dc1.example.test.", Port: port(t, one), Priority: 10})
	c, _, _ := byDNS(t, resolver, nil)
	for range 10 {
		mustWork(t, c)
	}
	if one.Dialled() != 2 || two.Dialled() != 0 {
		t.Errorf("%d connections to the first, %d to the second", one.Dialled(), two.Dialled())
	}
	one.Stop()
	mustWork(t, c)
	if two.Dialled() == 0 {
		t.Error("nobody asked the second")
	}
	if n := z.asked.Load(); n != 1 {
		t.Errorf("DNS was asked %d times within a moment", n)
	}
}

// TestDNSIsAskedAgain: servers come and go, and those that stay keep their
// connections.
func TestDNSIsAskedAgain(t *testing.T) {
	z, resolver := newZone(t)
	d := entries()
	one, two := ldaptest.Start(t, d), ldaptest.Start(t, d)
	first := net.SRV{Target: "dc1.example.test.", Port: port(t, one), Priority: 1}
	second := net.SRV{Target: "dc2.example.test.", Port: port(t, two), Priority: 2}
	z.set(record, first)
	c, later, log := byDNS(t, resolver, nil)
	mustWork(t, c)
	z.set(record, second, first)
	later.Add(int64(2 * time.Minute))
	mustWork(t, c)
	eventually(t, func() bool { return strings.Count(log.String(), "directory servers by DNS") == 2 })
	mustWork(t, c)
	if one.Dialled() != 4 && one.Dialled() != 2 { // idle ones are old by the clock
		t.Errorf("%d connections to the one that stayed", one.Dialled())
	}
	z.set(record, second)
	later.Add(int64(2 * time.Minute))
	eventually(t, func() bool { mustWork(t, c); return two.Dialled() > 0 })
	one.Stop()
	for range 3 {
		mustWork(t, c)
	}
}

// TestDNSIsDown: servers that are known go on, and who knows none is unavailable.
func TestDNSIsDown(t *testing.T) {
	z, resolver := newZone(t)
	one := ldaptest.Start(t, entries())
	z.set(record, net.SRV{Target: "dc1.example.test.", Port: port(t, one)})
	z.fail(true)
	c, later, log := byDNS(t, resolver, nil)
	if err := search(t.Context(), c); !errors.Is(err, core.Unavailable) || !strings.Contains(err.Error(), record) {
		t.Errorf("got %v", err)
	}
	z.fail(false)
	later.Add(int64(2 * time.Second))
	eventually(t, func() bool { return search(t.Context(), c) == nil })
	z.fail(true)
	later.Add(int64(2 * time.Minute))
	mustWork(t, c)
	eventually(t, func() bool { return strings.Count(log.String(), "DNS does not say") == 2 })
	mustWork(t, c)
}

// TestForeignServersAreLeftOut: whoever forges DNS does not choose who is sent
// passwords.
func TestForeignServersAreLeftOut(t *testing.T) {
	z, resolver := newZone(t)
	one := ldaptest.Start(t, entries())
	for _, target := range []string{"evil.invalid.", "example.test.evil.invalid.", "badexample.test."} {
		z.set(record, net.SRV{Target: target, Port: port(t, one)})
		c, _, _ := byDNS(t, resolver, nil)
		if err := bind(t.Context(), c, "alice-pw"); !errors.Is(err, core.Unavailable) || !strings.Contains(err.Error(), "outside of example.test") {
			t.Errorf("%s: %v", target, err)
		}
	}
	z.set(record, net.SRV{Target: ".", Port: 1})
	c, _, _ := byDNS(t, resolver, nil)
	if err := bind(t.Context(), c, "alice-pw"); !errors.Is(err, core.Unavailable) || !strings.Contains(err.Error(), "no such service") {
		t.Errorf("no service: %v", err)
	}
	if one.Dialled() != 0 {
		t.Error("it was asked")
	}
}

// TestServersByDNSProveTheirName: the target's, not the domain's, over StartTLS
// as over ldaps; never without TLS.
func TestServersByDNSProveTheirName(t *testing.T) {
	z, resolver := newZone(t)
	d := entries()
	right, pool := certificate(t, "dc1.example.test")
	wrong, _ := certificate(t, "example.test")
	for name, c := range map[string]struct {
		url  string
		pair tls.Certificate
		pool *x509.CertPool
		good bool
	}{
		"ldaps":              {"ldaps+srv://" + record, right, pool, true},
		"StartTLS":           {"ldap+srv://example.test", right, pool, true},
		"ldaps, another":     {"ldaps+srv://" + record, wrong, poolOf(t, wrong), false},
		"StartTLS, another":  {"ldap+srv://example.test", wrong, poolOf(t, wrong), false},
		"ldaps, not trusted": {"ldaps+srv://" + record, right, poolOf(t, wrong), false},
	} {
		t.Run(name, func(t *testing.T) {
			secured := &tls.Config{Certificates: []tls.Certificate{c.pair}, MinVersion: tls.VersionTLS12}
			var server *ldaptest.Server
			if strings.HasPrefix(c.url, "ldaps") {
				server = ldaptest.StartSecure(t, d, secured)
			} else {
				server = ldaptest.Start(t, d)
				server.TLS = secured
			}
			z.set(record, net.SRV{Target: "DC1.example.test.", Port: port(t, server)})
			client, _, _ := byDNS(t, resolver, func(o *directory.Options) {
				o.URLs, o.TLS = []string{c.url}, &tls.Config{RootCAs: c.pool, MinVersion: tls.VersionTLS12}
				o.StartTLS = !strings.HasPrefix(c.url, "ldaps")
			})
			_ = d.Seen()
			err := bind(t.Context(), client, "alice-pw")
			if c.good != (err == nil) {
				t.Errorf("got %v", err)
			}
			if seen := d.Seen(); !c.good && slices.ContainsFunc(seen, func(s ldaptest.Seen) bool { return s.Op == "bind" }) {
				t.Errorf("it was told a password: %v", seen)
			}
		})
	}
}

func TestLookup(t *testing.T) {
	z, resolver := newZone(t)
	z.set("_ldap._tcp.berlin._sites.dc._msdcs.example.test",
		net.SRV{Target: "dc1.example.test.", Port: 389, Priority: 1}, net.SRV{Target: "dc2.elsewhere.test.", Port: 389, Priority: 0})
	for _, c := range []struct {
		url     string
		anyHost bool
		want    []string
	}{
		{"ldaps://dc9.example.test", false, []string{"ldaps://dc9.example.test:636"}},
		{"ldap+srv://_ldap._tcp.Berlin._sites.dc._msdcs.example.test", false, []string{"ldap://dc1.example.test:389"}},
		{"ldaps+srv://_ldap._tcp.berlin._sites.dc._msdcs.example.test:636", true, []string{"ldaps://dc2.elsewhere.test:636", "ldaps://dc1.example.test:636"}},
		{"ldaps+srv://example.test", false, nil},
	} {
		a, err := directory.ParseURL(c.url)
		if err != nil {
			t.Fatal(err)
		}
		found, err := directory.Lookup(t.Context(), resolver, a, c.anyHost)
		var got []string
		for _, f := range found {
			got = append(got, f.String())
		}
		if !slices.Equal(got, c.want) || (err == nil) != (c.want != nil) {
			t.Errorf("%s: %q, %v", c.url, got, err)
		}
	}
}

// TestWeights: within a priority the weights decide who is first, in the long run.
func TestWeights(t *testing.T) {
	z, resolver := newZone(t)
	z.set(record, net.SRV{Target: "light.example.test.", Weight: 10}, net.SRV{Target: "heavy.example.test.", Weight: 90})
	first := map[string]int{}
	for range 200 {
		found, err := directory.Lookup(t.Context(), resolver, directory.Address{SRV: record, Host: "example.test"}, false)
		if err != nil || len(found) != 2 {
			t.Fatalf("%v, %v", found, err)
		}
		first[found[0].Host]++
	}
	if heavy := first["heavy.example.test"]; heavy < 140 || heavy > 199 {
		t.Errorf("first were %v", first)
	}
}

// FuzzParseURL: what is read can be written and read again.
func FuzzParseURL(f *testing.F) {
	for _, s := range []string{
		"ldaps://dc1.example.com", "ldap://[::1]:3890", "ldap+srv://example.com", "ldaps+srv://_ldap._tcp.dc._msdcs.example.com:636",
		"ldap+srv://_ldap._tcp", "ldap+srv://10.0.0.1", "ldaps://user@dc1", "ldap://x/dc=y", "ldap://:1", "ldap+srv://_", "ldap+srv://_.", "://", "ldap://a%00b",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		a, err := directory.ParseURL(text)
		if err != nil {
			return
		}
		if again, err := directory.ParseURL(a.String()); err != nil || again != a {
			t.Errorf("%q is %+v, written as %q, and that is %+v, %v", text, a, a.String(), again, err)
		}
		if a.SRV != "" && a.Loopback() {
			t.Errorf("%q: DNS names it, and it counts as this machine", text)
		}
	})
}

func eventually(t *testing.T, holds func() bool) {
	t.Helper()
	for deadline := time.Now().Add(5 * time.Second); !holds(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("it never came to that")
		}
	}
}

// certificate makes one for a host, which signs itself.
func certificate(t *testing.T, host string) (tls.Certificate, *x509.CertPool) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), DNSNames: []string{host}, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IsCA: true, BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	pair := tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}
	return pair, poolOf(t, pair)
}

func poolOf(t *testing.T, pair tls.Certificate) *x509.CertPool {
	t.Helper()
	c, err := x509.ParseCertificate(pair.Certificate[0])
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	pool.AddCert(c)
	return pool
}
