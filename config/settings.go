package config

import (
	"encoding/json"
	"maps"
	"reflect"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	authd "github.com/authd-go/authd"
	"github.com/authd-go/authd/core"
)

// Setting is the effective value of one key, and where it comes from. No
// secret is in it.
type Setting struct {
	Key    string          `json:"key"`   // as --set takes it, such as session.accessTTL
	Value  json.RawMessage `json:"value"` // "[redacted]" in place of a secret
	Source string          `json:"source"`
	Text   string          `json:"-"` // the value as YAML, on one line
}

// Settings lists the effective value of every key, in the order of the structs
// and of the strategies' names. Lists and blocks of free keys are one value.
// Of messages it lists what was set. Source is what Origin says; where the
// entries of a block come from several places, all of these.
func (c *Config) Settings() []Setting {
	s := settings{config: c}
	s.block("", reflect.ValueOf(c).Elem())
	return s.list
}

// settings gathers settings.
type settings struct {
	config *Config
	list   []Setting
}

func (s *settings) block(path string, v reflect.Value) {
	for _, f := range fieldsOf(v) {
		s.key(join(path, f.key), f.value)
	}
}

func (s *settings) key(path string, v reflect.Value) {
	switch x := v.Interface().(type) {
	case map[string]authd.StrategyOptions:
		for _, name := range slices.Sorted(maps.Keys(x)) {
			s.strategy(join(path, name), name, x[name])
		}
	case core.Messages:
		for _, code := range slices.Sorted(maps.Keys(x)) {
			s.message(join(path, string(code)), x[code])
		}
	case core.Secret:
		s.secret(path, x)
	default:
		if v.Kind() == reflect.Struct && !isLeaf(v.Type()) {
			s.block(path, v)
			return
		}
		s.add(path, s.shown(path, v), s.source(path, v))
	}
}

// strategy shows what the registry makes of house options that are not set.
func (s *settings) strategy(path, name string, o authd.StrategyOptions) {
	if o.Label == "" {
		o.Label = name
	}
	if o.Timeout == 0 {
		o.Timeout = authd.DefaultTimeout
	}
	if o.OutageGrace == 0 {
		o.OutageGrace = authd.DefaultOutageGrace
	}
	s.key(join(path, typeKey), reflect.ValueOf(o.Kind))
	s.block(path, reflect.ValueOf(&o.House).Elem())
	if c, ok := o.Config.(core.Completer); ok {
		o.Config = c.Complete()
	}
	s.block(path, reflect.ValueOf(o.Config).Elem())
}

func (s *settings) message(path string, m core.Message) {
	for _, f := range fieldsOf(reflect.ValueOf(&m).Elem()) {
		if !f.value.IsZero() {
			s.key(join(path, f.key), f.value)
		}
	}
}

// secret shows the name of the file that a secret was read from.
func (s *settings) secret(path string, secret core.Secret) {
	if file, ok := s.config.secretFiles[path]; ok {
		s.add(path+fileSuffix, textNode(file), s.origin(path+fileSuffix))
		return
	}
	s.add(path, written(reflect.ValueOf(secret)), s.origin(path))
}

// shown is written, but for free values that ${...} stands in: whether that is
// a secret nobody can know.
func (s *settings) shown(path string, v reflect.Value) *yaml.Node {
	within := func(reference string) bool { return contains(path, reference) }
	if hasFree(v.Type()) && slices.ContainsFunc(s.config.references, within) {
		return textNode(core.Redacted)
	}
	return written(v)
}

// hasFree says whether values of a type may hold anything.
func hasFree(t reflect.Type) bool {
	switch t.Kind() {
	case reflect.Interface:
		return true
	case reflect.Map, reflect.Slice, reflect.Pointer:
		return hasFree(t.Elem())
	}
	return false
}

func (s *settings) origin(path string) string {
	source, _ := s.config.Origin(path)
	return source
}

// source names the places of a block's entries, each once, in their order.
func (s *settings) source(path string, v reflect.Value) string {
	own := s.origin(path)
	if v.Kind() != reflect.Map {
		return own
	}
	var places []string
	for _, key := range slices.Sorted(maps.Keys(stringKeys(v))) {
		if at := s.origin(join(path, key)); at != "" && !slices.Contains(places, at) {
			places = append(places, at)
		}
	}
	if len(places) == 0 {
		return own
	}
	return strings.Join(places, ", ")
}

func (s *settings) add(path string, n *yaml.Node, source string) {
	value, err := asJSON(n)
	if err != nil {
		n = textNode(core.Redacted)
		value = json.RawMessage(`"` + core.Redacted + `"`)
	}
	s.list = append(s.list, Setting{path, value, source, line(n)})
}
