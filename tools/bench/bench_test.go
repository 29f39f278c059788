package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/authd-go/authd/core/httpapi"
	"github.com/authd-go/authd/tools/bench/load"
)

func TestMedian(t *testing.T) {
	for _, c := range []struct {
		values []float64
		want   float64
	}{{nil, 0}, {[]float64{3}, 3}, {[]float64{9, 1, 2}, 2}, {[]float64{4, 1, 2, 9}, 3}} {
		if got := median(c.values); got != c.want {
			t.Errorf("median of %v is %v, want %v", c.values, got, c.want)
		}
	}
}

// A disturbance that hits both halves of a round leaves its ratio alone, and
// one that hits one half of one round leaves the median alone.
func TestPairs(t *testing.T) {
	var p pairs
	for _, round := range [][2]float64{{90, 100}, {9, 10}, {50, 100}, {90, 100}, {90, 100}} {
		p.add(round[0], round[1])
	}
	if p.ratio() != 0.9 || p.spread() != "0.50 to 0.90" {
		t.Errorf("ratio %v, spread %q", p.ratio(), p.spread())
	}
	var none pairs
	none.add(10, 0)
	if none.ratio() != 0 {
		t.Errorf("without a ceiling the ratio is %v", none.ratio())
	}
}

func TestAims(t *testing.T) {
	for _, c := range []struct {
		aim    aim
		figure float64
		want   bool
		text   string
	}{
		{atLeast(0.85), 0.85, true, "at least 0.85"},
		{atLeast(0.85), 0.84, false, "at least 0.85"},
		{atMost(2.5, ""), 2.5, true, "at most 2.5"},
		{atMost(2.5, ""), 2.6, false, "at most 2.5"},
		{atMost(2.5, ""), 0, false, "at most 2.5"}, // there is no figure
		{atMost(25, "MB"), 24, true, "at most 25 MB"},
	} {
		if got := c.aim.met(c.figure); got != c.want || c.aim.String() != c.text {
			t.Errorf("%v with %v: %v", c.aim, c.figure, got)
		}
	}
}

func TestPageHasEveryRow(t *testing.T) {
	rows := []row{
		{Work: "one thing", Ceiling: "another", Measured: "1/s", Limit: "2/s", Figure: 0.5, Spread: "0.40 to 0.60", Aim: atLeast(0.85)},
		{Work: "a second", Ceiling: "-", Measured: "10 MB", Limit: "-", Figure: 10, Aim: atMost(25, "MB")},
	}
	text, err := page(machine{Processor: "A processor", Cores: 2, Date: "2026-11-20", Commit: "abc"}, rows)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"one thing", "0.50 (0.40 to 0.60)", "missed", "a second", "10.0 MB", "met", "A processor", "2026-11-20", "abc"} {
		if !strings.Contains(string(text), want) {
			t.Errorf("the page lacks %q", want)
		}
	}
}

// The bare handler writes what the sample says, and net/http adds the rest.
func TestBareHandlerWritesTheSample(t *testing.T) {
	original := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		w.Header().Add("Vary", "Origin")
		w.Header().Set("X-Token", r.Header.Get("Authorization"))
		_, _ = w.Write([]byte(`{"ok":true}`))
	}))
	defer original.Close()
	header := http.Header{"Authorization": {"Bearer x"}}
	first, err := takeSample(t.Context(), original.URL, header)
	if err != nil {
		t.Fatal(err)
	}
	copied := httptest.NewServer(bareHandler(first))
	defer copied.Close()
	second, err := takeSample(t.Context(), copied.URL, header)
	if err != nil {
		t.Fatal(err)
	}
	a, _ := json.Marshal(first)
	b, _ := json.Marshal(second)
	if !bytes.Equal(a, b) || first.Header.Get("X-Token") != "Bearer x" || string(first.Body) != `{"ok":true}` {
		t.Errorf("a copy of %s is %s", a, b)
	}
}

