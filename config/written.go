package config

import (
	"encoding"
	"log/slog"
	"maps"
	"net/netip"
	"net/url"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	authd "github.com/authd-go/authd"
	"github.com/authd-go/authd/core"
	"github.com/authd-go/authd/core/onerror"
)

// written is the way back from a typed value to what somebody could have
// written, without its secrets. Every type that known decodes has its line
// here; of a type that a strategy brings along it shows only what that type
// makes of itself as text.
func written(v reflect.Value) *yaml.Node {
	switch x := v.Interface().(type) {
	case core.Secret:
		if x.Empty() {
			return textNode("")
		}
		return textNode(core.Redacted)
	case authd.Use:
		return writtenUse(x)
	case onerror.Statuses:
		return writtenStatuses(x)
	case time.Duration:
		return textNode(durationText(x))
	case *url.URL:
		if x == nil {
			return nullNode()
		}
		return textNode(withoutPassword(x.String()))
	case netip.Prefix:
		return textNode(x.String())
	case slog.Level:
		return textNode(strings.ToLower(x.String()))
	case encoding.TextMarshaler:
		if v.IsZero() {
			return nullNode()
		}
		text, err := x.MarshalText()
		if err != nil {
			return textNode(core.Redacted)
		}
		return textNode(string(text))
	}
	if isLeaf(v.Type()) && v.Kind() == reflect.Struct {
		return textNode(core.Redacted)
	}
	return writtenKind(v)
}

func writtenKind(v reflect.Value) *yaml.Node {
	switch v.Kind() {
	case reflect.Pointer, reflect.Interface:
		if v.IsNil() {
			return nullNode()
		}
		return written(v.Elem())
	case reflect.Slice:
		n := &yaml.Node{Kind: yaml.SequenceNode, Tag: "!!seq", Style: yaml.FlowStyle}
		for i := range v.Len() {
			n.Content = append(n.Content, written(v.Index(i)))
		}
		return n
	case reflect.Map:
		return writtenMap(v)
	case reflect.Struct:
		return writtenStruct(v)
	case reflect.Bool:
		return plainNode("!!bool", strconv.FormatBool(v.Bool()))
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		return plainNode("!!int", strconv.FormatInt(v.Int(), 10))
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		return plainNode("!!int", strconv.FormatUint(v.Uint(), 10))
	case reflect.Float32, reflect.Float64:
		return plainNode("", strconv.FormatFloat(v.Float(), 'g', -1, 64))
	case reflect.String:
		return textNode(withoutPassword(v.String()))
	}
	return textNode(core.Redacted)
}

func writtenMap(v reflect.Value) *yaml.Node {
	values, n := stringKeys(v), blockNode()
	for _, key := range slices.Sorted(maps.Keys(values)) {
		n.Content = append(n.Content, textNode(key), written(values[key]))
	}
	return n
}

func stringKeys(v reflect.Value) map[string]reflect.Value {
	values := make(map[string]reflect.Value, v.Len())
	for _, key := range v.MapKeys() {
		values[key.String()] = v.MapIndex(key)
	}
	return values
}

// writtenStruct leaves out what is not set.
func writtenStruct(v reflect.Value) *yaml.Node {
	n := blockNode()
	for _, f := range fieldsOf(v) {
		if !f.value.IsZero() {
			n.Content = append(n.Content, textNode(f.key), written(f.value))
		}
	}
	return n
}

// writtenUse is a name if there is one, and the long form only where steps
// were set.
func writtenUse(use authd.Use) *yaml.Node {
	n := &yaml.Node{Kind: yaml.SequenceNode, Tag: "!!seq", Style: yaml.FlowStyle}
	for _, link := range use {
		one := textNode(link.Strategy)
		if link != (authd.Link{Strategy: link.Strategy}) {
			one = writtenStruct(reflect.ValueOf(link))
		}
		n.Content = append(n.Content, one)
	}
	switch len(use) {
	case 0:
		return nullNode()
	case 1:
		return n.Content[0]
	}
	return n
}

func writtenStatuses(s onerror.Statuses) *yaml.Node {
	n := &yaml.Node{Kind: yaml.SequenceNode, Tag: "!!seq", Style: yaml.FlowStyle}
	for _, r := range s {
		one := plainNode("!!int", strconv.Itoa(r.First))
		if r.Last != r.First {
			one = textNode(onerror.Statuses{r}.String())
		}
		n.Content = append(n.Content, one)
	}
	if len(s) == 1 {
		return n.Content[0]
	}
	return n
}

func blockNode() *yaml.Node {
	return &yaml.Node{Kind: yaml.MappingNode, Tag: "!!map", Style: yaml.FlowStyle}
}

func nullNode() *yaml.Node { return plainNode("!!null", "null") }

func plainNode(tag, text string) *yaml.Node {
	return &yaml.Node{Kind: yaml.ScalarNode, Tag: tag, Value: text}
}

// textNode quotes what this or an older YAML would take for something else.
func textNode(text string) *yaml.Node {
	n := plainNode("!!str", text)
	if strings.ContainsAny(text, "\n\r\t") || oldBoolean(text) {
		n.Style = yaml.DoubleQuotedStyle
	}
	return n
}

// line writes a node as YAML on one line.
func line(n *yaml.Node) string {
	text, err := yaml.Marshal(n)
	if err != nil {
		return core.Redacted
	}
	return strings.TrimSuffix(string(text), "\n")
}

// durationText is the shortest form: 72h and not 72h0m0s.
func durationText(d time.Duration) string {
	text := d.String()
	if strings.HasSuffix(text, "m0s") {
		text = strings.TrimSuffix(text, "0s")
	}
	if strings.HasSuffix(text, "h0m") {
		text = strings.TrimSuffix(text, "0m")
	}
	return text
}

var (
	urlPassword   = regexp.MustCompile(`(://[^/@:]*:).*@`)
	queryPassword = regexp.MustCompile(`(?i)([?&][a-z_]*(?:password|passwd|secret|token|key)=)[^&]+`)
)

// withoutPassword hides the password in a URL. What looks like one and is none
// is hidden, too.
func withoutPassword(text string) string {
	text = urlPassword.ReplaceAllString(text, "${1}"+core.Redacted+"@")
	return queryPassword.ReplaceAllString(text, "${1}"+core.Redacted)
}
