package config

import "regexp"

// texts says what each key of the house means, in one line of Markdown. It is
// the one place: docs/configuration.md, the JSON Schema and the starting file
// take it from here. A kind's own options are told by the doc tags of its
// struct, since kinds are handed in; a key of the house may have a tag instead,
// too. NAME, CODE and METHOD stand for what is free, [] for an entry of a list.
func texts() map[string]string {
	return map[string]string{
		"server":                     "The HTTP side.",
		"server.listen":              "where the daemon listens: `host:port`, or `:8080` for all addresses",
		"server.publicURL":           "the origin that browsers see, and the only one ever put into links, mails and callbacks. On loopback it is `http://localhost:PORT` by default; otherwise it is required, and https",
		"server.insecureHTTP":        "allows a `publicURL` that is plain http and not loopback: passwords and tokens travel in the clear",
		"server.trustedProxies":      "the proxies whose word about the client's address is believed: networks such as `10.0.0.0/8`, or addresses",
		"server.cors":                "which other origins may call the API from a browser",
		"server.cors.allowedOrigins": "the origins of front ends that call the API from a browser, such as `https://app.example.com`",
		"server.shutdownTimeout":     "how long a stopping daemon waits for what still runs",
		"server.metrics":             "serves counts for Prometheus at `/metrics`, to whoever reaches it",

		"secretFile": "the file of 32 or more random bytes that all keys come from; made, readable by its owner only, on first start",

		"store":     "What must last. A relative path of the default is relative to the working directory.",
		"store.url": "where users and sessions are kept: `sqlite:` and the path of a file",

		"session":                "Sessions and their tokens; [architecture.md](architecture.md) says how they work.",
		"session.accessTTL":      "how long an access token is good",
		"session.idleTTL":        "how long a session lasts that is not refreshed; at least `accessTTL`",
		"session.maxTTL":         "how long a session lasts in any case; at least `idleTTL`",
		"session.refreshGrace":   "how long after a refresh a straggler with an older token is let through; `0` is not at all",
		"session.rotation":       "when the previous refresh token stops being good: once its successor was used, after the grace, or never. With `none` a stolen token is not noticed",
		"session.keyRotation":    "how long a key signs access tokens, at least `1h`",
		"session.transports":     "how tokens may travel; at least one",
		"session.cookieSameSite": "the attribute of the cookies; `none` needs an https `publicURL`",
		"session.audience":       "the `aud` claim of access tokens; `publicURL` if empty",
		"session.claims":         "what an access token tells about the identity: `name`, `email`, `emailVerified`, `username`, `avatar`, `roles`, or a claim of the backend",

		"throttle":              "How often credentials may be tried: at one account, and from one network (an IPv4 address, an IPv6 /64). Behind a proxy that `server.trustedProxies` does not name, everybody is one network.",
		"throttle.freeTries":    "tries at one account that need not wait",
		"throttle.networkTries": "tries from one network that need not wait; eight times as many from an IPv6 /48",
		"throttle.firstDelay":   "how long the next try must wait; each further one waits twice as long",
		"throttle.maxDelay":     "the longest wait; one try is forgotten about as often",
		"throttle.trustFor":     "how long a network from which an account signed in keeps tries of its own, whatever others try elsewhere",
		"throttle.insecureOff":  "lets everybody guess as often as they like",

		"hashing":         "How much of the machine password hashing may have. It runs on threads of its own, on Linux at a lower priority than the rest, and the logins that wait for one take turns by client address (by /64 network for IPv6).",
		"hashing.workers": "how many passwords are hashed at the same time; one per processor if 0",
		"hashing.queue":   "how many logins may wait for that; the next is answered 503 with `Retry-After`, or the newest of the address that has the most waiting",

		"audit":      "The [audit trail](audit.md): who was let in, who was not, and what was changed.",
		"audit.keep": "how long its rows are kept; `0` is forever",

		"pages":          "The [hosted pages](hosted-pages.md), for people without a front end: sign in, register, forgot and update password, own sessions.",
		"pages.enabled":  "serves them at `/`, `/login`, `/register`, `/forgot-password` and `/update-password`, as far as the methods are in use",
		"pages.title":    "the site's name; the host of `server.publicURL` if empty",
		"pages.logoFile": "an image shown above the pages: PNG, JPEG, WebP, GIF or SVG, at most 256 KiB",
		"pages.accent":   "the colour of buttons and links, such as `\"#4f46e5\"`; text on it is black or white, and links are darkened or lightened, so that they can be read",

		"log":        "The daemon's own log.",
		"log.level":  "the least level that is logged",
		"log.format": "lines for people, or JSON",

		"strategies":                      "The backends, by name. A name is a lower-case letter, then lower-case letters, digits and dashes; `session` is taken. These options stand in every block, beside the kind's own.",
		"strategies.NAME.type":            "the kind of backend",
		"strategies.NAME.label":           "what people see; NAME if empty",
		"strategies.NAME.accepts":         "the identifiers that this backend is asked about, such as `\"*@example.com\"`; all if empty",
		"strategies.NAME.roles":           "from the backend's roles to the front end's",
		"strategies.NAME.roles.map":       "from the backend's roles to the front end's; if not empty, other roles are dropped",
		"strategies.NAME.roles.default":   "roles of everybody who comes from this backend",
		"strategies.NAME.trustEmail":      "believe the backend when it says that an address is verified",
		"strategies.NAME.timeout":         "for one question to the backend",
		"strategies.NAME.revalidateEvery": "how long the backend's word that an account is good counts; 0s asks at each refresh of a session",
		"strategies.NAME.outageGrace":     "how long after its last word the backend may be out of reach before its sessions are refreshed no more, until it answers again",

		"methods":                                  "The provider object, method by method. A method without `use` is off.",
		"methods.login":                            "who is asked about credentials",
		"methods.login.use":                        "the backends to ask, in order; required",
		"methods.login.redirectTo":                 "where the front end goes after a login; `null` stays",
		"methods.login.failureRedirectTo":          "where it goes after a refusal",
		"methods.check":                            "what the front end does without a session",
		"methods.check.redirectTo":                 "where it goes without a session",
		"methods.check.logout":                     "whether it also forgets the session then",
		"methods.logout":                           "what the front end does after a logout",
		"methods.logout.redirectTo":                "where it goes after a logout",
		"methods.register":                         "who makes accounts",
		"methods.register.use":                     "the backend that makes accounts; without one the method is off",
		"methods.register.redirectTo":              "after success",
		"methods.register.failureRedirectTo":       "after a refusal",
		"methods.forgotPassword":                   "whose accounts can be recovered",
		"methods.forgotPassword.use":               "the backends whose accounts can be recovered; without one the method is off",
		"methods.forgotPassword.redirectTo":        "after success",
		"methods.forgotPassword.failureRedirectTo": "after a refusal",
		"methods.updatePassword":                   "whose passwords can be set",
		"methods.updatePassword.use":               "the backends whose passwords can be set; `session` is the one that signed the caller in; without one the method is off",
		"methods.updatePassword.redirectTo":        "after success",
		"methods.updatePassword.failureRedirectTo": "after a refusal",
		"methods.getPermissions":                   "who tells permissions",
		"methods.getPermissions.use":               "who tells permissions",
		"methods.getIdentity":                      "who tells the identity",
		"methods.getIdentity.use":                  "who tells the identity",
		"methods.METHOD.use[]":                     "the long form of a strategy's name",
		"methods.METHOD.use[].strategy":            "the name of a strategy",
		"methods.METHOD.use[].onUnknown":           "what follows if it does not know the identifier; `methods.login` only",
		"methods.METHOD.use[].onRejected":          "what follows if the proof is wrong; `methods.login` only",
		"methods.METHOD.use[].onUnavailable":       "what follows if it could not answer; `methods.login` only",
		"methods.onError":                          "what the front end does about its API's errors",
		"methods.onError.rules":                    "what the front end does about its API's errors; the first match wins",
		"methods.onError.rules[].status":           "`401`, `5xx`, `500-599` or a list of these; required",
		"methods.onError.rules[].refresh":          "try a refresh first; if it works, do nothing else",
		"methods.onError.rules[].logout":           "log out",
		"methods.onError.rules[].redirectTo":       "go there; never to the page that the error came from",
		"methods.refresh":                          "the refresh flow beside the nine methods",
		"methods.refresh.aliases":                  "further paths of `/auth/refresh`, for clients that have one of their own",

		"redirects":                "Where, beside the public URL, a redirect may lead.",
		"redirects.allowedOrigins": "the origins, beside `publicURL`, that a redirect may lead to",

		"messages":              "The texts that clients show, by [outcome](errors.md). What is left out keeps its default.",
		"messages.CODE":         "what clients show for this outcome",
		"messages.CODE.name":    "the title that people see for an outcome",
		"messages.CODE.message": "the text that they see",
	}
}

var markdownLink = regexp.MustCompile(`\[([^\]]+)\]\([^)]+\)`)

// plainText takes the links out of a text.
func plainText(markdown string) string { return markdownLink.ReplaceAllString(markdown, "$1") }
