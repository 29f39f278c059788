package yaml_test

import (
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/authd-go/authd/config"
	"github.com/authd-go/authd/core"
	"github.com/authd-go/authd/strategies"
)

func load(t *testing.T, file string) *config.Config {
	t.Helper()
	c, err := config.Load(t.Context(), config.Sources{Files: []string{file}, Kinds: strategies.All(), CanMail: true})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// TestExamples loads every example: nothing is wrong with it, and nothing in
// it is probably not meant.
func TestExamples(t *testing.T) {
	files, err := filepath.Glob("*.yaml")
	if err != nil || len(files) < 3 {
		t.Fatalf("found %v, %v", files, err)
	}
	for _, file := range files {
		t.Run(file, func(t *testing.T) {
			for _, w := range load(t, file).Warnings {
				if !showcased(w.Key) {
					t.Errorf("warning: %v", w)
				}
			}
		})
	}
}

// showcased are the strategies of full.yaml that are there for their options,
// and that no method uses.
func showcased(key string) bool {
	return slices.Contains([]string{"strategies.corp", "strategies.hub"}, key)
}

// TestFullHasEveryKey compares full.yaml with the structs: each key of the
// house, and each option of each kind, stands in it.
func TestFullHasEveryKey(t *testing.T) {
	c := load(t, "full.yaml")
	want := keys(reflect.TypeFor[config.Config](), "")
	kinds := map[string]string{}
	for name, s := range c.Strategies {
		kinds[s.Kind] = name
	}
	for _, kind := range strategies.All() {
		name, ok := kinds[kind.Name]
		if !ok {
			t.Errorf("no example of a %s", kind.Name)
			continue
		}
		want = append(want, keys(reflect.TypeOf(kind.New()).Elem(), "strategies."+name)...)
	}
	for _, key := range want {
		if source, ok := c.Origin(key); !ok || !strings.HasPrefix(source, "full.yaml:") {
			t.Errorf("%s is not in full.yaml (%s)", key, source)
		}
	}
}

// keys lists the key paths of a struct. What stands in lists and in blocks of
// free keys is shown by one entry.
func keys(t reflect.Type, path string) []string {
	var out []string
	for i := range t.NumField() {
		f := t.Field(i)
		key := f.Tag.Get("koanf")
		at := strings.TrimPrefix(path+"."+key, ".")
		switch {
		case f.Anonymous && key == "":
			out = append(out, keys(f.Type, path)...)
		case !f.IsExported() || key == "" || key == "-":
		case at == "methods.login.use":
			out = append(out, keys(f.Type.Elem(), at+"[0]")...)
		case f.Type.Kind() == reflect.Slice && hasKeys(f.Type.Elem()):
			out = append(out, keys(f.Type.Elem(), at+"[0]")...)
		case hasKeys(f.Type):
			out = append(out, keys(f.Type, at)...)
		default:
			out = append(out, at)
		}
	}
	// A use list may be a plain name.
	return slices.DeleteFunc(out, func(key string) bool {
		return strings.Contains(key, ".use[0].") && !strings.HasPrefix(key, "methods.login.")
	})
}

func hasKeys(t reflect.Type) bool {
	return t.Kind() == reflect.Struct && t != reflect.TypeFor[core.Secret]() && slices.ContainsFunc(reflect.VisibleFields(t), func(f reflect.StructField) bool {
		return f.Tag.Get("koanf") != ""
	})
}
