package outbound_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/authd-go/authd/core/outbound"
)

func get(t *testing.T, c *http.Client, target string) (string, error) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, target, nil)
	if err != nil {
		t.Fatal(err)
	}
	answer, err := c.Do(r)
	if err != nil {
		return "", err
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	return string(body), err
}

func serve(t *testing.T, h http.HandlerFunc) *httptest.Server {
	t.Helper()
	s := httptest.NewServer(h)
	t.Cleanup(s.Close)
	return s
}

func client(t *testing.T, o outbound.Options) *http.Client {
	t.Helper()
	c := outbound.New(o)
	t.Cleanup(c.CloseIdleConnections)
	return c
}

func TestThisMachineIsReachedOnlyIfAllowed(t *testing.T) {
	plain := serve(t, func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "hello") })
	secure := httptest.NewTLSServer(plain.Config.Handler)
	t.Cleanup(secure.Close)
	for name, c := range map[string]struct {
		options outbound.Options
		target  string
		want    error
	}{
		"plain, not allowed":    {outbound.Options{}, plain.URL, outbound.ErrInsecure},
		"plain, private only":   {outbound.Options{Private: true}, plain.URL, outbound.ErrInsecure},
		"plain, loopback":       {outbound.Options{Loopback: true}, plain.URL, nil},
		"secure, not allowed":   {outbound.Options{}, secure.URL, outbound.ErrAddress},
		"secure, by its name":   {outbound.Options{}, strings.Replace(secure.URL, "127.0.0.1", "localhost", 1), outbound.ErrAddress},
		"secure, mapped":        {outbound.Options{}, strings.Replace(secure.URL, "127.0.0.1", "[::ffff:127.0.0.1]", 1), outbound.ErrAddress},
		"secure, private":       {outbound.Options{Private: true}, secure.URL, nil},
		"secure, loopback":      {outbound.Options{Loopback: true}, secure.URL, nil},
		"another scheme":        {outbound.Options{Loopback: true}, "ftp://127.0.0.1/", outbound.ErrInsecure},
		"plain, another's name": {outbound.Options{Loopback: true}, "http://id.example.com/", outbound.ErrInsecure},
	} {
		t.Run(name, func(t *testing.T) {
			c.options.Base = secure.Client()
			body, err := get(t, client(t, c.options), c.target)
			if !errors.Is(err, c.want) || err == nil && body != "hello" {
				t.Errorf("got %q, %v, want %v", body, err, c.want)
			}
		})
	}
}

func TestAnswersAreBounded(t *testing.T) {
	s := serve(t, func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/fits":
			_, _ = io.WriteString(w, strings.Repeat("x", 1000))
		case "/large":
			_, _ = io.WriteString(w, strings.Repeat("x", 1001))
		case "/header":
			w.Header().Set("X-Long", strings.Repeat("x", outbound.MaxHeader+4096))
		case "/endless":
			for r.Context().Err() == nil {
				_, _ = io.WriteString(w, "x")
				w.(http.Flusher).Flush()
				time.Sleep(5 * time.Millisecond)
			}
		}
	})
	c := client(t, outbound.Options{Loopback: true, MaxBody: 1000, Base: &http.Client{Timeout: 300 * time.Millisecond}})
	if body, err := get(t, c, s.URL+"/fits"); err != nil || len(body) != 1000 {
		t.Errorf("what fits: %d bytes, %v", len(body), err)
	}
	if body, err := get(t, c, s.URL+"/large"); !errors.Is(err, outbound.ErrTooLarge) || len(body) != 1000 {
		t.Errorf("one byte more: %d bytes, %v", len(body), err)
	}
	if _, err := get(t, c, s.URL+"/header"); err == nil {
		t.Error("a header of any length is read")
	}
	began := time.Now()
	if _, err := get(t, c, s.URL+"/endless"); !errors.Is(err, context.DeadlineExceeded) || time.Since(began) > 3*time.Second {
		t.Errorf("an endless answer: %v after %v", err, time.Since(began))
	}
}

func TestRedirectsStayWhereTheyAre(t *testing.T) {
	posted := ""
	elsewhere := serve(t, func(_ http.ResponseWriter, r *http.Request) { posted = r.URL.Path })
	s := serve(t, func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/here":
			_, _ = io.WriteString(w, "here")
		case "/moved":
			http.Redirect(w, r, "/here", http.StatusFound)
		case "/loop":
			http.Redirect(w, r, "/loop", http.StatusFound)
		case "/away":
			http.Redirect(w, r, elsewhere.URL+"/seen", http.StatusTemporaryRedirect)
		}
	})
	c := client(t, outbound.Options{Loopback: true})
	if body, err := get(t, c, s.URL+"/moved"); err != nil || body != "here" {
		t.Errorf("within the site: %q, %v", body, err)
	}
	for _, path := range []string{"/loop", "/away"} {
		if _, err := get(t, c, s.URL+path); !errors.Is(err, outbound.ErrRedirect) {
			t.Errorf("%s: %v", path, err)
		}
	}
	for _, path := range []string{"/moved", "/away"} {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.URL+path, strings.NewReader("secret"))
		if err != nil {
			t.Fatal(err)
		}
		answer, err := c.Do(r)
		if err == nil {
			answer.Body.Close()
		}
		if !errors.Is(err, outbound.ErrRedirect) {
			t.Errorf("what was posted to %s: %v", path, err)
		}
	}
	if posted != "" {
		t.Errorf("the other site saw %s", posted)
	}
}

// roundTrip is a transport of somebody else's.
type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

func TestAnotherTransportIsBoundedToo(t *testing.T) {
	c := outbound.New(outbound.Options{MaxBody: 3, Base: &http.Client{Transport: roundTrip(func(r *http.Request) (*http.Response, error) {
		return &http.Response{StatusCode: 200, Body: io.NopCloser(strings.NewReader("four")), Request: r}, nil
	})}})
	if _, err := get(t, c, "https://id.example.com/"); !errors.Is(err, outbound.ErrTooLarge) {
		t.Errorf("got %v", err)
	}
	if _, err := get(t, c, "http://id.example.com/"); !errors.Is(err, outbound.ErrInsecure) {
		t.Errorf("got %v", err)
	}
}

func TestJudge(t *testing.T) {
	for text, want := range map[string]bool{
		"https://id.example.com": true, "http://id.example.com": false, "http://localhost:8080/x": true, "http://127.9.9.9": true,
		"http://[::1]:1": true, "http://localhost.example.com": false, "https:///x": false, "file:///etc/passwd": false,
	} {
		u, err := url.Parse(text)
		if err != nil {
			t.Fatal(err)
		}
		if got := (outbound.Options{Loopback: true}).Judge(u) == nil; got != want {
			t.Errorf("%s: %v", text, got)
		}
	}
}
