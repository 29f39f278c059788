package core_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/authd-go/authd/core"
)

// The subject in an error is for the audit trail: no refusal shows it.
func TestRefuseNeverShowsTheSubject(t *testing.T) {
	for _, code := range core.Codes() {
		for _, proved := range []bool{false, true} {
			refusal := core.DefaultMessages().Refuse(&core.Error{Code: code, Subject: "u-4711", Proved: proved})
			text, err := json.Marshal(refusal)
			if err != nil || strings.Contains(string(text), "4711") {
				t.Errorf("%s shows %s, %v", code, text, err)
			}
		}
	}
}

func TestAuditEventsAreWords(t *testing.T) {
	seen := map[string]bool{}
	for _, event := range core.AuditEvents() {
		if seen[event] || strings.Trim(event, "abcdefghijklmnopqrstuvwxyz_") != "" {
			t.Errorf("%q is not a word of its own", event)
		}
		seen[event] = true
	}
}
