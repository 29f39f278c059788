package main

import (
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/authd-go/authd/config"
	"github.com/authd-go/authd/strategies"
)

// blank is a ResponseWriter that costs nothing.
type blank struct {
	header http.Header
	status int
}

func (b *blank) Header() http.Header    { return b.header }
func (b *blank) WriteHeader(status int) { b.status = status }

func (b *blank) Write(p []byte) (int, error) {
	if b.status == 0 {
		b.status = http.StatusOK
	}
	return len(p), nil
}

// BenchmarkCheck measures the question that front ends ask most, through all
// that the daemon has, with the demo's configuration and a log at info level.
func BenchmarkCheck(b *testing.B) {
	c, err := config.Load(b.Context(), config.Sources{
		DataDir: b.TempDir(), Kinds: strategies.All(), CanMail: true,
		Defaults: config.Document{Name: "demo.yaml", Text: demoYAML},
	})
	if err != nil {
		b.Fatal(err)
	}
	log := slog.New(slog.NewTextHandler(io.Discard, &slog.HandlerOptions{Level: slog.LevelInfo})) //nolint:sloglint // writing lines is part of the cost
	house, err := openHouse(b.Context(), c, log, nil)
	if err != nil {
		b.Fatal(err)
	}
	defer house.close(b.Context())
	handler, err := house.handler()
	if err != nil {
		b.Fatal(err)
	}
	login := httptest.NewRequest(http.MethodPost, "/auth/login", strings.NewReader(`{"email":"john@mail.com","password":"demo"}`))
	login.Header.Set("Content-Type", "application/json")
	answer := httptest.NewRecorder()
	handler.ServeHTTP(answer, login)
	var tokens struct{ AccessToken string }
	if err := json.Unmarshal(answer.Body.Bytes(), &tokens); err != nil || tokens.AccessToken == "" {
		b.Fatalf("login: %v %s", err, answer.Body)
	}
	check := httptest.NewRequest(http.MethodGet, "/auth/check", nil)
	check.Header.Set("Authorization", "Bearer "+tokens.AccessToken)
	b.ReportAllocs()
	for b.Loop() {
		w := blank{header: http.Header{}}
		handler.ServeHTTP(&w, check)
		if w.status != http.StatusOK {
			b.Fatalf("status %d", w.status)
		}
	}
}
