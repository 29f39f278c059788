package guard

import (
	"slices"

	"github.com/authd-go/authd/core"
)

// Event says which event of the audit trail a decision is, if it is one. It is
// the one table: a method that is in neither part of it is no event, and a
// test says so.
func Event(t core.Trace) (core.AuditEvent, bool) {
	name := eventName(t)
	if name == "" {
		return core.AuditEvent{}, false
	}
	e := core.AuditEvent{
		Time: t.Start.Add(t.Duration), Event: name, Actor: core.ActorUser, Method: t.Method,
		Outcome: t.Outcome, Reason: t.Reason, Account: t.Account, SessionID: t.SessionID,
		Addr: t.Addr.Unmap(), RequestID: t.RequestID,
	}
	if t.Method == core.MethodRecovery || t.Method == core.MethodRemoteLogout {
		e.Actor = core.ActorSystem
	}
	for _, s := range t.Steps {
		if s.Verdict == core.VerdictSkip {
			continue
		}
		e.Asked = append(e.Asked, core.AuditAnswer{Strategy: s.Strategy, Outcome: s.Outcome})
		if s.Outcome == t.Outcome {
			e.Strategy = s.Strategy
		}
	}
	return e, true
}

// eventName is the table of decisions.
func eventName(t core.Trace) string {
	switch {
	case t.Outcome == core.Throttled:
		return core.AuditThrottled
	case !reached(t):
		return ""
	}
	switch t.Method {
	case core.MethodLogin:
		// Sending a browser away decides nothing yet, and a code is the second half
		// of a login that was told of.
		half := t.Op == core.OpBeginLogin || t.Op == core.OpExchange
		return when(!half || t.Outcome != "", core.AuditLogin)
	case core.MethodRemoteLogout: // people may have no session here that could end
		return when(t.Ended > 0 || t.Outcome != "", core.AuditSessionsEnded)
	case core.MethodLogout:
		return when(t.Account.Subject != "" || t.Outcome != "" && t.SessionID != "", core.AuditLogout)
	case core.MethodRegister:
		return core.AuditRegister
	case core.MethodForgotPassword:
		return core.AuditPasswordResetRequested
	case core.MethodRecovery:
		return core.AuditPasswordResetSent
	case core.MethodUpdatePassword:
		if t.Op == core.OpResetPassword {
			return core.AuditPasswordReset
		}
		return core.AuditPasswordChanged
	case core.MethodSessions:
		return when(t.Op == core.OpEndSessions, core.AuditSessionsEnded)
	case core.MethodRefresh:
		return refreshEvent(t.Reason)
	}
	return "" // see QuietMethods
}

// QuietMethods lists the methods whose decisions are no events unless they are
// throttled: front ends ask them all the time, and they change nothing.
func QuietMethods() []string {
	return []string{core.MethodCheck, core.MethodOnError, core.MethodGetPermissions, core.MethodGetIdentity}
}

// refreshEvent: of the refreshes, those count that ended a session.
func refreshEvent(reason string) string {
	switch reason {
	case "refresh_reused":
		return core.AuditRefreshReused
	case "refresh_ahead", "account_gone":
		return core.AuditSessionsEnded
	}
	return ""
}

// reached says whether the call got as far as a question about an account.
// What was malformed, switched off or without a session before that decides
// nothing about anybody.
func reached(t core.Trace) bool {
	if t.Op == core.OpFinishLogin || t.Op == core.OpExchange || t.Method == core.MethodRemoteLogout {
		return true // whoever came with an answer claimed to be somebody
	}
	early := slices.Contains([]core.Code{core.InvalidInput, core.Unsupported, core.Unauthenticated}, t.Outcome)
	return !early || len(t.Steps) > 0 || t.Account.Subject != "" || t.SessionID != ""
}

func when(ok bool, name string) string {
	if ok {
		return name
	}
	return ""
}

// costsNothing says whether anybody can cause such events as fast as they can
// send requests, knowing no secret.
func costsNothing(e core.AuditEvent) bool {
	return (e.Actor == core.ActorUser || e.Method == core.MethodRemoteLogout) && (e.Outcome != "" || e.Event == core.AuditPasswordResetRequested)
}
