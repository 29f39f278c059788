package guard

import (
	"time"

	"github.com/authd-go/authd/core"
)

// ThrottleSettings are what an operator may say about the throttle.
type ThrottleSettings struct {
	FreeTries    int           `koanf:"freeTries"`    // at one account, before tries must wait
	NetworkTries int           `koanf:"networkTries"` // from one network, before tries must wait; for an IPv6 /48, eight times as many
	FirstDelay   time.Duration `koanf:"firstDelay"`   // the first wait; each further one is twice as long
	MaxDelay     time.Duration `koanf:"maxDelay"`     // the longest wait
	TrustFor     time.Duration `koanf:"trustFor"`     // how long a network from which an account signed in has tries of its own
	InsecureOff  bool          `koanf:"insecureOff"`  // lets everybody guess as often as they like
}

// DefaultThrottle returns what holds where nothing is said.
func DefaultThrottle() ThrottleSettings {
	return ThrottleSettings{
		FreeTries: 5, NetworkTries: 20, FirstDelay: time.Second, MaxDelay: 15 * time.Minute, TrustFor: 30 * 24 * time.Hour,
	}
}

// WithDefaults returns the settings with DefaultThrottle's in place of zeros.
func (s ThrottleSettings) WithDefaults() ThrottleSettings {
	d := DefaultThrottle()
	orDefault(&s.FreeTries, d.FreeTries)
	orDefault(&s.NetworkTries, d.NetworkTries)
	orDefault(&s.FirstDelay, d.FirstDelay)
	orDefault(&s.MaxDelay, d.MaxDelay)
	orDefault(&s.TrustFor, d.TrustFor)
	return s
}

func orDefault[T comparable](field *T, value T) {
	var zero T
	if *field == zero {
		*field = value
	}
}

// The bounds of the settings.
const (
	mostTries  = 10_000
	leastDelay = 100 * time.Millisecond
	mostDelay  = 24 * time.Hour
	mostTrust  = 366 * 24 * time.Hour
)

// Problems says what is wrong with the settings, with their YAML names as paths.
func (s ThrottleSettings) Problems() core.Problems {
	var ps core.Problems
	for _, c := range []struct {
		wrong      bool
		path, text string
	}{
		{s.FreeTries < 1 || s.FreeTries > mostTries, "freeTries", "must be from 1 to 10000"},
		{s.NetworkTries < 1 || s.NetworkTries > mostTries, "networkTries", "must be from 1 to 10000"},
		{s.FirstDelay < leastDelay || s.FirstDelay > mostDelay, "firstDelay", "must be from 100ms to 24h"},
		{s.MaxDelay < s.FirstDelay || s.MaxDelay > mostDelay, "maxDelay", "must be from firstDelay to 24h"},
		{s.TrustFor < time.Minute || s.TrustFor > mostTrust, "trustFor", "must be from 1m to 366d"},
	} {
		if c.wrong {
			ps.Add(c.path, c.text)
		}
	}
	return ps
}
