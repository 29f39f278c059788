package config_test

import (
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"go.yaml.in/yaml/v3"

	"github.com/authd-go/authd/config"
)

// FuzzLoad loads anything: no panic, no endless work, and every problem has a
// message and a place.
func FuzzLoad(f *testing.F) {
	seeds, err := filepath.Glob("testdata/broken/*.yaml")
	if err != nil {
		f.Fatal(err)
	}
	for _, seed := range seeds {
		text, err := os.ReadFile(seed)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(text, "AUTHD_SESSION__ACCESS_TTL", "10m")
	}
	f.Add([]byte(everything), "HOST", "auth.example.com")
	f.Add([]byte(minimal), "AUTHD_METHODS__LOGIN__USE", "[members, {strategy: members}]")
	f.Add([]byte("a: &a [x,x]\nb: &b [*a,*a]\nc: &c [*b,*b]\n"), "AUTHD_STRATEGIES__MEMBERS__COMMON", "{")
	s := compiled(f, kinds())
	f.Fuzz(func(t *testing.T, text []byte, name, value string) {
		if strings.ContainsAny(name, "=\x00") {
			return
		}
		start := time.Now()
		c, err := config.Load(t.Context(), config.Sources{
			Files: []string{"authd.yaml"}, Kinds: kinds(), Env: []string{name + "=" + value},
			ReadFile: func(path string) ([]byte, error) {
				if path == "authd.yaml" {
					return text, nil
				}
				return nil, fs.ErrNotExist
			},
		})
		if took := time.Since(start); took > 5*time.Second {
			t.Errorf("took %v", took)
		}
		if err == nil {
			if c.Server.PublicURL == nil || len(c.Methods.Login.Use) == 0 {
				t.Errorf("an incomplete configuration: %+v", c)
			}
			for _, setting := range c.Settings() {
				if !json.Valid(setting.Value) || setting.Source == "" || strings.Contains(setting.Text, "\n") {
					t.Errorf("%s: %q, %q from %q", setting.Key, setting.Value, setting.Text, setting.Source)
				}
			}
			assertSchemaAgrees(t, s, text, name)
			return
		}
		var r *config.Report
		if !errors.As(err, &r) {
			t.Fatalf("not a report: %v", err)
		}
		for _, p := range r.Problems {
			if p.Message == "" || p.File == "" || p.File == "authd.yaml" && p.Line == 0 && p.Message != "is larger than 1048576 bytes" {
				t.Errorf("a problem without a place: %+v", p)
			}
		}
	})
}

// assertSchemaAgrees says that the schema accepts what Load accepts, if the
// variable had no part in it.
func assertSchemaAgrees(t *testing.T, s *jsonschema.Schema, text []byte, variable string) {
	t.Helper()
	var document any
	if strings.HasPrefix(variable, "AUTHD_") || yaml.Unmarshal(text, &document) != nil {
		return
	}
	if err := s.Validate(document); err != nil {
		t.Errorf("%s\n%v", text, err)
	}
}

// TestBounds gives documents that would grow without end.
func TestBounds(t *testing.T) {
	bomb := "a0: &a0 [x, x, x, x, x, x, x, x, x]\n"
	for i := range 9 {
		bomb += strings.NewReplacer("N", string(rune('1'+i)), "P", string(rune('0'+i))).Replace("aN: &aN [*aP, *aP, *aP, *aP, *aP, *aP, *aP, *aP, *aP]\n")
	}
	for name, v := range map[string]struct{ text, want string }{
		"aliases":  {bomb, "more than 50000 values"},
		"depth":    {"a: " + strings.Repeat("[", 100) + strings.Repeat("]", 100), "nested deeper than 32 levels"},
		"size":     {strings.Repeat("# ...............................\n", 40_000), "larger than 1048576 bytes"},
		"brackets": {"a: " + strings.Repeat("[", 20_000), "is not YAML"},
		"quote":    {"b: c\na: '" + strings.Repeat("x\n", 20_000), "authd.yaml:2:1: is not YAML: a quote that is opened here is not closed"},
		"encoding": {"a: b\nc: d\xff", "authd.yaml:2:5: is not YAML: not UTF-8"},
	} {
		t.Run(name, func(t *testing.T) {
			start := time.Now()
			_, err := load(t, v.text)
			if got := report(t, err).Error(); !strings.Contains(got, v.want) {
				t.Errorf("got %.300s", got)
			}
			if took := time.Since(start); took > 5*time.Second {
				t.Errorf("took %v", took)
			}
		})
	}
}
