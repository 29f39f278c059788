package authd_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/authd-go/authd/core"
)

// spelling writes one account in one of many ways.
func spelling(i int) string {
	text := []string{"victim@mail.com", "VICTIM@mail.com", " victim@mail.com ", "ｖictim@mail.com", "Victim@MAIL.COM.", "victim＠mail.com"}[i%6]
	if i%2 == 0 {
		return strings.ToUpper(text[:1]) + text[1:]
	}
	return text
}

// TestParallelGuessing attacks one account over 64 connections, in many
// spellings, from more addresses of a /64 than there are requests, and again
// after a restart.
func TestParallelGuessing(t *testing.T) {
	path := filepath.Join(t.TempDir(), "authd.db")
	h := newThrottled(t, path)
	h.fails(core.InvalidCredentials)
	statuses := h.attack(64, 10, func(i int) (string, string) {
		return spelling(i), fmt.Sprintf("2001:db8:1:2:%x:%x::%x", i*7919&0xffff, i&0xffff, i)
	})
	wantReached(t, h, 5)
	if statuses[http.StatusBadRequest] != 5 || statuses[http.StatusTooManyRequests] != 635 || len(statuses) != 2 {
		t.Errorf("answers by status: %v", statuses)
	}
	if n, ok := h.traced.Load(core.Throttled); !ok || n.(*atomic.Int64).Load() != 635 {
		t.Error("not every refusal is traced")
	}
	when := h.now.Load()
	h.close()
	again := newThrottled(t, path)
	again.now.Store(when)
	again.fails(core.InvalidCredentials)
	again.attack(16, 2, func(i int) (string, string) { return spelling(i), fmt.Sprintf("198.51.100.%d", i) })
	wantReached(t, again, 0)
	again.now.Add(1000)
	again.attack(16, 2, func(i int) (string, string) { return spelling(i), fmt.Sprintf("198.51.100.%d", i) })
	wantReached(t, again, 1)
}

// TestParallelSpraying attacks as many accounts as there are requests, from
// one /64, and then from all /64 of its /48.
func TestParallelSpraying(t *testing.T) {
	h := newThrottled(t, filepath.Join(t.TempDir(), "authd.db"))
	h.fails(core.UnknownUser)
	h.attack(64, 4, func(i int) (string, string) {
		return fmt.Sprintf("u%d@mail.com", i), fmt.Sprintf("2001:db8:1:2::%x", i)
	})
	wantReached(t, h, perNetwork)
	h.attack(64, 4, func(i int) (string, string) {
		return fmt.Sprintf("v%d@mail.com", i), fmt.Sprintf("2001:db8:1:%x::1", i+3)
	})
	wantReached(t, h, 8*perNetwork)
}

// attack sends rounds of logins over so many connections, through a proxy's
// header, and counts the answers.
func (h *throttled) attack(connections, rounds int, guess func(i int) (name, addr string)) map[int]int {
	h.t.Helper()
	server := httptest.NewServer(h.handler)
	defer server.Close()
	transport := &http.Transport{MaxConnsPerHost: connections, MaxIdleConnsPerHost: connections}
	defer transport.CloseIdleConnections()
	client := &http.Client{Transport: transport}
	var mu sync.Mutex
	statuses := map[int]int{}
	var group sync.WaitGroup
	for c := range connections {
		group.Go(func() {
			for round := range rounds {
				name, addr := guess(round*connections + c)
				status, err := guessOnce(h.t.Context(), client, server.URL, name, addr)
				if err != nil {
					h.t.Error(err)
				}
				mu.Lock()
				statuses[status]++
				mu.Unlock()
			}
		})
	}
	group.Wait()
	return statuses
}

func guessOnce(ctx context.Context, client *http.Client, url, name, addr string) (int, error) {
	body, err := json.Marshal(map[string]string{"email": name, "password": "guess"})
	if err != nil {
		return 0, err
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, url+"/auth/login", strings.NewReader(string(body)))
	if err != nil {
		return 0, err
	}
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("X-Forwarded-For", "203.0.113.1, "+addr) // the first entry is the attacker's own
	response, err := client.Do(r)
	if err != nil {
		return 0, err
	}
	return response.StatusCode, response.Body.Close()
}

// TestParallelSignIns: 64 who know the password, at once and at one account,
// are not taken for 64 who guess.
func TestParallelSignIns(t *testing.T) {
	h := newThrottled(t, filepath.Join(t.TempDir(), "authd.db"))
	statuses := h.attack(64, 3, func(i int) (string, string) { return spelling(i), "192.0.2.1" })
	if statuses[http.StatusOK] != 192 {
		t.Errorf("answers by status: %v", statuses)
	}
	statuses = h.attack(64, 3, func(i int) (string, string) { return fmt.Sprintf("u%d@mail.com", i), "192.0.2.2" })
	if statuses[http.StatusOK] != 192 {
		t.Errorf("many accounts behind one address, by status: %v", statuses)
	}
}
