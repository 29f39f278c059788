package sessiontest

import (
	"context"
	"sync"
	"time"

	"github.com/authd-go/authd/core"
	"github.com/authd-go/authd/core/session"
)

// login opens a session; now and then the proof is old by then.
func (w *world) login() {
	node, n := w.node()
	account, now := w.account(), w.clock.Now()
	proof := now
	if w.rng.IntN(4) == 0 {
		proof = now.Add(-time.Duration(w.rng.IntN(120_000)) * time.Millisecond)
	}
	w.note("login %s on node %d with a proof of %s", account, n, proof.Format("15:04:05.000"))
	issued, err := node.Create(w.ctx(), session.NewSession{
		Identity: core.Identity{AccountID: account, Name: "N"}, AuthAt: proof, Persistent: true,
	})
	if cutoff, ok := w.cutoff[account]; ok && !proof.After(cutoff) {
		w.wantRefused(err, core.Unauthenticated, session.ReasonStaleProof)
		return
	}
	if err != nil {
		w.fail("login: %v", err)
	}
	s := &modelSession{
		id: issued.SessionID, account: account, rotation: w.rotation, advancedAt: now,
		idleEnd: now.Add(modelLives.IdleTTL), absEnd: now.Add(modelLives.MaxTTL), refresh: map[int]*modelRefresh{},
	}
	s.refresh[0] = &modelRefresh{exp: s.refreshExp()}
	w.sessions = append(w.sessions, s)
	w.took(s, issued, true)
	w.compareRow(s)
}

// held picks a generation that the client has, more often a new one.
func (w *world) held(s *modelSession) int {
	generation := s.newest
	for w.rng.IntN(3) == 0 && generation > 0 {
		generation--
	}
	for s.refresh[generation] == nil || !s.refresh[generation].held {
		generation--
	}
	return generation
}

var backendAnswers = []core.Code{
	"", "", "", "", "", "", "", "", "", core.Unavailable, core.Unavailable, core.Throttled, core.UnknownUser, core.Disabled, core.Locked,
}

// refresh presents a token that the client holds. One reply in six is lost.
func (w *world) refresh() {
	s, i := w.pick()
	node, n := w.node()
	generation, answer := w.held(s), backendAnswers[w.rng.IntN(len(backendAnswers))]
	lost := w.rng.IntN(6) == 0
	w.note("refresh session %d generation %d of %d on node %d, the backend says %q, reply lost: %v", i, generation, s.newest, n, answer, lost)
	want := s.expect(generation, w.clock.Now(), answer)
	issued, err := node.Refresh(w.ctx(), s.refresh[generation].text, backend(answer))
	w.settle(s, n, want, issued, err, !lost)
	w.compareRow(s)
}

// backend is a backing with one answer.
func backend(answer core.Code) session.Backer {
	return func(core.AccountID) session.Backing {
		return session.Backing{Ask: func(_ context.Context, id core.Identity) (core.Identity, error) {
			if answer != "" {
				return core.Identity{}, core.Fail(answer, "revalidate", nil)
			}
			return id, nil
		}}
	}
}

// settle compares a refresh with what it should have come to, and lets the
// model follow.
func (w *world) settle(s *modelSession, node int, want outcome, issued session.Issued, err error, arrived bool) {
	if !want.succeeds {
		w.wantRefused(err, want.code, want.reason)
		if want.ends != "" {
			s.endReason, s.refusedOn[node] = want.ends, true
		}
		return
	}
	if err != nil {
		w.fail("refresh: %v; want success", err)
	}
	if want.advances {
		s.advance(w.clock.Now())
	}
	w.took(s, issued, arrived)
}

// took checks an answer with tokens, and hands them to the client unless the
// reply was lost.
func (w *world) took(s *modelSession, issued session.Issued, arrived bool) {
	now, tokens := w.clock.Now(), issued.Tokens
	newest := s.refresh[s.newest]
	text := tokens.Refresh.Reveal()
	if newest.text != "" && newest.text != text {
		w.fail("generation %d has two tokens", s.newest)
	}
	if issued.SessionID != s.id || !tokens.Persistent || tokens.User.AccountID != s.account {
		w.fail("the answer is for another session: %+v", issued)
	}
	if got := tokens.RefreshExpires.Unix(); got != newest.exp {
		w.fail("refresh token expires at %d, want %d", got, newest.exp)
	}
	if got, want := tokens.AccessExpires.Unix(), s.accessExp(now); got != want {
		w.fail("access token expires at %d, want %d", got, want)
	}
	newest.text = text
	if arrived {
		newest.held = true
		s.access = append(s.access, modelAccess{tokens.Access.Reveal(), tokens.AccessExpires.Unix()})
		w.checkAccess(s, len(s.access)-1)
	}
}

