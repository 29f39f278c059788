// Package load makes HTTP load and says what came of it, in two ways.
//
// Closed asks again as soon as it has an answer, on a fixed number of
// connections, and counts: it finds the most that a server can do. When the
// server stalls so does the load, so its latencies say nothing about a server
// in a world that does not wait for it.
//
// Open keeps a rate, whatever the server does. The clock of each request starts
// when it was due, so a stall shows in the latency of all that were due
// meanwhile; what could not be sent because too many were outstanding is
// counted and stands above every latency.
//
// Conn is a lean HTTP/1.1 client (RFC 9112) for one connection. It shares a
// machine with the server that it measures, so it does no more than it must. It
// imports the standard library only.
package load
