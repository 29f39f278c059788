package outbound

import "net/netip"

// Allows is what a client is asked before it dials.
func (o Options) Allows(addr netip.Addr) bool { return o.allows(addr) }
