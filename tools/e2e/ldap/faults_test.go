package ldap_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/Shopify/toxiproxy/v2"

	"github.com/authd-go/authd/core"
	"github.com/authd-go/authd/strategies/ldap"
	"github.com/authd-go/authd/tools/e2e/peers"
)

// attempt is how long one server may take in these tests.
const attempt = 500 * time.Millisecond

// pair is two OpenLDAP servers with the same people, each behind a proxy.
type pair struct {
	first, second *toxiproxy.Proxy
	config        *ldap.Config
}

func newPair(t *testing.T) pair {
	t.Helper()
	var p pair
	var hosts []string
	for range 2 {
		f := peers.Start(t, "slapd", "SLAPD_BULK=10")
		hosts = append(hosts, strings.TrimPrefix(f["LDAP_URL"], "ldap://"))
		p.config = vendors()[0].config(f)
	}
	p.first, p.second = peers.Proxy(t, hosts[0]), peers.Proxy(t, hosts[1])
	p.config.URLs = []string{"ldap://" + p.first.Listen, "ldap://" + p.second.Listen}
	p.config.TLS = ldap.NewConfig().TLS
	p.config.AttemptTimeout = attempt
	return p
}

// crowd signs in all the time, one after the other at each of its doors.
type crowd struct {
	stop   context.CancelFunc
	done   sync.WaitGroup
	logins atomic.Int64
	mu     sync.Mutex
	failed []string
	took   []time.Duration
}

func newCrowd(t *testing.T, s core.Strategy, doors int) *crowd {
	t.Helper()
	ctx, stop := context.WithCancel(t.Context())
	c := &crowd{stop: stop}
	for range doors {
		c.done.Go(func() {
			for ctx.Err() == nil {
				begin := time.Now()
				_, err := login(context.WithoutCancel(ctx), s, "alice", "alice-pw")
				c.mu.Lock()
				c.took = append(c.took, time.Since(begin))
				if err != nil {
					c.failed = append(c.failed, err.Error())
				}
				c.mu.Unlock()
				c.logins.Add(1)
			}
		})
	}
	return c
}

// await waits for n more logins.
func (c *crowd) await(t *testing.T, n int64) {
	t.Helper()
	goal := c.logins.Load() + n
	for deadline := time.Now().Add(20 * time.Second); c.logins.Load() < goal; time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("%d logins in 20 s, want %d", c.logins.Load()-goal+n, n)
		}
	}
}

// end says how it went: how many failed, and the slowest of a hundred.
func (c *crowd) end() (failed []string, p99 time.Duration) {
	c.stop()
	c.done.Wait()
	slices.Sort(c.took)
	return c.failed, c.took[len(c.took)*99/100]
}

func stopped(_ *testing.T, p *toxiproxy.Proxy) (mend func()) {
	p.Stop()
	return func() { _ = p.Start() }
}

func toxic(fault string) func(*testing.T, *toxiproxy.Proxy) func() {
	return func(t *testing.T, p *toxiproxy.Proxy) func() { return peers.Toxic(t, p, fault) }
}

// TestFaults breaks the preferred one of two servers in each way there is,
// while people sign in: nobody is refused, and when it is well again it takes
// over from the other.
func TestFaults(t *testing.T) {
	for name, fault := range map[string]func(*testing.T, *toxiproxy.Proxy) func(){
		"cut":         stopped,
		"slow":        toxic(`{"type":"latency","attributes":{"latency":3000}}`),
		"half-open":   toxic(`{"type":"timeout","attributes":{"timeout":0}}`),
		"deaf":        toxic(`{"type":"timeout","stream":"upstream","attributes":{"timeout":0}}`),
		"reset":       toxic(`{"type":"reset_peer","attributes":{"timeout":0}}`),
		"cut replies": toxic(`{"type":"limit_data","attributes":{"bytes":20}}`),
		"restart": func(t *testing.T, p *toxiproxy.Proxy) func() {
			p.Stop()
			time.Sleep(100 * time.Millisecond)
			if err := p.Start(); err != nil {
				t.Fatal(err)
			}
			return func() {}
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := newPair(t)
			c := newCrowd(t, open(t, p.config), 8)
			c.await(t, 200)
			mend := fault(t, p.first)
			c.await(t, 400)
			mend()
			time.Sleep(1500 * time.Millisecond) // the first rest is one second
			c.await(t, 200)
			p.second.Stop() // now everybody depends on the first again
			c.await(t, 200)
			failed, p99 := c.end()
			if len(failed) > 0 {
				t.Errorf("%d of %d logins failed: %s", len(failed), c.logins.Load(), failed[0])
			}
			t.Logf("%d logins, 99 of 100 within %v", c.logins.Load(), p99)
		})
	}
}

