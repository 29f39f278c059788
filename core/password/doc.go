// Package password hashes passwords, compares them with equal work, and says
// which ones are fit to be set.
//
// It owns the format of stored hashes, the cost of a login and the password
// policy. It knows no users, no storage and no strategy, and must not depend
// on any: callers hand it a stored hash and what somebody typed.
//
// # Preparation
//
// Before anything else a password is prepared as the OpaqueString profile of
// RFC 8265 section 4.2 says: spaces outside ASCII become ASCII spaces and the
// text takes normalisation form C, so that one password typed on two systems
// is one password. Case, leading and trailing spaces are kept.
//
// # Stored hashes
//
// There are two schemes, told apart by their first bytes:
//
//	$2a$12$<22 characters of salt><31 of hash>
//	$bcrypt-sha384$2a$12$<22 characters of salt><31 of hash>
//
// The first is plain bcrypt. bcrypt reads 72 bytes at most and takes a NUL
// for the end of the text, so a prepared password that is longer, or that
// contains a NUL, is stored under the second: bcrypt over the base64 form of
// its SHA-384, which is 64 bytes without a NUL. Nothing is ever cut off.
//
// For hashes made elsewhere, $2b$ and $2y$ are read too; Verify then asks for
// a new hash.
package password
