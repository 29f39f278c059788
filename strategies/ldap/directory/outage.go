package directory

import (
	"errors"

	"github.com/go-ldap/ldap/v3"
)

// Outage says whether an error means that a server could not answer, so that
// another one should be asked. An answer that refuses is no outage.
func Outage(err error) bool {
	if err == nil {
		return false
	}
	var service *ServiceBindError
	var answer *ldap.Error
	switch {
	case errors.As(err, &service):
		return true
	case !errors.As(err, &answer):
		return true // connecting, TLS, a time limit, a broken connection
	}
	switch answer.ResultCode {
	case ldap.LDAPResultBusy, ldap.LDAPResultUnavailable, ldap.LDAPResultOther,
		ldap.LDAPResultTimeLimitExceeded, ldap.LDAPResultOperationsError, ldap.LDAPResultProtocolError:
		return true
	}
	return broken(err)
}

// broken says whether the connection itself is of no use any more. The codes
// from 200 on are go-ldap's own.
func broken(err error) bool {
	if err == nil {
		return false
	}
	var answer *ldap.Error
	if !errors.As(err, &answer) {
		return true
	}
	switch answer.ResultCode {
	case ldap.ErrorNetwork, ldap.ErrorUnexpectedMessage, ldap.ErrorUnexpectedResponse,
		ldap.LDAPResultServerDown, ldap.LDAPResultTimeout, ldap.LDAPResultConnectError, ldap.LDAPResultDecodingError:
		return true
	}
	return false
}
