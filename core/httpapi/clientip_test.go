package httpapi_test

import (
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"

	"github.com/authd-go/authd/core/httpapi"
)

func TestClientAddress(t *testing.T) {
	for _, tc := range []struct {
		name, remote string
		forwarded    []string // header lines
		want         string
	}{
		{"direct", "192.0.2.7:1234", nil, "192.0.2.7"},
		{"direct, lying", "192.0.2.7:1234", []string{"198.51.100.1"}, "192.0.2.7"},
		{"one proxy", proxyAddr, []string{"198.51.100.1"}, "198.51.100.1"},
		{"one proxy, lying client", proxyAddr, []string{"203.0.113.9, 198.51.100.1"}, "198.51.100.1"},
		{"one proxy, lying client, own line", proxyAddr, []string{"203.0.113.9", "198.51.100.1"}, "198.51.100.1"},
		{"two proxies", proxyAddr, []string{"198.51.100.1, 10.0.0.2"}, "198.51.100.1"},
		{"two proxies, two lines", proxyAddr, []string{"198.51.100.1", "10.0.0.2"}, "198.51.100.1"},
		{"inside only", proxyAddr, []string{"10.0.0.3, 10.0.0.2"}, "10.0.0.3"},
		{"proxy without header", proxyAddr, nil, "10.0.0.1"},
		{"proxy with an empty header", proxyAddr, []string{""}, "10.0.0.1"},
		{"garbage", proxyAddr, []string{"198.51.100.1, unknown"}, "10.0.0.1"},
		{"garbage behind a proxy", proxyAddr, []string{"198.51.100.1, , 10.0.0.2"}, "10.0.0.2"},
		{"garbage left of the client", proxyAddr, []string{"<script>, 198.51.100.1"}, "198.51.100.1"},
		{"obfuscated", proxyAddr, []string{"_hidden"}, "10.0.0.1"},
		{"with port", proxyAddr, []string{"198.51.100.1:5678"}, "198.51.100.1"},
		{"IPv6", proxyAddr, []string{"2001:db8::1"}, "2001:db8::1"},
		{"IPv6 in brackets", proxyAddr, []string{"[2001:db8::1]"}, "2001:db8::1"},
		{"IPv6 with port", proxyAddr, []string{"[2001:db8::1]:99"}, "2001:db8::1"},
		{"IPv6 with zone", proxyAddr, []string{"fe80::1%eth0"}, "fe80::1"},
		{"IPv4 as IPv6", proxyAddr, []string{"::ffff:198.51.100.1"}, "198.51.100.1"},
		{"proxy by IPv4 as IPv6", "[::ffff:10.0.0.1]:99", []string{"198.51.100.1"}, "198.51.100.1"},
		{"proxy by IPv4 as IPv6 in the list", proxyAddr, []string{"198.51.100.1, ::ffff:10.0.0.2"}, "198.51.100.1"},
		{"network on the list in IPv6 form", "172.16.0.1:1", []string{"198.51.100.1"}, "198.51.100.1"},
		{"IPv6 proxy", "[2001:db8:1::5]:1", []string{"198.51.100.1"}, "198.51.100.1"},
		{"spaces", proxyAddr, []string{"  198.51.100.1 \t"}, "198.51.100.1"},
		{"leading zeros", proxyAddr, []string{"198.051.100.001"}, "10.0.0.1"},
		{"no port", "192.0.2.7", nil, "192.0.2.7"},
		{"unix socket", "@", []string{"198.51.100.1"}, "invalid IP"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			h := newHarness(t, func(o *httpapi.Options) {
				o.TrustedProxies = append(o.TrustedProxies,
					netip.MustParsePrefix("::ffff:172.16.0.0/112"), netip.MustParsePrefix("2001:db8:1::/48"))
			})
			r := get("/auth/check")
			r.remote = tc.remote
			for _, line := range tc.forwarded {
				r.header.Add("X-Forwarded-For", line)
			}
			h.do(r).wants(200)
			if got := h.backend.last.Client.Addr.String(); got != tc.want {
				t.Errorf("got %s, want %s", got, tc.want)
			}
			if !strings.Contains(h.log.String(), `"client":"`+tc.want+`"`) {
				t.Errorf("log: %s", h.log)
			}
		})
	}
}

func TestAnInvalidNetworkIsRefused(t *testing.T) {
	o := options(t)
	o.TrustedProxies = []netip.Prefix{{}}
	if _, err := httpapi.New(o); err == nil {
		t.Error("accepted")
	}
}

func FuzzForwardedFor(f *testing.F) {
	for _, seed := range []string{
		"198.51.100.1", "203.0.113.9, 198.51.100.1", "10.0.0.2,10.0.0.3", ",,,", "[::1]:80", "::ffff:10.0.0.1", "[", "[]", "fe80::1%", "a,b\x00",
	} {
		f.Add(seed)
	}
	trusted := []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")}
	f.Fuzz(func(t *testing.T, value string) {
		r := httptest.NewRequest(http.MethodGet, "/", nil)
		r.Header["X-Forwarded-For"] = []string{value}
		r.RemoteAddr = "192.0.2.7:1"
		if got, err := httpapi.ClientAddr(trusted, r); err != nil || got.String() != "192.0.2.7" {
			t.Fatalf("an untrusted peer became %s, %v", got, err)
		}
		r.RemoteAddr = proxyAddr
		got, err := httpapi.ClientAddr(trusted, r)
		if err != nil || !got.IsValid() || got.Is4In6() || got.Zone() != "" {
			t.Fatalf("got %s, %v", got, err)
		}
		// What a client writes in front of what the proxy saw changes nothing.
		r.Header["X-Forwarded-For"] = []string{value, "198.51.100.1"}
		if got, err := httpapi.ClientAddr(trusted, r); err != nil || got.String() != "198.51.100.1" {
			t.Fatalf("the client's words moved the answer to %s, %v", got, err)
		}
	})
}
