package core

import (
	"cmp"
	"maps"
	"slices"
)

// Params are the parameters of one method call as the client sent them: the
// keys of a JSON object or the fields of a form. Unknown keys are kept, since
// the contract lets them pass through to the strategy.
type Params map[string]any

// Has says whether any of the names is present and not null.
func (p Params) Has(names ...string) bool {
	for _, name := range names {
		if p[name] != nil {
			return true
		}
	}
	return false
}

// String returns the first of the named parameters that is present and not
// null, or "". Any other type than a string is an InvalidInput error that
// names the parameter.
func (p Params) String(names ...string) (string, error) {
	for _, name := range names {
		switch v := p[name].(type) {
		case nil:
		case string:
			return v, nil
		default:
			return "", InvalidField(name, "must be a string")
		}
	}
	return "", nil
}

// Bool returns the first of the named parameters that is present and not
// null, or fallback. Any other type than a boolean is an InvalidInput error.
func (p Params) Bool(fallback bool, names ...string) (bool, error) {
	for _, name := range names {
		switch v := p[name].(type) {
		case nil:
		case bool:
			return v, nil
		default:
			return false, InvalidField(name, "must be true or false")
		}
	}
	return fallback, nil
}

// Identifier returns what somebody typed to name an account: email, username
// or identifier, whichever comes first. Whoever counts tries and whoever tries
// read the same name here.
func (p Params) Identifier() (string, error) { return p.String("email", "username", "identifier") }

// NamesAccount says whether Identifier has something to return, be it an error.
func (p Params) NamesAccount() bool {
	typed, err := p.Identifier()
	return err != nil || typed != ""
}

func sortedKeys[K cmp.Ordered, V any](m map[K]V) []K {
	return slices.Sorted(maps.Keys(m))
}
