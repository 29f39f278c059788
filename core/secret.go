package core

import (
	"crypto/subtle"
	"encoding/json"
	"log/slog"
)

// Redacted is what a Secret shows wherever it is printed.
const Redacted = "[redacted]"

// Secret holds a text that no print, log line, JSON document or error may
// show. It is a struct around a pointer, because a string type with a String
// method still leaks through %#v and through unexported fields. The zero value
// is the empty secret. Copying is cheap; the text is never changed.
type Secret struct{ text *string }

// NewSecret wraps text.
func NewSecret(text string) Secret { return Secret{&text} }

// Reveal returns the text. Every call is a place to look at in a review.
func (s Secret) Reveal() string {
	if s.text == nil {
		return ""
	}
	return *s.text
}

// Empty says whether the text is empty.
func (s Secret) Empty() bool { return s.Reveal() == "" }

// Equal compares two secrets in time that depends on their lengths only.
func (s Secret) Equal(other Secret) bool {
	return subtle.ConstantTimeCompare([]byte(s.Reveal()), []byte(other.Reveal())) == 1
}

// String hides the text.
func (Secret) String() string { return Redacted }

// GoString hides the text from %#v.
func (Secret) GoString() string { return Redacted }

// LogValue hides the text from log/slog.
func (Secret) LogValue() slog.Value { return slog.StringValue(Redacted) }

// MarshalJSON hides the text from JSON documents.
func (Secret) MarshalJSON() ([]byte, error) { return json.Marshal(Redacted) }

// MarshalText hides the text from every other encoder.
func (Secret) MarshalText() ([]byte, error) { return []byte(Redacted), nil }

// UnmarshalText takes the text from a configuration value.
func (s *Secret) UnmarshalText(text []byte) error {
	*s = NewSecret(string(text))
	return nil
}
