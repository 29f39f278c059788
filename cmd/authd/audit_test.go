package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"flag"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/authd-go/authd/core"
	"github.com/authd-go/authd/core/flow"
	"github.com/authd-go/authd/core/password"
	"github.com/authd-go/authd/strategies/local"
)

var updateGolden = flag.Bool("update", false, "write the golden files")

const auditYAML = `
secretFile: %[1]s/authd.secret
store: {url: "sqlite:%[1]s/authd.db"}
throttle: {firstDelay: 10m} # longer than the slowest machine takes
strategies:
  staff: {type: local, registration: false, hash: {bcryptCost: 10}}
  members: {type: local, hash: {bcryptCost: 10}}
methods:
  login: {use: [staff, members]}
  register: {use: members}
  forgotPassword: {use: members}
  updatePassword: {use: session}
`

// day is a daemon in this process, with everything that must not be told.
type day struct {
	*testing.T
	file    string
	house   *house
	face    http.Handler
	log     syncBuffer
	links   chan string
	secrets []string // what was typed, and what was handed out
}

// quickHasher keeps what it hashes itself with one SHA-256, since the trail is
// about what was decided and not about how. It also knows the hashes of commands.
type quickHasher struct{ *password.Hasher }

const quickScheme = "$quick$"

func newQuickHasher(t *testing.T) quickHasher {
	t.Helper()
	h, err := password.NewHasher(password.MinCost)
	if err != nil {
		t.Fatal(err)
	}
	return quickHasher{h}
}

// Hash implements local.Hasher.
func (quickHasher) Hash(_ context.Context, pw core.Secret) (string, error) {
	return fmt.Sprintf("%s%x", quickScheme, sha256.Sum256([]byte(pw.Reveal()))), nil
}

// Verify implements local.Hasher.
func (h quickHasher) Verify(ctx context.Context, hash string, pw core.Secret) (password.Match, error) {
	if strings.HasPrefix(hash, "$2a$") {
		return h.Hasher.Verify(ctx, hash, pw)
	}
	same, err := h.Hash(ctx, pw)
	return password.Match{OK: hash == same}, err
}

// SendRecovery implements flow.RecoverySender.
func (d *day) SendRecovery(_ context.Context, r flow.Recovery) error {
	d.links <- r.Link.Reveal()
	return nil
}

