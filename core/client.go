package core

import (
	"context"
	"net/netip"
)

type clientKey struct{}

// WithClient returns a context that carries who calls. core/flow does this where
// a method asks a backend, so that what lies below can share its work fairly among
// callers without seeing their requests.
func WithClient(ctx context.Context, c Client) context.Context {
	return context.WithValue(ctx, clientKey{}, c)
}

// ClientFrom returns the caller that WithClient noted, or the zero Client, whose
// Network is that of all unknown callers.
func ClientFrom(ctx context.Context) Client {
	c, _ := ctx.Value(clientKey{}).(Client)
	return c
}

// The lengths of the networks that one caller is taken to hold.
const (
	clientBitsV4 = 32
	clientBitsV6 = 64 // what one household or machine is given; each can make up 2^64 addresses in it
)

// Network returns the network that counts as one caller: the address itself
// for IPv4, also where it is written as IPv6 (::ffff:192.0.2.1), and the /64
// for IPv6, without the zone. It is the zero Prefix if the address is unknown.
// It does not tell apart callers behind one address.
func (c Client) Network() netip.Prefix {
	addr := c.Addr.Unmap().WithZone("")
	bits := clientBitsV6
	if addr.Is4() {
		bits = clientBitsV4
	}
	network, err := addr.Prefix(bits)
	if err != nil {
		return netip.Prefix{} // an invalid address
	}
	return network
}
