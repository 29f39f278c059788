// Package onerror is the table that says what a front end does about an API's
// error: refresh the session, log out, go somewhere else, or nothing.
//
// It owns the reading of statuses and the order of rules. It knows neither
// sessions nor HTTP; core/flow acts on what it decides.
package onerror

import (
	"fmt"
	"net/url"
	"strconv"
	"strings"

	"github.com/authd-go/authd/core"
)

// Rule is one line of the table.
type Rule struct {
	Status     Statuses `koanf:"status" json:"status"`
	Refresh    bool     `koanf:"refresh" json:"refresh,omitempty"` // try a refresh first; if it works, do nothing else
	Logout     bool     `koanf:"logout" json:"logout,omitempty"`
	RedirectTo string   `koanf:"redirectTo" json:"redirectTo,omitempty"` // "" stays
}

// Table is an ordered list of rules. The first match wins.
type Table []Rule

// DefaultTable refreshes on 401, and logs out if that fails.
func DefaultTable() Table {
	return Table{{Status: Statuses{{401, 401}}, Refresh: true, Logout: true, RedirectTo: "/login"}}
}

// Match returns the first rule for a status, and whether there is one.
func (t Table) Match(status int) (Rule, bool) {
	for _, r := range t {
		if r.Status.Contains(status) {
			return r, true
		}
	}
	return Rule{}, false
}

// Range is an inclusive range of HTTP statuses.
type Range struct{ First, Last int }

// Statuses is a set of HTTP statuses.
type Statuses []Range

// Contains says whether the set holds a status.
func (s Statuses) Contains(status int) bool {
	for _, r := range s {
		if r.First <= status && status <= r.Last {
			return true
		}
	}
	return false
}

// String writes the set as ParseStatuses reads it, separated by commas.
func (s Statuses) String() string {
	parts := make([]string, len(s))
	for i, r := range s {
		parts[i] = strconv.Itoa(r.First)
		if r.Last != r.First {
			parts[i] += "-" + strconv.Itoa(r.Last)
		}
	}
	return strings.Join(parts, ",")
}

// MarshalText writes String, so that the table is readable as JSON.
func (s Statuses) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// ParseStatuses reads statuses written as 401, "401", "5xx", "500-599" or
// several of these separated by commas. Statuses lie in 100 to 599.
func ParseStatuses(text string) (Statuses, error) {
	var out Statuses
	for part := range strings.SplitSeq(text, ",") {
		r, err := parseRange(strings.TrimSpace(part))
		if err != nil {
			return nil, err
		}
		out = append(out, r)
	}
	return out, nil
}

func parseRange(text string) (Range, error) {
	if len(text) == 3 && strings.EqualFold(text[1:], "xx") {
		text = text[:1] + "00-" + text[:1] + "99"
	}
	first, last, isRange := strings.Cut(text, "-")
	if !isRange {
		last = first
	}
	a, errA := parseStatus(first)
	b, errB := parseStatus(last)
	if errA != nil || errB != nil || a > b {
		return Range{}, fmt.Errorf("%q is not a status; write 401, 5xx or 500-599", text)
	}
	return Range{a, b}, nil
}

func parseStatus(text string) (int, error) {
	n, err := strconv.Atoi(text)
	if err != nil || len(text) != 3 || n < 100 || n > 599 {
		return 0, fmt.Errorf("%q is not a status", text)
	}
	return n, nil
}

// StatusOf finds the status in an error as data providers throw it: in
// statusCode, status or response.status, as a number or a string, in this
// order. It is 0 if none of them holds a status, which happens for errors of
// the network. A value of another type is InvalidInput.
func StatusOf(p core.Params) (int, error) {
	response, _ := p["response"].(map[string]any)
	for _, candidate := range []struct {
		name  string
		value any
	}{{"statusCode", p["statusCode"]}, {"status", p["status"]}, {"response.status", response["status"]}} {
		switch v := candidate.value.(type) {
		case nil:
		case float64:
			if v == float64(int(v)) && v >= 100 && v <= 599 {
				return int(v), nil
			}
		case string:
			if n, err := parseStatus(v); err == nil {
				return n, nil
			}
		default:
			return 0, core.InvalidField(candidate.name, "must be a number or a string")
		}
	}
	return 0, nil
}

// SamePage says whether a redirect target is the page that a call came from,
// so that following it would change nothing, or go round in a loop. Queries,
// fragments and trailing slashes do not make another page.
func SamePage(target, page string) bool {
	t, errT := url.Parse(target)
	p, errP := url.Parse(page)
	if errT != nil || errP != nil || page == "" {
		return false
	}
	if t.Host != "" && p.Host != "" && !strings.EqualFold(t.Host, p.Host) {
		return false
	}
	return trimSlash(t.Path) == trimSlash(p.Path)
}

func trimSlash(path string) string { return strings.TrimSuffix(path, "/") }
