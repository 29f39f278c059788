package password

import (
	_ "embed" // for the list of common passwords
	"fmt"
	"sort"
	"strings"
	"unicode/utf8"

	"github.com/authd-go/authd/core"
)

// common.txt holds common passwords of 8 characters and more, in lower case,
// sorted by byte, one per line. NOTICE beside it says where they are from.
//
//go:embed common.txt
var commonList string

// Policy says which passwords may be set. Following NIST SP 800-63B-4 section
// 3.1.1.2 it asks for length and refuses what is known to be guessed first; it
// has no rules of composition and lets nothing expire.
type Policy struct {
	MinLength int // in characters (Unicode code points)
	MaxBytes  int // as typed
}

// DefaultPolicy returns 8 characters and 256 bytes. Eight is the least that
// the standard allows at all; where a password is the only factor it asks for
// 15, which an operator can configure.
func DefaultPolicy() Policy { return Policy{MinLength: 8, MaxBytes: 256} }

// Check returns nil if the password may be set, and otherwise InvalidInput for
// the field "password" with what is wrong with it. The context words are the
// account's address and names, empty ones are skipped: a password must not be
// one of them, nor the part of one before its "@", in whatever case.
//
// The maximum is checked before any other work, so that a long text costs nothing.
func (p Policy) Check(pw core.Secret, contextWords ...string) error {
	if problem := p.problem(pw, contextWords); problem != "" {
		return core.InvalidField("password", problem)
	}
	return nil
}

func (p Policy) problem(pw core.Secret, contextWords []string) string {
	typed := pw.Reveal()
	switch {
	case typed == "":
		return "must not be empty"
	case len(typed) > p.MaxBytes:
		return fmt.Sprintf("must not be longer than %d bytes", p.MaxBytes)
	case !utf8.ValidString(typed):
		return "must be valid UTF-8"
	}
	prepared := prepare(pw)
	switch {
	case utf8.RuneCountInString(prepared) < p.MinLength:
		return fmt.Sprintf("must have at least %d characters", p.MinLength)
	case isCommon(prepared):
		return "is too common and would be guessed first"
	case isContext(prepared, contextWords):
		return "must not be the name or address of the account"
	}
	return ""
}

func isContext(prepared string, words []string) bool {
	for _, word := range words {
		word = prepare(core.NewSecret(word))
		local, _, _ := strings.Cut(word, "@")
		if word != "" && (strings.EqualFold(prepared, word) || strings.EqualFold(prepared, local)) {
			return true
		}
	}
	return false
}

// isCommon searches the embedded list in place. Nothing is unpacked or kept.
func isCommon(prepared string) bool {
	want := strings.ToLower(prepared)
	at := sort.Search(len(commonList), func(i int) bool { return lineFrom(i) >= want })
	return at < len(commonList) && lineFrom(at) == want
}

// lineFrom returns the line that contains offset i.
func lineFrom(i int) string {
	start := strings.LastIndexByte(commonList[:i], '\n') + 1
	line, _, _ := strings.Cut(commonList[start:], "\n")
	return line
}
