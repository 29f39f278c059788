package route

import (
	"cmp"
	"slices"
	"time"

	"github.com/authd-go/authd/core"
	"github.com/authd-go/authd/core/flow"
)

// Defaults of House.
const (
	DefaultTimeout     = 10 * time.Second
	DefaultOutageGrace = 24 * time.Hour
)

// House holds the options every strategy takes beside its own.
type House struct {
	Label      string        `koanf:"label"`      // what people see; default: the name
	Accepts    []string      `koanf:"accepts"`    // identifiers this backend is asked about, "*" for any run; default: all
	Roles      flow.Roles    `koanf:"roles"`      // from the backend's roles to the front end's
	TrustEmail bool          `koanf:"trustEmail"` // believe the backend when it says that an address is verified
	Timeout    time.Duration `koanf:"timeout"`    // for one question to the backend; default DefaultTimeout
	// RevalidateEvery is how long the backend's word that an account is good
	// counts; 0 asks at each refresh.
	RevalidateEvery time.Duration `koanf:"revalidateEvery"`
	// OutageGrace is how long after its last word a backend may be out of reach
	// before its sessions are refreshed no more, until it answers again; default DefaultOutageGrace.
	OutageGrace time.Duration `koanf:"outageGrace"`
}

// Backend returns a backend with these options, without its strategy.
func (h House) Backend(name string) *flow.Backend {
	return &flow.Backend{
		Name: name, Label: cmp.Or(h.Label, name), Accepts: h.Accepts, Roles: h.Roles, TrustEmail: h.TrustEmail,
		Timeout: cmp.Or(h.Timeout, DefaultTimeout), RevalidateEvery: h.RevalidateEvery, OutageGrace: cmp.Or(h.OutageGrace, DefaultOutageGrace),
	}
}

// Problems says what is wrong with the options, by YAML key.
func (h House) Problems() core.Problems {
	var problems core.Problems
	for _, d := range []struct {
		key string
		d   time.Duration
	}{{"timeout", h.Timeout}, {"revalidateEvery", h.RevalidateEvery}, {"outageGrace", h.OutageGrace}} {
		if d.d < 0 {
			problems.Add(d.key, "must not be negative")
		}
	}
	if slices.Contains(h.Accepts, "") {
		problems.Add("accepts", `a pattern must not be empty; write "*" for everybody`)
	}
	return problems
}
