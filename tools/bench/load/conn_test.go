package load_test

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/authd-go/authd/tools/bench/load"
)

func dial(t *testing.T, addr string) *load.Conn {
	t.Helper()
	c, err := load.Dial(t.Context(), addr, 10*time.Second)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	return c
}

func TestConnTalksToNetHTTP(t *testing.T) {
	var remotes []string
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		remotes = append(remotes, r.RemoteAddr)
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		w.WriteHeader(202)
		fmt.Fprintf(w, "%s %s %s %s %s", r.Method, r.URL, r.Host, r.Header.Get("X-One"), body)
	}))
	defer s.Close()
	addr := s.Listener.Addr().String()
	c := dial(t, addr)
	for _, exchange := range []struct {
		request []byte
		want    string
	}{
		{load.Get(addr, "/a?b", "X-One: 1"), "GET /a?b " + addr + " 1 "},
		{load.Post(addr, "/c", []byte(`{"d":"e"}`)), "POST /c " + addr + `  {"d":"e"}`},
		{load.Get(addr, "/"), "GET / " + addr + "  "},
	} {
		answer, err := c.Do(exchange.request)
		if err != nil || answer.Status != 202 || string(answer.Body) != exchange.want {
			t.Errorf("%v: %d %q, want %q", err, answer.Status, answer.Body, exchange.want)
		}
	}
	if len(remotes) != 3 || remotes[0] != remotes[1] || remotes[1] != remotes[2] {
		t.Errorf("the requests came from %v, want one connection", remotes)
	}
}

// answering runs a server that says the same whatever it is asked.
func answering(t *testing.T, answer string) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			if _, err := http.ReadRequest(bufio.NewReader(c)); err == nil {
				_, _ = io.WriteString(c, answer)
			}
			_ = c.Close()
		}
	}()
	return l.Addr().String()
}

func TestConnRefusesWhatItCannotCount(t *testing.T) {
	for name, answer := range map[string]string{
		"nothing":           "",
		"no HTTP":           "SSH-2.0-x\r\n\r\n",
		"no number":         "HTTP/1.1 abc OK\r\nContent-Length: 0\r\n\r\n",
		"no length":         "HTTP/1.1 200 OK\r\n\r\n",
		"chunks":            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
		"a negative length": "HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n",
		"a huge length":     "HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\n",
		"half a body":       "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf",
		"half a header":     "HTTP/1.1 200 OK\r\nContent-Le",
		"a long line":       "HTTP/1.1 200 OK\r\nX: " + strings.Repeat("x", 8000) + "\r\n\r\n",
	} {
		addr := answering(t, answer)
		if got, err := dial(t, addr).Do(load.Get(addr, "/")); err == nil {
			t.Errorf("%s: %d %q", name, got.Status, got.Body)
		}
	}
}

// The same over the wire as in open_test.go: a real server that stalls once.
// The bounds hold on any machine: a slow one only makes more requests late.
func TestOpenOverTheWire(t *testing.T) {
	stall := newStaller(200*time.Millisecond, 300*time.Millisecond)
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_ = stall.call() // has no error
		fmt.Fprint(w, "ok")
	}))
	defer s.Close()
	addr := s.Listener.Addr().String()
	var crew []load.Call
	for range 4 {
		c := dial(t, addr)
		crew = append(crew, func() error { _, err := c.Do(load.Get(addr, "/")); return err })
	}
	l, err := load.Open(t.Context(), crew, load.Plan{PerSecond: 500, For: time.Second, Outstanding: 1000})
	if err != nil || l.Due() != 500 {
		t.Fatalf("%v, %d due", err, l.Due())
	}
	if p80 := quantile(t, l, 0.8); p80 < 50*time.Millisecond {
		t.Errorf("p80 is %v, although 150 of 500 requests were due while the server stalled", p80)
	}
}

// FuzzConn: whatever a server says, the client returns.
func FuzzConn(f *testing.F) {
	f.Add("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
	f.Add("HTTP/1.1 200 OK\r\ncontent-length:0\r\n\r\n")
	f.Add("HTTP/1.1 20")
	f.Add("\r\n\r\n")
	f.Fuzz(func(t *testing.T, answer string) {
		addr := answering(t, answer)
		got, err := dial(t, addr).Do(load.Get(addr, "/"))
		if err == nil && !strings.HasPrefix(answer, "HTTP/1.1 ") {
			t.Errorf("%q was taken for %d %q", answer, got.Status, got.Body)
		}
	})
}
