package oidc

import (
	"encoding/json"
	"strings"

	"github.com/authd-go/authd/core"
	"github.com/authd-go/authd/strategies/oidc/claims"
)

// kept is what belongs to a session, as Grant.Keep has it.
type kept struct {
	Version int    `json:"v"`
	Issuer  string `json:"iss"`
	Subject string `json:"sub"` // the provider's, whatever claim the identity's is
	Refresh string `json:"refresh,omitempty"`
	IDToken string `json:"idToken,omitempty"` // the hint with which the provider signs out
	// What the identity was read from, since a refresh need not bring all of it
	// again: Claims are those that the ID token told, Told those of userinfo.
	Claims claims.Claims `json:"claims,omitempty"`
	Told   claims.Claims `json:"told,omitempty"`
}

// keptVersion changes when what is kept means something else.
const keptVersion = 1

// seal returns k as a secret that fits. If it does not, the hint is left out
// first: without it signing out asks one question more. If that is not enough
// nothing is kept, and the session is not asked about again.
func (k kept) seal() (out core.Secret, whole bool) {
	k.Version = keptVersion
	hint := k.IDToken
	for _, k.IDToken = range []string{hint, ""} {
		if text, err := json.Marshal(k); err == nil && len(text) <= core.MaxKeep {
			return core.NewSecret(string(text)), k.IDToken == hint
		}
	}
	return core.Secret{}, false
}

// openKept reads what was kept. It says false of what another version wrote.
func openKept(s core.Secret) (kept, bool) {
	d := json.NewDecoder(strings.NewReader(s.Reveal()))
	d.UseNumber() // a claim's digits are what they were
	var k kept
	if d.Decode(&k) != nil || k.Version != keptVersion || k.Subject == "" || k.Issuer == "" {
		return kept{}, false
	}
	return k, true
}

// all is what the kept claims come to.
func (k kept) all() claims.Claims { return k.Claims.Over(k.Told) }
