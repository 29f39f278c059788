package config

import (
	"encoding/json"

	"go.yaml.in/yaml/v3"
)

// jsonSchema is the part of JSON Schema that is needed here. The zero value
// accepts everything.
type jsonSchema struct {
	Schema        string                 `json:"$schema,omitempty"`
	Ref           string                 `json:"$ref,omitempty"`
	Title         string                 `json:"title,omitempty"`
	Description   string                 `json:"description,omitempty"`
	Type          types                  `json:"type,omitempty"`
	Enum          []string               `json:"enum,omitempty"`
	Pattern       string                 `json:"pattern,omitempty"`
	Minimum       *int                   `json:"minimum,omitempty"`
	Maximum       *int                   `json:"maximum,omitempty"`
	Default       json.RawMessage        `json:"default,omitempty"`
	Properties    map[string]*jsonSchema `json:"properties,omitempty"`
	PropertyNames *jsonSchema            `json:"propertyNames,omitempty"`
	Additional    *jsonSchema            `json:"additionalProperties,omitempty"`
	Required      []string               `json:"required,omitempty"`
	Items         *jsonSchema            `json:"items,omitempty"`
	AnyOf         []*jsonSchema          `json:"anyOf,omitempty"`
	AllOf         []*jsonSchema          `json:"allOf,omitempty"`
	Not           *jsonSchema            `json:"not,omitempty"`
	If            *jsonSchema            `json:"if,omitempty"`
	Then          *jsonSchema            `json:"then,omitempty"`
	Defs          map[string]*jsonSchema `json:"$defs,omitempty"`

	never bool // accepts nothing
}

// MarshalJSON writes the schema that accepts nothing as false.
func (s *jsonSchema) MarshalJSON() ([]byte, error) {
	if s.never {
		return []byte("false"), nil
	}
	type plain jsonSchema
	return json.Marshal((*plain)(s))
}

// types are the types a value may have. One is written without a list.
type types []string

// MarshalJSON writes a text or a list of these.
func (t types) MarshalJSON() ([]byte, error) {
	if len(t) == 1 {
		return json.Marshal(t[0])
	}
	return json.Marshal([]string(t))
}

// standIn accepts a text that stands for another: ${env:NAME}, ${file:PATH}.
func standIn() *jsonSchema { return &jsonSchema{Type: types{"string"}, Pattern: `\$\{(env|file):`} }

// orReference accepts a value, or a text that stands for it.
func orReference(s *jsonSchema) *jsonSchema {
	return &jsonSchema{AnyOf: []*jsonSchema{s, standIn()}}
}

func oneWordOf(words []string) *jsonSchema { return orReference(&jsonSchema{Enum: words}) }

// durationForms are a text with units and a bare 0.
func durationForms() *jsonSchema {
	return &jsonSchema{AnyOf: []*jsonSchema{
		{Type: types{"string"}, Pattern: `^(0|[0-9]{1,6}d|([0-9]{1,6}d)?(([0-9]+(\.[0-9]*)?|\.[0-9]+)(ns|us|µs|μs|ms|s|m|h))+)$`},
		{Type: types{"integer"}, Minimum: new(int), Maximum: new(int)},
		standIn(),
	}}
}

// statusForms are 401, "5xx", 500-599, several separated by commas, or a list.
func statusForms() *jsonSchema {
	const one = `\s*[1-5]([0-9]{2}(-[1-5][0-9]{2})?|[xX]{2})\s*`
	least, most := 100, 599
	number := &jsonSchema{Type: types{"integer"}, Minimum: &least, Maximum: &most}
	text := &jsonSchema{Type: types{"string"}, Pattern: "^" + one + "(," + one + ")*$"}
	some := &jsonSchema{Type: types{"array"}, Items: &jsonSchema{AnyOf: []*jsonSchema{number, text, standIn()}}}
	return &jsonSchema{AnyOf: []*jsonSchema{number, text, some, standIn()}}
}

// useForms are a name, the long form, a list of these, and null for off.
func useForms() *jsonSchema {
	name, link := &jsonSchema{Type: types{"string"}}, &jsonSchema{Ref: "#/$defs/link"}
	return &jsonSchema{AnyOf: []*jsonSchema{
		name, link, {Type: types{"array"}, Items: &jsonSchema{AnyOf: []*jsonSchema{name, link}}}, {Type: types{"null"}},
	}}
}

// asJSON turns a node into JSON.
func asJSON(n *yaml.Node) (json.RawMessage, error) {
	var value any
	if err := n.Decode(&value); err != nil {
		return nil, err
	}
	return json.Marshal(value)
}
