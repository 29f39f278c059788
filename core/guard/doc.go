// Package guard holds what stands around every strategy and every method,
// written once for all of them: time limits, throttling, the audit trail and
// metrics. A guard copies a core.Strategy, or takes a core.AuthProvider, and
// puts itself around what is there; neither side knows of it.
//
// It owns no verdict on a password and no session. It must not depend on any
// strategy, on the configuration or on HTTP.
package guard
