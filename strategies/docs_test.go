package strategies_test

import (
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"strings"
	"testing"

	"github.com/authd-go/authd/core"
)

// The guide shows what is there: each block of code stands, as it is, in the
// file that the line above it names.
func TestTheGuideQuotesTheExample(t *testing.T) {
	const guide = "../docs/adding-a-strategy.md"
	raw, err := os.ReadFile(guide)
	if err != nil {
		t.Fatal(err)
	}
	text := string(raw)
	quote := regexp.MustCompile("(?s)From \\[[^]]*\\]\\(([^)]+)\\):\n\n```[a-z]+\n(.*?)```")
	quotes := quote.FindAllStringSubmatch(text, -1)
	if blocks := strings.Count(text, "\n```") / 2; len(quotes) == 0 || len(quotes) != blocks {
		t.Errorf("%d of %d blocks name the file they are from", len(quotes), blocks)
	}
	for _, q := range quotes {
		source, err := os.ReadFile(filepath.Join(filepath.Dir(guide), q[1]))
		if err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(string(source), q[2]) {
			t.Errorf("this is not in %s:\n%s", q[1], q[2])
		}
	}
}

// The table of capabilities has all of them, by the names of their interfaces.
func TestTheGuideListsTheCapabilities(t *testing.T) {
	guide, err := os.ReadFile("../docs/adding-a-strategy.md")
	if err != nil {
		t.Fatal(err)
	}
	for field := range fields(reflect.TypeFor[core.Strategy]()) {
		if field.Type.Kind() == reflect.Interface && !strings.Contains(string(guide), "\n| `"+field.Name+"` | ") {
			t.Errorf("%s is not in the table", field.Name)
		}
	}
}
