package guard

import (
	"net/netip"
	"testing"
	"time"

	"github.com/authd-go/authd/core"
)

// FuzzNetworks folds two addresses that differ in whatever bits: they count as
// one network if and only if the folded bits are the same, in any clothes.
func FuzzNetworks(f *testing.F) {
	f.Add([]byte{192, 0, 2, 1}, []byte{192, 0, 2, 2})
	f.Add([]byte{192, 0, 2, 1}, []byte{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 255, 255, 192, 0, 2, 1})
	f.Add([]byte{0x20, 1, 13, 0xb8, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 1}, []byte{0x20, 1, 13, 0xb8, 0, 0, 0, 1, 9, 9, 9, 9, 9, 9, 9, 9})
	f.Add([]byte{0x20, 1, 13, 0xb8, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 1}, []byte{0x20, 1, 13, 0xb8, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0, 1})
	f.Add([]byte{}, []byte{1})
	l := ledger{key: []byte("k"), settings: DefaultThrottle()}
	f.Fuzz(func(t *testing.T, a, b []byte) {
		first, _ := netip.AddrFromSlice(a)
		second, _ := netip.AddrFromSlice(b)
		one, other := l.networks("fuzz", core.Client{Addr: first}), l.networks("fuzz", core.Client{Addr: second})
		same, sameWide := bits(first, 64) == bits(second, 64), bits(first, 48) == bits(second, 48)
		if got := one[0].key == other[0].key; got != same {
			t.Errorf("%v and %v share a network: %v", first, second, got)
		}
		wide := len(one) == 2 && len(other) == 2
		if wide && (one[1].key == other[1].key) != sameWide {
			t.Errorf("%v and %v share a /48: %v", first, second, !sameWide)
		}
		if isWide := first.IsValid() && !first.Unmap().Is4(); isWide != (len(one) == 2) {
			t.Errorf("%v counts at %d networks", first, len(one))
		}
		if zoned := first.WithZone("eth0"); l.networks("fuzz", core.Client{Addr: zoned})[0].key != one[0].key {
			t.Errorf("%v has a network of its own", zoned)
		}
	})
}

// bits is the reference: the leading bits of an IPv6 address, all of an IPv4
// one, as bytes.
func bits(addr netip.Addr, n int) string {
	switch {
	case !addr.IsValid():
		return ""
	case addr.Is4() || addr.Is4In6():
		raw := addr.As16()
		return "4" + string(raw[12:])
	}
	raw := addr.As16()
	return "6" + string(raw[:n/8])
}

// FuzzTally lets any tries at any times through a tally: the wait is within
// its bounds, passes when it was told to, and no more than the free ones pass
// at one moment.
func FuzzTally(f *testing.F) {
	f.Add(int64(0), int64(0), int64(0))
	f.Add(int64(time.Hour), int64(-time.Hour), int64(time.Second))
	f.Add(int64(-1)<<62, int64(1)<<62, int64(7))
	c := tally{free: 5, first: time.Second, most: 15 * time.Minute, forget: 10 * time.Minute}
	start := time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)
	f.Fuzz(func(t *testing.T, fade, last, step int64) {
		now := start.Add(time.Duration(step))
		tries := core.Tries{FadeAt: start.Add(time.Duration(fade)), LastAt: start.Add(time.Duration(last))}
		wait := c.wait(tries, now)
		if wait < 0 || wait > c.most {
			t.Fatalf("waits %v", wait)
		}
		if !tries.LastAt.After(now) && c.wait(tries, now.Add(wait)) != 0 {
			t.Fatal("the wait does not end when it was told to")
		}
		for n := 0; c.wait(tries, now) == 0 && !tries.LastAt.After(now); n++ {
			if tries = c.take(tries, now); n > c.free {
				t.Fatal("more than the free tries pass at one moment")
			}
		}
	})
}
