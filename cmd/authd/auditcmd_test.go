package main

import (
	"context"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/authd-go/authd/core"
	"github.com/authd-go/authd/core/store/sqlite"
)

func TestReadTime(t *testing.T) {
	now := time.Date(2026, 11, 20, 12, 0, 0, 0, time.FixedZone("", 3600))
	for text, want := range map[string]time.Time{
		"":                     {},
		"24h":                  now.Add(-24 * time.Hour),
		"90m":                  now.Add(-90 * time.Minute),
		"7d":                   now.AddDate(0, 0, -7),
		"0d":                   now,
		"2026-11-19":           time.Date(2026, 11, 19, 0, 0, 0, 0, now.Location()),
		"2026-11-19 08:30":     time.Date(2026, 11, 19, 8, 30, 0, 0, now.Location()),
		"2026-11-19 08:30:15":  time.Date(2026, 11, 19, 8, 30, 15, 0, now.Location()),
		"2026-11-19T08:30:00Z": time.Date(2026, 11, 19, 8, 30, 0, 0, time.UTC),
	} {
		if got, err := readTime(text, now); err != nil || !got.Equal(want) {
			t.Errorf("%q is %v, %v; want %v", text, got, err, want)
		}
	}
	for _, text := range []string{"x", "-1h", "-1d", "24", "d", "99999999999d", "40000d", "2026-13-01", "yesterday"} {
		if got, err := readTime(text, now); err == nil {
			t.Errorf("%q is %v", text, got)
		}
	}
}

func FuzzReadTime(f *testing.F) {
	now := time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)
	for _, seed := range []string{"", "24h", "7d", "2026-11-20", "2026-11-20 12:00", "2026-11-20T12:00:00+01:00", "-1h", "1e9d"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if got, err := readTime(text, now); err != nil && !got.IsZero() {
			t.Errorf("%q is both %v and %v", text, got, err)
		}
	})
}

// auditFile is a configuration whose store holds some events, of an hour ago
// and of now, of a user jo@mail.com of staff and of others.
func auditFile(t *testing.T) (file string, store *sqlite.Store, jo core.AccountID) {
	t.Helper()
	_, file = twoLocalsFile(t)
	if code, _, errs := cli(t, "a long password\n", "-c", file, "user", "add", "jo@mail.com", "--strategy", "staff"); code != exitOK {
		t.Fatal(errs)
	}
	a := &app{files: []string{file}, stderr: t.Output()}
	c, _, err := a.load(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if store, err = openStore(t.Context(), c, a.logger(c)); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = store.Close() })
	u, err := store.Users("staff").FindUser(t.Context(), "jo@mail.com")
	if err != nil {
		t.Fatal(err)
	}
	jo = core.AccountID{Strategy: "staff", Subject: u.ID}
	appendEvents(t, store,
		core.AuditEvent{Time: time.Now().Add(-48 * time.Hour), Event: core.AuditLogin, Account: jo, Outcome: core.Disabled},
		core.AuditEvent{
			Time: time.Now().Add(-time.Hour), Event: core.AuditLogin, Account: jo, Strategy: "staff",
			Asked: []core.AuditAnswer{{Strategy: "staff"}},
		},
		core.AuditEvent{Time: time.Now(), Event: core.AuditPasswordReset, Outcome: core.Expired, Reason: "invalid_token"},
	)
	return file, store, jo
}

func appendEvents(t *testing.T, store core.AuditStore, events ...core.AuditEvent) {
	t.Helper()
	if err := store.AppendAudit(t.Context(), events...); err != nil {
		t.Fatal(err)
	}
}

