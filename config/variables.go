package config

import (
	"maps"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"unicode"
)

// prefix is what the names of our variables start with.
const prefix = "AUTHD_"

// FilesVariable is the variable of the command line that names the file to
// read. It is no key.
const FilesVariable = prefix + "CONFIG"

// variables makes a tree of the environment. AUTHD_SESSION__ACCESS_TTL is
// session.accessTTL: "__" between levels, "_" inside words. A name that is no
// key is a mistake, unless somebody else is known to have set it.
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
		if rest, ours := strings.CutPrefix(name, prefix); ours && !foreign(name, value) {
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
			v.stray(src, segment)
			return
		}
		if !ok {
			v.unknown(src, path, segments[i:], entries)
			return
		}
		path, typ = append(path, found.key), found.typ
	}
	v.set(src, path, typ, value)
}

// serviceLink is how Kubernetes tells the containers of a pod about a service
// whose name begins with authd: AUTHD_SERVICE_HOST, AUTHD_PORT_8080_TCP_ADDR.
var serviceLink = regexp.MustCompile(`_(SERVICE_HOST|SERVICE_PORT(_[A-Z0-9_]+)?|PORT_[0-9]+_(TCP|UDP|SCTP)(_(PROTO|PORT|ADDR))?)$`)

// foreign says whether a variable with our prefix is another's: the command
// line's, a service link, or our own tests'.
func foreign(name, value string) bool {
	link := strings.HasSuffix(name, "_PORT") && strings.Contains(value, "://")
	return name == FilesVariable || link || serviceLink.MatchString(name) || strings.HasPrefix(name, prefix+"TEST_")
}

// stray reports a name without "__" that is no key of the top level. Most
// often that is one underscore where there must be two.
func (v *variables) stray(src *source, word string) {
	var words, same []string
	v.schema.walk(nil, reflect.TypeFor[Config](), func(path []string, typ reflect.Type) {
		name := VariableName(path...)
		words = append(words, strings.TrimPrefix(name, prefix))
		if last := path[len(path)-1]; isLeaf(typ) && (fold(name) == fold(src.name) || fold(last) == fold(word)) {
			same = append(same, name)
		}
	})
	suggestion := ""
	if near := nearest(word, words); near != "" {
		suggestion = prefix + near
	}
	if len(same) == 1 {
		suggestion = same[0]
	}
	v.report.suggest(place{source: src}, "", "no key has this variable; levels are separated by two underscores, as in "+
		VariableName("session", "accessTTL"), suggestion)
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
	if len(path) == 1 && path[0] == strategiesKey {
		v.report.add(at, strategiesKey, "is a block of keys, and only a file can make a strategy")
		return
	}
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
