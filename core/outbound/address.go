package outbound

import (
	"context"
	"fmt"
	"net/netip"
	"syscall"
)

// control is asked for each address that is about to be dialled, after names
// were looked up, so that no name can lead elsewhere a moment later.
func (o Options) control(_ context.Context, _, address string, _ syscall.RawConn) error {
	target, err := netip.ParseAddrPort(address)
	if err != nil {
		return fmt.Errorf("%w: %w", ErrAddress, err)
	}
	if !o.allows(target.Addr()) {
		return ErrAddress
	}
	return nil
}

// allows judges an address. Link-local ones are refused whatever the options
// say: there is no site there, but a cloud's metadata service.
func (o Options) allows(addr netip.Addr) bool {
	addr = embedded(addr.WithZone(""))
	switch {
	case addr.IsLoopback():
		return o.Loopback || o.Private
	case addr.IsPrivate(), contains(shared(), addr):
		return o.Private
	}
	return addr.IsGlobalUnicast() && !contains(special(), addr)
}

// shared are the addresses between a carrier's customers and its gateway
// (RFC 6598), which clouds use inside, too.
func shared() []string { return []string{"100.64.0.0/10"} }

// special are the networks where no public site is: IANA's registries of
// special-purpose addresses, without what netip knows by itself.
func special() []string {
	return []string{
		"0.0.0.0/8", "192.0.0.0/24", "192.0.2.0/24", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "240.0.0.0/4",
		"64:ff9b:1::/48", "100::/64", "2001:db8::/32", "3fff::/20", "5f00::/16", "fec0::/10",
	}
}

func contains(networks []string, addr netip.Addr) bool {
	for _, text := range networks {
		if netip.MustParsePrefix(text).Contains(addr) {
			return true
		}
	}
	return false
}

// embedded returns the IPv4 address that an IPv6 address stands for, where a
// gateway would send it there: mapped, NAT64 (RFC 6052) and 6to4 (RFC 3056).
func embedded(addr netip.Addr) netip.Addr {
	addr = addr.Unmap()
	if !addr.Is6() {
		return addr
	}
	b := addr.As16()
	switch {
	case netip.MustParsePrefix("64:ff9b::/96").Contains(addr):
		return netip.AddrFrom4([4]byte(b[12:16]))
	case netip.MustParsePrefix("2002::/16").Contains(addr):
		return netip.AddrFrom4([4]byte(b[2:6]))
	}
	return addr
}
