package session

import (
	"context"
	"crypto/rand"
	"fmt"
	"io"
	"log/slog"
	"slices"
	"time"

	"github.com/authd-go/authd/core"
)

// MinSecretBytes is the least length of Options.Secret.
const MinSecretBytes = 32

// MinKeyRotation is the shortest time that a key may sign.
const MinKeyRotation = time.Hour

// Lifetimes say how long tokens and sessions live. The tags are the keys of
// the YAML's session block.
type Lifetimes struct {
	AccessTTL    time.Duration `koanf:"accessTTL"`    // of an access token
	IdleTTL      time.Duration `koanf:"idleTTL"`      // of a session that is not refreshed
	MaxTTL       time.Duration `koanf:"maxTTL"`       // of a session in any case
	RefreshGrace time.Duration `koanf:"refreshGrace"` // how long after an advance a straggler is let through; 0 is not at all
}

// DefaultLifetimes returns 10 minutes, 72 hours, 720 hours and 10 seconds.
func DefaultLifetimes() Lifetimes {
	return Lifetimes{AccessTTL: 10 * time.Minute, IdleTTL: 72 * time.Hour, MaxTTL: 720 * time.Hour, RefreshGrace: 10 * time.Second}
}

// Problems says what is wrong with the lifetimes, by YAML key. Tokens carry
// whole seconds, so none of the three lifetimes may be shorter than one.
func (l Lifetimes) Problems() core.Problems {
	var ps core.Problems
	if l.AccessTTL < time.Second {
		ps.Add("accessTTL", fmt.Sprintf("%v is too short; the least is 1s", l.AccessTTL))
	}
	if l.IdleTTL < l.AccessTTL {
		ps.Add("idleTTL", fmt.Sprintf("%v is shorter than accessTTL, %v", l.IdleTTL, l.AccessTTL))
	}
	if l.MaxTTL < l.IdleTTL {
		ps.Add("maxTTL", fmt.Sprintf("%v is shorter than idleTTL, %v", l.MaxTTL, l.IdleTTL))
	}
	switch {
	case l.RefreshGrace < 0:
		ps.Add("refreshGrace", fmt.Sprintf("%v is negative; 0s means none", l.RefreshGrace))
	case l.RefreshGrace > l.IdleTTL:
		ps.Add("refreshGrace", fmt.Sprintf("%v is longer than idleTTL, %v", l.RefreshGrace, l.IdleTTL))
	}
	return ps
}

// Rotation says when a refresh token stops being good.
type Rotation string

// The rotations. Refresh has the table.
const (
	// RotateUntilUsed keeps the previous token good until its successor is used.
	RotateUntilUsed Rotation = "untilUsed"
	// RotateGraceOnly keeps it good for RefreshGrace only. A reply that was
	// lost for longer than that costs the session.
	RotateGraceOnly Rotation = "graceOnly"
	// RotateNever keeps every token good until the session ends. A stolen
	// token is not noticed.
	RotateNever Rotation = "none"
)

// Rotations lists the rotations, the default first.
func Rotations() []Rotation { return []Rotation{RotateUntilUsed, RotateGraceOnly, RotateNever} }

// Options are what a Manager needs. Sessions, Keys, Secret and Issuer are
// required; everything else has a default.
type Options struct {
	Sessions core.SessionStore
	Keys     core.KeyStore
	Secret   core.Secret // at least MinSecretBytes of randomness; all nodes share it

	Issuer   string // the iss claim
	Audience string // the aud claim; default Issuer

	Lifetimes   Lifetimes     // the zero value means DefaultLifetimes; otherwise all four are taken as they are
	Rotation    Rotation      // default RotateUntilUsed
	KeyRotation time.Duration // how long a key signs; default 720h, at least MinKeyRotation
	// Claims names what an access token tells about the identity, under the
	// same names: name, email, emailVerified, username, avatar, roles, or a
	// key of Identity.Claims. Default none.
	Claims []string

	Now          func() time.Time // default time.Now
	Rand         io.Reader        // default crypto/rand; safe for concurrent use
	Log          *slog.Logger     // default none
	PollInterval time.Duration    // how often revocations of other nodes are read; default 1s

	// OnKeyRotated, which may be nil, is told of each signing key that this
	// manager has made and stored, the first one too, and when it begins to sign.
	// It must be quick and must not call the manager.
	OnKeyRotated func(ctx context.Context, keyID string, activeFrom time.Time)
}

// Problems says what is wrong with the options. It touches nothing.
func (o Options) Problems() core.Problems {
	o = o.withDefaults()
	ps := o.Lifetimes.Problems()
	if o.Sessions == nil || o.Keys == nil {
		ps.Add("store", "sessions and keys need a store")
	}
	if n := len(o.Secret.Reveal()); n < MinSecretBytes {
		ps.Add("secret", fmt.Sprintf("%d bytes are too few; at least %d are needed", n, MinSecretBytes))
	}
	if o.Issuer == "" {
		ps.Add("issuer", "must not be empty")
	}
	if !slices.Contains(Rotations(), o.Rotation) {
		ps.Add("rotation", fmt.Sprintf("%q is not one of %q", o.Rotation, Rotations()))
	}
	if o.KeyRotation < MinKeyRotation {
		ps.Add("keyRotation", fmt.Sprintf("%v is too short; the least is %v", o.KeyRotation, MinKeyRotation))
	}
	if o.PollInterval < 0 {
		ps.Add("pollInterval", "must not be negative")
	}
	for i, name := range o.Claims {
		if name == "" || slices.Contains(protocolClaims, name) {
			ps.Add(fmt.Sprintf("claims[%d]", i), fmt.Sprintf("%q is a claim of the token itself", name))
		}
	}
	return ps
}

func (o Options) withDefaults() Options {
	if o.Lifetimes == (Lifetimes{}) {
		o.Lifetimes = DefaultLifetimes()
	}
	if o.Audience == "" {
		o.Audience = o.Issuer
	}
	if o.Rotation == "" {
		o.Rotation = RotateUntilUsed
	}
	if o.KeyRotation == 0 {
		o.KeyRotation = 720 * time.Hour
	}
	if o.PollInterval == 0 {
		o.PollInterval = time.Second
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Rand == nil {
		o.Rand = rand.Reader
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.OnKeyRotated == nil {
		o.OnKeyRotated = func(context.Context, string, time.Time) {}
	}
	return o
}