func TestAuditCommand(t *testing.T) {
	file, _, jo := auditFile(t)
	for _, c := range []struct {
		args []string
		want []string // the events, in order
	}{
		{nil, []string{"user_added", "login", "password_reset"}},
		{[]string{"--since", "3d"}, []string{"user_added", "login", "login", "password_reset"}},
		{[]string{"--since", "3d", "--until", "24h"}, []string{"login"}},
		{[]string{"--since", "30m", "--event", "login"}, nil},
		{[]string{"--event", "login"}, []string{"login"}},
		{[]string{"--user", " Jo@Mail.com ", "--strategy", "staff"}, []string{"user_added", "login"}},
		{[]string{"--user", jo.String()}, []string{"user_added", "login"}},
		{[]string{"--user", "members:" + jo.Subject}, nil},
	} {
		code, out, errs := cli(t, "", append([]string{"-c", file, "audit", "--json"}, c.args...)...)
		if code != exitOK || errs != "" {
			t.Fatalf("%v: %d %q", c.args, code, errs)
		}
		var got []string
		for line := range strings.Lines(out) {
			var v auditView
			if err := json.Unmarshal([]byte(line), &v); err != nil || v.ID == 0 || v.Time.IsZero() {
				t.Fatalf("%q: %v", line, err)
			}
			got = append(got, v.Event)
		}
		if strings.Join(got, " ") != strings.Join(c.want, " ") {
			t.Errorf("%v: %v, want %v", c.args, got, c.want)
		}
	}
	code, out, _ := cli(t, "", "-c", file, "audit")
	lines := strings.Split(strings.TrimSpace(out), "\n")
	if code != exitOK || len(lines) != 4 || !strings.HasPrefix(lines[0], "TIME") || !strings.Contains(lines[3], "expired (invalid_token)") {
		t.Errorf("%d %s", code, out)
	}
	if fields := strings.Fields(lines[2]); strings.Join(fields[2:], " ") != "login ok "+jo.String()+" staff -" {
		t.Errorf("a line reads %q", lines[2])
	}
}

func TestAuditUsage(t *testing.T) {
	_, file := twoLocalsFile(t)
	for _, args := range [][]string{
		{"--event", "logins"},
		{"--since", "soon"},
		{"--until", "x"},
		{"--since", "1h", "--until", "2h"},
		{"more"},
		{"--user", ""},
		{"--strategy", "staff"},
		{"--event", ""},
	} {
		code, out, errs := cli(t, "", append([]string{"-c", file, "audit"}, args...)...)
		if code != exitUsage || out != "" || !strings.HasPrefix(errs, "authd: ") {
			t.Errorf("%v: %d %q %q", args, code, out, errs)
		}
	}
	if code, _, errs := cli(t, "", "-c", file, "audit", "--user", "nobody@mail.com", "--strategy", "staff"); code != exitFailed || !strings.Contains(errs, "no user") {
		t.Errorf("an unknown user: %d %q", code, errs)
	}
}

// TestAuditPages has more rows than are read at once.
func TestAuditPages(t *testing.T) {
	file, store, _ := auditFile(t)
	batch := make([]core.AuditEvent, 2*auditPage)
	for i := range batch {
		batch[i] = core.AuditEvent{Time: time.Now(), Event: core.AuditThrottled}
	}
	appendEvents(t, store, batch...)
	_, out, _ := cli(t, "", "-c", file, "audit", "--event", "throttled")
	if n := strings.Count(out, "\n"); n != len(batch)+1 {
		t.Errorf("%d lines", n)
	}
}

func TestAuditFollow(t *testing.T) {
	file, store, _ := auditFile(t)
	ctx, interrupt := context.WithTimeout(t.Context(), 30*time.Second)
	defer interrupt()
	var out, errs syncBuffer
	done := make(chan int, 1)
	go func() {
		done <- run(ctx, []string{"-c", file, "audit", "--follow", "--since", "1m", "--event", "login"}, strings.NewReader(""), &out, &errs, nil)
	}()
	await := func(text string) {
		t.Helper()
		for !strings.Contains(out.String(), text) {
			if ctx.Err() != nil {
				t.Fatalf("%q does not come:\n%s%s", text, out.String(), errs.String())
			}
			time.Sleep(10 * time.Millisecond)
		}
	}
	await("TIME")
	for _, outcome := range []core.Code{core.Locked, core.Disabled} {
		appendEvents(t, store, core.AuditEvent{Time: time.Now(), Event: core.AuditLogin, Outcome: outcome})
		await(string(outcome))
	}
	interrupt()
	if code := <-done; code != exitOK || errs.String() != "" {
		t.Errorf("interrupted: %d %q", code, errs.String())
	}
	if n := strings.Count(out.String(), "\n"); n != 3 {
		t.Errorf("%d lines:\n%s", n, out.String())
	}
}

// TestAuditFollowEnds: there is nothing to wait for after --until.
func TestAuditFollowEnds(t *testing.T) {
	file, _, _ := auditFile(t)
	until := time.Now().Add(-10 * time.Second).Format(time.RFC3339)
	ctx, interrupt := context.WithTimeout(t.Context(), 30*time.Second)
	defer interrupt()
	var out, errs syncBuffer
	code := run(ctx, []string{"-c", file, "audit", "--follow", "--since", "1m", "--until", until}, strings.NewReader(""), &out, &errs, nil)
	if code != exitOK || ctx.Err() != nil {
		t.Errorf("%d, %v, %q", code, ctx.Err(), errs.String())
	}
}
