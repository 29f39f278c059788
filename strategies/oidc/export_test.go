package oidc

import (
	"github.com/authd-go/authd/core"
	"github.com/authd-go/authd/core/outbound"
)

// ReadLogout checks the payload of a logout token whose signature is good.
func ReadLogout(payload []byte) (id string, err error) {
	c, err := readLogout(payload)
	return c.ID, err
}

// Reseal reads what was kept and keeps it again.
func Reseal(s core.Secret) (out core.Secret, ok bool) {
	k, ok := openKept(s)
	if !ok {
		return core.Secret{}, false
	}
	out, _ = k.seal()
	return out, true
}

// ParseKeys counts the keys of a set that can be used.
func ParseKeys(body []byte) (int, error) {
	keys, err := parseKeys(body)
	return len(keys), err
}

// Presets lists the presets.
func Presets() []string { return presetNames() }

// Completed is c with everything filled in.
func (c *Config) Completed() *Config { return c.complete() }

// ParseMetadata returns the addresses of metadata that are believed.
func ParseMetadata(body []byte, issuer string) ([]string, error) {
	m, err := parseMetadata(body, issuer, outbound.Options{})
	if err != nil {
		return nil, err
	}
	return []string{m.Authorization, m.Token, m.UserInfo, m.Keys, m.EndSession, m.Pushed}, nil
}
