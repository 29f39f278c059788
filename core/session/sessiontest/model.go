package sessiontest

import (
	"time"

	"github.com/authd-go/authd/core"
	"github.com/authd-go/authd/core/session"
)

// The model: what a session is, in the words of the documentation and without
// a look at the code. Times are kept as the rows keep them; what tokens carry
// is whole seconds.

// modelLives are short, so that random walks meet every end of a session.
var modelLives = session.Lifetimes{
	AccessTTL: time.Minute, IdleTTL: 10 * time.Minute, MaxTTL: time.Hour, RefreshGrace: 10 * time.Second,
}

type modelSession struct {
	id         string
	account    core.AccountID
	rotation   session.Rotation
	newest     int
	advancedAt time.Time
	idleEnd    time.Time
	absEnd     time.Time
	endReason  string                // "" while nobody ended it
	refresh    map[int]*modelRefresh // by generation, the tokens that were handed out
	access     []modelAccess
	refusedOn  [nodes]bool // nodes that must refuse its access tokens already
}

type modelRefresh struct {
	text string // "" if every answer that carried it was lost
	exp  int64
	held bool // the client has it
}

type modelAccess struct {
	text string
	exp  int64
}

// outcome is what a refresh should come to.
type outcome struct {
	advances bool
	succeeds bool
	code     core.Code
	reason   string
	ends     string // the reason that the session ends with, if this ends it
}

func (s *modelSession) end() int64 { return min(s.idleEnd.Unix(), s.absEnd.Unix()) }

// refreshExp is the exp of the newest token.
func (s *modelSession) refreshExp() int64 {
	if s.rotation == session.RotateNever {
		return s.absEnd.Unix()
	}
	return s.end()
}

// accessExp is the exp of an access token made at now: its full life, rounded
// up, but never past the end of the session.
func (s *modelSession) accessExp(now time.Time) int64 {
	full := now.Add(modelLives.AccessTTL)
	exp := full.Unix()
	if full.Nanosecond() > 0 {
		exp++
	}
	return min(exp, s.end())
}

// expect says what presenting a generation should come to. answer is what the
// backend says when it is asked: "" for yes.
func (s *modelSession) expect(generation int, now time.Time, answer core.Code) outcome {
	if now.Unix() >= s.refresh[generation].exp {
		return outcome{code: core.Expired, reason: session.ReasonSessionExpired}
	}
	if s.endReason != "" {
		return outcome{code: core.Unauthenticated, reason: session.ReasonSessionEnded}
	}
	if now.Unix() >= s.end() {
		return outcome{code: core.Expired, reason: session.ReasonSessionExpired}
	}
	advances, good := s.table(generation, now)
	if !good {
		return outcome{code: core.Unauthenticated, reason: session.ReasonReused, ends: session.ReasonReused}
	}
	switch answer {
	case "", core.Unavailable:
		return outcome{succeeds: true, advances: advances}
	case core.UnknownUser, core.Disabled, core.Locked:
		return outcome{code: core.Unauthenticated, reason: session.ReasonAccountGone, ends: "account_" + string(answer)}
	default:
		return outcome{code: core.Internal}
	}
}

// table is the table of the design.
func (s *modelSession) table(generation int, now time.Time) (advances, good bool) {
	inGrace := now.Sub(s.advancedAt) <= modelLives.RefreshGrace
	switch s.rotation {
	case session.RotateNever:
		gain := now.Add(modelLives.IdleTTL).Sub(s.idleEnd)
		return gain >= modelLives.IdleTTL/10 && s.idleEnd.Before(s.absEnd), true
	case session.RotateGraceOnly:
		switch s.newest - generation {
		case 0:
			return true, true
		case 1, 2:
			return false, inGrace
		}
	default:
		switch s.newest - generation {
		case 0:
			return true, true
		case 1:
			return false, true
		case 2:
			return false, inGrace
		}
	}
	return false, false
}

// advance is what a successful refresh of the newest generation does.
func (s *modelSession) advance(now time.Time) {
	s.newest++
	s.advancedAt = now
	s.idleEnd = now.Add(modelLives.IdleTTL)
	s.refresh[s.newest] = &modelRefresh{exp: s.refreshExp()}
}

func (s *modelSession) alive(now time.Time) bool {
	return s.endReason == "" && now.Before(s.idleEnd) && now.Before(s.absEnd)
}
