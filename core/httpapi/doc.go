// Package httpapi is the HTTP face of authd: the nine methods of the
// AuthProvider, the refresh-token flow and the caller's own sessions as JSON
// over HTTP, as openapi.yaml in this folder describes them, and a middleware
// that protects handlers of other programs.
//
// It owns everything that exists in HTTP only: routes, statuses, cookies,
// cross-origin rules, body decoding, the client's address. It decides nothing
// about accounts or sessions: it translates a request into a core.Request, asks
// its Backend, and translates the result back. It imports package core and the
// standard library, and must not import strategies, configuration or the registry.
//
// # What a request passes
//
// From the outside in, each with the reason for its place:
//
//  1. facts: the request id, the client's address and the deadline, which
//     everything after it uses.
//  2. headers: security and CORS headers, set before anything can answer, so
//     that errors carry them too.
//  3. observe: recovers panics and writes the access log line. A panic becomes
//     a 500 that is logged like any other answer.
//  4. preflight: answers CORS preflights, which are neither routed nor cross-origin changes.
//  5. crossOrigin: refuses changes that another site's page asks for.
//  6. routing: the path guard, then net/http's own mux, with 404 and 405 as JSON.
//
// Bodies are read by the routes that take one, within the deadline.
package httpapi
