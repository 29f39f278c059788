package config

import (
	"encoding"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/netip"
	"net/url"
	"reflect"
	"slices"
	"time"

	authd "github.com/authd-go/authd"
	"github.com/authd-go/authd/core"
	"github.com/authd-go/authd/core/onerror"
)

// JSONSchema describes a whole configuration file for editors, in JSON Schema
// 2020-12, made from the same structs that Load fills. It accepts whatever Load
// accepts, if every strategy names its type in the same file. It cannot say
// everything that Load says: what a backend can do, what names refer to, and
// how values go together is for `authd config check`.
func JSONSchema(kinds []core.Kind) ([]byte, error) {
	b := &schemaBuilder{kinds: kinds, texts: texts()}
	root := b.block("", fieldsOf(reflect.ValueOf(Default()).Elem()))
	root.Schema = "https://json-schema.org/draft/2020-12/schema"
	root.Title = "authd.yaml"
	root.Description = "The configuration of authd. `authd config check` knows more than this schema."
	root.Defs = map[string]*jsonSchema{"link": b.link(), "use": useForms()}
	for _, kind := range kinds {
		root.Defs[kindDef(kind.Name)] = b.kind(kind)
	}
	text, err := json.MarshalIndent(root, "", "  ")
	if err != nil {
		return nil, fmt.Errorf("config: write the schema: %w", err)
	}
	return append(text, '\n'), nil
}

// schemaBuilder makes schemas of typed values. The values are the defaults.
type schemaBuilder struct {
	kinds []core.Kind
	texts map[string]string
}

// key describes one key: its meaning, its type and its default.
func (b *schemaBuilder) key(path string, f field) *jsonSchema {
	s := b.value(path, f.value)
	s.Description = f.doc
	if text, ok := b.texts[path]; ok {
		s.Description = plainText(text)
	}
	if isLeaf(f.value.Type()) || f.value.Kind() == reflect.Slice {
		s.Default = defaultJSON(f.value)
	}
	return s
}

// block describes a block of keys. A block without keys is fine: everything in
// it may be commented out.
func (b *schemaBuilder) block(path string, fields []field) *jsonSchema {
	s := &jsonSchema{Type: types{"object", "null"}, Properties: map[string]*jsonSchema{}, Additional: &jsonSchema{never: true}}
	for _, f := range fields {
		at := join(path, f.key)
		s.Properties[f.key] = b.key(at, f)
		if is[core.Secret](f.value.Type()) {
			file := f.key + fileSuffix
			s.Properties[file] = &jsonSchema{Type: types{"string"}, Description: "a file that holds " + f.key}
			s.AllOf = append(s.AllOf, &jsonSchema{Not: &jsonSchema{Required: []string{f.key, file}}})
		}
	}
	return s
}

func (b *schemaBuilder) value(path string, v reflect.Value) *jsonSchema {
	t := v.Type()
	if words := choices(t); words != nil {
		return oneWordOf(words)
	}
	switch {
	case is[map[string]authd.StrategyOptions](t):
		return b.strategies()
	case is[core.Messages](t):
		return b.messages(path, t)
	case is[authd.Use](t):
		return &jsonSchema{Ref: "#/$defs/use"}
	case is[onerror.Statuses](t):
		return statusForms()
	case is[core.Secret](t):
		return &jsonSchema{Type: types{"string", "null"}}
	case is[time.Duration](t):
		return durationForms()
	case is[netip.Prefix](t):
		return &jsonSchema{Type: types{"string"}}
	case is[*url.URL](t), is[url.URL](t):
		return &jsonSchema{Type: types{"string"}, Pattern: `://|\$\{`}
	case is[slog.Level](t):
		return oneWordOf(levelNames())
	case reflect.PointerTo(t).Implements(reflect.TypeFor[encoding.TextUnmarshaler]()):
		return &jsonSchema{Type: types{"string", "null"}}
	}
	return b.basic(path, v)
}

