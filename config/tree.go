package config

import (
	"fmt"
	"strconv"
	"strings"
)

// source is one place that values come from.
type source struct {
	name  string // as problems show it
	rank  int    // sources of a higher rank win
	dir   string // what relative paths are relative to
	plain bool   // a variable or a flag: values are taken as they are
}

// place is where something was written. Variables and flags have no lines.
type place struct {
	source       *source
	line, column int
}

func (p place) String() string {
	if p.source == nil {
		return "default"
	}
	return Problem{File: p.source.name, Line: p.line, Column: p.column}.where()
}

// shape is what kind of value a node is.
type shape int

const (
	broken shape = iota // reported already
	null
	scalar
	list
	block
)

// node is a value as it was written.
type node struct {
	shape  shape
	at     place
	key    place // of its key; zero in lists and at the top
	text   string
	tag    string // scalar: what YAML takes it for, such as !!int
	quoted bool   // scalar: text and nothing else
	keys   []string
	fields map[string]*node
	items  []*node
}

// where is the place that a problem with the node is shown at. A block begins
// at its first key, which is not to blame.
func (n *node) where() place {
	switch {
	case n.shape == block && n.key.source != nil:
		return n.key
	case n.shape == list && len(n.items) == 1:
		return n.items[0].where()
	}
	return n.at
}

// plain says whether the value is a variable's or a flag's.
func (n *node) plain() bool { return n.at.source != nil && n.at.source.plain }

// explicitNull says whether somebody wrote null, and not just nothing.
func (n *node) explicitNull() bool { return n.shape == null && n.text != "" }

func (n *node) put(key string, child *node) {
	if n.fields == nil {
		n.fields = map[string]*node{}
	}
	if _, ok := n.fields[key]; !ok {
		n.keys = append(n.keys, key)
	}
	n.fields[key] = child
}

// find returns the node at a key path, or the nearest one above it.
func (n *node) find(path string) *node {
	for path != "" {
		child, rest := n.step(path)
		if child == nil {
			return n
		}
		n, path = child, strings.TrimPrefix(rest, ".")
	}
	return n
}

func (n *node) step(path string) (child *node, rest string) {
	if index, rest, ok := cutIndex(path); ok {
		if n.shape == list && index < len(n.items) {
			return n.items[index], rest
		}
		return n, rest // one entry may be written without a list
	}
	best := ""
	for _, key := range n.keys {
		if contains(key, path) && len(key) >= len(best) {
			best, child = key, n.fields[key]
		}
	}
	return child, path[len(best):]
}

// cutIndex cuts "[3]" off a path.
func cutIndex(path string) (index int, rest string, ok bool) {
	inner, rest, found := strings.Cut(path, "]")
	digits, opened := strings.CutPrefix(inner, "[")
	if !found || !opened {
		return 0, path, false
	}
	index, err := strconv.Atoi(digits)
	return index, rest, err == nil && index >= 0
}

func join(path, key string) string {
	if path == "" {
		return key
	}
	return path + "." + key
}

func item(path string, i int) string { return fmt.Sprintf("%s[%d]", path, i) }

// describe says what a node is, without its value.
func (n *node) describe() string {
	switch n.shape {
	case null:
		return "empty"
	case list:
		return "a list"
	case block:
		return "a block of keys"
	}
	switch {
	case n.quoted || n.plain():
		return "text"
	case n.tag == "!!int", n.tag == "!!float":
		return "a number"
	case n.tag == "!!bool":
		return "true or false"
	case n.tag == "!!timestamp":
		return "a date"
	}
	return "text"
}