// burst presents one token several times at once, on both nodes.
func (w *world) burst() {
	const width = 6
	s, i := w.pick()
	generation := w.held(s)
	w.note("burst on session %d generation %d of %d", i, generation, s.newest)
	want := s.expect(generation, w.clock.Now(), "")
	var issued [width]session.Issued
	var errs [width]error
	var wg sync.WaitGroup
	for k := range width {
		wg.Go(func() {
			issued[k], errs[k] = w.nodes[k%nodes].Refresh(w.ctx(), s.refresh[generation].text, nil)
		})
	}
	wg.Wait()
	for k := range width {
		w.settle(s, k%nodes, want, issued[k], w.sameEnd(want, errs[k]), true)
		want.advances = false
	}
	w.compareRow(s)
}

// sameEnd takes the two ways of saying that a burst of reuse ended a session
// for one.
func (w *world) sameEnd(want outcome, err error) error {
	if want.ends != "" && reasonOf(err) == session.ReasonSessionEnded {
		return &core.Error{Code: want.code, Reason: want.reason, Err: err}
	}
	return err
}

// forge changes one character of a good token's signature.
func (w *world) forge() {
	s, i := w.pick()
	node, n := w.node()
	text := []byte(s.refresh[w.held(s)].text)
	at := len(text) - 2 - w.rng.IntN(40)
	if text[at] == 'A' {
		text[at] = 'B'
	} else {
		text[at] = 'A'
	}
	w.note("forge a token of session %d on node %d", i, n)
	_, err := node.Refresh(w.ctx(), string(text), nil)
	w.wantRefused(err, core.Unauthenticated, session.ReasonInvalidToken)
	w.compareRow(s)
}

func (w *world) check() {
	s, i := w.pick()
	w.note("check the access tokens of session %d", i)
	for k := range s.access {
		w.checkAccess(s, k)
	}
}

func (w *world) checkAccess(s *modelSession, k int) {
	token := s.access[k]
	for n, node := range w.nodes {
		claims, err := node.Verify(w.ctx(), token.text)
		switch {
		case w.clock.Now().Unix() >= token.exp:
			w.wantRefused(err, core.Unauthenticated, session.ReasonTokenExpired)
		case s.refusedOn[n]:
			w.wantRefused(err, core.Unauthenticated, session.ReasonSessionEnded)
		case s.endReason != "": // ended on the other node, and nobody polls here
		case err != nil:
			w.fail("access token %d on node %d: %v", k, n, err)
		case claims.SessionID != s.id || claims.Identity.AccountID != s.account || claims.Identity.Name != "N":
			w.fail("access token %d says %+v", k, claims)
		}
		if id, ok := node.Owner(token.text, ""); !ok || id != s.id {
			w.fail("the owner of access token %d is %q", k, id)
		}
	}
}

func (w *world) logout() {
	s, i := w.pick()
	node, n := w.node()
	w.note("log out session %d on node %d", i, n)
	w.end(node, n, core.SessionEnd{ID: s.id, Reason: "logout"}, s)
}

func (w *world) endAccount(except bool) {
	s, i := w.pick()
	node, n := w.node()
	order := core.SessionEnd{Account: s.account, Reason: "password_changed"}
	if except {
		order.Except = s.id
	} else {
		w.cutoff[s.account] = w.clock.Now()
	}
	w.note("end the sessions of %s on node %d, except session %d: %v", s.account, n, i, except)
	var meant []*modelSession
	for _, other := range w.sessions {
		if other.account == s.account && other.id != order.Except {
			meant = append(meant, other)
		}
	}
	w.end(node, n, order, meant...)
}

func (w *world) end(node *session.Manager, n int, order core.SessionEnd, meant ...*modelSession) {
	want := 0
	for _, s := range meant {
		if s.alive(w.clock.Now()) {
			want++
			s.refusedOn[n] = true
		}
		if s.endReason == "" {
			s.endReason = order.Reason
		}
	}
	got, err := node.End(w.ctx(), order)
	if err != nil || got != want {
		w.fail("end: %d, %v; want %d", got, err, want)
	}
	for _, s := range meant {
		w.compareRow(s)
	}
}

// compareRow says whether the store's row is what the model thinks.
func (w *world) compareRow(s *modelSession) {
	row, err := w.store.Session(w.ctx(), s.id)
	switch {
	case err != nil:
		w.fail("read the row: %v", err)
	case row.Generation != int64(s.newest):
		w.fail("the row is at generation %d, want %d", row.Generation, s.newest)
	case row.EndReason != s.endReason || row.EndedAt.IsZero() != (s.endReason == ""):
		w.fail("the row ended at %v for %q, want %q", row.EndedAt, row.EndReason, s.endReason)
	case !row.AdvancedAt.Equal(s.advancedAt) || !row.IdleExpires.Equal(s.idleEnd) || !row.Expires.Equal(s.absEnd):
		w.fail("the row's times are %v, %v, %v; want %v, %v, %v",
			row.AdvancedAt, row.IdleExpires, row.Expires, s.advancedAt, s.idleEnd, s.absEnd)
	}
}

func (w *world) wantRefused(err error, code core.Code, reason string) {
	if core.CodeOf(err) != code || reasonOf(err) != reason {
		w.fail("got error %v, want %s (%s)", err, code, reason)
	}
}

func reasonOf(err error) string {
	if e := core.AsError(err); e != nil {
		return e.Reason
	}
	return ""
}
