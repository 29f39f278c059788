package password

import (
	"strconv"
	"strings"

	"golang.org/x/crypto/bcrypt"
)

// digestScheme stands before the bcrypt text of a password that was digested
// first.
const digestScheme = "$bcrypt-sha384"

// The shape of a bcrypt text: $2a$NN$ and 53 characters.
const (
	bcryptHeader = len("$2a$12$")
	bcryptLength = bcryptHeader + 53
)

// stored is a stored hash, taken apart.
type stored struct {
	digested bool
	bcrypt   string // the bcrypt text
	cost     int
}

// parse reads a stored hash. Costs above MaxCost are refused with everything
// else that is malformed: comparing with one could hold a processor for hours.
func parse(hash string) (stored, bool) {
	text, digested := strings.CutPrefix(hash, digestScheme)
	if len(text) != bcryptLength || !isVersion(text[:4]) || text[6] != '$' || !isBase64(text[bcryptHeader:]) {
		return stored{}, false
	}
	cost, ok := parseCost(text[4:6])
	if !ok {
		return stored{}, false
	}
	return stored{digested: digested, bcrypt: text, cost: cost}, true
}

func isVersion(s string) bool { return s == "$2a$" || s == "$2b$" || s == "$2y$" }

func parseCost(digits string) (int, bool) {
	cost, err := strconv.ParseUint(digits, 10, 8) // takes no sign, unlike Atoi
	if err != nil || cost < uint64(bcrypt.MinCost) || cost > MaxCost {
		return 0, false
	}
	return int(cost), true
}

func isBase64(s string) bool {
	for i := range len(s) {
		c := s[i]
		if !('a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || c == '.' || c == '/') {
			return false
		}
	}
	return true
}

// current says whether Hash would still make a hash of this form at cost.
func (s stored) current(cost int) bool {
	return s.cost == cost && strings.HasPrefix(s.bcrypt, "$2a$")
}
