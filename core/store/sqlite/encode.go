package sqlite

import (
	"bytes"
	"database/sql"
	"encoding/json"
	"fmt"
	"time"

	"github.com/authd-go/authd/core"
)

// micros is how a time is stored: whole microseconds since 1970, rounded down,
// so that the order of two times is never reversed. The zero time is a number
// like any other and comes back as the zero time.
func micros(t time.Time) int64 { return t.UnixMicro() }

// fromMicros is the inverse of micros, in UTC.
func fromMicros(n int64) time.Time { return time.UnixMicro(n).UTC() }

// nullMicros stores the zero time as NULL, for columns that ask "did it happen?".
func nullMicros(t time.Time) sql.NullInt64 {
	if t.IsZero() {
		return sql.NullInt64{}
	}
	return sql.NullInt64{Int64: micros(t), Valid: true}
}

// fromNullMicros is the inverse of nullMicros.
func fromNullMicros(n sql.NullInt64) time.Time {
	if !n.Valid {
		return time.Time{}
	}
	return fromMicros(n.Int64)
}

// nullBytes stores nothing as NULL.
func nullBytes(b []byte) any {
	if len(b) == 0 {
		return nil
	}
	return b
}

// timeColumn scans a column that micros wrote.
type timeColumn struct{ to *time.Time }

// Scan takes an integer or NULL.
func (c timeColumn) Scan(value any) error {
	var n sql.NullInt64
	if err := n.Scan(value); err != nil {
		return fmt.Errorf("read a time: %w", err)
	}
	*c.to = fromNullMicros(n)
	return nil
}

// jsonColumn scans a column that encodeJSON wrote.
type jsonColumn struct{ to any }

// Scan takes JSON text.
func (c jsonColumn) Scan(value any) error {
	text, ok := value.(string)
	if !ok {
		return fmt.Errorf("read JSON: the column holds %T", value)
	}
	dec := json.NewDecoder(bytes.NewBufferString(text))
	dec.UseNumber() // a number in a claim keeps all its digits
	if err := dec.Decode(c.to); err != nil {
		return fmt.Errorf("read JSON: %w", err)
	}
	return nil
}

func encodeJSON(v any) (string, error) {
	out, err := json.Marshal(v)
	if err != nil {
		return "", fmt.Errorf("write JSON: %w", err)
	}
	return string(out), nil
}

// storedIdentity is the JSON of a session's identity. core.Identity has a
// MarshalJSON of its own, which is what clients see and drops fields; and the
// account is in columns, so that no update can move a session to another one.
type storedIdentity struct {
	Username      string         `json:"username,omitempty"`
	Name          string         `json:"name,omitempty"`
	Email         string         `json:"email,omitempty"`
	EmailVerified bool           `json:"emailVerified,omitempty"`
	Avatar        string         `json:"avatar,omitempty"`
	Roles         []string       `json:"roles"`
	Claims        map[string]any `json:"claims"`
}

func encodeIdentity(id core.Identity) (string, error) {
	return encodeJSON(storedIdentity{
		Username: id.Username, Name: id.Name, Email: id.Email, EmailVerified: id.EmailVerified,
		Avatar: id.Avatar, Roles: id.Roles, Claims: id.Claims,
	})
}

func (s storedIdentity) identity(account core.AccountID) core.Identity {
	return core.Identity{
		AccountID: account,
		Username:  s.Username, Name: s.Name, Email: s.Email, EmailVerified: s.EmailVerified,
		Avatar: s.Avatar, Roles: s.Roles, Claims: s.Claims,
	}
}
