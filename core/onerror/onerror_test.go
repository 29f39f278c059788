package onerror_test

import (
	"testing"

	"github.com/authd-go/authd/core"
	"github.com/authd-go/authd/core/onerror"
)

func TestParseStatuses(t *testing.T) {
	for _, c := range []struct{ in, want string }{
		{"401", "401"}, {"5xx", "500-599"}, {"5XX", "500-599"}, {"500-599", "500-599"}, {"401, 403 ,5xx", "401,403,500-599"},
	} {
		got, err := onerror.ParseStatuses(c.in)
		if err != nil || got.String() != c.want {
			t.Errorf("ParseStatuses(%q) = %s, %v, want %s", c.in, got, err, c.want)
		}
	}
	for _, in := range []string{"", "4", "4011", "099", "600", "6xx", "0xx", "x01", "599-500", "401-", "-401", "401;403", "+401", "4 1"} {
		if got, err := onerror.ParseStatuses(in); err == nil {
			t.Errorf("ParseStatuses(%q) = %s, want an error", in, got)
		}
	}
}

func FuzzParseStatuses(f *testing.F) {
	f.Add("401,5xx,500-599")
	f.Fuzz(func(t *testing.T, in string) {
		s, err := onerror.ParseStatuses(in)
		if err != nil {
			return
		}
		again, err := onerror.ParseStatuses(s.String())
		if err != nil || again.String() != s.String() {
			t.Errorf("%q reads as %s, which reads as %s, %v", in, s, again, err)
		}
		if s.Contains(99) || s.Contains(600) {
			t.Errorf("%q holds what is no status", in)
		}
	})
}

func TestFirstMatchWins(t *testing.T) {
	all, _ := onerror.ParseStatuses("4xx")
	one, _ := onerror.ParseStatuses("401")
	table := onerror.Table{{Status: one, Logout: true}, {Status: all, RedirectTo: "/oops"}}
	if r, ok := table.Match(401); !ok || !r.Logout {
		t.Errorf("401: %+v, %v", r, ok)
	}
	if r, ok := table.Match(404); !ok || r.RedirectTo != "/oops" {
		t.Errorf("404: %+v, %v", r, ok)
	}
	if _, ok := table.Match(500); ok {
		t.Error("500 matches")
	}
}

func TestStatusOf(t *testing.T) {
	for _, c := range []struct {
		name string
		p    core.Params
		want int
	}{
		{"statusCode", core.Params{"statusCode": 401.0}, 401},
		{"text", core.Params{"status": "403"}, 403},
		{"axios", core.Params{"message": "x", "response": map[string]any{"status": 500.0}}, 500},
		{"order", core.Params{"statusCode": 401.0, "status": 500.0}, 401},
		{"axios code is no status", core.Params{"statusCode": "ERR_NETWORK", "status": 502.0}, 502},
		{"network", core.Params{"message": "Network Error"}, 0},
		{"null", core.Params{"status": nil}, 0},
		{"response of another shape", core.Params{"response": "x"}, 0},
		{"fraction", core.Params{"status": 401.5}, 0},
		{"zero", core.Params{"status": 0.0}, 0},
	} {
		if got, err := onerror.StatusOf(c.p); err != nil || got != c.want {
			t.Errorf("%s: %d, %v, want %d", c.name, got, err, c.want)
		}
	}
	if _, err := onerror.StatusOf(core.Params{"status": true}); core.CodeOf(err) != core.InvalidInput {
		t.Errorf("a boolean status: %v", err)
	}
}

func TestSamePage(t *testing.T) {
	for _, c := range []struct {
		target, page string
		want         bool
	}{
		{"/login", "/login", true},
		{"/login", "/login/?to=%2Fposts", true},
		{"/login", "https://app.example.com/login#x", true},
		{"https://app.example.com/login", "/login", true},
		{"https://app.example.com/login", "https://other.example.com/login", false},
		{"/login", "/posts", false},
		{"/", "https://app.example.com", true},
		{"/login", "", false},
		{"", "/login", false},
		{"/login", "%zz", false},
	} {
		if got := onerror.SamePage(c.target, c.page); got != c.want {
			t.Errorf("SamePage(%q, %q) = %v", c.target, c.page, got)
		}
	}
}
