package outbound_test

import (
	"net/netip"
	"testing"

	"github.com/authd-go/authd/core/outbound"
)

func TestAddresses(t *testing.T) {
	for text, want := range map[string][3]bool{ // without options, with Private, with Loopback
		"8.8.8.8":                {true, true, true},
		"2606:4700::1111":        {true, true, true},
		"10.0.0.1":               {false, true, false},
		"172.16.3.4":             {false, true, false},
		"192.168.1.1":            {false, true, false},
		"100.64.0.1":             {false, true, false},
		"fd00::1":                {false, true, false},
		"127.0.0.1":              {false, true, true},
		"127.5.5.5":              {false, true, true},
		"::1":                    {false, true, true},
		"::ffff:127.0.0.1":       {false, true, true},
		"::ffff:10.0.0.1":        {false, true, false},
		"64:ff9b::10.0.0.1":      {false, true, false},
		"64:ff9b::8.8.8.8":       {true, true, true},
		"2002:0a00:0001::1":      {false, true, false},
		"2002:a9fe:a9fe::1":      {false, false, false},
		"169.254.169.254":        {false, false, false},
		"::ffff:169.254.169.254": {false, false, false},
		"fe80::1%eth0":           {false, false, false},
		"0.0.0.0":                {false, false, false},
		"0.1.2.3":                {false, false, false},
		"::":                     {false, false, false},
		"224.0.0.1":              {false, false, false},
		"ff02::1":                {false, false, false},
		"255.255.255.255":        {false, false, false},
		"240.0.0.1":              {false, false, false},
		"192.0.2.7":              {false, false, false},
		"198.18.0.1":             {false, false, false},
		"2001:db8::1":            {false, false, false},
		"64:ff9b:1::1":           {false, false, false},
	} {
		addr := netip.MustParseAddr(text)
		for i, o := range []outbound.Options{{}, {Private: true}, {Loopback: true}} {
			if got := o.Allows(addr); got != want[i] {
				t.Errorf("%s with %+v: %v", text, o, got)
			}
		}
	}
}
