package ldap

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/go-ldap/ldap/v3"

	"github.com/authd-go/authd/core"
)

// stateRule reads one attribute of an entry that says that its account may not
// be used.
type stateRule struct {
	attribute string
	test      func(value string, now time.Time) bool
	code      core.Code
}

// accountDisable is a bit of Active Directory's userAccountControl (MS-ADTS, section 2.2.16).
const accountDisable = 0x2

func equals(want string) func(string, time.Time) bool {
	return func(value string, _ time.Time) bool { return strings.EqualFold(value, want) }
}

func oneOf(values []string) func(string, time.Time) bool {
	return func(value string, _ time.Time) bool {
		return slices.ContainsFunc(values, func(v string) bool { return strings.EqualFold(v, value) })
	}
}

func hasBits(bits int64) func(string, time.Time) bool {
	return func(value string, _ time.Time) bool {
		n, err := strconv.ParseInt(value, 10, 64)
		return err == nil && n&bits != 0
	}
}

// fileTimePast says whether a Windows file time (100 ns since 1601) has passed.
// 0 and the greatest value mean never.
func fileTimePast(value string, now time.Time) bool {
	const secondsTo1970 = 11_644_473_600
	n, err := strconv.ParseInt(value, 10, 64)
	if err != nil || n <= 0 || n == 1<<63-1 {
		return false
	}
	return time.Unix(n/10_000_000-secondsTo1970, n%10_000_000*100).Before(now)
}

// generalizedTimePast says whether a time (RFC 4517, section 3.3.13) has passed,
// by which directories mark the end of an account.
func generalizedTimePast(value string, now time.Time) bool {
	end, err := time.Parse("20060102150405Z0700", value)
	return err == nil && end.Before(now)
}

// state returns the code of the first rule that holds, or "". A lock that
// passes by itself is not looked at here: whoever tries wrong passwords could
// end a signed-in owner's session with it.
func (a *accounts) state(e *ldap.Entry) core.Code {
	now := a.now()
	for _, rule := range a.rules {
		for _, value := range e.GetEqualFoldAttributeValues(rule.attribute) {
			if rule.test(value, now) {
				return rule.code
			}
		}
	}
	return ""
}
