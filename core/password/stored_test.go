package password

import (
	"context"
	"strings"
	"testing"

	"golang.org/x/crypto/bcrypt"

	"github.com/authd-go/authd/core"
)

const tail = "N9qo8uLOickgx2ZMRZoMyeIjZAgcfl7p92ldGxad68LJZdL17lhWy"

func TestParse(t *testing.T) {
	for hash, want := range map[string]stored{
		"$2a$10$" + tail:               {bcrypt: "$2a$10$" + tail, cost: 10},
		"$2y$04$" + tail:               {bcrypt: "$2y$04$" + tail, cost: 4},
		"$bcrypt-sha384$2a$16$" + tail: {bcrypt: "$2a$16$" + tail, cost: 16, digested: true},
	} {
		if got, ok := parse(hash); !ok || got != want {
			t.Errorf("parse(%q) = %+v, %v", hash, got, ok)
		}
	}
	for _, hash := range []string{
		"", "$", "$2a$10$", "$2a$10$" + tail + "x", "$2a$10$" + tail[1:], "$2x$10$" + tail, "$2$10$a" + tail,
		"$2a$17$" + tail, "$2a$03$" + tail, "$2a$+9$" + tail, "$2a$ 9$" + tail, "$2a$1 $" + tail, "$2a$10x" + tail,
		"$2a$10$" + tail[:52] + "=", "$2a$10$" + tail[:52] + "\x00", "$bcrypt-sha384$bcrypt-sha384$2a$10$" + tail,
		"$bcrypt-sha256$2a$10$" + tail, " $2a$10$" + tail, "$1a$10$" + tail, strings.Repeat("$2a$", 1000),
	} {
		if got, ok := parse(hash); ok {
			t.Errorf("parse(%q) = %+v, want a refusal", hash, got)
		}
	}
}

// What parse accepts, bcrypt must be able to compare with: otherwise a
// malformed hash would be refused without the work.
func FuzzParse(f *testing.F) {
	for _, seed := range []string{"", "$2a$10$" + tail, "$bcrypt-sha384$2b$04$" + tail, "$2a$31$" + tail, "$2a$1", tail} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, hash string) {
		s, ok := parse(hash)
		if !ok {
			return
		}
		if cost, err := bcrypt.Cost([]byte(s.bcrypt)); err != nil || cost != s.cost || cost > MaxCost {
			t.Fatalf("%q: cost %d, read as %d, %v", hash, cost, s.cost, err)
		}
		if s.cost > 5 {
			return // too slow to compare with here
		}
		err := bcrypt.CompareHashAndPassword([]byte(s.bcrypt), []byte("x"))
		if err != nil && err != bcrypt.ErrMismatchedHashAndPassword {
			t.Fatalf("%q: %v", hash, err)
		}
	})
}

func TestDummyIsAHashLikeAnyOther(t *testing.T) {
	a, b := NewCheapHasher(4), NewCheapHasher(4)
	for cost := bcrypt.MinCost; cost <= MaxCost; cost++ {
		if s, ok := parse(a.dummyText(cost)); !ok || s.cost != cost {
			t.Errorf("the dummy of cost %d is malformed", cost)
		}
	}
	if a.dummy == b.dummy {
		t.Error("two hashers share a dummy")
	}
	if m, err := a.Verify(context.Background(), a.dummyText(4), core.NewSecret("x")); m.OK || err != nil {
		t.Errorf("%+v, %v", m, err)
	}
}

func TestCommonListIsSortedAndFit(t *testing.T) {
	lines := strings.Split(strings.TrimSuffix(commonList, "\n"), "\n")
	if len(lines) < 5000 {
		t.Errorf("only %d entries", len(lines))
	}
	for i, line := range lines {
		if i > 0 && lines[i-1] >= line {
			t.Fatalf("line %d is not sorted", i+1)
		}
		if len(line) < 8 || strings.ToLower(line) != line {
			t.Errorf("line %d: shorter than the least minimum, or not in lower case", i+1)
		}
		if !isCommon(line) || !isCommon(strings.ToUpper(line)) {
			t.Fatalf("line %d is not found", i+1)
		}
		if isCommon(line + "\x00") {
			t.Fatalf("line %d is found with something behind it", i+1)
		}
	}
}

func BenchmarkPolicyCheck(b *testing.B) {
	pw := core.NewSecret("nine horses and a battery")
	for b.Loop() {
		if err := DefaultPolicy().Check(pw, "john@mail.com", "john"); err != nil {
			b.Fatal(err)
		}
	}
}
