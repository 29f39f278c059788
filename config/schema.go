package config

import (
	"maps"
	"reflect"
	"slices"
	"strings"

	authd "github.com/authd-go/authd"
	"github.com/authd-go/authd/core"
)

// fileSuffix makes of a secret's key the key that names a file to read it from.
const fileSuffix = "File"

// field is one key of a struct and the field that takes its value.
type field struct {
	key   string
	value reflect.Value
	doc   string // what its doc tag says
}

// fieldsOf lists the keys of a struct by its koanf tags. The keys of embedded
// structs stand beside its own.
func fieldsOf(v reflect.Value) []field {
	var out []field
	for i := range v.NumField() {
		info := v.Type().Field(i)
		key, option, _ := strings.Cut(info.Tag.Get("koanf"), ",")
		switch {
		case !info.IsExported() || key == "-":
		case info.Type.Kind() == reflect.Struct && (option == "squash" || info.Anonymous && key == ""):
			out = append(out, fieldsOf(v.Field(i))...)
		case key != "":
			out = append(out, field{key, v.Field(i), info.Tag.Get("doc")})
		}
	}
	return out
}

// entry is one key that may stand in a block, and what it holds.
type entry struct {
	key string
	typ reflect.Type
}

const strategiesKey = "strategies"

func is[T any](t reflect.Type) bool { return t == reflect.TypeFor[T]() }

// entriesOf lists the keys that may stand in a block of this type. It is empty
// for what is no block, and for blocks whose keys are free.
func entriesOf(t reflect.Type) []entry {
	switch {
	case t.Kind() == reflect.Pointer:
		return entriesOf(t.Elem())
	case t.Kind() == reflect.Map && is[core.Code](t.Key()):
		var out []entry
		for _, code := range messageCodes() {
			out = append(out, entry{code, t.Elem()})
		}
		return out
	case t.Kind() != reflect.Struct || isLeaf(t):
		return nil
	}
	return withFiles(fieldsOf(reflect.New(t).Elem()))
}

// withFiles turns fields into entries and puts a ...File key beside each secret.
func withFiles(fields []field) []entry {
	var out []entry
	for _, f := range fields {
		out = append(out, entry{f.key, f.value.Type()})
		if is[core.Secret](f.value.Type()) {
			out = append(out, entry{f.key + fileSuffix, reflect.TypeFor[string]()})
		}
	}
	return out
}

func keysOf(entries []entry) []string {
	keys := make([]string, len(entries))
	for i, e := range entries {
		keys[i] = e.key
	}
	return keys
}

// messageCodes lists the codes that clients may see.
func messageCodes() []string {
	var out []string
	for code := range maps.Keys(core.DefaultMessages()) {
		out = append(out, string(code))
	}
	slices.Sort(out)
	return out
}

// schema knows which keys may stand where, given the strategies in a tree.
type schema struct {
	kinds []core.Kind
	tree  *node
}

// below lists the keys that may stand below an entry at a path.
func (s schema) below(path []string, typ reflect.Type) []entry {
	switch {
	case len(path) == 1 && path[0] == strategiesKey:
		var out []entry
		for _, name := range s.strategies() {
			out = append(out, entry{name, reflect.TypeFor[authd.StrategyOptions]()})
		}
		return out
	case len(path) == 2 && path[0] == strategiesKey:
		out := append([]entry{{"type", reflect.TypeFor[string]()}}, entriesOf(reflect.TypeFor[authd.House]())...)
		if kind, ok := s.kindOf(path[1]); ok {
			out = append(out, entriesOf(reflect.TypeOf(kind.New()))...)
		}
		return out
	}
	return entriesOf(typ)
}

func (s schema) strategies() []string {
	if block := s.tree.fields[strategiesKey]; block != nil {
		return block.keys
	}
	return nil
}

// kindOf returns the kind that a strategy's block names.
func (s schema) kindOf(strategy string) (core.Kind, bool) {
	name := s.tree.find(strategiesKey + "." + strategy + ".type").text
	return kindNamed(s.kinds, name)
}

func kindNamed(kinds []core.Kind, name string) (core.Kind, bool) {
	i := slices.IndexFunc(kinds, func(k core.Kind) bool { return k.Name == name })
	if i < 0 {
		return core.Kind{}, false
	}
	return kinds[i], true
}

// walk calls f for every key that may be set, blocks among them.
func (s schema) walk(path []string, typ reflect.Type, f func(path []string, typ reflect.Type)) {
	for _, e := range s.below(path, typ) {
		at := append(slices.Clone(path), e.key)
		f(at, e.typ)
		if len(at) <= maxDepth {
			s.walk(at, e.typ, f)
		}
	}
}

// elsewhere returns the path, one block further in, of a key that stands one
// block too far out, or "".
func elsewhere(word string, entries []entry) string {
	for _, e := range entries {
		for _, inner := range entriesOf(e.typ) {
			if fold(inner.key) == fold(word) {
				return e.key + "." + inner.key
			}
		}
	}
	return ""
}
