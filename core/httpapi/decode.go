package httpapi

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/url"
	"os"
	"strconv"
	"strings"
	"time"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/authd-go/authd/core"
)

// maxDepth bounds how deeply a JSON body may nest.
const maxDepth = 32

// params reads the parameters of a call from its body. No body is no parameters.
func (a *api) params(w http.ResponseWriter, r *http.Request) (core.Params, error) {
	body, err := a.readBody(w, r)
	if err != nil {
		return nil, err
	}
	if len(body) == 0 {
		return core.Params{}, nil
	}
	switch bodyFormat(r.Header) {
	case formatJSON:
		return decodeJSON(body)
	case formatForm:
		if !a.sameOrigin(r) {
			return nil, bodyError(http.StatusUnsupportedMediaType, "must be JSON when it comes from another origin")
		}
		return decodeForm(body)
	}
	return nil, bodyError(http.StatusUnsupportedMediaType, "must be JSON with the content type application/json")
}

// bodyError says what is wrong with a body, and never what is in it.
func bodyError(status int, text string) error {
	return httpError{status, core.InvalidField("body", text)}
}

// readBody reads a bounded body before the request's deadline, so that slow
// senders are no burden also in servers that set no time limit of their own.
func (a *api) readBody(w http.ResponseWriter, r *http.Request) ([]byte, error) {
	if r.ContentLength > a.MaxBody {
		return nil, a.bodyTooLarge(w)
	}
	conn := http.NewResponseController(w)
	if deadline, ok := r.Context().Deadline(); ok {
		_ = conn.SetReadDeadline(deadline) // not every server can; then its own limits hold
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, a.MaxBody))
	var tooLarge *http.MaxBytesError
	switch {
	case errors.As(err, &tooLarge):
		return nil, a.bodyTooLarge(w)
	case errors.Is(err, os.ErrDeadlineExceeded):
		w.Header().Set("Connection", "close")
		return nil, bodyError(http.StatusRequestTimeout, "did not arrive in time")
	case err != nil:
		return nil, bodyError(http.StatusBadRequest, "did not arrive whole")
	}
	_ = conn.SetReadDeadline(time.Time{})
	return body, nil
}

func (a *api) bodyTooLarge(w http.ResponseWriter) error {
	w.Header().Set("Connection", "close") // the rest is not worth reading
	return bodyError(http.StatusRequestEntityTooLarge, fmt.Sprintf("must not be larger than %d bytes", a.MaxBody))
}

type format int

const (
	formatOther format = iota
	formatJSON
	formatForm
)

func bodyFormat(h http.Header) format {
	if e := h.Get("Content-Encoding"); e != "" && !strings.EqualFold(e, "identity") {
		return formatOther
	}
	media, params, err := mime.ParseMediaType(h.Get("Content-Type"))
	if err != nil {
		return formatOther
	}
	if charset := params["charset"]; charset != "" && !strings.EqualFold(charset, "utf-8") {
		return formatOther
	}
	switch media {
	case "application/json":
		return formatJSON
	case "application/x-www-form-urlencoded":
		return formatForm
	}
	return formatOther
}

// decodeJSON reads one JSON object. Beyond what encoding/json refuses it
// refuses broken Unicode, which would silently become other text (and another
// password), and deep nesting.
func decodeJSON(body []byte) (core.Params, error) {
	if !utf8.Valid(body) {
		return nil, bodyError(http.StatusBadRequest, "must be valid UTF-8")
	}
	if err := inspectJSON(body); err != nil {
		return nil, err
	}
	var params core.Params
	if err := json.Unmarshal(body, &params); err != nil && json.Valid(body) {
		return nil, bodyError(http.StatusBadRequest, "must be a JSON object of ordinary values")
	} else if err != nil {
		return nil, bodyError(http.StatusBadRequest, "must be valid JSON")
	}
	if !bytes.HasPrefix(bytes.TrimLeft(body, " \t\r\n"), []byte("{")) {
		return nil, bodyError(http.StatusBadRequest, "must be a JSON object")
	}
	return params, nil
}

// inspectJSON looks at nesting and at escaped surrogates. It may pass what is
// no JSON; the decoder sees it afterwards.
func inspectJSON(body []byte) error {
	depth, inString := 0, false
	for i := 0; i < len(body); i++ {
		switch c := body[i]; {
		case c == '"':
			inString = !inString
		case inString && c == '\\':
			n := escapeLength(body[i:])
			if n == 0 {
				return bodyError(http.StatusBadRequest, "must not contain half a Unicode character")
			}
			i += n - 1
		case inString:
		case c == '{' || c == '[':
			if depth++; depth > maxDepth {
				return bodyError(http.StatusBadRequest, fmt.Sprintf("must not be nested deeper than %d levels", maxDepth))
			}
		case c == '}' || c == ']':
			depth--
		}
	}
	return nil
}

// escapeLength returns the length of the escape that b starts with, a
// surrogate pair being one, or 0 for half a pair.
func escapeLength(b []byte) int {
	first, ok := unicodeEscape(b)
	if !ok {
		return 2
	}
	if !utf16.IsSurrogate(first) {
		return 6
	}
	if second, ok := unicodeEscape(b[6:]); ok && utf16.DecodeRune(first, second) != utf8.RuneError {
		return 12
	}
	return 0
}

func unicodeEscape(b []byte) (rune, bool) {
	if len(b) < 6 || b[0] != '\\' || b[1] != 'u' {
		return 0, false
	}
	n, err := strconv.ParseUint(string(b[2:6]), 16, 16)
	return rune(n), err == nil
}

// decodeForm reads form fields: each a string, a repeated one a list.
// Check boxes are true or false.
func decodeForm(body []byte) (core.Params, error) {
	fields, err := url.ParseQuery(string(body))
	if err != nil {
		return nil, bodyError(http.StatusBadRequest, "must be a valid form")
	}
	params := make(core.Params, len(fields))
	for name, values := range fields {
		if !utf8.ValidString(name) || !utf8.ValidString(strings.Join(values, "")) {
			return nil, bodyError(http.StatusBadRequest, "must be valid UTF-8")
		}
		params[name] = formValue(name, values)
	}
	return params, nil
}

func formValue(name string, values []string) any {
	if len(values) > 1 {
		list := make([]any, len(values))
		for i, v := range values {
			list[i] = v
		}
		return list
	}
	if name == "remember" || name == "rememberMe" {
		switch values[0] {
		case "on", "true", "1":
			return true
		case "off", "false", "0", "":
			return false
		}
	}
	return values[0]
}
