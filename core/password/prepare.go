package password

import (
	"crypto/sha256"
	"crypto/sha512"
	"crypto/subtle"
	"encoding/base64"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"github.com/authd-go/authd/core"
)

// bcryptLimit is how many bytes of a password bcrypt reads.
const bcryptLimit = 72

// prepare applies the mappings of RFC 8265 section 4.2 (OpaqueString). What
// that profile refuses is left alone here: Policy decides what may be set.
func prepare(pw core.Secret) string {
	return norm.NFC.String(asciiSpaces(pw.Reveal()))
}

// asciiSpaces copies everything else byte by byte: strings.Map would turn
// all malformed UTF-8 into one and the same character.
func asciiSpaces(s string) string {
	var b strings.Builder
	for i, r := range s {
		if unicode.Is(unicode.Zs, r) {
			b.WriteByte(' ')
			continue
		}
		_, size := utf8.DecodeRuneInString(s[i:])
		b.WriteString(s[i : i+size])
	}
	return b.String()
}

// Same says whether two passwords are one once they are prepared. Its time
// depends on their lengths and normalisation only, not on where they differ.
func Same(a, b core.Secret) bool {
	x, y := sha256.Sum256([]byte(prepare(a))), sha256.Sum256([]byte(prepare(b)))
	return subtle.ConstantTimeCompare(x[:], y[:]) == 1
}

// key returns what bcrypt is given for a prepared password, and whether that
// is its digest instead of itself.
func key(prepared string) (k []byte, digested bool) {
	if len(prepared) <= bcryptLimit && !strings.Contains(prepared, "\x00") {
		return []byte(prepared), false
	}
	sum := sha512.Sum384([]byte(prepared))
	return []byte(base64.StdEncoding.EncodeToString(sum[:])), true
}
