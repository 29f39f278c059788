package httpapi

import (
	"encoding/json"
	"errors"
	"math"
	"net/http"
	"strconv"
	"time"

	"github.com/authd-go/authd/core"
)

// statusOf is the one table of outcomes and HTTP statuses. A wrong password is
// 400 and not 401, because a 401 sends common clients into a refresh, and some
// of them into an endless loop. What is not listed is 500.
func statusOf(code core.Code) int {
	switch code {
	case "":
		return http.StatusOK
	case core.UnknownUser, core.InvalidCredentials, core.Expired, core.InvalidInput:
		return http.StatusBadRequest
	case core.Unauthenticated:
		return http.StatusUnauthorized
	case core.Locked, core.Disabled, core.PasswordExpired, core.ActionRequired, core.Forbidden:
		return http.StatusForbidden
	case core.Unsupported:
		return http.StatusNotFound
	case core.Conflict:
		return http.StatusConflict
	case core.Throttled:
		return http.StatusTooManyRequests
	case core.Unavailable:
		return http.StatusServiceUnavailable
	}
	return http.StatusInternalServerError
}

// withoutChallenge is statusOf for the routes that need no session, refresh
// above all: there a 401 would start the refresh that it is the answer to.
func withoutChallenge(code core.Code) int {
	if code == core.Unauthenticated {
		return http.StatusBadRequest
	}
	return statusOf(code)
}

// checkStatus is statusOf for check, which has two answers and two ways to fail.
func checkStatus(code core.Code) int {
	switch code {
	case core.Unavailable, core.Internal:
		return statusOf(code)
	}
	return http.StatusUnauthorized
}

// onErrorStatus is statusOf for onError: an error inside the answer is part of
// the advice, unless there is no advice.
func onErrorStatus(code core.Code) int {
	switch code {
	case core.Unavailable, core.Throttled, core.Internal, core.InvalidInput:
		return statusOf(code)
	}
	return http.StatusOK
}

// httpError is an error whose status does not follow from its code.
type httpError struct {
	status int
	err    *core.Error
}

func (e httpError) Error() string { return e.err.Error() }
func (e httpError) Unwrap() error { return e.err }

// refuse answers with an error. The text of an internal one goes to the log.
func (a *api) refuse(w http.ResponseWriter, r *http.Request, err error) {
	refusal := a.Messages.Refuse(err)
	status := statusOf(refusal.Code)
	var he httpError
	if errors.As(err, &he) {
		status = he.status
	}
	if status == http.StatusInternalServerError {
		a.Log.ErrorContext(r.Context(), "request failed", "requestId", factsOf(r).id, "error", err)
	}
	writeFailure(w, status, refusal)
}

// writeFailure writes a refusal as the contract's action answer, which is the
// form of every error that has none of its own.
func writeFailure(w http.ResponseWriter, status int, refusal *core.Refusal) {
	// Without Extra the answer holds strings only, which always encode.
	body, _ := json.Marshal(core.ActionResult{Error: refusal})
	writeJSON(w, status, refusal, body)
}

// defaultRetryAfter is told to throttled callers when the throttle does not say.
const defaultRetryAfter = 30 * time.Second

// wholeBody is up to where net/http finds out the length of a body by itself.
// It sends longer ones, such as tokens, in chunks unless it is told.
const wholeBody = 2 << 10

// writeJSON writes a body with the headers that belong to its refusal, which
// may be nil.
func writeJSON(w http.ResponseWriter, status int, refusal *core.Refusal, body []byte) {
	writeLine(w, status, refusal, append(body, '\n'))
}

// writeLine is writeJSON for a body that ends with its newline.
func writeLine(w http.ResponseWriter, status int, refusal *core.Refusal, body []byte) {
	h := w.Header()
	h.Set("Content-Type", "application/json")
	switch status {
	case http.StatusUnauthorized:
		h.Set("WWW-Authenticate", "Bearer")
	case http.StatusTooManyRequests:
		setRetryAfter(h, refusal, defaultRetryAfter)
	case http.StatusServiceUnavailable:
		setRetryAfter(h, refusal, 0)
	}
	if len(body) > wholeBody {
		h.Set("Content-Length", strconv.Itoa(len(body)))
	}
	w.WriteHeader(status)
	_, _ = w.Write(body) // a client that is gone needs no answer
}

func setRetryAfter(h http.Header, refusal *core.Refusal, fallback time.Duration) {
	wait := fallback
	if refusal != nil && refusal.RetryAfter > 0 {
		wait = refusal.RetryAfter
	}
	if wait > 0 {
		h.Set("Retry-After", strconv.FormatInt(int64(math.Ceil(wait.Seconds())), 10))
	}
}
