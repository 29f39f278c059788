package config

import (
	"maps"
	"reflect"
	"slices"
	"strings"
	"unicode"
)

// prefix is what the names of our variables start with.
const prefix = "AUTHD_"

// variables makes a tree of the environment. AUTHD_SESSION__ACCESS_TTL is
// session.accessTTL: "__" between levels, "_" inside words. A name without
// "__" is a key of the top level, or none of ours.
type variables struct {
	schema schema
	rank   int
	report *collector
	root   *node
}

func (v *variables) environment(environ []string) *node {
	v.root = &node{shape: block}
	for _, line := range slices.Sorted(slices.Values(environ)) {
		name, value, _ := strings.Cut(line, "=")
		if rest, ours := strings.CutPrefix(name, prefix); ours {
			v.variable(name, rest, value)
		}
	}
	return v.root
}

func (v *variables) variable(name, rest, value string) {
	src := &source{name: name, rank: v.rank, plain: true}
	segments := strings.Split(rest, "__")
	var path []string
	typ := reflect.TypeFor[Config]()
	for i, segment := range segments {
		entries := v.schema.below(path, typ)
		found, ok := match(segment, entries)
		if !ok && len(segments) == 1 {
			return
		}
		if !ok {
			v.unknown(src, path, segments[i:], entries)
			return
		}
		path, typ = append(path, found.key), found.typ
	}
	if len(segments) > 1 || isLeaf(typ) {
		v.set(src, path, typ, value)
	}
}

// match finds the entry that a part of a variable's name stands for.
func match(segment string, entries []entry) (entry, bool) {
	var found []entry
	for _, e := range entries {
		if variableWord(e.key) == segment {
			return e, true
		}
		if fold(e.key) == fold(segment) {
			found = append(found, e)
		}
	}
	if len(found) != 1 {
		return entry{}, false
	}
	return found[0], true
}

func (v *variables) unknown(src *source, path, segments []string, entries []entry) {
	at, suggestion, segment := strings.Join(path, "."), "", segments[0]
	if near := nearest(segment, keysOf(entries)); near != "" {
		suggestion = strings.Join(append([]string{VariableName(append(slices.Clone(path), near)...)}, segments[1:]...), "__")
	}
	message := "unknown key"
	switch {
	case at == strategiesKey:
		message = "no strategy has this name; the strategies are: " + listed(keysOf(entries))
	case suggestion == "":
		message += "; known here: " + listed(keysOf(entries))
	}
	v.report.suggest(place{source: src}, join(at, segment), message, suggestion)
}

// set puts a value into the tree.
func (v *variables) set(src *source, path []string, typ reflect.Type, value string) {
	at := place{source: src}
	if entries := v.schema.below(path, typ); len(entries) > 0 {
		example := src.name + "__" + variableWord(entries[0].key)
		if !strings.HasPrefix(src.name, prefix) {
			example = strings.Join(path, ".") + "." + entries[0].key
		}
		v.report.add(at, strings.Join(path, "."), "is a block of keys; set these, such as "+example)
		return
	}
	n := v.root
	for _, key := range path[:len(path)-1] {
		if n.fields[key] == nil {
			n.put(key, &node{shape: block, at: at, key: at})
		}
		n = n.fields[key]
	}
	last := path[len(path)-1]
	if first := n.fields[last]; first != nil {
		v.report.add(at, strings.Join(path, "."), "is set twice; the other is "+first.at.source.name)
		return
	}
	n.put(last, &node{shape: scalar, at: at, text: value, tag: "!!str"})
}

// VariableName returns the environment variable that sets a key: for session
// and accessTTL it is AUTHD_SESSION__ACCESS_TTL.
func VariableName(path ...string) string {
	words := make([]string, len(path))
	for i, key := range path {
		words[i] = variableWord(key)
	}
	return prefix + strings.Join(words, "__")
}

func variableWord(key string) string {
	var b strings.Builder
	letters := []rune(key)
	for i, r := range letters {
		if i > 0 && unicode.IsUpper(r) && (!unicode.IsUpper(letters[i-1]) || i+1 < len(letters) && unicode.IsLower(letters[i+1])) {
			b.WriteByte('_')
		}
		if r == '-' {
			r = '_'
		}
		b.WriteRune(unicode.ToUpper(r))
	}
	return b.String()
}

// flags sets values by key path. names says how a flag is spelt, for reports.
func (v *variables) flags(values, names map[string]string) *node {
	v.root = &node{shape: block}
	for _, key := range slices.Sorted(maps.Keys(values)) {
		name := names[key]
		if name == "" {
			name = setFlag + key
		}
		v.flag(&source{name: name, rank: v.rank, plain: true}, key, values[key])
	}
	return v.root
}

func (v *variables) flag(src *source, key, value string) {
	var path []string
	typ := reflect.TypeFor[Config]()
	for word := range strings.SplitSeq(key, ".") {
		entries := v.schema.below(path, typ)
		i := slices.IndexFunc(entries, func(e entry) bool { return e.key == word })
		if i < 0 {
			near := nearest(word, keysOf(entries))
			v.report.suggest(place{source: src}, join(strings.Join(path, "."), shown(word)), "unknown key", near)
			return
		}
		path, typ = append(path, word), entries[i].typ
	}
	v.set(src, path, typ, value)
}
