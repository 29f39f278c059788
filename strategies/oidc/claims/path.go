// Package claims reads what a site tells about a person: paths into its JSON,
// the map from there to an identity, and what an operator requires of it.
package claims

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"strconv"
	"strings"
)

// Claims are a JSON object. Numbers are json.Number, so that none is rounded.
type Claims map[string]any

// Decode reads claims. Nothing of them is in the error.
func Decode(text []byte) (Claims, error) {
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	var out Claims
	if d.Decode(&out) != nil || out == nil {
		return nil, errors.New("the claims are no JSON object")
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return nil, errors.New("something follows the claims")
	}
	return out, nil
}

// Path leads to a value: "realm_access.roles" is the key roles in the object at
// realm_access. A backslash before a dot makes it a part of a key, as in
// "https://example\.com/roles". Lists on the way are looked into, each element.
type Path []string

// MaxDepth bounds a path.
const MaxDepth = 8

// ParsePath reads a path. The empty text is the empty path, which leads nowhere.
func ParsePath(text string) (Path, error) {
	if text == "" {
		return nil, nil
	}
	var out Path
	var key strings.Builder
	escaped := false
	for _, r := range text {
		switch {
		case escaped && r != '.' && r != '\\':
			return nil, errors.New(`has a \ before something else than . or \`)
		case !escaped && r == '\\':
			escaped = true
			continue
		case !escaped && r == '.':
			out = append(out, key.String())
			key.Reset()
			continue
		}
		key.WriteRune(r)
		escaped = false
	}
	if escaped {
		return nil, errors.New(`ends in a \`)
	}
	return judge(append(out, key.String()))
}

func judge(p Path) (Path, error) {
	for _, key := range p {
		if key == "" {
			return nil, errors.New(`has an empty key; write \. for a dot that is part of a key`)
		}
	}
	if len(p) > MaxDepth {
		return nil, errors.New("is too deep: at most 8 keys")
	}
	return p, nil
}

// String writes the path as ParsePath reads it.
func (p Path) String() string {
	keys := make([]string, len(p))
	for i, key := range p {
		keys[i] = strings.NewReplacer(`\`, `\\`, ".", `\.`).Replace(key)
	}
	return strings.Join(keys, ".")
}

// Values returns the texts, whole numbers, trues and falses that a path leads
// to, as text.
func (p Path) Values(c Claims) []string {
	if len(p) == 0 {
		return nil
	}
	return p.collect(map[string]any(c), nil)
}

func (p Path) collect(value any, out []string) []string {
	switch value := value.(type) {
	case []any:
		for _, element := range value {
			out = p.collect(element, out)
		}
	case map[string]any:
		if len(p) > 0 {
			if inner, ok := value[p[0]]; ok {
				return p[1:].collect(inner, out)
			}
		}
	default:
		if text, ok := scalar(value); ok && len(p) == 0 {
			out = append(out, text)
		}
	}
	return out
}

// scalar writes a value in the one way there is to write it. A number with a
// point or an exponent has several, so it is none.
func scalar(value any) (string, bool) {
	switch value := value.(type) {
	case string:
		return value, true
	case bool:
		return strconv.FormatBool(value), true
	case json.Number:
		text := value.String()
		return text, text != "-0" && !strings.ContainsAny(text, ".eE")
	}
	return "", false
}

// First returns the first value, or "".
func (p Path) First(c Claims) string {
	if values := p.Values(c); len(values) > 0 {
		return values[0]
	}
	return ""
}
