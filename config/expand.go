package config

import (
	"errors"
	"fmt"
	"path/filepath"
	"strings"
)

// maxSecretBytes bounds a file that one value is read from.
const maxSecretBytes = 64 << 10

// outside reads what lies outside the configuration for a value in it.
type outside struct {
	environ  map[string]string
	readFile func(string) ([]byte, error)
}

// expand replaces ${env:NAME} and ${file:PATH} in a text. "$${" stands for a
// plain "${". Errors name the variable or the file and hold no value.
func (o outside) expand(src *source, text string) (string, error) {
	var b strings.Builder
	for {
		i := strings.Index(text, "${")
		if i < 0 {
			return b.String() + text, nil
		}
		if i > 0 && text[i-1] == '$' {
			b.WriteString(text[:i-1] + "${")
			text = text[i+2:]
			continue
		}
		b.WriteString(text[:i])
		inner, rest, closed := strings.Cut(text[i+2:], "}")
		if !closed {
			return "", errors.New(`"${" is not closed; write ${env:NAME} or ${file:PATH}, or "$${" for the characters themselves`)
		}
		value, err := o.lookUp(src, inner)
		if err != nil {
			return "", err
		}
		b.WriteString(value)
		text = rest
	}
}

func (o outside) lookUp(src *source, reference string) (string, error) {
	where, name, _ := strings.Cut(reference, ":")
	switch where {
	case "env":
		value, set := o.environ[name]
		if !set {
			return "", fmt.Errorf("the environment variable %q is not set", name)
		}
		return value, nil
	case "file":
		return o.file(src, name)
	}
	return "", errors.New(`"${" begins ${env:NAME} or ${file:PATH}; write "$${" for the characters themselves`)
}

// file returns what a file holds, without the newline at its end. A relative
// path is relative to the folder of the file that names it.
func (o outside) file(src *source, path string) (string, error) {
	if path == "" {
		return "", errors.New("no file is named")
	}
	data, err := o.readFile(resolve(src, path))
	switch {
	case err != nil:
		return "", fmt.Errorf("the file %q cannot be read: %s", path, readFailure(err))
	case len(data) > maxSecretBytes:
		return "", fmt.Errorf("the file %q is larger than %d bytes", path, maxSecretBytes)
	}
	text := strings.TrimSuffix(strings.TrimSuffix(string(data), "\n"), "\r")
	if text == "" {
		return "", fmt.Errorf("the file %q is empty", path)
	}
	return text, nil
}

// resolve makes a path relative to the folder of the source that names it.
func resolve(src *source, path string) string {
	if src == nil || src.dir == "" || filepath.IsAbs(path) {
		return path
	}
	return filepath.Join(src.dir, path)
}
