package config

import (
	"fmt"
	"reflect"
	"slices"

	authd "github.com/authd-go/authd"
	"github.com/authd-go/authd/core"
)

const typeKey = "type"

func (d *decoder) strategies(n *node, path string, out *map[string]authd.StrategyOptions) {
	if n = d.asBlock(n, path, ", such as {members: {type: local}}"); n == nil {
		return
	}
	*out = make(map[string]authd.StrategyOptions, len(n.keys))
	for _, name := range n.keys {
		(*out)[name] = d.strategy(n.fields[name], join(path, name))
	}
}

// strategy decodes one block: the house options, and beside them the kind's
// own. If a value in it is wrong, Config is nil: the backend is known by name
// then, and nothing follows from what it may be able to do. Unknown keys are no
// reason to be silent about the rest.
func (d *decoder) strategy(n *node, path string) authd.StrategyOptions {
	var out authd.StrategyOptions
	reported := len(d.report.problems)
	if n.shape == broken {
		return out
	}
	if n = d.asBlock(n, path, ", such as {type: local}"); n == nil {
		return out
	}
	kind, found := d.kind(n, path)
	out.Kind = kind.Name
	fields := append([]field{{key: typeKey, value: reflect.ValueOf(&out.Kind).Elem()}}, fieldsOf(reflect.ValueOf(&out.House).Elem())...)
	if !found {
		d.block(n.only(fields), path, fields)
		return out
	}
	own := kind.New()
	d.block(n, path, append(fields, fieldsOf(reflect.ValueOf(own).Elem())...))
	if d.report.onlyStrays(reported) {
		out.Config = own
	}
	return out
}

// kind finds the kind that a block names.
func (d *decoder) kind(n *node, path string) (core.Kind, bool) {
	names := make([]string, len(d.kinds))
	for i, k := range d.kinds {
		names[i] = k.Name
	}
	slices.Sort(names)
	at := join(path, typeKey)
	written := n.fields[typeKey]
	if written == nil || written.shape == null {
		if near := nearest(typeKey, n.keys); written == nil && near != "" {
			d.report.unknown(n.fields[near].key, path, near, "unknown key", typeKey)
		} else {
			d.report.add(n.find(typeKey).where(), at, "is required: one of "+listed(names))
		}
		return core.Kind{}, false
	}
	if written.shape == broken {
		return core.Kind{}, false
	}
	name, ok := d.text(written, at, "text", false)
	if !ok {
		return core.Kind{}, false
	}
	kind, found := kindNamed(d.kinds, name)
	if !found {
		message := fmt.Sprintf("no kind of strategy is named %s; the kinds are: %s", quote(written.text), listed(names))
		d.report.suggest(written.at, at, message, nearest(written.text, names))
	}
	return kind, found
}

// only returns the block with no other keys than those of the fields.
func (n *node) only(fields []field) *node {
	out := &node{shape: block, at: n.at, key: n.key}
	for _, e := range withFiles(fields) {
		if child := n.fields[e.key]; child != nil && e.key != typeKey {
			out.put(e.key, child)
		}
	}
	return out
}
