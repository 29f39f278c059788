package main

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"net/http"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// post sends JSON and decodes the answer.
func post(url, path string, body map[string]string) (status int, answer map[string]any, err error) {
	text, err := json.Marshal(body)
	if err != nil {
		return 0, nil, err
	}
	client := http.Client{Timeout: 20 * time.Second}
	response, err := client.Post(url+path, "application/json", strings.NewReader(string(text)))
	if err != nil {
		return 0, nil, err
	}
	defer response.Body.Close()
	return response.StatusCode, answer, json.NewDecoder(response.Body).Decode(&answer)
}

// TestDemo starts authd without any configuration and runs the lines that it
// prints, as they are.
func TestDemo(t *testing.T) {
	needs(t, "curl")
	bash := needs(t, "bash")
	dir := t.TempDir()
	d := startDaemon(t, dir, freePort(t))
	var lines []string
	for line := range strings.Lines(d.stdout.String()) {
		if strings.HasPrefix(line, "curl ") {
			lines = append(lines, strings.TrimSpace(line))
		}
	}
	if len(lines) != 7 || !strings.Contains(d.stdout.String(), "NOT FOR PRODUCTION") {
		t.Fatalf("the demo says:\n%s", d.stdout.String())
	}
	wants := []string{
		`"success":true`, `{"authenticated":true}`, `"name":"John Doe"`, `["admin"]`, `"refreshToken":"`, `{"redirectTo":"/login","success":true}`, "\n401",
	}
	for i, line := range lines {
		cmd := exec.CommandContext(t.Context(), bash, "-c", line)
		cmd.Dir = dir
		out, err := cmd.Output()
		if err != nil || !strings.Contains(string(out), wants[i]) {
			t.Errorf("%s\nprints %s (%v), want %s", line, out, err, wants[i])
		}
	}
	if _, answer, err := post(d.url, "/auth/forgot-password", map[string]string{"email": "john@mail.com"}); err != nil || answer["success"] != true {
		t.Errorf("forgot password: %v, %v", answer, err)
	}
	for deadline := time.Now().Add(10 * time.Second); !strings.Contains(d.stdout.String(), "/update-password?token="); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("no link was printed:\n%s", d.stdout.String())
		}
	}
	if err := d.stop(t, syscall.SIGTERM); err != nil {
		t.Errorf("authd ends with %v\n%s", err, d.stderr.String())
	}
	for _, secret := range []string{"eyJ", "token="} {
		if strings.Contains(d.stderr.String(), secret) {
			t.Errorf("the log holds %q:\n%s", secret, d.stderr.String())
		}
	}
}

// TestCommandLineBesideTheDaemon changes accounts while authd serves them.
func TestCommandLineBesideTheDaemon(t *testing.T) {
	dir, file := twoLocalsFile(t)
	add := func(stdin string, args ...string) {
		t.Helper()
		if code, _, errs := cli(t, stdin, append([]string{"-c", file}, args...)...); code != exitOK {
			t.Fatalf("%v: %s", args, errs)
		}
	}
	add("a long password\n", "user", "add", "jo@mail.com", "--strategy", "members")
	d := startDaemon(t, dir, freePort(t), "-c", file)
	login := map[string]string{"email": "jo@mail.com", "password": "a long password"}
	status, answer, err := post(d.url, "/auth/login", login)
	if err != nil || status != http.StatusOK {
		t.Fatalf("login: %d %v %v", status, answer, err)
	}
	authorized := func() int {
		r, _ := http.NewRequestWithContext(t.Context(), http.MethodGet, d.url+"/auth/check", nil)
		r.Header.Set("Authorization", "Bearer "+answer["token"].(string))
		response, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		response.Body.Close()
		return response.StatusCode
	}
	if got := authorized(); got != http.StatusOK {
		t.Fatalf("check: %d", got)
	}
	add("", "user", "disable", "jo@mail.com", "--strategy", "members")
	for deadline := time.Now().Add(10 * time.Second); authorized() != http.StatusUnauthorized; time.Sleep(50 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("the daemon does not notice that the account was disabled")
		}
	}
	if status, got, _ := post(d.url, "/auth/login", login); status != http.StatusBadRequest || got["code"] != "invalid_credentials" {
		t.Errorf("login of a disabled user: %d %v", status, got)
	}
	add("", "user", "enable", "jo@mail.com", "--strategy", "members")
	_, out, _ := cli(t, "", "-c", file, "user", "reset", "jo@mail.com", "--strategy", "members")
	_, token, _ := strings.Cut(strings.TrimSpace(out), "token=")
	reset := map[string]string{"password": "a brand new one", "token": token}
	if status, got, _ := post(d.url, "/auth/update-password", reset); status != http.StatusOK {
		t.Errorf("reset: %d %v", status, got)
	}
	login["password"] = "a brand new one"
	if status, got, _ := post(d.url, "/auth/login", login); status != http.StatusOK {
		t.Errorf("login after the reset: %d %v", status, got)
	}
	if code, out, _ := cli(t, "", "-c", file, "session", "list", "jo@mail.com", "--strategy", "members"); code != exitOK || strings.Count(out, "\n") != 2 {
		t.Errorf("sessions: %q", out)
	}
	if code, out, _ := cli(t, "", "-c", file, "session", "revoke", "--user", "jo@mail.com", "--strategy", "members"); code != exitOK || out != "sessions ended: 1\n" {
		t.Errorf("revoke: %q", out)
	}
}