func (b *schemaBuilder) basic(path string, v reflect.Value) *jsonSchema {
	t := v.Type()
	switch t.Kind() {
	case reflect.Pointer:
		return &jsonSchema{AnyOf: []*jsonSchema{{Type: types{"null"}}, b.value(path, reflect.New(t.Elem()).Elem())}}
	case reflect.Struct:
		return b.block(path, fieldsOf(v))
	case reflect.Slice:
		return &jsonSchema{Type: types{"array"}, Items: b.value(path+"[]", reflect.New(t.Elem()).Elem())}
	case reflect.Map:
		return &jsonSchema{Type: types{"object", "null"}, Additional: b.value(path+".KEY", reflect.New(t.Elem()).Elem())}
	case reflect.String:
		return &jsonSchema{Type: types{"string", "null"}}
	case reflect.Bool:
		return orReference(&jsonSchema{Type: types{"boolean"}})
	case reflect.Float32, reflect.Float64:
		return orReference(&jsonSchema{Type: types{"number"}})
	case reflect.Interface:
		return &jsonSchema{}
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		return orReference(&jsonSchema{Type: types{"integer"}, Minimum: new(int)})
	}
	return orReference(&jsonSchema{Type: types{"integer"}})
}

// strategies says that a block's type decides which options it takes.
func (b *schemaBuilder) strategies() *jsonSchema {
	one := &jsonSchema{Type: types{"object"}, Required: []string{typeKey}}
	var names []string
	for _, kind := range b.kinds {
		names = append(names, kind.Name)
		one.AllOf = append(one.AllOf, &jsonSchema{
			If:   &jsonSchema{Properties: map[string]*jsonSchema{typeKey: {Enum: []string{kind.Name}}}, Required: []string{typeKey}},
			Then: &jsonSchema{Ref: "#/$defs/" + kindDef(kind.Name)},
		})
	}
	slices.Sort(names)
	one.Properties = map[string]*jsonSchema{typeKey: {Enum: names, Description: b.texts[strategiesKey+".NAME."+typeKey]}}
	return &jsonSchema{
		Type:          types{"object", "null"},
		PropertyNames: &jsonSchema{Pattern: "^[a-z][a-z0-9-]*$", Not: &jsonSchema{Enum: []string{authd.Session}}},
		Additional:    one,
	}
}

func kindDef(kind string) string { return "type-" + kind }

// kind describes the block of one type: the house options and its own.
func (b *schemaBuilder) kind(kind core.Kind) *jsonSchema {
	house := b.block(strategiesKey+".NAME", fieldsOf(reflect.ValueOf(&authd.House{Timeout: authd.DefaultTimeout, OutageGrace: authd.DefaultOutageGrace}).Elem()))
	own := &schemaBuilder{}
	s := own.block("", fieldsOf(reflect.ValueOf(kind.New()).Elem()))
	for key, option := range house.Properties {
		s.Properties[key] = option
	}
	s.Type = types{"object"}
	s.Properties[typeKey] = &jsonSchema{Enum: []string{kind.Name}, Description: b.texts[strategiesKey+".NAME."+typeKey]}
	return s
}

func (b *schemaBuilder) messages(path string, t reflect.Type) *jsonSchema {
	s := &jsonSchema{Type: types{"object", "null"}, Properties: map[string]*jsonSchema{}, Additional: &jsonSchema{never: true}}
	for _, code := range messageCodes() {
		s.Properties[code] = b.key(path+".CODE", field{value: reflect.New(t.Elem()).Elem()})
	}
	return s
}

// link is the long form in a use list.
func (b *schemaBuilder) link() *jsonSchema {
	const path = "methods.METHOD.use[]"
	s := b.key(path, field{value: reflect.ValueOf(&authd.Link{}).Elem()})
	s.Type, s.Required = types{"object"}, []string{"strategy"}
	return s
}

func defaultJSON(v reflect.Value) json.RawMessage {
	if defaultText(v) == "" {
		return nil
	}
	text, err := asJSON(written(v))
	if err != nil {
		return nil
	}
	return text
}
