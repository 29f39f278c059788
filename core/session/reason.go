package session

import "github.com/authd-go/authd/core"

// Reasons: the finer words in the errors of this package. They are stable,
// and clients may see them.
const (
	ReasonNoToken        = "no_token"              // nothing was presented
	ReasonInvalidToken   = "invalid_token"         // not a token of ours, or not one for this use
	ReasonTokenExpired   = "token_expired"         // an access token past its time
	ReasonSessionExpired = "session_expired"       // the idle or the absolute lifetime is over
	ReasonSessionEnded   = "session_ended"         // logged out, revoked, or forgotten since
	ReasonReused         = "refresh_reused"        // an old refresh token came back; the session ended
	ReasonAhead          = "refresh_ahead"         // a refresh token newer than the row: the store was rolled back; the session ended
	ReasonAccountGone    = "account_gone"          // the backend no longer lets the account in; the session ended
	ReasonUnconfirmed    = "account_unconfirmed"   // Unavailable: the backend has not answered for longer than is borne
	ReasonStaleProof     = "account_sessions_over" // the account's sessions were ended after this login's proof
	endReasonAccount     = "account_"              // and the backend's code: why a revalidation ended a session
)

func refused(op, reason string, cause error) error {
	return &core.Error{Code: core.Unauthenticated, Op: op, Reason: reason, Err: cause}
}

func expired(op string) error {
	return &core.Error{Code: core.Expired, Op: op, Reason: ReasonSessionExpired}
}

// storeError keeps the one outcome that a store may tell about a session and
// makes everything else an outage, which says nothing about the session.
func storeError(op string, err error) error {
	if core.CodeOf(err) == core.Unauthenticated {
		return refused(op, ReasonSessionEnded, err)
	}
	return core.Fail(core.Unavailable, op, err)
}