// TestTermFinishesWhatRuns sends SIGTERM while a request's body is on its way.
func TestTermFinishesWhatRuns(t *testing.T) {
	d := startDaemon(t, t.TempDir(), freePort(t))
	body, feed := io.Pipe()
	answered := make(chan string, 1)
	go func() {
		response, err := http.Post(d.url+"/auth/login", "application/json", body)
		if err != nil {
			answered <- err.Error()
			return
		}
		defer response.Body.Close()
		text, _ := io.ReadAll(response.Body)
		answered <- fmt.Sprint(response.StatusCode, string(text[:min(len(text), 40)]))
	}()
	fmt.Fprint(feed, `{"email":"john@mail.com",`)
	time.Sleep(200 * time.Millisecond) // the server must have read the headers
	if err := d.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	for deadline := time.Now().Add(10 * time.Second); ; time.Sleep(10 * time.Millisecond) {
		response, err := http.Get(d.url + "/healthz")
		if err != nil {
			break
		}
		response.Body.Close()
		if time.Now().After(deadline) {
			t.Fatal("authd still accepts connections")
		}
	}
	fmt.Fprint(feed, `"password":"demo"}`)
	feed.Close()
	if got := <-answered; !strings.HasPrefix(got, "200") {
		t.Errorf("the request that was running: %s", got)
	}
	if err := <-d.done; err != nil {
		t.Errorf("authd ends with %v\n%s", err, d.stderr.String())
	}
}

func TestATakenPortIsSaidClearly(t *testing.T) {
	port := freePort(t)
	startDaemon(t, t.TempDir(), port)
	code, _, errs := cli(t, "", "--set", "server.listen=127.0.0.1:"+port)
	if code != exitFailed || !strings.Contains(errs, "address already in use; choose another with --set server.listen=") {
		t.Errorf("%d %q", code, errs)
	}
}

// ledger is what clients know of the refresh tokens that were acknowledged.
type ledger struct {
	mu     sync.Mutex
	tokens map[string]map[int64]string // by session and generation
	newest map[string]int64
}

// note records an acknowledged token and complains if the same generation of a
// session was ever answered with other bytes: that would be a fork.
func (l *ledger) note(t *testing.T, token string) {
	t.Helper()
	var claims struct {
		Sid string
		Gen int64
	}
	payload, err := base64.RawURLEncoding.DecodeString(strings.Split(token, ".")[1])
	if err == nil {
		err = json.Unmarshal(payload, &claims)
	}
	if err != nil {
		t.Errorf("refresh token %q: %v", token, err)
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.tokens[claims.Sid] == nil {
		l.tokens[claims.Sid] = map[int64]string{}
	}
	if known, ok := l.tokens[claims.Sid][claims.Gen]; ok && known != token {
		t.Errorf("generation %d of a session has two tokens", claims.Gen)
	}
	l.tokens[claims.Sid][claims.Gen] = token
	l.newest[claims.Sid] = max(l.newest[claims.Sid], claims.Gen)
}

func (l *ledger) last(sid string) string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.tokens[sid][l.newest[sid]]
}

// TestKilledWhileRefreshing kills authd 20 times in the middle of refreshes.
// After each start every client goes on with the last token it was given: no
// acknowledged refresh is lost, and no session has two successors.
func TestKilledWhileRefreshing(t *testing.T) {
	const kills, clients = 20, 6
	dir, port := t.TempDir(), freePort(t)
	l := &ledger{tokens: map[string]map[int64]string{}, newest: map[string]int64{}}
	d := startDaemon(t, dir, port)
	for range clients {
		status, answer, err := post(d.url, "/auth/login", map[string]string{"email": "john@mail.com", "password": "demo"})
		if err != nil || status != http.StatusOK {
			t.Fatalf("login: %d %v %v", status, answer, err)
		}
		l.note(t, answer["refreshToken"].(string))
	}
	sessions := slices.Collect(maps.Keys(l.tokens))
	for range kills {
		var clientsDone sync.WaitGroup
		for _, sid := range sessions {
			clientsDone.Go(func() { refreshUntilGone(t, d.url, sid, l) })
		}
		time.Sleep(time.Duration(30+rand.IntN(150)) * time.Millisecond)
		_ = d.stop(t, syscall.SIGKILL)
		clientsDone.Wait()
		d = startDaemon(t, dir, port)
		for _, sid := range sessions {
			status, answer, err := post(d.url, "/auth/refresh", map[string]string{"refreshToken": l.last(sid)})
			if err != nil || status != http.StatusOK {
				t.Fatalf("an acknowledged refresh is lost: %d %v %v", status, answer, err)
			}
			l.note(t, answer["refreshToken"].(string))
		}
	}
	total := int64(0)
	for _, n := range l.newest {
		total += n
	}
	t.Logf("%d generations over %d sessions and %d kills, in %s", total, clients, kills, filepath.Base(dir))
	if total < kills*clients {
		t.Errorf("only %d refreshes were acknowledged: the test shows nothing", total)
	}
}

// refreshUntilGone refreshes one session as fast as it can until the daemon
// dies, each time from two tabs that present the same token at once.
func refreshUntilGone(t *testing.T, url, sid string, l *ledger) {
	for gone := false; !gone; {
		token := l.last(sid)
		ends := make(chan bool, 2)
		for range cap(ends) {
			go func() { ends <- !refreshOnce(t, url, token, l) }()
		}
		for range cap(ends) {
			gone = <-ends || gone
		}
	}
}

func refreshOnce(t *testing.T, url, token string, l *ledger) (answered bool) {
	status, answer, err := post(url, "/auth/refresh", map[string]string{"refreshToken": token})
	if err != nil {
		return false
	}
	if status != http.StatusOK {
		t.Errorf("refresh: %d %v", status, answer)
		return false
	}
	l.note(t, answer["refreshToken"].(string))
	return true
}
