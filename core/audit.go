package core

import (
	"context"
	"net/netip"
	"time"
)

// The events of the audit trail. The words are stable: rows, log lines and
// operators' queries name them.
const (
	AuditLogin                  = "login"                    // somebody showed credentials
	AuditLogout                 = "logout"                   // a session ended because its owner said so
	AuditRegister               = "register"                 // somebody asked for an account
	AuditThrottled              = "throttled"                // a call was refused because there had been too many
	AuditRefreshReused          = "refresh_reused"           // an old refresh token came back; its session ended
	AuditSessionsEnded          = "sessions_ended"           // sessions ended, other than by logout
	AuditPasswordChanged        = "password_changed"         // a signed-in caller set a new password
	AuditPasswordResetRequested = "password_reset_requested" // somebody said that a password was forgotten
	AuditPasswordResetSent      = "password_reset_sent"      // the link went out, or could not
	AuditPasswordReset          = "password_reset"           // a new password was set with such a link
	AuditConfigLoaded           = "config_loaded"            // a daemon serves with a configuration
	AuditKeyRotated             = "key_rotated"              // a signing key was made
	AuditUserAdded              = "user_added"               // by an operator, as all below
	AuditUserEnabled            = "user_enabled"
	AuditUserDisabled           = "user_disabled"
	AuditUserDeleted            = "user_deleted"
	AuditPasswordSet            = "password_set"
	AuditResetLinkMade          = "reset_link_made"
)

// AuditEvents lists the events, in the order of the reference.
func AuditEvents() []string {
	return []string{
		AuditLogin, AuditLogout, AuditRegister, AuditThrottled, AuditRefreshReused, AuditSessionsEnded,
		AuditPasswordChanged, AuditPasswordResetRequested, AuditPasswordResetSent, AuditPasswordReset,
		AuditConfigLoaded, AuditKeyRotated,
		AuditUserAdded, AuditUserEnabled, AuditUserDisabled, AuditUserDeleted, AuditPasswordSet, AuditResetLinkMade,
	}
}

// Who made an event happen.
const (
	ActorUser     = "user"     // whoever called a method; nothing is proved by it
	ActorOperator = "operator" // whoever runs the program and its command line
	ActorSystem   = "system"   // the program by itself
)

// AuditAnswer is what one backend said.
type AuditAnswer struct {
	Strategy string
	Outcome  Code // "" if it said yes
}

// AuditEvent is one decision that matters to whoever looks back. It holds no
// secret and nothing that was typed: people are named by their account only,
// and an event that no account is known for names none.
type AuditEvent struct {
	ID        int64 // given by the store, in the order of appending; 0 before that
	Time      time.Time
	Event     string // one of AuditEvents
	Actor     string
	Method    string        // the method of the contract that decided; "" if none did
	Outcome   Code          // "" for success
	Reason    string        // finer than Outcome: a stable lower_snake_case word; may be empty
	Account   AccountID     // whom it is about; the zero value if that is not known
	Strategy  string        // the backend whose answer became the outcome
	Asked     []AuditAnswer // the backends that were asked, in order
	SessionID string
	Addr      netip.Addr // the client's; invalid if there is none
	RequestID string
	Object    string // what it is about if that is no account: a key's id, the names of files
}

// AuditQuery chooses rows. Zero fields choose all.
type AuditQuery struct {
	Since   time.Time // at or after
	Until   time.Time // before
	Account AccountID
	Event   string
	After   int64 // rows with a greater ID
	Limit   int   // at most; 0 or less is none
}

// AuditStore keeps audit events as rows.
type AuditStore interface {
	// AppendAudit stores events, all of them or none, and gives them IDs that grow
	// in the order given and are never used again. Their own ID is not looked
	// at. An event without a time or a name is InvalidInput.
	AppendAudit(context.Context, ...AuditEvent) error
	// Audit lists rows by ID.
	Audit(context.Context, AuditQuery) ([]AuditEvent, error)
	// PurgeAudit forgets at most limit rows whose Time lies before t, and says
	// how many it forgot.
	PurgeAudit(ctx context.Context, t time.Time, limit int) (int, error)
}
