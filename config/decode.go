package config

import (
	"fmt"
	"reflect"
	"slices"
	"strings"

	"github.com/authd-go/authd/core"
)

// decoder puts nodes into typed fields, strictly: it converts nothing that
// could be meant in two ways. What it cannot put in, it reports and leaves out,
// so that the default stays and nothing else has to be said about it.
type decoder struct {
	outside
	kinds       []core.Kind
	report      *collector
	insecure    []string          // the key paths of such switches that are on
	secretFiles map[string]string // key path of a secret to the file that holds it
}

// value decodes a node into what out is.
func (d *decoder) value(n *node, path string, out reflect.Value) {
	if n.shape == broken || d.known(n, path, out) {
		return
	}
	switch out.Kind() {
	case reflect.Pointer:
		d.pointer(n, path, out)
	case reflect.Struct:
		d.block(n, path, fieldsOf(out))
	case reflect.Map:
		d.mapping(n, path, out)
	case reflect.Slice:
		d.list(n, path, out)
	case reflect.Interface:
		d.natural(n, path, out)
	default:
		d.scalar(n, path, out)
	}
}

// pointer decodes into what is absent until it is written.
func (d *decoder) pointer(n *node, path string, out reflect.Value) {
	if n.explicitNull() {
		out.SetZero()
		return
	}
	reported := len(d.report.problems)
	target := reflect.New(out.Type().Elem())
	d.value(n, path, target.Elem())
	if len(d.report.problems) == reported {
		out.Set(target)
	}
}

// asBlock returns n as a block of keys, or nil after a report. A block without
// keys is fine: everything in it may be commented out.
func (d *decoder) asBlock(n *node, path, example string) *node {
	if n.plain() && n.shape == scalar {
		n = d.flow(n, path)
	}
	switch n.shape {
	case block:
		return n
	case null:
		return &node{shape: block, at: n.at, key: n.key}
	case broken:
		return nil
	}
	d.report.add(n.where(), path, fmt.Sprintf("must be a block of keys%s; this is %s", example, n.describe()))
	return nil
}

// block decodes a block into fields.
func (d *decoder) block(n *node, path string, fields []field) {
	entries := withFiles(fields)
	example := ""
	if len(fields) > 0 {
		example = fmt.Sprintf(", such as {%s: ...}", fields[0].key)
	}
	if n = d.asBlock(n, path, example); n == nil {
		return
	}
	for _, key := range n.keys {
		if !slices.Contains(keysOf(entries), key) {
			d.unknown(n.fields[key], path, key, entries)
		}
	}
	for _, f := range fields {
		at := join(path, f.key)
		if is[core.Secret](f.value.Type()) {
			d.secret(n, at, f)
		} else if child := n.fields[f.key]; child != nil {
			d.value(child, at, f.value)
		}
	}
}

func (d *decoder) unknown(n *node, path, key string, entries []entry) {
	safe := shown(key)
	word, _, cut := strings.Cut(safe, "...")
	message := "unknown key"
	if cut && strings.HasPrefix(key[len(word):], ":") {
		message = "unknown key; a space is missing after the colon"
	}
	near := nearest(word, keysOf(entries))
	if near == "" {
		near = elsewhere(word, entries)
	}
	if near == "" && len(entries) > 0 {
		message += "; known here: " + listed(keysOf(entries))
	}
	d.report.unknown(n.key, path, safe, message, near)
}

// mapping decodes a block whose keys are free, or codes.
func (d *decoder) mapping(n *node, path string, out reflect.Value) {
	if n = d.asBlock(n, path, ""); n == nil {
		return
	}
	result := reflect.MakeMap(out.Type())
	for _, key := range out.MapKeys() {
		result.SetMapIndex(key, out.MapIndex(key))
	}
	for _, key := range n.keys {
		at, child := join(path, key), n.fields[key]
		if is[core.Code](out.Type().Key()) && !slices.Contains(messageCodes(), key) {
			d.unknown(child, path, key, entriesOf(out.Type()))
			continue
		}
		elem, index := reflect.New(out.Type().Elem()).Elem(), reflect.ValueOf(key).Convert(out.Type().Key())
		if old := result.MapIndex(index); old.IsValid() {
			elem.Set(old)
		}
		d.value(child, at, elem)
		result.SetMapIndex(index, elem)
	}
	out.Set(result)
}

func (d *decoder) list(n *node, path string, out reflect.Value) {
	items, ok := d.items(n, path, out.Type().Elem())
	if !ok {
		return
	}
	result := reflect.MakeSlice(out.Type(), len(items), len(items))
	for i, child := range items {
		if child.shape == null && result.Type().Elem().Kind() != reflect.Interface {
			d.report.add(child.at, item(path, i), "has no value; take the entry out")
			continue
		}
		d.value(child, item(path, i), result.Index(i))
	}
	out.Set(result)
}

// items returns the entries of a list. A variable or a flag may separate them
// by commas.
func (d *decoder) items(n *node, path string, of reflect.Type) ([]*node, bool) {
	if n.plain() && n.shape == scalar {
		n = d.flow(n, path)
	}
	switch n.shape {
	case list:
		return n.items, true
	case broken:
		return nil, false
	case null:
		d.report.add(n.at, path, "has no value; write [] for none, or leave the key out for the default")
		return nil, false
	case scalar:
		if n.plain() {
			return commas(n), true
		}
		if isLeaf(of) && !is[core.Secret](of) && !n.odd() {
			text := n.text
			if n.quoted {
				text = quote(text)
			}
			d.report.add(n.where(), path, fmt.Sprintf("must be a list: write [%s]", text))
			return nil, false
		}
	}
	d.report.add(n.where(), path, "must be a list, in the form [..., ...]; this is "+n.describe())
	return nil, false
}

// odd says whether a text is too long or too unusual to be part of an example.
func (n *node) odd() bool {
	return len(n.text) > maxShown || strings.ContainsAny(n.text, "\n\r\t,[]{}#\"'$")
}

func commas(n *node) []*node {
	var out []*node
	for part := range strings.SplitSeq(n.text, ",") {
		if part = strings.TrimSpace(part); part != "" {
			out = append(out, &node{shape: scalar, at: n.at, text: part, tag: "!!str"})
		}
	}
	return out
}

// flow reads the value of a variable or a flag that is written as a YAML list
// or block. Anything else it returns as it is.
func (d *decoder) flow(n *node, path string) *node {
	if !strings.HasPrefix(n.text, "[") && !strings.HasPrefix(n.text, "{") {
		return n
	}
	var inner collector
	parsed := parse(n.at.source, []byte("value: "+n.text), &inner)
	if parsed == nil || len(inner.problems) > 0 || len(parsed.keys) != 1 {
		d.report.add(n.at, path, "is not a YAML list or block; check brackets, quotes and commas")
		return &node{shape: broken, at: n.at}
	}
	return parsed.fields["value"].moved(n.at)
}

// moved puts a whole tree at one place.
func (n *node) moved(at place) *node {
	n.at, n.key = at, at
	for _, child := range n.items {
		child.moved(at)
	}
	for _, child := range n.fields {
		child.moved(at)
	}
	return n
}
