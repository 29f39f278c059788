package httpapi

import (
	"fmt"
	"net/http"
	"net/netip"
	"strings"
)

// proxies are the addresses whose X-Forwarded-For is believed. The Forwarded
// header (RFC 7239) is not read: a proxy that sets one of the two passes the
// other through, as a client wrote it.
type proxies []netip.Prefix

func newProxies(trusted []netip.Prefix) (proxies, error) {
	var out proxies
	for _, p := range trusted {
		if p.Addr().Is4In6() && p.Bits() >= 96 {
			p = netip.PrefixFrom(p.Addr().Unmap(), p.Bits()-96)
		}
		if !p.IsValid() {
			return nil, fmt.Errorf("TrustedProxies: %q is not a network", p)
		}
		out = append(out, p.Masked())
	}
	return out, nil
}

func (p proxies) trust(addr netip.Addr) bool {
	for _, network := range p {
		if network.Contains(addr) {
			return true
		}
	}
	return false
}

// client returns the address of whoever called the outermost trusted proxy.
// It walks X-Forwarded-For from right to left, because only the entries that
// trusted proxies appended are worth anything. An entry that is no address
// ends the walk: the answer is then the proxy that wrote it. The answer is
// invalid if the connection has no IP address.
func (p proxies) client(r *http.Request) netip.Addr {
	addr := parseAddr(r.RemoteAddr)
	if !p.trust(addr) {
		return addr
	}
	lines := r.Header.Values("X-Forwarded-For")
	for i := len(lines) - 1; i >= 0; i-- {
		for rest, more := lines[i], true; more; {
			var entry string
			rest, entry, more = cutLast(rest)
			next := parseAddr(entry)
			if !next.IsValid() {
				return addr
			}
			if addr = next; !p.trust(addr) {
				return addr
			}
		}
	}
	return addr
}

// cutLast splits a list before its last comma.
func cutLast(list string) (before, last string, found bool) {
	if i := strings.LastIndexByte(list, ','); i >= 0 {
		return list[:i], list[i+1:], true
	}
	return "", list, false
}

// parseAddr reads an address with or without port, and is invalid for anything
// else. IPv4 in IPv6 clothes is IPv4, and zones are dropped, so that a network
// on a list is recognised.
func parseAddr(s string) netip.Addr {
	s = strings.TrimSpace(s)
	if ap, err := netip.ParseAddrPort(s); err == nil {
		return ap.Addr().Unmap().WithZone("")
	}
	if len(s) > 2 && s[0] == '[' && s[len(s)-1] == ']' {
		s = s[1 : len(s)-1]
	}
	addr, err := netip.ParseAddr(s)
	if err != nil {
		return netip.Addr{}
	}
	return addr.Unmap().WithZone("")
}
