package config

import (
	"encoding"
	"log/slog"
	"net/netip"
	"net/url"
	"reflect"
	"strings"
	"time"

	authd "github.com/authd-go/authd"
	"github.com/authd-go/authd/core"
	"github.com/authd-go/authd/core/onerror"
)

// Key is one key of the configuration, as the reference lists it.
type Key struct {
	Path    string // such as session.accessTTL; NAME and CODE are free, [] is an entry of a list
	Type    string // in words
	Default string // as YAML; "" if there is none
	Text    string // what it means, in a line of Markdown; "" is a gap
}

// Section is a part of the reference: a block of the top level, or the options
// of a kind of strategy.
type Section struct {
	Title string
	Text  string // in a line of Markdown; may be empty
	Keys  []Key
}

// Reference lists every key there is, in the order of the structs: the blocks
// of the house, with the options of each kind behind those that every strategy
// takes.
func Reference(kinds []core.Kind) []Section {
	var out []Section
	for _, f := range fieldsOf(reflect.ValueOf(Default()).Elem()) {
		r := reference{texts: texts()}
		r.add(f.key, f)
		out = append(out, Section{f.key, r.blockText(f), r.keys})
		if f.key == strategiesKey {
			out = append(out, kindSections(kinds)...)
		}
	}
	return out
}

func kindSections(kinds []core.Kind) []Section {
	var out []Section
	for _, kind := range kinds {
		r := reference{}
		r.block("", reflect.ValueOf(kind.New()).Elem())
		out = append(out, Section{"strategies of type " + kind.Name, "The options of the kind, beside those of every strategy.", r.keys})
	}
	return out
}

// reference gathers keys.
type reference struct {
	texts map[string]string
	keys  []Key
}

func (r *reference) blockText(f field) string {
	if len(r.keys) == 1 && r.keys[0].Path == f.key {
		return "" // its own line says it
	}
	return r.text(f.key, f.doc)
}

// text says what a key means: the house's table is asked first.
func (r *reference) text(path, doc string) string {
	if text, ok := r.texts[path]; ok {
		return text
	}
	return doc
}

func (r *reference) block(path string, v reflect.Value) {
	for _, f := range fieldsOf(v) {
		r.add(join(path, f.key), f)
	}
}

// add lists a key and what is below it.
func (r *reference) add(path string, f field) {
	t := f.value.Type()
	switch {
	case is[map[string]authd.StrategyOptions](t):
		r.row(join(path, "NAME."+typeKey), "one of the kinds", "", "")
		r.block(path+".NAME", reflect.ValueOf(authd.House{Timeout: authd.DefaultTimeout, OutageGrace: authd.DefaultOutageGrace}))
	case is[core.Messages](t):
		r.block(path+".CODE", reflect.New(t.Elem()).Elem())
	case t.Kind() == reflect.Struct && !isLeaf(t):
		r.block(path, f.value)
	default:
		r.row(path, typeWords(t), defaultText(f.value), f.doc)
		if of := elementOf(t); of != nil {
			r.block(path+"[]", reflect.New(of).Elem())
		}
	}
}

func (r *reference) row(path, words, written, doc string) {
	r.keys = append(r.keys, Key{path, words, written, r.text(path, doc)})
}

// elementOf returns what the entries of a list of blocks are, or nil. A use
// list is no such list: it takes names, too.
func elementOf(t reflect.Type) reflect.Type {
	if t.Kind() == reflect.Slice && t.Elem().Kind() == reflect.Struct && !isLeaf(t.Elem()) && !isForm(t) {
		return t.Elem()
	}
	return nil
}

// isForm says whether a list type is written in a form of its own.
func isForm(t reflect.Type) bool { return is[authd.Use](t) || is[onerror.Statuses](t) }

// defaultText leaves out what says nothing.
func defaultText(v reflect.Value) string {
	switch v.Kind() {
	case reflect.String, reflect.Slice, reflect.Map, reflect.Pointer, reflect.Interface, reflect.Struct:
		if v.IsZero() {
			return ""
		}
	}
	return line(written(v))
}

// typeWords says in words what a type takes.
func typeWords(t reflect.Type) string {
	if words := choices(t); words != nil {
		return eitherOf(words)
	}
	switch {
	case is[core.Secret](t):
		return "secret"
	case is[authd.Use](t):
		return "name, list or long form"
	case is[onerror.Statuses](t):
		return "statuses"
	case is[time.Duration](t):
		return "duration"
	case is[*url.URL](t), is[url.URL](t):
		return "URL"
	case is[netip.Prefix](t):
		return "network"
	case is[slog.Level](t):
		return eitherOf(levelNames())
	case reflect.PointerTo(t).Implements(reflect.TypeFor[encoding.TextUnmarshaler]()):
		return "text"
	}
	return kindWords(t)
}

func kindWords(t reflect.Type) string {
	switch t.Kind() {
	case reflect.Pointer:
		return typeWords(t.Elem())
	case reflect.Slice:
		if words := choices(t.Elem()); words != nil {
			return "list of " + listed(words)
		}
		return "list of " + several(typeWords(t.Elem()))
	case reflect.Map:
		return "block of " + several(typeWords(t.Elem()))
	case reflect.Struct:
		return "block"
	case reflect.String:
		return "text"
	case reflect.Bool:
		return "true or false"
	case reflect.Float32, reflect.Float64:
		return "number"
	case reflect.Interface:
		return "anything"
	}
	return "whole number"
}

func several(words string) string {
	switch words {
	case "secret", "duration", "URL", "network", "block", "whole number", "number":
		return words + "s"
	}
	return words
}

func eitherOf(words []string) string {
	last := len(words) - 1
	return strings.Join(words[:last], ", ") + " or " + words[last]
}
