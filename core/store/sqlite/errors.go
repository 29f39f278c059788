package sqlite

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"

	driverlib "modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"

	"github.com/authd-go/authd/core"
)

// errClosed is the cause in every answer after Close.
var errClosed = errors.New("the store is closed")

// lostError says that the transaction around an operation failed. Whatever the
// operation itself had found out then counts for nothing.
type lostError struct{ cause error }

// Error is the cause's text.
func (e *lostError) Error() string { return e.cause.Error() }

// Unwrap returns the cause.
func (e *lostError) Unwrap() error { return e.cause }

// wrap makes err a *core.Error that names what was tried, a new one for each
// caller. An error that has a code already keeps it.
func wrap(op string, err error) error {
	if err == nil {
		return nil
	}
	var lost *lostError
	if errors.As(err, &lost) {
		return core.Fail(core.Unavailable, op, err)
	}
	var own *core.Error
	if errors.As(err, &own) {
		return err
	}
	var code core.Code
	if errors.As(err, &code) {
		return core.Fail(code, op, nil)
	}
	return core.Fail(codeOf(err), op, err)
}

// codeOf says what a driver's error means to the caller.
func codeOf(err error) core.Code {
	var native *driverlib.Error
	switch {
	case errors.As(err, &native):
		return codeOfResult(native.Code())
	case errors.Is(err, errClosed), errors.Is(err, driver.ErrBadConn), errors.Is(err, sql.ErrConnDone),
		errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return core.Unavailable
	}
	return core.Internal
}

// codeOfResult classifies an extended result code of SQLite. Only what is
// wrong with the statement or its values is Internal: everything else says
// that the database could not answer.
func codeOfResult(result int) core.Code {
	switch result {
	case sqlite3.SQLITE_CONSTRAINT_UNIQUE, sqlite3.SQLITE_CONSTRAINT_PRIMARYKEY:
		return core.Conflict
	}
	switch result & 0xff {
	case sqlite3.SQLITE_ERROR, sqlite3.SQLITE_INTERNAL, sqlite3.SQLITE_CONSTRAINT, sqlite3.SQLITE_MISMATCH,
		sqlite3.SQLITE_MISUSE, sqlite3.SQLITE_RANGE, sqlite3.SQLITE_TOOBIG, sqlite3.SQLITE_SCHEMA:
		return core.Internal
	}
	return core.Unavailable
}

// isBusy says whether another process held a lock for too long.
func isBusy(err error) bool {
	var native *driverlib.Error
	if !errors.As(err, &native) {
		return false
	}
	primary := native.Code() & 0xff
	return primary == sqlite3.SQLITE_BUSY || primary == sqlite3.SQLITE_LOCKED
}

// isResult says whether err is SQLite's result of this primary code.
func isResult(err error, primary int) bool {
	var native *driverlib.Error
	return errors.As(err, &native) && native.Code()&0xff == primary
}

// none replaces the driver's "no rows" by an outcome.
func none(err error, code core.Code) error {
	if errors.Is(err, sql.ErrNoRows) {
		return code
	}
	return err
}
