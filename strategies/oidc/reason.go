package oidc

import "github.com/authd-go/authd/core"

// The reasons of refusals, finer than their codes; those of the packages
// authcode and claims stand beside them.
const (
	ReasonMetadataIssuer = "issuer_mismatch" // the metadata are another provider's
	ReasonNoToken        = "id_token_missing"
	ReasonMalformed      = "token_malformed"
	ReasonType           = "token_type_wrong" // it is signed, but it is no ID token, or no logout token
	ReasonAlgorithm      = "algorithm_refused"
	ReasonUnknownKey     = "key_unknown"
	ReasonSignature      = "signature_wrong"
	ReasonIssuer         = "issuer_wrong"
	ReasonAudience       = "audience_wrong"
	ReasonParty          = "authorized_party_wrong" // azp
	ReasonNonce          = "nonce_wrong"
	ReasonExpired        = "token_expired"
	ReasonFuture         = "issued_in_the_future"
	ReasonStale          = "token_too_old"
	ReasonIssuedAt       = "issue_time_missing"
	ReasonSubject        = "subject_missing"
	ReasonAccessHash     = "access_token_hash_wrong"
	ReasonAuthTime       = "authentication_too_old"
	ReasonUserInfo       = "userinfo_malformed"
	ReasonUserInfoOther  = "userinfo_of_another"
	ReasonOtherSubject   = "subject_changed"
	ReasonEvents         = "logout_event_missing"
	ReasonLogoutNonce    = "logout_token_with_nonce"
	ReasonLogoutID       = "logout_token_without_id"
	ReasonLogoutSession  = "logout_token_without_session"
)

// disbelieve is the refusal of an answer that is not to be believed.
func disbelieve(op, reason string, cause error) *core.Error {
	return &core.Error{Code: core.InvalidInput, Op: op, Reason: reason, Err: cause}
}
