package authcode

import (
	"encoding/json"
	"errors"
	"io"

	"github.com/authd-go/authd/core"
)

// Pending is what must be remembered between a question and its answer. The
// house seals it and binds it to the browser.
type Pending struct {
	Version  int    `json:"v"`
	Strategy string `json:"strategy"`
	Site     string `json:"site"` // who was asked: the issuer, or the address that stands for it
	ClientID string `json:"client"`
	State    string `json:"state"`
	Callback string `json:"callback"`
	Verifier string `json:"verifier"` // of PKCE
	Nonce    string `json:"nonce"`
}

// pendingVersion changes when what is kept means something else. Logins that
// began before are asked to begin again.
const pendingVersion = 1

// Origin says whose question it is. An answer is taken only by the same.
type Origin struct {
	Strategy string
	Site     string
	ClientID string
}

// Begin makes what is remembered about one question.
func (o Origin) Begin(r core.RedirectRequest, random io.Reader) (Pending, error) {
	verifier, err := Random(random)
	if err != nil {
		return Pending{}, core.Fail(core.Internal, opBegin, err)
	}
	nonce, err := Random(random)
	if err != nil {
		return Pending{}, core.Fail(core.Internal, opBegin, err)
	}
	if r.State == "" || r.CallbackURL == "" {
		return Pending{}, core.Fail(core.Internal, opBegin, errors.New("the house gave no state or no callback URL"))
	}
	return Pending{pendingVersion, o.Strategy, o.Site, o.ClientID, r.State, r.CallbackURL, verifier, nonce}, nil
}

// Keep is p as a secret.
func (p Pending) Keep() (core.Secret, error) {
	text, err := json.Marshal(p)
	return core.NewSecret(string(text)), err
}

// Resume returns what was remembered, if the answer is to that question.
func (o Origin) Resume(c core.Callback) (Pending, error) {
	notAsked := func(why string) (Pending, error) {
		return Pending{}, fail(core.InvalidInput, opComplete, ReasonNotAsked, errors.New(why))
	}
	var p Pending
	if json.Unmarshal([]byte(c.Keep.Reveal()), &p) != nil || p.Version != pendingVersion {
		return notAsked("nothing was kept that belongs to this answer")
	}
	if p.Strategy != o.Strategy || p.Site != o.Site || p.ClientID != o.ClientID {
		return notAsked("another provider was asked")
	}
	if p.State == "" || p.Verifier == "" || p.Nonce == "" || p.State != c.State || p.Callback != c.CallbackURL {
		return notAsked("another question was asked")
	}
	if err := single(c.Query); err != nil {
		return Pending{}, err
	}
	if got := first(c.Query, "state"); got != p.State {
		return Pending{}, fail(core.InvalidInput, opComplete, ReasonState, nil)
	}
	return p, nil
}
