package directory

import (
	"context"
	"errors"
	"fmt"
	"net"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

// How long the answer to a question for SRV records is used, and how soon one
// that failed is asked again.
const (
	lookupEvery = time.Minute
	lookupRetry = time.Second
)

// Lookup asks DNS which servers an address with SRV stands for, in the order in
// which they are to be tried (RFC 2782). Whoever can forge DNS must not choose
// who is sent passwords: a server outside of the domain that was asked about is
// left out, unless it must prove another name that anyHost says is settled.
// What is no SRV address stands for itself.
func Lookup(ctx context.Context, r *net.Resolver, a Address, anyHost bool) ([]Address, error) {
	if a.SRV == "" {
		return []Address{a}, nil
	}
	if r == nil {
		r = net.DefaultResolver
	}
	// net sorts by priority and shuffles by weight.
	_, records, err := r.LookupSRV(ctx, "", "", a.SRV+".")
	var out []Address
	var foreign []string
	for _, record := range records {
		target := strings.ToLower(strings.TrimSuffix(record.Target, "."))
		switch {
		case target == "":
			return nil, fmt.Errorf("%s says that there is no such service", a.SRV)
		case !anyHost && !below(target, a.Host):
			foreign = append(foreign, target)
		default:
			out = append(out, Address{TLS: a.TLS, Host: target, Port: a.portOr(record.Port)})
		}
	}
	switch {
	case len(out) > 0:
		return out, nil // also if other records were no good
	case len(foreign) > 0:
		return nil, fmt.Errorf("%s names servers outside of %s only, such as %s; set tls.serverName, or list them", a.SRV, a.Host, foreign[0])
	case err != nil:
		return nil, fmt.Errorf("ask DNS for %s: %w", a.SRV, err)
	}
	return nil, fmt.Errorf("%s names no server", a.SRV)
}

func (a Address) portOr(port uint16) string {
	if a.Port != "" {
		return a.Port
	}
	return strconv.Itoa(int(port))
}

// below says whether a host is a domain or in it.
func below(host, domain string) bool {
	return host == domain || strings.HasSuffix(host, "."+domain)
}

// srvRecord returns the name of the SRV record of a URL's host, and the domain
// that it is about. A host that begins with an underscore is such a name.
func srvRecord(host string, secure bool) (name, domain string) {
	host = strings.ToLower(strings.TrimSuffix(host, "."))
	if !strings.HasPrefix(host, "_") {
		if secure {
			return "_ldaps._tcp." + host, host
		}
		return "_ldap._tcp." + host, host
	}
	labels := strings.Split(host, ".")
	last := len(labels) - 1
	for !strings.HasPrefix(labels[last], "_") {
		last--
	}
	return host, strings.Join(labels[last+1:], ".")
}

// What DNS may be asked for. Only the names of records have underscores.
var (
	recordName = regexp.MustCompile(`^[a-z0-9_-]{1,63}(\.[a-z0-9_-]{1,63})*$`)
	domainName = regexp.MustCompile(`^[a-z0-9-]{1,63}(\.[a-z0-9-]{1,63})*$`)
)

// source is one of the URLs: a server, or those that DNS names.
type source struct {
	Address
	opts *Options

	mu      sync.Mutex
	servers []*server
	err     error         // why there is none
	askAt   time.Time     // when DNS is asked again
	asking  chan struct{} // closed when the question under way is answered; nil if none is
	done    sync.WaitGroup
	stop    context.CancelFunc
	life    context.Context //nolint:containedctx // ends with the client, not with whoever happens to ask first
}

func newSource(o *Options, a Address) *source {
	s := &source{Address: a, opts: o}
	s.life, s.stop = context.WithCancel(context.Background())
	if a.SRV == "" {
		s.servers = []*server{newServer(o, a)}
	}
	return s
}

// list returns the servers in the order in which they are to be tried. Nobody
// waits for DNS while servers are known, even if they are no longer the right ones.
func (s *source) list(ctx context.Context) ([]*server, error) {
	s.mu.Lock()
	if s.SRV != "" && s.asking == nil && s.life.Err() == nil && !s.opts.Now().Before(s.askAt) {
		asking := make(chan struct{})
		s.asking = asking
		s.done.Go(func() { s.lookup(asking) })
	}
	servers, err, asking := slices.Clone(s.servers), s.err, s.asking
	s.mu.Unlock()
	if len(servers) > 0 {
		return servers, nil
	}
	if asking == nil {
		return nil, err
	}
	select {
	case <-asking:
		s.mu.Lock()
		defer s.mu.Unlock()
		return slices.Clone(s.servers), s.err
	case <-ctx.Done():
		return nil, fmt.Errorf("ask DNS for %s: %w", s.SRV, ctx.Err())
	}
}

// lookup asks DNS and takes the answer. A failure changes nothing for those who
// know servers already: that DNS is down does not mean that they are.
func (s *source) lookup(asking chan struct{}) {
	defer close(asking)
	ctx, cancel := context.WithTimeout(s.life, s.opts.Timeout)
	defer cancel()
	found, err := Lookup(ctx, s.opts.Resolver, s.Address, s.opts.settled(s.Address))
	s.mu.Lock()
	defer s.mu.Unlock()
	s.asking = nil
	switch {
	case s.life.Err() != nil:
		s.err = errors.New("the client is closed")
		return
	case err != nil:
		s.askAt = s.opts.Now().Add(lookupRetry)
		if s.err == nil {
			s.opts.Log.Warn("DNS does not say which directory servers there are", "url", s.String(), "error", err, "known", len(s.servers))
		}
		s.err = err
		return
	}
	s.askAt, s.err = s.opts.Now().Add(lookupEvery), nil
	s.take(found)
}

// take keeps what is known of servers that are still named, and drops the others.
func (s *source) take(found []Address) {
	known := map[Address]*server{}
	for _, server := range s.servers {
		known[server.Address] = server
	}
	s.servers = nil
	changed := false
	for _, a := range found {
		server, ok := known[a]
		if !ok {
			server, changed = newServer(s.opts, a), true
			known[a] = server
		}
		if !slices.Contains(s.servers, server) {
			s.servers = append(s.servers, server)
		}
	}
	for _, server := range known {
		if !slices.Contains(s.servers, server) {
			changed = true
			server.close()
		}
	}
	if changed {
		s.opts.Log.Info("directory servers by DNS", "url", s.String(), "servers", fmt.Sprint(s.servers))
	}
}

func (s *source) close() {
	s.stop()
	s.done.Wait()
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, server := range s.servers {
		server.close()
	}
}