func newDay(t *testing.T) *day {
	d := &day{T: t, links: make(chan string, 1)}
	var dir string
	dir, d.file = folder(t, "")
	if err := os.WriteFile(d.file, fmt.Appendf(nil, auditYAML, filepath.ToSlash(dir)), 0o600); err != nil {
		t.Fatal(err)
	}
	a := &app{files: []string{d.file}}
	c, _, err := a.load(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	hasher := newQuickHasher(t)
	for name, s := range c.Strategies {
		s.Config = s.Config.(*local.Config).WithHasher(hasher)
		c.Strategies[name] = s
	}
	log := slog.New(slog.NewJSONHandler(&d.log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	if d.house, err = openHouse(t.Context(), c, log, d); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = d.house.close(context.WithoutCancel(t.Context())) })
	d.house.configLoaded(t.Context(), a.configFiles())
	if d.face, err = d.house.handler(); err != nil {
		t.Fatal(err)
	}
	secret, err := os.ReadFile(filepath.Join(dir, "authd.secret"))
	if err != nil {
		t.Fatal(err)
	}
	d.secrets = append(d.secrets, strings.TrimSpace(string(secret)))
	return d
}

// typed remembers that a text was typed and must appear nowhere.
func (d *day) typed(text string) string {
	if !slices.Contains(d.secrets, text) {
		d.secrets = append(d.secrets, text)
	}
	return text
}

// call sends a request and remembers the tokens of the answer.
func (d *day) call(status int, method, path, token string, params ...string) map[string]any {
	d.Helper()
	body := map[string]string{}
	for i := 0; i < len(params); i += 2 {
		body[params[i]] = params[i+1]
	}
	text, err := json.Marshal(body)
	if err != nil {
		d.Fatal(err)
	}
	r := httptest.NewRequestWithContext(d.Context(), method, d.house.config.Server.PublicURL.String()+path, bytes.NewReader(text))
	r.RemoteAddr = "192.0.2.7:40000"
	r.Header.Set("Content-Type", "application/json")
	if token != "" {
		r.Header.Set("Authorization", "Bearer "+token)
	}
	w := httptest.NewRecorder()
	d.face.ServeHTTP(w, r)
	var answer map[string]any
	if err := json.Unmarshal(w.Body.Bytes(), &answer); err != nil && w.Body.Len() > 0 {
		d.Fatalf("%s: %v", path, err)
	}
	if w.Code != status {
		d.Fatalf("%s: %d %v, want %d", path, w.Code, answer, status)
	}
	for _, key := range []string{"token", "refreshToken"} {
		if token, ok := answer[key].(string); ok {
			d.typed(token)
		}
	}
	return answer
}

func (d *day) login(status int, email, password string) (access, refresh string) {
	d.Helper()
	answer := d.call(status, http.MethodPost, "/auth/login", "", "email", d.typed(email), "password", d.typed(password))
	if status != http.StatusOK {
		return "", ""
	}
	return answer["token"].(string), answer["refreshToken"].(string)
}

func (d *day) refresh(status int, token string) string {
	d.Helper()
	answer := d.call(status, http.MethodPost, "/auth/refresh", "", "refreshToken", token)
	next, _ := answer["refreshToken"].(string)
	return next
}

func (d *day) operator(stdin string, args ...string) {
	d.Helper()
	if code, _, errs := cli(d.T, stdin, append([]string{"-c", d.file}, args...)...); code != exitOK || strings.Contains(errs, "level=") {
		d.Fatalf("%v: %d %s", args, code, errs)
	}
}

// live is the day.
func (d *day) live() {
	const jo, eve, first, second, third = "jo.typed@mail.com", "eve.typed@mail.com", "marker-first-word", "marker-second-word", "marker-third-word"
	post := func(status int, path, token string, params ...string) {
		d.call(status, http.MethodPost, path, token, params...)
	}
	post(200, "/auth/register", "", "email", d.typed(jo), "password", d.typed(first), "name", d.typed("Jo Typed"))
	post(409, "/auth/register", "", "email", jo, "password", first)
	post(400, "/auth/register", "", "email", "no address at all", "password", first) // no event
	access, refresh := d.login(200, "Jo.Typed@MAIL.com", first)
	d.login(400, jo, "marker-wrong-word")
	d.login(400, "nobody.typed@mail.com", "marker-wrong-word")
	d.login(400, "not even \n an address", "marker-wrong-word")
	post(400, "/auth/login", "", "email", jo) // no event
	d.call(200, http.MethodGet, "/auth/check", access)

	tokens := []string{refresh}
	for range 3 {
		tokens = append(tokens, d.refresh(200, tokens[len(tokens)-1])) // no event
	}
	d.refresh(400, tokens[0])
	d.refresh(400, "marker-no-token") // no event

	access, _ = d.login(200, jo, first)
	post(400, "/auth/update-password", access, "oldPassword", d.typed("marker-other-word"), "password", d.typed(second))
	post(200, "/auth/update-password", access, "oldPassword", first, "password", second)

	post(200, "/auth/forgot-password", "", "email", jo)
	post(200, "/auth/forgot-password", "", "email", "nobody.typed@mail.com")
	_, reset, _ := strings.Cut(<-d.links, "token=")
	d.typed(reset)
	post(400, "/auth/update-password", "", "token", d.typed("marker-forged-token"), "password", third)
	post(200, "/auth/update-password", "", "token", reset, "password", d.typed(third))
	post(400, "/auth/update-password", "", "token", reset, "password", third)

	access, _ = d.login(200, jo, third)
	post(200, "/auth/logout", access)
	post(200, "/auth/logout", access) // no event: it is over
	post(200, "/auth/logout", "")     // no event
	access, _ = d.login(200, jo, third)
	d.call(200, http.MethodDelete, "/auth/sessions", access)

	d.operator(second+"\n", "user", "add", d.typed(eve), "--strategy", "staff", "--name", "Eve Typed")
	_, refresh = d.login(200, eve, second)
	d.operator("", "user", "disable", eve, "--strategy", "staff")
	d.login(400, eve, second)
	d.refresh(400, refresh) // no event: its session ended with the account
	d.operator("", "user", "enable", eve, "--strategy", "staff")
	d.operator(third+"\n", "user", "passwd", eve, "--strategy", "staff")
	d.operator("", "user", "reset", eve, "--strategy", "staff")
	d.login(200, eve, third)
	d.operator("", "session", "revoke", "--user", eve, "--strategy", "staff")
	d.operator("", "user", "delete", eve, "--strategy", "staff")

	for range 5 {
		d.login(400, "victim.typed@mail.com", "marker-wrong-word")
	}
	d.login(429, "victim.typed@mail.com", "marker-wrong-word")
}

// TestADayInTheAuditTrail compares the rows and the lines of a scripted day,
// field by field, with testdata/audit-day.golden, and looks for secrets in
// the rows and in the whole log.
func TestADayInTheAuditTrail(t *testing.T) {
	d := newDay(t)
	began := time.Now().Add(-time.Second)
	d.live()
	if err := d.house.audit.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	rows, err := d.house.store.Audit(t.Context(), core.AuditQuery{Limit: 1000})
	if err != nil {
		t.Fatal(err)
	}
	// Rows come in the order of their writing, and the daemon writes behind its answers.
	slices.SortStableFunc(rows, func(a, b core.AuditEvent) int { return a.Time.Compare(b.Time) })
	names := &normalizer{seen: map[string]string{}, file: d.file}
	var told, mailed, untold []string // events with a line, of them those behind an answer, and those of commands
	var trail strings.Builder
	for _, e := range rows {
		if e.Time.Before(began) || e.Time.After(time.Now()) {
			t.Errorf("%s at %v", e.Event, e.Time)
		}
		text, err := json.Marshal(viewAudit(e))
		if err != nil {
			t.Fatal(err)
		}
		trail.WriteString(string(text) + "\n")
		switch line := names.line(t, text); {
		case e.Actor == core.ActorOperator && e.Event != core.AuditConfigLoaded:
			untold = append(untold, line)
		case e.Event == core.AuditPasswordResetSent:
			mailed = append(mailed, line)
		default:
			told = append(told, line)
		}
	}
	compareGolden(t, "testdata/audit-day.golden",
		"# What the daemon wrote, as rows and as lines.\n"+strings.Join(told, "\n")+
			"\n# The same, of what happens behind an answer.\n"+strings.Join(mailed, "\n")+
			"\n# What commands wrote, as rows.\n"+strings.Join(untold, "\n")+"\n")
	gotTold, gotMailed := d.auditLines(names)
	if !slices.Equal(gotTold, told) || !slices.Equal(gotMailed, mailed) {
		t.Errorf("the log has other events than the rows:\n%s\n\nrows:\n%s", strings.Join(gotTold, "\n"), strings.Join(told, "\n"))
	}
	d.wantNoSecretIn("the rows", trail.String())
	d.wantNoSecretIn("the log", d.log.String())
}

func (d *day) auditLines(names *normalizer) (told, mailed []string) {
	for line := range strings.Lines(d.log.String()) {
		if !strings.Contains(line, `"msg":"audit"`) {
			continue
		}
		switch text := names.line(d.T, []byte(line)); {
		case strings.Contains(line, `"`+core.AuditPasswordResetSent+`"`):
			mailed = append(mailed, text)
		default:
			told = append(told, text)
		}
	}
	return told, mailed
}

func (d *day) wantNoSecretIn(what, text string) {
	d.Helper()
	if len(d.secrets) < 20 {
		d.Errorf("only %d secrets to look for", len(d.secrets))
	}
	users, err := d.house.store.Users("members").Users(d.Context(), "", 10)
	if err != nil || len(users) == 0 {
		d.Fatalf("%d users, %v", len(users), err)
	}
	for _, u := range users {
		d.typed(u.PasswordHash)
	}
	for _, secret := range append(slices.Clone(d.secrets), "marker", "typed", "$2a$", quickScheme, "eyJ", "token=") {
		quoted, _ := json.Marshal(secret)
		if strings.Contains(strings.ToLower(text), strings.ToLower(strings.Trim(string(quoted), `"`))) {
			d.Errorf("%s hold %q", what, secret)
		}
	}
}

// normalizer gives what is random names in the order of its appearance.
type normalizer struct {
	seen  map[string]string
	count [3]int
	file  string
}

func (n *normalizer) name(kind int, label, value string) string {
	if value == "" {
		return ""
	}
	if n.seen[label+value] == "" {
		n.count[kind]++
		n.seen[label+value] = fmt.Sprint(label, n.count[kind])
	}
	return n.seen[label+value]
}

var requestID = regexp.MustCompile(`^[A-Za-z0-9_-]{8,}$`)

// line writes a row or a log line in one form, with random values named.
func (n *normalizer) line(t *testing.T, text []byte) string {
	t.Helper()
	var v auditView
	if err := json.Unmarshal(text, &v); err != nil {
		t.Fatal(err)
	}
	if v.Request != "" && !requestID.MatchString(v.Request) {
		t.Errorf("%s has the request id %q", v.Event, v.Request)
	}
	strategy, subject, _ := strings.Cut(v.Account, ":")
	out := "event=" + v.Event + " outcome=" + v.Outcome
	for _, f := range [][2]string{
		{"reason", v.Reason},
		{"account", strings.Trim(strategy+":"+n.name(0, "person", subject), ":")},
		{"backend", v.Backend},
		{"asked", v.Asked},
		{"session", n.name(1, "session", v.Session)},
		{"address", v.Address},
		{"requestId", map[bool]string{true: "some"}[v.Request != ""]},
		{"actor", v.Actor},
		{"method", v.Method},
		{"object", n.object(v)},
	} {
		if f[1] != "" {
			out += " " + f[0] + "=" + f[1]
		}
	}
	return out
}

func (n *normalizer) object(v auditView) string {
	if v.Event == core.AuditKeyRotated {
		return n.name(2, "key", v.Object)
	}
	return strings.ReplaceAll(v.Object, n.file, "authd.yaml")
}

func compareGolden(t *testing.T, path, got string) {
	t.Helper()
	if *updateGolden {
		if err := os.WriteFile(path, []byte(got), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("got:\n%s\nwant:\n%s", got, want)
	}
}
