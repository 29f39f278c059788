package guard

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"net/netip"
	"time"

	"github.com/authd-go/authd/core"
)

// line is one key that a try counts at.
type line struct {
	key  core.ThrottleKey
	what string // for the log
	tally
	own bool // only the caller's network counts here
}

// plan is where a try counts.
type plan struct {
	// lines are the keys. If it is an account's plan, the first is the account
	// together with the caller's network, and the second is the account.
	lines   []line
	account bool
	proves  bool // a success shows that the caller owns the account
	free    bool // a success does not count
}

// ledger makes plans. Each purpose has counts of its own: whoever guessed
// wrongly too often may still ask for a mail that helps.
type ledger struct {
	key      []byte
	settings ThrottleSettings
}

// A try is forgotten each time the longest wait times one of these has passed.
// The second is over one and the first is under, so that nobody in one network
// can keep an account closed to others: he may try once in the longest wait,
// and the account forgets faster than that.
const (
	forgetShared   = 2.0 / 3
	forgetPair     = 2.0
	widerAllowance = 8 // a /48 may hold 65,536 networks, and many households
)

func (l ledger) tally(free int, forget float64) tally {
	s := l.settings
	return tally{free: free, first: s.FirstDelay, most: s.MaxDelay, forget: time.Duration(forget * float64(s.MaxDelay))}
}

// forAccount plans a try at an account, by the one name that all its spellings
// share.
func (l ledger) forAccount(purpose, name string, c core.Client) plan {
	network := c.Network().String()
	return plan{account: true, lines: append([]line{
		{l.hash(purpose, "account and network", name, network), "this account from this network", l.tally(l.settings.FreeTries, forgetPair), true},
		{l.hash(purpose, "account", name), "this account", l.tally(l.settings.FreeTries, forgetShared), false},
	}, l.networks(purpose, c)...)}
}

// forNobody plans a try at what names no account: the caller's network has as
// many of those as of any account.
func (l ledger) forNobody(purpose string, c core.Client) plan {
	return plan{lines: append([]line{
		{l.hash(purpose, "no account", c.Network().String()), "no account from this network", l.tally(l.settings.FreeTries, forgetPair), true},
	}, l.networks(purpose, c)...)}
}

// forNetwork plans a try that counts for the caller's network only.
func (l ledger) forNetwork(purpose string, c core.Client) plan {
	return plan{lines: l.networks(purpose, c)}
}

func (l ledger) networks(purpose string, c core.Client) []line {
	out := []line{{
		l.hash(purpose, "network", c.Network().String()), "this network", l.tally(l.settings.NetworkTries, forgetShared), true,
	}}
	if wide := widerNetwork(c); wide.IsValid() {
		out = append(out, line{
			l.hash(purpose, "network", wide.String()), "this /48 network", l.tally(widerAllowance*l.settings.NetworkTries, forgetShared), false,
		})
	}
	return out
}

// widerNetwork returns the /48 around an IPv6 address: what one customer can be
// given, to take a new /64 from for each try. It is invalid for other addresses.
func widerNetwork(c core.Client) netip.Prefix {
	network := c.Network()
	if !network.Addr().Is6() {
		return netip.Prefix{}
	}
	return netip.PrefixFrom(network.Addr(), 48).Masked()
}

// hash makes the key of some parts. It is keyed, because what people type
// into the field for their name is sometimes their password, and whoever has
// a copy of the store could find that by trying.
func (l ledger) hash(parts ...string) core.ThrottleKey {
	mac := hmac.New(sha256.New, l.key)
	for _, part := range parts {
		mac.Write(binary.BigEndian.AppendUint64(nil, uint64(len(part))))
		mac.Write([]byte(part))
	}
	return core.ThrottleKey(mac.Sum(nil))
}

// reservation is a try that was let through and counted before anybody was
// asked, so that of many at once no more get through than may.
type reservation struct {
	plan
	at     time.Time
	before []time.Time // when the try before was, for each line that this one counts at
	wait   time.Duration
	what   string // what has to wait
}

func (p plan) keys() []core.ThrottleKey {
	keys := make([]core.ThrottleKey, len(p.lines))
	for i, l := range p.lines {
		keys[i] = l.key
	}
	return keys
}

// reserve counts a try, or says how long it must wait and counts nothing.
func (p plan) reserve(ctx context.Context, store core.ThrottleStore, now time.Time) (reservation, error) {
	var r reservation
	err := store.ChangeTries(ctx, core.TriesChange{Now: now, Keys: p.keys(), Change: func(tries []core.Tries) {
		r = reservation{plan: p, at: now}
		if p.account && tries[0].TrustedUntil.After(now) {
			r.lines = p.lines[:1] // what others do elsewhere does not matter here
		}
		r.take(tries, now)
	}})
	return r, err
}

func (r *reservation) take(tries []core.Tries, now time.Time) {
	for i, l := range r.lines {
		if wait := l.wait(tries[i], now); wait > r.wait {
			r.wait, r.what = wait, l.what
		}
	}
	if r.wait > 0 {
		return
	}
	for i, l := range r.lines {
		r.before = append(r.before, tries[i].LastAt)
		tries[i] = l.take(tries[i], now)
	}
}

// giveBack undoes the reservation: nobody compared anything.
func (r reservation) giveBack(ctx context.Context, store core.ThrottleStore, now time.Time) error {
	return store.ChangeTries(ctx, core.TriesChange{Now: now, Keys: r.keys(), Change: func(tries []core.Tries) {
		if r.account && tries[0].LastAt.Before(r.at) {
			return // a success has taken it back already
		}
		for i := range r.lines {
			r.back(tries, i, 1)
		}
	}})
}

// back takes n tries back at a line, and this one's time if none came after it.
func (r reservation) back(tries []core.Tries, i, n int) {
	tries[i] = r.lines[i].back(tries[i], n)
	if tries[i].LastAt.Equal(r.at) {
		tries[i].LastAt = r.before[i]
	}
}

// forgive takes back all that this network has tried at this account, wherever
// it was counted: its owner was mistyping. What other networks have tried stays.
func (r reservation) forgive(ctx context.Context, store core.ThrottleStore, now time.Time, trust time.Duration) error {
	return store.ChangeTries(ctx, core.TriesChange{Now: now, Keys: r.keys(), Change: func(tries []core.Tries) {
		own := r.lines[0].count(tries[0], now)
		tries[0] = core.Tries{TrustedUntil: now.Add(trust)}
		for i := 1; i < len(r.lines); i++ {
			r.back(tries, i, max(own, 1))
		}
	}})
}
