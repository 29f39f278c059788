package config_test

import (
	"regexp"
	"strings"
	"testing"

	"github.com/authd-go/authd/config"
	"github.com/authd-go/authd/core"
	"github.com/authd-go/authd/strategies"
)

func starter(t *testing.T) string {
	t.Helper()
	text, err := config.Starter(strategies.All())
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func loadReal(t *testing.T, text string) *config.Config {
	t.Helper()
	c, err := config.Load(t.Context(), config.Sources{Defaults: config.Document{Name: "authd.yaml", Text: []byte(text)}, Kinds: strategies.All()})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// TestStarter loads the starting file: nothing about it is worth a warning, and
// the values that it repeats are the defaults.
func TestStarter(t *testing.T) {
	text := starter(t)
	golden(t, "testdata/starter.golden", text)
	c := loadReal(t, text)
	if len(c.Warnings) > 0 || len(c.Insecure) > 0 {
		t.Errorf("warnings: %v %v", c.Warnings, c.Insecure)
	}
	if err := compiled(t, strategies.All()).Validate(asValue(t, text)); err != nil {
		t.Error(err)
	}
	d := config.Default()
	if c.Session.Lifetimes != d.Session.Lifetimes || c.Server.Listen != d.Server.Listen || c.Store != d.Store || c.SecretFile != d.SecretFile {
		t.Errorf("the defaults that it shows are none: %+v", c)
	}
	for line := range strings.Lines(text) {
		if len(line) > 120 || strings.Contains(line, "##") {
			t.Errorf("%q", line)
		}
	}
}

// TestStarterUncommented takes the comment signs off what is ready to be used.
func TestStarterUncommented(t *testing.T) {
	used := regexp.MustCompile(`(?m)^( *)#([^ \n])`).ReplaceAllString(starter(t), "$1$2")
	used = strings.Replace(used, "    use: members\n", "", 1) // there is another now
	c := loadReal(t, used)
	if got := c.Server.PublicURL.String(); got != "https://auth.example.com" {
		t.Errorf("the public URL is %s", got)
	}
	if len(c.Strategies) != 2 || len(c.Methods.Login.Use) != 2 || len(c.Methods.OnError.Rules) != 2 || len(c.Redirects.AllowedOrigins) != 1 || len(c.Warnings) > 0 {
		t.Errorf("%s\n%+v", used, c)
	}
}

func TestStarterNeedsItsKind(t *testing.T) {
	if _, err := config.Starter([]core.Kind{}); err == nil || !strings.Contains(err.Error(), "local.registration") {
		t.Errorf("got %v", err)
	}
}
