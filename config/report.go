package config

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"
)

// Problem is one thing that is wrong, and where.
type Problem struct {
	File       string // the file, the environment variable, or the flag
	Line       int    // 0 if the source has no lines or all of it is meant
	Column     int    // in characters
	Key        string // the key path, such as "strategies.staff.urls[0]"; may be empty
	Message    string // what is wrong and what would be right; never a secret
	Suggestion string // what was probably meant; may be empty

	rank  int    // the order of the sources
	meant string // of an unknown key: the key path that was probably meant
	stray bool   // an unknown key: the value of no other key is wrong
}

// setFlag is how the flag is spelt that sets any key.
const setFlag = "--set "

// String writes the problem as `authd.yaml:14:7: strategies.staff.urll:
// unknown key; did you mean "urls"?`.
func (p Problem) String() string {
	var b strings.Builder
	if p.File != "" {
		b.WriteString(p.where() + ": ")
	}
	if p.Key != "" && p.File != setFlag+p.Key {
		b.WriteString(p.Key + ": ")
	}
	b.WriteString(p.Message)
	if p.Suggestion != "" {
		fmt.Fprintf(&b, "; did you mean %q?", p.Suggestion)
	}
	return b.String()
}

func (p Problem) where() string {
	if p.Line == 0 {
		return p.File
	}
	return fmt.Sprintf("%s:%d:%d", p.File, p.Line, p.Column)
}

// Report is everything that is wrong with a configuration, by source in the
// order of their precedence, then by line and column. It holds at least one
// problem.
type Report struct{ Problems []Problem }

// Error writes one problem per line and then how many there are.
func (r *Report) Error() string {
	var b strings.Builder
	for _, p := range r.Problems {
		b.WriteString(p.String() + "\n")
	}
	if len(r.Problems) == 1 {
		return b.String() + "1 problem"
	}
	return fmt.Sprintf("%s%d problems", b.String(), len(r.Problems))
}

// collector gathers problems.
type collector struct{ problems []Problem }

func (c *collector) add(at place, key, message string) { c.suggest(at, key, message, "") }

func (c *collector) suggest(at place, key, message, suggestion string) {
	p := Problem{Line: at.line, Column: at.column, Key: key, Message: message, Suggestion: suggestion}
	if at.source != nil {
		p.File, p.rank = at.source.name, at.source.rank
	}
	c.problems = append(c.problems, p)
}

// err returns the report, or nil if nothing is wrong.
func (c *collector) err() error {
	if len(c.problems) == 0 {
		return nil
	}
	return &Report{c.sorted()}
}

func (c *collector) sorted() []Problem {
	slices.SortStableFunc(c.problems, func(a, b Problem) int {
		return cmp.Or(cmp.Compare(a.rank, b.rank), cmp.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line),
			cmp.Compare(a.Column, b.Column), cmp.Compare(a.Key, b.Key))
	})
	return slices.Compact(c.problems)
}

// unknown reports a key that is none.
func (c *collector) unknown(at place, path, key, message, suggestion string) {
	c.suggest(at, join(path, key), message, suggestion)
	p := &c.problems[len(c.problems)-1]
	p.stray = true
	if suggestion != "" {
		p.meant = join(path, suggestion)
	}
}

// about says whether a problem was reported that another one at this key may
// follow from: one at the key, above it or below it, or a misspelling of it.
func (c *collector) about(key string) bool {
	return slices.ContainsFunc(c.problems, func(p Problem) bool {
		if p.stray {
			return contains(p.meant, key)
		}
		return contains(p.Key, key) || contains(key, p.Key)
	})
}

// onlyStrays says whether all problems since the first n are unknown keys.
func (c *collector) onlyStrays(n int) bool {
	return !slices.ContainsFunc(c.problems[n:], func(p Problem) bool { return !p.stray })
}

// at says whether a problem was reported at exactly this key.
func (c *collector) at(key string) bool {
	return slices.ContainsFunc(c.problems, func(p Problem) bool { return p.Key == key })
}

// contains says whether inner is outer or lies below it.
func contains(outer, inner string) bool {
	rest, found := strings.CutPrefix(inner, outer)
	return found && outer != "" && (rest == "" || rest[0] == '.' || rest[0] == '[')
}

// readFailure says why a file could not be read, without its path.
func readFailure(err error) string {
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return "there is no such file"
	case errors.Is(err, fs.ErrPermission):
		return "reading it is not permitted"
	}
	var at *fs.PathError
	if errors.As(err, &at) {
		err = at.Err
	}
	return err.Error()
}
