package main

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/authd-go/authd/core/password"
	"github.com/authd-go/authd/strategies/local"
)

// TestEmbed registers, signs in and calls the protected handlers over HTTP.
func TestEmbed(t *testing.T) {
	var handler http.Handler
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { handler.ServeHTTP(w, r) }))
	defer server.Close()
	publicURL, err := url.Parse(server.URL)
	if err != nil {
		t.Fatal(err)
	}
	members := local.NewConfig()
	members.Hash.BcryptCost = password.MinCost // the race detector makes hashing slow
	dir := t.TempDir()
	start := func() func() {
		t.Helper()
		built, closeAll, err := build(t.Context(), dir, publicURL, members)
		if err != nil {
			t.Fatal(err)
		}
		handler = built
		return func() {
			if err := closeAll(); err != nil {
				t.Error(err)
			}
		}
	}
	stop := start()

	call := func(method, path, token, body string) (int, string) {
		t.Helper()
		r, err := http.NewRequestWithContext(t.Context(), method, server.URL+path, strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		if body != "" {
			r.Header.Set("Content-Type", "application/json")
		}
		if token != "" {
			r.Header.Set("Authorization", "Bearer "+token)
		}
		response, err := server.Client().Do(r)
		if err != nil {
			t.Fatal(err)
		}
		defer response.Body.Close()
		text, err := io.ReadAll(response.Body)
		if err != nil {
			t.Fatal(err)
		}
		return response.StatusCode, string(text)
	}

	if status, text := call("GET", "/hello", "", ""); status != http.StatusUnauthorized || !strings.Contains(text, `"message"`) {
		t.Errorf("a stranger: %d %s", status, text)
	}
	const account = `{"email":"jo@example.com","password":"correct horse battery"}`
	if status, text := call("POST", "/auth/register", "", account); status != http.StatusOK {
		t.Fatalf("register: %d %s", status, text)
	}
	status, text := call("POST", "/auth/login", "", account)
	var login struct{ Token string }
	if err := json.Unmarshal([]byte(text), &login); err != nil || status != http.StatusOK {
		t.Fatalf("login: %d %s %v", status, text, err)
	}
	if status, text := call("GET", "/hello", login.Token, ""); status != http.StatusOK || !strings.HasPrefix(text, "Hello jo@example.com, you are members:") {
		t.Errorf("hello: %d %s", status, text)
	}
	if status, _ := call("GET", "/admin", login.Token, ""); status != http.StatusForbidden {
		t.Errorf("a member at the administrators' door: %d", status)
	}
	stop()
	stop = start() // on the same folder, as the next day
	defer stop()
	if status, text := call("GET", "/hello", login.Token, ""); status != http.StatusOK {
		t.Errorf("after a restart: %d %s", status, text)
	}
	call("POST", "/auth/logout", login.Token, "")
	if status, _ := call("GET", "/hello", login.Token, ""); status != http.StatusUnauthorized {
		t.Errorf("after logout: %d", status)
	}
}
