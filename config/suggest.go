package config

import (
	"fmt"
	"slices"
	"strings"
)

// nearest returns the candidate that was probably meant, or "". Case, dashes
// and underscores do not count, since they differ between habits.
func nearest(word string, candidates []string) string {
	best, bestDistance := "", 1+max(1, len(word)/3)
	for _, c := range slices.Sorted(slices.Values(candidates)) {
		if d := distance(fold(word), fold(c)); d < bestDistance {
			best, bestDistance = c, d
		}
	}
	return best
}

// fold removes what differs between habits of writing names.
func fold(name string) string {
	return strings.ToLower(strings.NewReplacer("_", "", "-", "").Replace(name))
}

// distance counts the letters to insert, remove, replace or swap with their
// neighbour on the way from a to b.
func distance(a, b string) int {
	before, previous := []int(nil), make([]int, len(b)+1)
	for j := range previous {
		previous[j] = j
	}
	for i := 1; i <= len(a); i++ {
		row := make([]int, len(b)+1)
		row[0] = i
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			row[j] = min(previous[j]+1, row[j-1]+1, previous[j-1]+cost)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				row[j] = min(row[j], before[j-2]+1)
			}
		}
		before, previous = previous, row
	}
	return previous[len(b)]
}

// maxShown bounds how much of a value a message repeats, in bytes.
const maxShown = 60

// quote writes a value into a message.
func quote(text string) string {
	if len(text) > maxShown {
		text = strings.ToValidUTF8(text[:maxShown], "") + "..."
	}
	return fmt.Sprintf("%q", text)
}

// shown returns the part of a key that is safe to repeat. In a flow block,
// {password:hunter2} is one long key, because the space after the colon is missing.
func shown(key string) string {
	end := strings.IndexFunc(key, func(r rune) bool {
		return !(r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("-_.$", r))
	})
	if end < 0 && len(key) <= maxShown {
		return key
	}
	if end < 0 || end > maxShown {
		end = maxShown
	}
	return key[:end] + "..."
}
