package password_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"unicode/utf8"

	"golang.org/x/crypto/bcrypt"
	"golang.org/x/text/unicode/norm"

	"github.com/authd-go/authd/core"
	"github.com/authd-go/authd/core/password"
)

func hashOf(t testing.TB, h *password.Hasher, pw string) string {
	t.Helper()
	hash, err := h.Hash(context.Background(), core.NewSecret(pw))
	if err != nil {
		t.Fatal(err)
	}
	return hash
}

func verify(t testing.TB, h *password.Hasher, hash, pw string) password.Match {
	t.Helper()
	m, err := h.Verify(context.Background(), hash, core.NewSecret(pw))
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// plain makes a hash that a program other than ours may have stored.
func plain(t testing.TB, pw string, cost int) string {
	t.Helper()
	hash, err := bcrypt.GenerateFromPassword([]byte(pw), cost)
	if err != nil {
		t.Fatal(err)
	}
	return string(hash)
}

func TestNewHasherRefusesOtherCosts(t *testing.T) {
	for _, cost := range []int{-1, 0, 4, 9, 17, 31} {
		_, err := password.NewHasher(cost)
		if err == nil || !strings.Contains(err.Error(), "from 10 to 16") {
			t.Errorf("cost %d: error %v, want one that names the range", cost, err)
		}
	}
	for cost := password.MinCost; cost <= password.MaxCost; cost++ {
		if _, err := password.NewHasher(cost); err != nil {
			t.Errorf("cost %d: %v", cost, err)
		}
	}
}

func TestHashForm(t *testing.T) {
	h := password.NewCheapHasher(6)
	for pw, prefix := range map[string]string{
		"correct horse":         "$2a$06$",
		strings.Repeat("x", 72): "$2a$06$",
		strings.Repeat("x", 73): "$bcrypt-sha384$2a$06$",
		strings.Repeat("ä", 37): "$bcrypt-sha384$2a$06$",
		"nul\x00inside":         "$bcrypt-sha384$2a$06$",
	} {
		if hash := hashOf(t, h, pw); !strings.HasPrefix(hash, prefix) {
			t.Errorf("hash of %d bytes does not begin with %s", len(pw), prefix)
		}
	}
	_, err := h.Hash(t.Context(), core.Secret{})
	if !errors.Is(err, core.InvalidInput) {
		t.Errorf("empty password: %v, want invalid_input", err)
	}
}

// Passwords that bcrypt alone would confuse: beyond its 72 bytes, and with the
// NUL that it takes for the end and then repeats from.
func TestNothingIsTruncated(t *testing.T) {
	h := password.NewCheapHasher(6)
	for _, n := range []int{72, 73, 256, 257} {
		base := strings.Repeat("x", n-1)
		m := verify(t, h, hashOf(t, h, base+"a"), base+"b")
		if m.OK {
			t.Errorf("two passwords of %d bytes that differ at the end are taken for one", n)
		}
	}
	for _, pair := range [][2]string{
		{"secret", "secret\x00secret"},
		{"secret\x00secret", "secret\x00secret\x00secret"},
		{strings.Repeat("x", 72), strings.Repeat("x", 73)},
		{"secret\xff", "secret\xfe"},
	} {
		if verify(t, h, hashOf(t, h, pair[0]), pair[1]).OK {
			t.Errorf("%q is taken for %q", pair[1], pair[0])
		}
	}
}

func TestTheDigestOfALongPasswordIsNotAPassword(t *testing.T) {
	h := password.NewCheapHasher(6)
	inner := strings.TrimPrefix(hashOf(t, h, strings.Repeat("long", 40)), "$bcrypt-sha384")
	if verify(t, h, inner, strings.Repeat("long", 40)).OK {
		t.Error("a long password matches a hash of the plain scheme")
	}
	marked := "$bcrypt-sha384" + hashOf(t, h, "short one")
	if verify(t, h, marked, "short one").OK {
		t.Error("a short password matches a hash of the digest scheme")
	}
}

func TestSpellingsAreOnePassword(t *testing.T) {
	h := password.NewCheapHasher(6)
	for _, pair := range [][2]string{
		{"Zürich-Çelik", norm.NFD.String("Zürich-Çelik")},
		{"pass\u00a0word\u3000x", "pass word x"},
		{norm.NFD.String(strings.Repeat("é", 36)), strings.Repeat("é", 36)}, // 108 and 72 bytes
	} {
		if !verify(t, h, hashOf(t, h, pair[0]), pair[1]).OK {
			t.Errorf("%+q does not match %+q", pair[1], pair[0])
		}
		if !password.Same(core.NewSecret(pair[0]), core.NewSecret(pair[1])) {
			t.Errorf("Same(%+q, %+q) is false", pair[0], pair[1])
		}
	}
	for _, other := range []string{"Secret Word", "secret word ", " secret word", "secretword"} {
		if password.Same(core.NewSecret("secret word"), core.NewSecret(other)) {
			t.Errorf("Same takes %q for %q", other, "secret word")
		}
	}
}

// The heart of "equal work, not stopwatches".
func TestEveryVerifyDoesEqualWork(t *testing.T) {
	h := password.NewCheapHasher(6)
	good := hashOf(t, h, "the password")
	long := hashOf(t, h, strings.Repeat("long password ", 10))
	stale := plain(t, "the password", 5)
	ancient := plain(t, "the password", 4)
	for name, c := range map[string]struct {
		hash, pw string
		ok       bool
		code     core.Code
	}{
		"right":                    {good, "the password", true, ""},
		"wrong":                    {good, "another one", false, ""},
		"no user":                  {"", "the password", false, ""},
		"empty password":           {good, "", false, ""},
		"stale, right":             {stale, "the password", true, ""},
		"stale, wrong":             {stale, "another one", false, ""},
		"ancient, wrong":           {ancient, "another one", false, ""},
		"long for a plain hash":    {good, strings.Repeat("x", 200), false, ""},
		"short for a digest":       {long, "the password", false, ""},
		"long for a stale hash":    {stale, strings.Repeat("x", 200), false, ""},
		"malformed":                {"$2a$06$tooshort", "the password", false, core.Internal},
		"cost beyond all measure":  {strings.Replace(good, "$06$", "$31$", 1), "the password", false, core.Internal},
		"plain text in the column": {"the password", "the password", false, core.Internal},
	} {
		before := h.Work()
		m, err := h.Verify(t.Context(), c.hash, core.NewSecret(c.pw))
		if m.OK != c.ok || core.CodeOf(err) != c.code {
			t.Errorf("%s: %+v, %v", name, m, err)
		}
		if work := h.Work() - before; work != 1<<6 {
			t.Errorf("%s: %d rounds, want %d", name, work, 1<<6)
		}
	}
}

func TestRehash(t *testing.T) {
	h := password.NewCheapHasher(6)
	current := hashOf(t, h, "the password")
	for name, c := range map[string]struct {
		hash string
		want bool
	}{
		"current":         {current, false},
		"lower cost":      {plain(t, "the password", 4), true},
		"higher cost":     {plain(t, "the password", 7), true},
		"another version": {strings.Replace(current, "$2a$", "$2y$", 1), true},
	} {
		m := verify(t, h, c.hash, "the password")
		if !m.OK || m.Rehash != c.want {
			t.Errorf("%s: %+v, want OK and Rehash=%v", name, m, c.want)
		}
		if m := verify(t, h, c.hash, "wrong password"); m.OK || m.Rehash {
			t.Errorf("%s, wrong password: %+v, want neither", name, m)
		}
	}
}

func TestAnEndedContextDoesNoWork(t *testing.T) {
	h := password.NewCheapHasher(6)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := h.Hash(ctx, core.NewSecret("the password")); !errors.Is(err, core.Unavailable) {
		t.Errorf("Hash: %v, want unavailable", err)
	}
	if m, err := h.Verify(ctx, "", core.NewSecret("the password")); m.OK || !errors.Is(err, core.Unavailable) {
		t.Errorf("Verify: %+v, %v, want unavailable", m, err)
	}
	if h.Work() != 0 {
		t.Errorf("%d rounds were done", h.Work())
	}
}

func TestErrorsHoldNoSecret(t *testing.T) {
	h := password.NewCheapHasher(6)
	_, err := h.Verify(t.Context(), "$2a$10$SECRETSALT", core.NewSecret("SECRETWORD"))
	if err == nil || strings.Contains(fmt.Sprintf("%v %+v %#v", err, err, err), "SECRET") {
		t.Errorf("the error is %v", err)
	}
}

func TestParallelUse(t *testing.T) {
	h := password.NewCheapHasher(6)
	hash := hashOf(t, h, "the password")
	before := h.Work()
	var wg sync.WaitGroup
	for i := range 4 {
		wg.Go(func() {
			pw := []string{"the password", "another one"}[i%2]
			m, err := h.Verify(context.Background(), hash, core.NewSecret(pw))
			if err != nil || m.OK != (i%2 == 0) {
				t.Errorf("%s: %+v, %v", pw, m, err)
			}
		})
	}
	wg.Wait()
	if work := h.Work() - before; work != 4<<6 {
		t.Errorf("%d rounds, want %d", work, 4<<6)
	}
}

func FuzzHashThenVerify(f *testing.F) {
	for _, seed := range []string{"demo", strings.Repeat("x", 73), "nul\x00", "\xff\xfe", "Å\u030a ", "\u1680", norm.NFD.String("Ǭ")} {
		f.Add(seed, "other")
	}
	h := password.NewCheapHasher(4)
	f.Fuzz(func(t *testing.T, pw, other string) {
		if pw == "" || len(pw) > 256 || len(other) > 256 {
			t.Skip("not a password that is hashed")
		}
		hash := hashOf(t, h, pw)
		if m := verify(t, h, hash, pw); !m.OK || m.Rehash {
			t.Fatalf("%+q does not match its own hash: %+v", pw, m)
		}
		if utf8.ValidString(pw) && !verify(t, h, hash, norm.NFD.String(pw)).OK {
			t.Fatalf("%+q does not match decomposed", pw)
		}
		same := password.Same(core.NewSecret(pw), core.NewSecret(other))
		if verify(t, h, hash, other).OK != (same && other != "") {
			t.Fatalf("%+q and %+q: Verify and Same disagree", pw, other)
		}
	})
}

func BenchmarkVerify(b *testing.B) {
	h := password.NewCheapHasher(password.DefaultCost)
	hash := hashOf(b, h, "the password")
	for b.Loop() {
		verify(b, h, hash, "the password")
	}
}
