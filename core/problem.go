package core

import (
	"errors"
	"strings"
)

// Problem is one thing wrong with a configuration.
type Problem struct {
	Path    string // the key path, such as "strategies.staff.urls[0]"
	Message string // what is wrong, and what would be right; never a secret value
}

// Error joins path and message.
func (p Problem) Error() string {
	if p.Path == "" {
		return p.Message
	}
	return p.Path + ": " + p.Message
}

// Problems are all the things wrong with a configuration. It is an error if
// it is not empty; Err tells.
type Problems []Problem

// Error writes one problem per line.
func (ps Problems) Error() string {
	lines := make([]string, len(ps))
	for i, p := range ps {
		lines[i] = p.Error()
	}
	return strings.Join(lines, "\n")
}

// Add appends a problem.
func (ps *Problems) Add(path, message string) { *ps = append(*ps, Problem{path, message}) }

// Merge appends the problems in err below a path. An error that is not made of
// problems becomes one.
func (ps *Problems) Merge(path string, err error) {
	if err == nil {
		return
	}
	var many Problems
	var one Problem
	switch {
	case errors.As(err, &many):
		for _, p := range many {
			ps.Add(joinPath(path, p.Path), p.Message)
		}
	case errors.As(err, &one):
		ps.Add(joinPath(path, one.Path), one.Message)
	default:
		ps.Add(path, err.Error())
	}
}

// Err returns ps as an error, or nil if there is no problem.
func (ps Problems) Err() error {
	if len(ps) == 0 {
		return nil
	}
	return ps
}

func joinPath(parent, child string) string {
	switch {
	case parent == "":
		return child
	case child == "":
		return parent
	case strings.HasPrefix(child, "["):
		return parent + child
	}
	return parent + "." + child
}
