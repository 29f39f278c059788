package config_test

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/authd-go/authd/config"
	"github.com/authd-go/authd/strategies"
)

const referencePage = "../docs/configuration.md"

// TestReference compares docs/configuration.md with the structs: every key, in
// their order, with its type, its default and its meaning. With -update it
// writes that part of the page.
func TestReference(t *testing.T) {
	page, err := os.ReadFile(referencePage)
	if err != nil {
		t.Fatal(err)
	}
	const heading = "\n## Keys\n"
	people, _, found := strings.Cut(string(page), heading)
	if !found {
		t.Fatal("the page has no part for keys")
	}
	golden(t, referencePage, people+heading+referenceTables())
}

func referenceTables() string {
	var b strings.Builder
	b.WriteString("\nThis part is written by `make generate`, from the structs and their texts.\n")
	for _, s := range config.Reference(strategies.All()) {
		fmt.Fprintf(&b, "\n### %s\n\n", s.Title)
		if kind, ok := strings.CutPrefix(s.Title, "strategies of type "); ok {
			s.Text += " [Its own page](../strategies/" + kind + "/README.md) says what it does."
		}
		if s.Text != "" {
			b.WriteString(wrapped(s.Text) + "\n\n")
		}
		b.WriteString("| key | type | default | meaning |\n| --- | --- | --- | --- |\n")
		for _, k := range s.Keys {
			def := k.Default
			if def != "" {
				def = "`" + def + "`"
			}
			fmt.Fprintf(&b, "| `%s` | %s | %s | %s |\n", k.Path, k.Type, def, k.Text)
		}
	}
	return b.String()
}

// wrapped breaks a text into the lines that the documents have.
func wrapped(text string) string {
	const width = 120
	var b strings.Builder
	column := 0
	for word := range strings.FieldsSeq(text) {
		switch {
		case column > 0 && column+1+len(word) > width:
			b.WriteString("\n")
			column = 0
		case column > 0:
			b.WriteString(" ")
			column++
		}
		b.WriteString(word)
		column += len(word)
	}
	return b.String()
}

// TestEveryKeyHasAText names the keys that nobody can look up.
func TestEveryKeyHasAText(t *testing.T) {
	count := 0
	for _, s := range config.Reference(strategies.All()) {
		for _, k := range s.Keys {
			count++
			if k.Text == "" {
				t.Errorf("%s: %s has no text; add one to texts() in config/texts.go, or a doc tag to its field", s.Title, k.Path)
			}
			if strings.ContainsAny(k.Text, "|\n") {
				t.Errorf("%s: the text breaks a table", k.Path)
			}
		}
	}
	if count < 50 {
		t.Errorf("only %d keys were found", count)
	}
}
