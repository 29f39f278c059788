package ldap_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/Shopify/toxiproxy/v2"
	goldap "github.com/go-ldap/ldap/v3"

	"github.com/authd-go/authd/strategies/ldap"
	"github.com/authd-go/authd/tools/e2e/peers"
)

// BenchmarkLogin reports logins per second at a number of clients as a ratio
// to go-ldap's own, on as many connections, in the same run: once for search and
// bind alone, and once as it comes, with a question for groups. Whether there is
// a photo is asked by us only, once for each person.
func BenchmarkLogin(b *testing.B) {
	for _, groups := range []bool{false, true} {
		for _, clients := range []int{8, 64} {
			b.Run(fmt.Sprintf("groups=%t/clients=%d", groups, clients), func(b *testing.B) { benchmarkLogin(b, groups, clients) })
		}
	}
}

func benchmarkLogin(b *testing.B, groups bool, clients int) {
	f := peers.Start(b, "slapd", "SLAPD_BULK=1000")
	c := vendors()[0].config(f)
	c.URLs, c.TLS = []string{f["LDAP_URL"]}, ldap.NewConfig().TLS
	c.Users.BaseDN, c.Groups.Nested = "ou=bulk,dc=example,dc=org", ldap.NestedNone
	if !groups {
		c.Groups.BaseDN, c.Groups.Nested, c.Users.Attributes.Photo = "", "", ldap.PhotoNone
	}
	c.Pool.Size = clients
	s := open(b, c)
	login1 := func(client, i int) error {
		_, err := login(b.Context(), s, person(client, i), "hashed-pw")
		return err
	}
	bare := bareLogin(b, f, c, clients)
	var ours, theirs time.Duration
	const slice = 50 // in turns, so that both meet the same machine
	spread(clients, slice, login1, b)
	spread(clients, slice, bare, b)
	b.ResetTimer()
	for range b.N {
		ours += spread(clients, slice, login1, b)
		theirs += spread(clients, slice, bare, b)
	}
	logins := float64(b.N * clients * slice)
	b.ReportMetric(logins/ours.Seconds(), "logins/s")
	b.ReportMetric(logins/theirs.Seconds(), "bare/s")
	b.ReportMetric(theirs.Seconds()/ours.Seconds(), "ratio")
	b.ReportMetric(0, "ns/op")
}

func person(client, i int) string { return fmt.Sprintf("bulk%04d", 1+(client*37+i)%1000) }

// spread lets the clients do n logins each and says how long that took.
func spread(clients, n int, one func(client, i int) error, b *testing.B) time.Duration {
	begin := time.Now()
	var wg sync.WaitGroup
	for client := range clients {
		wg.Go(func() {
			for i := range n {
				if err := one(client, i); err != nil {
					b.Error(err)
				}
			}
		})
	}
	wg.Wait()
	return time.Since(begin)
}

// bareLogin is go-ldap alone: each client has one connection for searches and
// one for binds.
func bareLogin(b *testing.B, f peers.Facts, c *ldap.Config, clients int) func(client, i int) error {
	b.Helper()
	searches, binds := make([]*goldap.Conn, clients), make([]*goldap.Conn, clients)
	for i := range clients {
		for _, into := range []*[]*goldap.Conn{&searches, &binds} {
			conn, err := goldap.DialURL(f["LDAP_URL"])
			if err != nil {
				b.Fatal(err)
			}
			b.Cleanup(func() { _ = conn.Close() })
			(*into)[i] = conn
		}
		if err := searches[i].Bind(c.BindDN, c.BindPassword.Reveal()); err != nil {
			b.Fatal(err)
		}
	}
	attributes := []string{"entryUUID", "uid", "displayName", "cn", "mail"}
	return func(client, i int) error {
		found, err := searches[client].Search(goldap.NewSearchRequest(c.Users.BaseDN, goldap.ScopeWholeSubtree, goldap.NeverDerefAliases, 2, 0, false,
			"(&(objectClass=inetOrgPerson)(|(uid="+person(client, i)+")(mail="+person(client, i)+")))", attributes, nil))
		if err != nil || len(found.Entries) != 1 {
			return fmt.Errorf("%d entries: %w", len(found.Entries), err)
		}
		dn := found.Entries[0].DN
		if err := binds[client].Bind(dn, "hashed-pw"); err != nil || c.Groups.BaseDN == "" {
			return err
		}
		_, err = searches[client].Search(goldap.NewSearchRequest(c.Groups.BaseDN, goldap.ScopeWholeSubtree, goldap.NeverDerefAliases, 0, 0, false,
			"(|(member="+dn+")(uniqueMember="+dn+")(memberUid="+person(client, i)+"))", []string{"cn"}, nil))
		return err
	}
}

// BenchmarkFailover reports how long logins take while the preferred one of two
// servers goes away, which begin at a steady rate whether or not earlier ones
// have ended: p99 as a ratio to the time-out for connecting, and how many failed.
func BenchmarkFailover(b *testing.B) {
	faults := map[string]func(testing.TB, *toxiproxy.Proxy){
		"cut": func(_ testing.TB, p *toxiproxy.Proxy) { p.Stop() },
		"half-open": func(b testing.TB, p *toxiproxy.Proxy) {
			peers.Toxic(b, p, `{"type":"timeout","attributes":{"timeout":0}}`)
		},
		"silent": func(b testing.TB, p *toxiproxy.Proxy) {
			peers.Toxic(b, p, `{"type":"latency","attributes":{"latency":60000}}`)
		},
	}
	for _, name := range slices.Sorted(maps.Keys(faults)) {
		b.Run(name, func(b *testing.B) {
			var took []time.Duration
			for range b.N {
				took = append(took, failover(b, faults[name])...)
			}
			p99, worst := quantile(took, 0.99), quantile(took, 1)
			b.ReportMetric(p99.Seconds()/attempt.Seconds(), "p99/timeout")
			b.ReportMetric(p99.Seconds()*1000, "p99-ms")
			b.ReportMetric(worst.Seconds()*1000, "worst-ms")
			b.ReportMetric(float64(len(took))/float64(b.N), "logins")
			b.ReportMetric(0, "ns/op")
		})
	}
}

// failover makes 200 logins a second for four seconds and breaks the preferred
// server after one.
func failover(b *testing.B, fault func(testing.TB, *toxiproxy.Proxy)) []time.Duration {
	b.Helper()
	first, second := peers.Start(b, "slapd", "SLAPD_BULK=10"), peers.Start(b, "slapd", "SLAPD_BULK=10")
	proxy := peers.Proxy(b, strings.TrimPrefix(first["LDAP_URL"], "ldap://"))
	c := vendors()[0].config(first)
	c.URLs, c.TLS, c.AttemptTimeout = []string{"ldap://" + proxy.Listen, second["LDAP_URL"]}, ldap.NewConfig().TLS, attempt
	s := open(b, c)
	const logins, rate = 800, 200
	took := make([]time.Duration, logins)
	var wg sync.WaitGroup
	begin := time.Now()
	for i := range logins {
		at := begin.Add(time.Duration(i) * time.Second / rate)
		time.Sleep(time.Until(at))
		if i == rate {
			fault(b, proxy)
		}
		wg.Go(func() {
			if _, err := login(b.Context(), s, "alice", "alice-pw"); err != nil {
				b.Errorf("login %d: %v", i, err)
			}
			took[i] = time.Since(at)
		})
	}
	wg.Wait()
	return took
}

func quantile(took []time.Duration, q float64) time.Duration {
	slices.Sort(took)
	return took[int(q*float64(len(took)-1))]
}
