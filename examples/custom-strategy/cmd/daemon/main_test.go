package main

import (
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/crypto/bcrypt"

	"github.com/authd-go/authd/config"
	"github.com/authd-go/authd/core/password"
	"github.com/authd-go/authd/strategies/local"
)

// TestDaemon runs the example's own YAML: staff sign in from the file, with
// the house's roles, and customers register beside them.
func TestDaemon(t *testing.T) {
	yaml, err := os.ReadFile("../../authd.yaml")
	if err != nil {
		t.Fatal(err)
	}
	t.Chdir(t.TempDir())
	hash, err := bcrypt.GenerateFromPassword([]byte("seventeen ducks"), bcrypt.MinCost)
	if err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{"authd.yaml": string(yaml), "users.htpasswd": "john:" + string(hash) + "\n"} {
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	c, err := config.Load(t.Context(), config.Sources{Files: []string{"authd.yaml"}, Kinds: kinds()})
	if err != nil {
		t.Fatal(err)
	}
	// The race detector makes hashing slow.
	c.Strategies["members"].Config.(*local.Config).Hash.BcryptCost = password.MinCost
	handler, closeAll, err := build(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := closeAll(); err != nil {
			t.Error(err)
		}
	}()
	post := func(path, body string) (int, string) {
		r := httptest.NewRequest(http.MethodPost, "http://localhost:8080"+path, strings.NewReader(body))
		r.Header.Set("Content-Type", "application/json")
		w := httptest.NewRecorder()
		handler.ServeHTTP(w, r)
		return w.Code, w.Body.String()
	}
	if status, text := post("/auth/login", `{"username":"John","password":"seventeen ducks"}`); status != http.StatusOK ||
		!strings.Contains(text, `"staff:john"`) || !strings.Contains(text, `"roles":["staff"]`) {
		t.Errorf("login: %d %s", status, text)
	}
	if status, text := post("/auth/login", `{"username":"john","password":"eighteen ducks"}`); status != http.StatusBadRequest {
		t.Errorf("a wrong password: %d %s", status, text)
	}
	account := `{"email":"jo@example.com","password":"correct horse battery"}`
	if status, text := post("/auth/register", account); status != http.StatusOK {
		t.Errorf("register: %d %s", status, text)
	}
	if status, text := post("/auth/login", account); status != http.StatusOK {
		t.Errorf("a customer's login: %d %s", status, text)
	}
}

// A mistake in the block of a kind that authd does not know is reported like
// any other, with its position.
func TestReport(t *testing.T) {
	broken := filepath.Join(t.TempDir(), "broken.yaml")
	text := "strategies:\n  staff: {type: htpasswd, fiel: users}\nmethods:\n  login: {use: staff}\n"
	if err := os.WriteFile(broken, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	err := run(t.Context(), broken)
	if err == nil || !strings.Contains(err.Error(), `broken.yaml:2:27: strategies.staff.fiel: unknown key; did you mean "file"?`) {
		t.Errorf("the report is: %v", err)
	}
}
