package flow

// Reasons of logins at other sites, beside those that strategies give.
const (
	ReasonNotBegun      = "login_not_begun"      // this browser keeps no login that the answer belongs to, or took too long
	ReasonWrongCallback = "wrong_callback"       // the login was begun at another strategy
	ReasonStateUsed     = "state_used"           // the answer was taken before
	ReasonCodeUsed      = "code_used"            // the code was taken before
	ReasonCodeExpired   = "code_expired"         // the code is older than core.CodeTTL, or was not made here
	ReasonWrongVerifier = "wrong_code_verifier"  // whoever shows the code is not who began the login
	ReasonTokenUsed     = "login_token_used"     // this token of another site was shown before
	ReasonNoticeUsed    = "logout_token_used"    // this logout token was shown before
	ReasonNonceExpired  = "login_nonce_expired"  // the nonce is too old, or was used
	ReasonWrongOrigin   = "redirect_not_allowed" // the strategy wants to send the browser somewhere that is no web address
)
