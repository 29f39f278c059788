package config

import (
	"bytes"
	"errors"
	"io"
	"sort"
	"strings"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"
)

// readAhead is how many characters the scanner wants to see beyond the one it
// stands at.
const readAhead = 4

// maxSearch bounds how far back the beginning of a mistake is looked for line
// by line. Beyond that it is looked for by halves, which a bracket may mislead.
const maxSearch = 100

// trickle gives the parser one byte at a time, so that what it has read when
// it fails says where it failed. The parser's own errors name the line of the
// surrounding block, and no column.
type trickle struct {
	text []byte
	read int
}

func (t *trickle) Read(p []byte) (int, error) {
	if t.read == len(t.text) {
		return 0, io.EOF
	}
	p[0] = t.text[t.read]
	t.read++
	return 1, nil
}

// syntaxError finds out where and why a text is not YAML. The message holds
// nothing of the text: it may be part of a secret.
func syntaxError(text []byte, err error) (line, column int, message string) {
	in := &trickle{text: text}
	decode := yaml.NewDecoder(in)
	for failed := error(nil); failed == nil; {
		failed = decode.Decode(new(yaml.Node))
	}
	stopped := max(0, in.read-readAhead)
	line = firstBad(text, 1+bytes.Count(text[:stopped], []byte("\n")))
	written := lineAt(text, line)
	indent := written[:len(written)-len(strings.TrimLeft(written, " \t"))]
	column = 1 + len(indent)
	if tab := strings.IndexByte(indent, '\t'); tab >= 0 {
		return line, tab + 1, "is not YAML: a tab; indent with spaces"
	}
	message, exact := syntaxMessage(err)
	if at, ok := undefinedAlias(text[len(linesBefore(text, line)):], err); ok {
		at += len(linesBefore(text, line))
		return 1 + bytes.Count(text[:at], []byte("\n")), columnAt(text, at), message
	}
	if at := columnAt(text, stopped); exact && at > column && stopped >= len(linesBefore(text, line)) && stopped <= len(linesBefore(text, line))+len(written) {
		column = at
	}
	return line, column, message
}

const unknownAnchor = "unknown anchor '"

// undefinedAlias finds the alias that an error is about in the text that it
// stands in. The parser names it, and the block around it.
func undefinedAlias(text []byte, err error) (offset int, ok bool) {
	_, name, found := strings.Cut(err.Error(), unknownAnchor)
	name, _, _ = strings.Cut(name, "'")
	offset = bytes.Index(text, []byte("*"+name))
	return offset, found && offset >= 0
}

// firstBad goes back from a line to the first one without which the text
// before it is fine: where a quote or a bracket was opened and never closed. If
// the text is fine with that line too, what the scanner saw ahead is to blame.
func firstBad(text []byte, line int) int {
	fine := func(line int) bool { return line == 1 || parses(linesBefore(text, line)) }
	for line <= bytes.Count(text, []byte("\n")) && fine(line+1) {
		line++
	}
	for range maxSearch {
		if fine(line) {
			return line
		}
		line--
	}
	return sort.Search(line, func(i int) bool { return !fine(i + 1) })
}

func parses(text []byte) bool {
	decode := yaml.NewDecoder(bytes.NewReader(text))
	for {
		err := decode.Decode(new(yaml.Node))
		if errors.Is(err, io.EOF) {
			return true
		}
		if err != nil {
			return false
		}
	}
}

// linesBefore returns the text in front of a line.
func linesBefore(text []byte, line int) []byte {
	end := 0
	for range line - 1 {
		end += bytes.IndexByte(text[end:], '\n') + 1
	}
	return text[:end]
}

func lineAt(text []byte, line int) string {
	first, _, _ := bytes.Cut(text[len(linesBefore(text, line)):], []byte("\n"))
	return string(first)
}

func columnAt(text []byte, offset int) int {
	return 1 + utf8.RuneCount(text[bytes.LastIndexByte(text[:offset], '\n')+1:offset])
}

// syntaxMessage words the parser's error for people who write YAML now and
// then. exact says whether the parser stops right at the mistake.
func syntaxMessage(err error) (message string, exact bool) {
	for _, known := range []struct {
		part, text string
		exact      bool
	}{
		{unknownAnchor, `an alias that is not defined; a text that starts with "*" must be quoted`, false},
		{"mapping values are not allowed", "a colon where no key can stand; quote the text if it is part of it, or look at the indentation", true},
		{"cannot start any token", "a text may not start with this character; quote it", true},
		{"found unexpected end of stream", "a quote that is opened here is not closed", false},
		{"unexpected document indicator", "a quote that is opened here is not closed", false},
		{"expected ',' or ']'", "a list that is opened here is not closed, or a comma is missing", false},
		{"expected ',' or '}'", "a block that is opened here is not closed, or a comma is missing", false},
		{"could not find expected ':'", "a key without a colon, or a line that is indented too little", false},
		{"did not find expected key", "no key can stand here; look at the indentation", false},
		{"mapping keys are not allowed", "no key can stand here; look at the indentation", false},
		{"block sequence entries are not allowed", `a "-" where no list can begin; begin a list on a line of its own, or write it as [a, b]`, true},
		{"expected '-' indicator", "no key can stand in this list; look at the indentation", false},
		{"unknown escape character", `an unknown escape; between double quotes a backslash is written "\\"`, true},
		{"hexdecimal number", `an escape that is no character; between double quotes a backslash is written "\\"`, false},
		{"Unicode character escape code", `an escape that is no character; between double quotes a backslash is written "\\"`, false},
		{"alphabetic or numeric character", `a name is missing; a text that starts with "&" or "*" must be quoted`, false},
		{"expected comment or line break", `a text that starts with "|" or ">" begins on the next line; quote it if it is a short one`, false},
		{"indentation indicator equal to 0", `a text that starts with "|" or ">" begins on the next line; quote it if it is a short one`, false},
		{"tab character where", "a tab; indent with spaces", false},
		{"expected <document start>", `nothing can stand after "..."; a configuration is one document`, false},
		{"directive", `a line that starts with "%" means nothing here`, false},
		{"YAML document", `a line that starts with "%" means nothing here`, false},
		{"version number", `a line that starts with "%" means nothing here`, false},
		{"tag", `a tag, which means nothing here; quote a text that starts with "!"`, false},
		{"URI escaped octet", `a tag, which means nothing here; quote a text that starts with "!"`, false},
		{"expected '!'", `a tag, which means nothing here; quote a text that starts with "!"`, false},
		{"expected '>'", `a tag, which means nothing here; quote a text that starts with "!"`, false},
		{"did not find expected node content", "a value is missing, or a bracket is not closed", false},
		{"exceeded max depth", "nested too deeply", false},
		{"control characters", "a control character", true},
	} {
		if strings.Contains(err.Error(), known.part) {
			return "is not YAML: " + known.text, known.exact
		}
	}
	return "is not YAML", false
}
