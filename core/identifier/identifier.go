// Package identifier gives e-mail addresses and user names one canonical form.
//
// Whatever spelling a person types, every part of authd that names an account
// (stores, login chains, throttles, the command line) uses the form made here,
// so that all spellings are one account and share one counter.
//
// User names follow the UsernameCaseMapped profile of RFC 8265 (PRECIS): width
// mapping, lower case, normalisation form C, no spaces or control characters.
// So do the local parts of addresses: they are treated as case-insensitive, as
// every large mail system does, although RFC 5321 lets a host think otherwise.
// The domain takes its Unicode form by UTS 46, so that MÜNCHEN.example and
// xn--mnchen-3ya.example are one domain. Sub-addressing ("+tag") and dots in
// local parts are kept: they may be different people's. Characters that merely
// look alike stay different too.
package identifier

import (
	"errors"
	"slices"
	"strings"

	"golang.org/x/net/idna"
	"golang.org/x/text/secure/precis"
	"golang.org/x/text/width"
)

// MaxLength is the greatest length of an identifier in bytes, as typed (without
// the spaces around it) and in its canonical form. It is the longest address
// RFC 5321 allows.
const MaxLength = 254

// The reasons why a text has no canonical form. They hold nothing of the text.
var (
	ErrEmpty   = errors.New("must not be empty")
	ErrLength  = errors.New("must not be longer than 254 bytes")
	ErrInvalid = errors.New("contains characters that names and addresses cannot have")
	ErrEmail   = errors.New("must be an e-mail address")
)

// Canonical returns the one form of an e-mail address or user name, or one of
// the errors above. Spaces around it are dropped. A form is its own form:
// Canonical(Canonical(s)) == Canonical(s).
func Canonical(s string) (string, error) {
	s = strings.TrimSpace(s)
	if s == "" {
		return "", ErrEmpty
	}
	if len(s) > MaxLength {
		return "", ErrLength
	}
	form, err := apply(s)
	if err != nil {
		return "", err
	}
	if len(form) > MaxLength {
		return "", ErrLength
	}
	// RFC 8264 section 7: what the rules do not leave alone is refused.
	if again, err := apply(form); err != nil || again != form {
		return "", ErrInvalid
	}
	return form, nil
}

// apply makes the rules' one pass.
func apply(s string) (string, error) {
	// Folded first, so that a full-width "@" separates as an ASCII one does.
	local, domain, isAddress := cutLast(width.Fold.String(s))
	name, err := precis.UsernameCaseMapped.String(local)
	if err != nil || name == "" {
		return "", ErrInvalid
	}
	if !isAddress {
		return name, nil
	}
	host, err := canonicalDomain(domain)
	if err != nil {
		return "", err
	}
	return name + "@" + host, nil
}

// Email is Canonical for texts that must be addresses: one "@" with a local
// part and a domain around it. It does not say whether the address exists.
func Email(s string) (string, error) {
	c, err := Canonical(s)
	if err != nil {
		return "", err
	}
	if !IsEmail(c) {
		return "", ErrEmail
	}
	return c, nil
}

// IsEmail says whether a canonical identifier has the form of an address.
func IsEmail(canonical string) bool {
	local, domain, ok := cutLast(canonical)
	return ok && local != "" && domain != "" && !strings.Contains(local, "@")
}

// Match says whether a canonical identifier fits a pattern, in which "*"
// stands for any run of characters. The pattern is compared without regard to
// case and must be otherwise canonical.
func Match(pattern, canonical string) bool {
	parts := strings.Split(strings.ToLower(pattern), "*")
	if len(parts) == 1 {
		return parts[0] == canonical
	}
	first, last := parts[0], parts[len(parts)-1]
	if !strings.HasPrefix(canonical, first) {
		return false
	}
	rest := canonical[len(first):]
	for _, part := range parts[1 : len(parts)-1] {
		_, after, found := strings.Cut(rest, part)
		if !found {
			return false
		}
		rest = after
	}
	return strings.HasSuffix(rest, last)
}

// canonicalDomain leaves the judgement to UTS 46: the rules for user names are
// made for one word and would refuse a Hebrew name under .com.
func canonicalDomain(domain string) (string, error) {
	host, err := idna.Lookup.ToUnicode(domain)
	if err != nil {
		return "", ErrInvalid
	}
	host = strings.TrimSuffix(host, ".") // the root, which may be written
	if slices.Contains(strings.Split(host, "."), "") {
		return "", ErrInvalid
	}
	return host, nil
}

func cutLast(s string) (before, after string, found bool) {
	i := strings.LastIndexByte(s, '@')
	if i < 0 {
		return s, "", false
	}
	return s[:i], s[i+1:], true
}