// TestErrorsOfOneServer: a server that answers, but not with an answer, is left
// for another one, too.
func TestErrorsOfOneServer(t *testing.T) {
	t.Parallel()
	p := newPair(t)
	strict := peers.Start(t, "slapd", "SLAPD_REQUIRE_TLS=1", "SLAPD_BULK=10")
	p.config.URLs[0] = strict["LDAP_URL"] // confidentialityRequired to everything
	s := open(t, p.config)
	for range 20 {
		if _, err := login(t.Context(), s, "alice", "alice-pw"); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := login(t.Context(), s, "alice", "wrong"); core.CodeOf(err) != core.InvalidCredentials {
		t.Errorf("a wrong password: %v", err)
	}
}

// TestBothDown: nobody hears "wrong password" of an outage, whatever is typed, and
// it ends by itself.
func TestBothDown(t *testing.T) {
	t.Parallel()
	p := newPair(t)
	s := open(t, p.config)
	if _, err := login(t.Context(), s, "alice", "alice-pw"); err != nil {
		t.Fatal(err)
	}
	p.first.Stop()
	p.second.Stop()
	for _, who := range []string{"alice", "nobody-here", "eve"} {
		for range 3 {
			if _, err := login(t.Context(), s, who, "alice-pw"); core.CodeOf(err) != core.Unavailable {
				t.Errorf("%s: %v", who, err)
			}
		}
	}
	if err := s.Ready(t.Context()); core.CodeOf(err) != core.Unavailable {
		t.Errorf("ready: %v", err)
	}
	if err := p.second.Start(); err != nil {
		t.Fatal(err)
	}
	for deadline := time.Now().Add(10 * time.Second); ; time.Sleep(50 * time.Millisecond) {
		if _, err := login(t.Context(), s, "alice", "alice-pw"); err == nil {
			return
		} else if time.Now().After(deadline) {
			t.Fatal(err)
		}
	}
}

// TestEverySearchIsTheService signs 200 people in at once, a third of them with
// wrong passwords, and reads from the server's own log as whom each search ran.
func TestEverySearchIsTheService(t *testing.T) {
	t.Parallel()
	f := peers.Start(t, "slapd", "SLAPD_LOG=stats", "SLAPD_BULK=200")
	c := vendors()[0].config(f)
	c.Users.BaseDN = f["LDAP_BASE_DN"]
	s := open(t, c)
	var wg sync.WaitGroup
	var wrong, right atomic.Int64
	for i := range 200 {
		wg.Go(func() {
			password := "hashed-pw"
			if i%3 == 0 {
				password = "wrong"
			}
			_, err := login(t.Context(), s, fmt.Sprintf("bulk%04d", i+1), password)
			switch core.CodeOf(err) {
			case "":
				right.Add(1)
			case core.InvalidCredentials:
				wrong.Add(1)
			default:
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if wrong.Load() != 67 || right.Load() != 133 {
		t.Errorf("%d were refused and %d let in, want 67 and 133", wrong.Load(), right.Load())
	}
	searches, foreign := readLog(t, f["SLAPD_LOG_FILE"], f["LDAP_BIND_DN"])
	// Each login looks for the person, and after a right password for the groups
	// and whether there is a photo.
	if want := 200 + 133 + 133; searches != want || len(foreign) > 0 {
		t.Errorf("%d searches, want %d; of which not as the service: %q", searches, want, foreign)
	}
}