// The ceiling of a check has the limits of the daemon's server, or none.
func TestBareServerHasTheDaemonsLimits(t *testing.T) {
	limits := func(s *http.Server) [4]time.Duration {
		return [4]time.Duration{s.ReadHeaderTimeout, s.ReadTimeout, s.WriteTimeout, s.IdleTimeout}
	}
	daemons := limits(httpapi.Server(http.NotFoundHandler(), nil))
	if slices.Contains(daemons[:], 0) {
		t.Errorf("the daemon's server lacks a limit: %v", daemons)
	}
	if got := limits(bareServer(bareMode, sample{})); got != daemons {
		t.Errorf("with limits: %v, the daemon has %v", got, daemons)
	}
	if got := limits(bareServer(unlimitedMode, sample{})); got != [4]time.Duration{} {
		t.Errorf("without limits: %v", got)
	}
}

// The ceiling of refresh has the settings of the store's writer.
func TestSettingsAreTheStores(t *testing.T) {
	text, err := os.ReadFile("../../core/store/sqlite/open.go")
	if err != nil {
		t.Fatal(err)
	}
	store := strings.Join(strings.Fields(string(text)), " ")
	for _, want := range []string{
		`sourceName(s.path, "rw", busy, "foreign_keys(1)", "synchronous(FULL)", "journal_size_limit(67108864)")`,
		`"PRAGMA journal_mode = WAL"`,
	} {
		if !strings.Contains(store, want) {
			t.Errorf("the store no longer says %s: let the ceiling say what it says now", want)
		}
	}
	for _, setting := range writeSettings()[1:] {
		if !strings.Contains(store, `"`+setting+`"`) {
			t.Errorf("the store does not set %s", setting)
		}
	}
}

// The ceilings use the libraries that the daemon uses, in the same versions.
func TestVersionsAreTheDaemons(t *testing.T) {
	required := regexp.MustCompile(`(?m)^\s+(\S+) (v\S+)`)
	ours, err := os.ReadFile("go.mod")
	if err != nil {
		t.Fatal(err)
	}
	daemons, err := os.ReadFile("../../go.mod")
	if err != nil {
		t.Fatal(err)
	}
	found := required.FindAllSubmatch(ours, -1)
	if len(found) == 0 {
		t.Fatal("go.mod requires nothing")
	}
	for _, m := range found {
		if string(m[1]) == "github.com/authd-go/authd" {
			continue
		}
		if line := fmt.Sprintf("%s %s", m[1], m[2]); !bytes.Contains(daemons, []byte(line)) {
			t.Errorf("%s is not what the daemon has", line)
		}
	}
}

func TestFlags(t *testing.T) {
	for _, args := range [][]string{{"-out", "x.md", "-only", "check"}, {"-out", "x.md", "-scale", "0.5"}, {"-nonsense"}} {
		var out bytes.Buffer
		if err := run(t.Context(), args, strings.NewReader(""), &out); err == nil {
			t.Errorf("%v: no error", args)
		}
	}
}

// A whole small run of the quickest part, with a real daemon: that the program
// works, not how fast anything is.
func TestRefreshRuns(t *testing.T) {
	dir := t.TempDir()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var out bytes.Buffer
	if err := measureAll(ctx, settings{root: "../..", only: "refresh", scale: 0.02}, dir, &out); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(out.String(), "refresh, 32 chains") {
		t.Errorf("printed %s", &out)
	}
	if _, err := os.Stat(filepath.Join(dir, "copy.db")); err != nil {
		t.Error(err)
	}
}

func TestLoginRequestsAreDistinct(t *testing.T) {
	seen := map[string]bool{}
	for i := range people {
		r := loginRequest("127.0.0.1:1", i)
		seen[string(r)] = true
	}
	if len(seen) != people {
		t.Errorf("%d different requests of %d", len(seen), people)
	}
}

func TestTokens(t *testing.T) {
	for body, ok := range map[string]bool{
		`{"accessToken":"a","refreshToken":"b"}`: true, `{"accessToken":"a"}`: false, `{}`: false, `[`: false,
	} {
		if _, err := tokensOf(load.Answer{Status: 200, Body: []byte(body)}); (err == nil) != ok {
			t.Errorf("%s: %v", body, err)
		}
	}
	if _, err := tokensOf(load.Answer{Status: 429, Body: []byte(`{"accessToken":"a","refreshToken":"b"}`)}); err == nil {
		t.Error("a refusal was taken for tokens")
	}
}
