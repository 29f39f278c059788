// Package authcode is the client's side of the OAuth 2.0 authorization code
// grant (RFC 6749, section 4.1) as strategies use it: the question that the
// browser carries, with PKCE (RFC 7636), pushed where a site wants that (RFC
// 9126); the answer, with its issuer (RFC 9207); client authentication; and
// the token endpoint.
//
// It knows nothing of ID tokens. Every error is a *core.Error with a Reason and
// without a secret; what a site wrote in words of its own is in none of them.
package authcode
