package oidc

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"encoding/base64"
	"encoding/json"
	"errors"
	"sync"
	"time"

	"github.com/go-jose/go-jose/v4"

	"github.com/authd-go/authd/core"
	"github.com/authd-go/authd/strategies/oidc/authcode"
)

const opKeys = "read the provider's keys"

const (
	// withdrawnGrace is how long a key is believed that the provider publishes no
	// more: a login that was under way when it was withdrawn is finished in this
	// time, and a stolen key is not good for much longer than it was anyway.
	withdrawnGrace = time.Minute
	// refetchEvery is how often keys are fetched because of a name that nobody
	// knows. Whoever comes in between waits for the next time.
	refetchEvery = time.Second
	// maxWaiting bounds who does; there are as many only if somebody makes them up.
	maxWaiting = 256
	// maxKeys bounds a set. Providers have a handful.
	maxKeys = 64
	minRSA  = 2048 // bits
)

// key is one of a provider's public keys.
type key struct {
	jose.JSONWebKey
	thumb string
	gone  time.Time // when it was found to be withdrawn; zero while it is published
}

// keySet are the provider's keys as they are now.
type keySet struct {
	set  *document[[]key]
	now  func() time.Time
	life *life

	mu      sync.Mutex
	asked   time.Time // when the last fetch for an unknown name began
	turn    *turn     // the one that is to come or under way; nil if nobody wants one
	waiting int
}

// turn is one fetch for all whose tokens name unknown keys.
type turn struct {
	begun bool // then whoever comes now has to see the next one, too
	done  chan struct{}
	keys  []key
	err   error
}

// merge returns the published keys, and those that were withdrawn a moment ago.
func merge(published, before []key, now time.Time) []key {
	out := published
	for _, old := range before {
		if has(published, old.thumb) {
			continue
		}
		if old.gone.IsZero() {
			old.gone = now
		}
		if now.Sub(old.gone) < withdrawnGrace && len(out) < 2*maxKeys {
			out = append(out, old)
		}
	}
	return out
}

func has(keys []key, thumb string) bool {
	for _, k := range keys {
		if k.thumb == thumb {
			return true
		}
	}
	return false
}

// parseKeys reads a JSON Web Key Set (RFC 7517). A key that is not understood
// is left out, as section 5 asks; so is one that may not be used here.
func parseKeys(body []byte) ([]key, error) {
	var set struct {
		Keys []json.RawMessage `json:"keys"`
	}
	if json.Unmarshal(body, &set) != nil || len(set.Keys) > maxKeys {
		return nil, &core.Error{
			Code: core.Unavailable, Op: opKeys, Reason: authcode.ReasonMalformed, Err: errors.New("the keys are not the JSON that they should be"),
		}
	}
	var out []key
	for _, raw := range set.Keys {
		var k jose.JSONWebKey
		if k.UnmarshalJSON(raw) != nil || k.Use == "enc" || !usable(k.Key) {
			continue
		}
		thumb, err := k.Thumbprint(crypto.SHA256)
		if err != nil {
			continue
		}
		out = append(out, key{JSONWebKey: k, thumb: k.KeyID + " " + base64.RawStdEncoding.EncodeToString(thumb)})
	}
	return out, nil
}

// usable says whether a key can be one that only the provider signs with.
func usable(public any) bool {
	switch k := public.(type) {
	case *rsa.PublicKey:
		return k.N.BitLen() >= minRSA
	case *ecdsa.PublicKey, ed25519.PublicKey:
		return true
	}
	return false
}

// errUnknownKey says that no key has the name that a token gives.
var errUnknownKey = errors.New("no key of the provider's has the name that the token gives")

// errSignature says that the signature is not that key's.
var errSignature = errors.New("the signature is not the provider's")

// verify returns the payload if one of the keys signed it. A token whose key is
// not known makes the keys be fetched again. So does one that a known key did not
// sign, since some providers give a new key an old name, or none; but nobody
// waits for that.
func (s *keySet) verify(ctx context.Context, jws *jose.JSONWebSignature) ([]byte, error) {
	keys, err := s.set.get(ctx)
	for newest := false; ; {
		if err != nil {
			return nil, err
		}
		payload, wrong := s.try(keys, jws)
		if wrong == nil || newest {
			return payload, wrong
		}
		if errors.Is(wrong, errSignature) && !s.idle() {
			return nil, wrong
		}
		keys, newest, err = s.refetch(ctx)
	}
}

func (s *keySet) try(keys []key, jws *jose.JSONWebSignature) ([]byte, error) {
	header, now := jws.Signatures[0].Header, s.now()
	wrong := errUnknownKey
	for i := range keys {
		k := &keys[i]
		if header.KeyID != "" && k.KeyID != header.KeyID || k.Algorithm != "" && k.Algorithm != header.Algorithm {
			continue
		}
		if !k.gone.IsZero() && now.Sub(k.gone) >= withdrawnGrace {
			continue
		}
		if payload, err := jws.Verify(k.Key); err == nil {
			return payload, nil
		}
		wrong = errSignature
	}
	return nil, wrong
}

// idle says whether keys could be fetched now.
func (s *keySet) idle() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.turn == nil && s.now().Sub(s.asked) >= refetchEvery || s.turn != nil && s.turn.begun
}

// refetch returns keys that are newer than the caller's. They are the newest
// if their fetch began after the call, and then there is no use in asking again.
func (s *keySet) refetch(ctx context.Context) (keys []key, newest bool, err error) {
	s.mu.Lock()
	if s.waiting >= maxWaiting {
		defer s.mu.Unlock()
		return nil, false, &core.Error{
			Code: core.Unavailable, Op: opKeys, Reason: ReasonUnknownKey, RetryAfter: refetchEvery, Err: errUnknownKey,
		}
	}
	if s.turn == nil {
		s.turn = &turn{done: make(chan struct{})}
		s.life.run(s.take)
	}
	t := s.turn
	newest = !t.begun
	s.waiting++
	s.mu.Unlock()
	defer func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.waiting--
	}()
	select {
	case <-ctx.Done():
		return nil, false, tired(ctx)
	case <-t.done:
		return t.keys, newest, t.err
	}
}

// take waits until it is time to, and fetches the keys.
func (s *keySet) take(ctx context.Context) {
	s.mu.Lock()
	t, wait := s.turn, s.asked.Add(refetchEvery).Sub(s.now())
	s.mu.Unlock()
	err := pause(ctx, min(wait, refetchEvery))
	s.mu.Lock()
	t.begun, s.asked = true, s.now()
	s.mu.Unlock()
	if err == nil {
		err = s.set.settled(ctx) // it may have begun before the key was new
	}
	if err == nil {
		t.keys, err = s.set.renew(ctx)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	t.err, s.turn = err, nil
	close(t.done)
}

func pause(ctx context.Context, wait time.Duration) error {
	if wait <= 0 {
		return ctx.Err()
	}
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}
