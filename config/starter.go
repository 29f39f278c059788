package config

import (
	_ "embed"
	"fmt"
	"reflect"
	"strings"

	"github.com/authd-go/authd/core"
)

//go:embed starter.yaml
var starterText string

// Starter returns a small configuration to begin with: local accounts that
// people make themselves. Its comments are the texts of the reference. kinds
// must hold the type local.
func Starter(kinds []core.Kind) ([]byte, error) {
	texts := starterTexts(kinds)
	var b strings.Builder
	for text := range strings.Lines(starterText) {
		before, key, found := strings.Cut(strings.TrimSuffix(text, "\n"), "## ")
		if !found {
			b.WriteString(text)
			continue
		}
		about, ok := texts[key]
		if !ok {
			return nil, fmt.Errorf("config: the starting file has a comment on %q, which is no key", key)
		}
		comment(&b, before+"# ", about)
	}
	return []byte(b.String()), nil
}

func starterTexts(kinds []core.Kind) map[string]string {
	out := map[string]string{}
	for key, text := range texts() {
		out[key] = plainText(text)
	}
	for _, kind := range kinds {
		r := reference{}
		r.block(kind.Name, reflect.ValueOf(kind.New()).Elem())
		for _, k := range r.keys {
			out[k.Path] = k.Text
		}
	}
	return out
}

// comment writes a text in lines that begin with indent.
func comment(b *strings.Builder, indent, text string) {
	const width = 100
	column := 0
	for word := range strings.FieldsSeq(text) {
		switch {
		case column == 0 || column+1+len(word) > width:
			if column > 0 {
				b.WriteString("\n")
			}
			b.WriteString(indent)
			column = len(indent)
		default:
			b.WriteString(" ")
			column++
		}
		b.WriteString(word)
		column += len(word)
	}
	b.WriteString("\n")
}
