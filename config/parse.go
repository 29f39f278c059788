package config

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"
)

// The bounds of a document. The largest sane configuration is far below them.
const (
	maxFileBytes = 1 << 20
	maxDepth     = 32
	maxNodes     = 50_000 // with all aliases written out
)

// parse makes a tree of a document. It returns nil if the text is not YAML at
// all, and reports why. An empty document is an empty block.
func parse(src *source, text []byte, report *collector) *node {
	at := place{src, 1, 1}
	if len(text) > maxFileBytes {
		report.add(place{source: src}, "", fmt.Sprintf("is larger than %d bytes", maxFileBytes))
		return nil
	}
	if bad := invalidUTF8(text); bad >= 0 {
		report.add(place{src, 1 + bytes.Count(text[:bad], []byte("\n")), columnAt(text, bad)}, "", "is not YAML: not UTF-8")
		return nil
	}
	decode := yaml.NewDecoder(bytes.NewReader(text))
	var document, second yaml.Node
	err := decode.Decode(&document)
	if errors.Is(err, io.EOF) {
		return &node{shape: block, at: at}
	}
	if err == nil {
		err = decode.Decode(&second)
	}
	if err == nil {
		report.add(place{src, second.Line, second.Column}, "", "a second document; a configuration is one document")
		return nil
	}
	if !errors.Is(err, io.EOF) {
		line, column, message := syntaxError(text, err)
		report.add(place{src, line, column}, "", message)
		return nil
	}
	b := &builder{source: src, report: report, left: maxNodes, open: map[*yaml.Node]bool{}}
	root := b.top(document.Content[0])
	if b.left <= 0 {
		return nil // what was not read is not missing
	}
	return root
}

func invalidUTF8(text []byte) int {
	for i := 0; i < len(text); {
		r, size := utf8.DecodeRune(text[i:])
		if r == utf8.RuneError && size == 1 {
			return i
		}
		i += size
	}
	return -1
}

// builder makes nodes of a parsed document.
type builder struct {
	source *source
	report *collector
	left   int                 // nodes that may still be made
	open   map[*yaml.Node]bool // the collections that are being built
}

func (b *builder) top(y *yaml.Node) *node {
	n := b.build(y, "", 0)
	switch n.shape {
	case null:
		return &node{shape: block, at: n.at}
	case block, broken:
		return n
	}
	b.report.add(n.at, "", "must be a block of keys, such as server: and methods:; this is "+n.describe())
	return nil
}

func (b *builder) at(y *yaml.Node) place { return place{b.source, y.Line, y.Column} }

func (b *builder) fail(y *yaml.Node, path, message string) *node {
	b.report.add(b.at(y), path, message)
	return &node{shape: broken, at: b.at(y)}
}

func (b *builder) build(y *yaml.Node, path string, depth int) *node {
	b.left--
	switch {
	case b.left == 0:
		return b.fail(y, path, fmt.Sprintf("the document has more than %d values, aliases written out", maxNodes))
	case b.left < 0:
		return &node{shape: broken, at: b.at(y)}
	case depth > maxDepth:
		return b.fail(y, path, fmt.Sprintf("is nested deeper than %d levels", maxDepth))
	case y.Style&yaml.TaggedStyle != 0 && !coreTag(y.Tag):
		return b.fail(y, path, `has a tag, which means nothing here; quote a text that starts with "!"`)
	}
	b.open[y] = true
	defer delete(b.open, y)
	switch y.Kind {
	case yaml.AliasNode:
		if b.open[y.Alias] {
			return b.fail(y, path, "is an alias of a block or list that it is part of")
		}
		n := b.build(y.Alias, path, depth+1)
		n.at = b.at(y)
		return n
	case yaml.MappingNode:
		return b.mapping(y, path, depth)
	case yaml.SequenceNode:
		n := &node{shape: list, at: b.at(y)}
		for i, child := range y.Content {
			n.items = append(n.items, b.build(child, item(path, i), depth+1))
		}
		return n
	}
	return b.scalar(y)
}

func coreTag(tag string) bool {
	switch tag {
	case "!!str", "!!int", "!!float", "!!bool", "!!null", "!!map", "!!seq":
		return true
	}
	return false
}

func (b *builder) scalar(y *yaml.Node) *node {
	const quotes = yaml.DoubleQuotedStyle | yaml.SingleQuotedStyle | yaml.LiteralStyle | yaml.FoldedStyle
	n := &node{shape: scalar, at: b.at(y), text: y.Value, tag: y.ShortTag()}
	n.quoted = n.tag == "!!str" && y.Style&(quotes|yaml.TaggedStyle) != 0
	if n.tag == "!!null" {
		n.shape = null
	}
	return n
}

func (b *builder) mapping(y *yaml.Node, path string, depth int) *node {
	n := &node{shape: block, at: b.at(y)}
	var bases []*node
	var merge *yaml.Node
	for i := 0; i+1 < len(y.Content); i += 2 {
		k, v := y.Content[i], y.Content[i+1]
		if k.Kind == yaml.ScalarNode && k.Tag == "!!merge" {
			if merge != nil {
				b.report.add(b.at(k), join(path, "<<"), fmt.Sprintf("is written twice; the first is on line %d; several blocks are one list, as in <<: [*a, *b]", merge.Line))
				continue
			}
			merge = k
			more, ok := b.bases(v, path, depth)
			if !ok {
				n.shape = broken // and nothing is said about keys that seem to be missing
			}
			bases = append(bases, more...)
			continue
		}
		key, ok := b.key(k, path)
		if !ok {
			continue
		}
		if first := n.fields[key]; first != nil {
			b.report.add(b.at(k), join(path, shown(key)), fmt.Sprintf("is written twice; the first is on line %d", first.key.line))
			continue
		}
		child := b.build(v, join(path, key), depth+1)
		child.key = b.at(k)
		n.put(key, child)
	}
	for _, base := range bases {
		n.inherit(base)
	}
	return n
}

// bases returns the blocks that a merge key names.
func (b *builder) bases(y *yaml.Node, path string, depth int) (all []*node, ok bool) {
	n := b.build(y, join(path, "<<"), depth+1)
	all = []*node{n}
	if n.shape == list {
		all = n.items
	}
	for _, base := range all {
		if base.shape == broken {
			return nil, false
		}
		if base.shape != block {
			b.report.add(b.at(y), join(path, "<<"), "must be an alias of a block, or a list of these")
			return nil, false
		}
	}
	return all, true
}

// inherit takes the keys of a base that the block does not have.
func (n *node) inherit(base *node) {
	for _, key := range base.keys {
		if n.fields[key] == nil {
			n.put(key, base.fields[key])
		}
	}
}

func (b *builder) key(y *yaml.Node, path string) (string, bool) {
	if y.Kind == yaml.AliasNode {
		y = y.Alias
	}
	if y.Kind != yaml.ScalarNode || y.ShortTag() == "!!null" {
		b.fail(y, path, "a key must be a single word or text")
		return "", false
	}
	if strings.ContainsFunc(y.Value, unicode.IsControl) {
		b.fail(y, path, "a key must not contain control characters")
		return "", false
	}
	return y.Value, true
}
