// Package core is the contract that every part of authd speaks: the nine
// methods of a front end's AuthProvider with their result objects, the small
// interfaces a backend implements, and the outcome codes that decide what
// happens next.
//
// It owns no behaviour beyond what the types need and imports nothing but the
// standard library, so that a strategy written elsewhere pulls in nothing else.
//
// A reader new to the code wants, in this order: [AuthProvider] (what callers
// hold), [Strategy] and the capability interfaces in capability.go (what a
// backend implements), [Kind] (how a backend is offered to the YAML), and
// [Code] (how anything fails).
package core
