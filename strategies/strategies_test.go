package strategies_test

import (
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"

	"github.com/authd-go/authd/core"
	"github.com/authd-go/authd/strategies"
)

func TestAllIsSortedAndComplete(t *testing.T) {
	var names []string
	for _, kind := range strategies.All() {
		names = append(names, kind.Name)
		var problems core.Problems
		problems.Merge("", kind.New().Validate())
		for _, p := range problems {
			if !strings.HasPrefix(p.Message, "is required") {
				t.Errorf("%s: a default is refused: %v", kind.Name, p)
			}
		}
		if kind.New() == kind.New() {
			t.Errorf("%s: New returns a shared configuration", kind.Name)
		}
	}
	if !slices.IsSorted(names) || len(slices.Compact(slices.Clone(names))) != len(names) {
		t.Errorf("kinds are %v", names)
	}
	var folders []string
	for _, config := range glob(t, "*/config.go") {
		folders = append(folders, filepath.Dir(config))
	}
	if !slices.Equal(folders, names) {
		t.Errorf("folders are %v, kinds are %v", folders, names)
	}
	all := strategies.All()
	all[0].Name = "changed"
	if strategies.All()[0].Name == "changed" {
		t.Error("callers share the list")
	}
}

func glob(t *testing.T, pattern string) []string {
	t.Helper()
	found, err := filepath.Glob(pattern)
	if err != nil {
		t.Fatal(err)
	}
	return found
}

// Each README has the same headings, lists the options that there are, and
// shows YAML that means something.
func TestReadmes(t *testing.T) {
	headings := []string{"Name", "What it does", "Capabilities", "Options", "Example", "Errors"}
	for _, kind := range strategies.All() {
		t.Run(kind.Name, func(t *testing.T) {
			raw, err := os.ReadFile(filepath.Join(kind.Name, "README.md"))
			if err != nil {
				t.Fatal(err)
			}
			text := string(raw)
			if got := matches(text, `(?m)^## (.+)$`); !slices.Equal(got, headings) {
				t.Errorf("headings are %q, want %q", got, headings)
			}
			config := reflect.TypeOf(kind.New()).Elem()
			_, section, _ := strings.Cut(text, "## Options")
			section, _, _ = strings.Cut(section, "\n## ")
			got, want := matches(section, "(?m)^\\| `([^`]+)` \\|"), options(config, "")
			slices.Sort(got)
			slices.Sort(want)
			if !slices.Equal(got, want) {
				t.Errorf("the options listed are\n%q, those that exist are\n%q", got, want)
			}
			checkExamples(t, kind, text)
		})
	}
}

func matches(text, pattern string) []string {
	var out []string
	for _, m := range regexp.MustCompile(pattern).FindAllStringSubmatch(text, -1) {
		out = append(out, m[1])
	}
	return out
}

var secret = reflect.TypeFor[core.Secret]()

// options lists the option paths of a configuration struct. A list of structs
// is an option itself, beside those of its elements.
func options(t reflect.Type, prefix string) []string {
	var out []string
	for field := range fields(t) {
		path := prefix + field.Tag.Get("koanf")
		switch {
		case field.Type.Kind() == reflect.Struct && field.Type != secret:
			out = append(out, options(field.Type, path+".")...)
		case field.Type.Kind() == reflect.Slice && field.Type.Elem().Kind() == reflect.Struct:
			out = append(out, path)
			out = append(out, options(field.Type.Elem(), path+"[].")...)
		default:
			out = append(out, path)
		}
	}
	return out
}

func fields(t reflect.Type) func(func(reflect.StructField) bool) {
	return func(yield func(reflect.StructField) bool) {
		for i := range t.NumField() {
			if !yield(t.Field(i)) {
				return
			}
		}
	}
}

func checkExamples(t *testing.T, kind core.Kind, text string) {
	t.Helper()
	blocks := matches(text, "(?s)```yaml\n(.*?)```")
	if len(blocks) == 0 {
		t.Error("there is no example")
	}
	for _, block := range blocks {
		var document struct {
			Strategies map[string]map[string]any `yaml:"strategies"`
		}
		decoder := yaml.NewDecoder(strings.NewReader(block))
		decoder.KnownFields(true)
		if err := decoder.Decode(&document); err != nil {
			t.Errorf("%v in\n%s", err, block)
		}
		for name, options := range document.Strategies {
			if options["type"] != kind.Name {
				t.Errorf("strategies.%s.type is %v", name, options["type"])
			}
			delete(options, "type")
			checkKeys(t, reflect.TypeOf(kind.New()).Elem(), "strategies."+name, options)
		}
	}
}

// checkKeys says which keys no option of the struct has. Whether the values
// are right is config's to test.
func checkKeys(t *testing.T, config reflect.Type, path string, value any) {
	t.Helper()
	switch value := value.(type) {
	case []any:
		for i, element := range value {
			if config.Kind() == reflect.Slice {
				checkKeys(t, config.Elem(), fmt.Sprintf("%s[%d]", path, i), element)
			}
		}
	case map[string]any:
		if config.Kind() != reflect.Struct {
			return // a free map
		}
		for key, inner := range value {
			found := false
			for field := range fields(config) {
				if field.Tag.Get("koanf") == key {
					found = true
					checkKeys(t, field.Type, path+"."+key, inner)
				}
			}
			if !found {
				t.Errorf("%s.%s: there is no such option", path, key)
			}
		}
	}
}
