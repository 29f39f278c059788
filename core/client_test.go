package core_test

import (
	"net/netip"
	"testing"

	"github.com/authd-go/authd/core"
)

func TestClientNetwork(t *testing.T) {
	for addr, want := range map[string]string{
		"192.0.2.1":           "192.0.2.1/32",
		"::ffff:192.0.2.1":    "192.0.2.1/32",
		"2001:db8:1:2:3:4::5": "2001:db8:1:2::/64",
		"fe80::1%eth0":        "fe80::/64",
		"::1":                 "::/64",
	} {
		c := core.Client{Addr: netip.MustParseAddr(addr)}
		if got := c.Network().String(); got != want {
			t.Errorf("%s counts as %s, want %s", addr, got, want)
		}
	}
	if got := (core.Client{}).Network(); got != (netip.Prefix{}) {
		t.Errorf("an unknown address counts as %v", got)
	}
}

func TestClientTravelsInTheContext(t *testing.T) {
	want := core.Client{Addr: netip.MustParseAddr("192.0.2.1"), RequestID: "r1"}
	if got := core.ClientFrom(core.WithClient(t.Context(), want)); got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
	if got := core.ClientFrom(t.Context()); got != (core.Client{}) {
		t.Errorf("without one: %+v", got)
	}
}
