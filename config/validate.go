package config

import (
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/authd-go/authd/core"
	"github.com/authd-go/authd/core/session"
)

// validator looks at values that are typed already, and at how they go together.
type validator struct {
	*Config
	tree   *node
	report *collector
}

func (v *validator) add(key, message string) { v.report.add(v.tree.find(key).where(), key, message) }

func (v *validator) all() {
	v.listen()
	v.publicURL()
	v.canonical("server.cors.allowedOrigins", &v.Server.CORS.AllowedOrigins)
	v.canonical("redirects.allowedOrigins", &v.Redirects.AllowedOrigins)
	if v.Server.ShutdownTimeout <= 0 {
		v.add("server.shutdownTimeout", "must be longer than nothing, such as 15s")
	}
	v.files()
	v.session()
	v.throttle()
	v.hashing()
	if v.Audit.Keep < 0 && !v.report.at("audit.keep") {
		v.add("audit.keep", "must not be negative; 0 keeps the rows forever")
	}
	v.pages()
	v.aliases()
}

// The bounds of the hash pool: a worker is a thread, a waiting login a
// connection that is kept open.
const (
	mostHashWorkers = 1024
	mostHashQueue   = 65536
)

func (v *validator) throttle() {
	for _, p := range v.Throttle.Problems() {
		if key := "throttle." + p.Path; !v.report.at(key) {
			v.add(key, p.Message)
		}
	}
}

func (v *validator) hashing() {
	if w := v.Hashing.Workers; (w < 0 || w > mostHashWorkers) && !v.report.at("hashing.workers") {
		v.add("hashing.workers", fmt.Sprintf("is %d, must be from 0, which is one per processor, to %d", w, mostHashWorkers))
	}
	if q := v.Hashing.Queue; (q < 1 || q > mostHashQueue) && !v.report.at("hashing.queue") {
		v.add("hashing.queue", fmt.Sprintf("is %d, must be from 1 to %d", q, mostHashQueue))
	}
}

func (v *validator) listen() {
	host, port, err := net.SplitHostPort(v.Server.Listen)
	number, portErr := strconv.ParseUint(port, 10, 16)
	if err != nil || portErr != nil || strings.ContainsAny(host, "/ ") {
		v.add("server.listen", fmt.Sprintf("must be host:port such as 127.0.0.1:8080, or :8080 for all addresses; this is %s", quote(v.Server.Listen)))
		return
	}
	if v.Server.PublicURL == nil && !v.report.at("server.publicURL") {
		v.derive(host, number)
	}
}

// derive makes the public URL of a daemon that only this machine can reach.
func (v *validator) derive(host string, port uint64) {
	if !loopback(host) {
		v.report.add(v.tree.find("server.listen").where(), "server.publicURL",
			"is required, because server.listen is not loopback: the origin that browsers see, such as https://auth.example.com")
		return
	}
	v.Server.PublicURL = &url.URL{Scheme: "http", Host: fmt.Sprintf("localhost:%d", port)}
}

func (v *validator) publicURL() {
	const key = "server.publicURL"
	u := v.Server.PublicURL
	if u == nil || v.report.at(key) {
		return
	}
	origin, err := core.ParseOrigin(u.String())
	if err != nil {
		v.add(key, "must be an origin such as https://auth.example.com: "+strings.TrimPrefix(err.Error(), "origin "))
		v.Server.PublicURL = nil
		return
	}
	if v.Server.PublicURL, err = url.Parse(origin); err != nil {
		v.add(key, "must be an origin such as https://auth.example.com")
		return
	}
	if u.Scheme == "http" && !loopback(u.Hostname()) && !v.Server.InsecureHTTP {
		v.add(key, "must be https: passwords and tokens would travel in the clear; where that is acceptable, set server.insecureHTTP: true")
	}
	if u.Scheme == "http" && v.Session.CookieSameSite == SameSiteNone {
		v.add("session.cookieSameSite", "none needs an https server.publicURL: browsers drop such cookies otherwise")
	}
}

// loopback says whether a host is this machine itself.
func loopback(host string) bool {
	host = strings.ToLower(host)
	addr, err := netip.ParseAddr(host)
	return host == "localhost" || strings.HasSuffix(host, ".localhost") || err == nil && addr.Unmap().IsLoopback()
}

// canonical brings a list into its canonical form and takes out what is wrong.
func (v *validator) canonical(key string, list *[]string) {
	var good []string
	for i, text := range *list {
		origin, err := core.ParseOrigin(text)
		if err != nil {
			if !v.report.about(item(key, i)) {
				v.add(item(key, i), "must be an origin such as https://app.example.com: "+strings.TrimPrefix(err.Error(), "origin "))
			}
			continue
		}
		good = append(good, origin)
	}
	*list = good
}

// files makes paths in a file relative to its folder.
func (v *validator) files() {
	if v.SecretFile == "" && !v.report.at("secretFile") {
		v.add("secretFile", "must name a file")
	}
	if n := v.tree.fields["secretFile"]; n != nil && v.SecretFile != "" {
		v.SecretFile = resolve(n.at.source, v.SecretFile)
	}
	const key = "store.url"
	path, found := strings.CutPrefix(v.Store.URL, "sqlite:")
	if rest, host := strings.CutPrefix(path, "//"); host && strings.HasPrefix(rest, "/") {
		path = rest // sqlite:///absolute/path
	}
	if !found || path == "" || strings.HasPrefix(path, "//") || strings.HasPrefix(path, ":memory:") || strings.HasSuffix(path, "/") {
		if !v.report.about(key) {
			v.add(key, "must be sqlite: and the path of a file, such as sqlite:authd.db") // a URL may hold a password: not repeated
		}
		return
	}
	if n := v.tree.find(key); n.shape == scalar && n.at.source.dir != "" && !filepath.IsAbs(path) {
		v.Store.URL = "sqlite:" + resolve(n.at.source, path)
	}
}

func (v *validator) session() {
	s := v.Session
	var problems core.Problems
	if !slices.ContainsFunc([]string{"accessTTL", "idleTTL", "maxTTL", "refreshGrace"}, func(key string) bool { return v.report.at("session." + key) }) {
		problems.Merge("session", s.Lifetimes.Problems())
	}
	if len(s.Transports) == 0 {
		problems.Add("session.transports", "must name at least one of bearer, cookie")
	}
	if s.KeyRotation == 0 {
		problems.Add("session.keyRotation", fmt.Sprintf("is too short; the least is %v", session.MinKeyRotation))
	}
	mechanism := session.Options{Lifetimes: session.DefaultLifetimes(), Rotation: s.Rotation, KeyRotation: s.KeyRotation, Claims: s.Claims}
	for _, p := range mechanism.Problems() {
		if strings.HasPrefix(p.Path, "claims") || p.Path == "keyRotation" {
			problems.Add("session."+p.Path, p.Message)
		}
	}
	for _, p := range problems {
		if !v.report.about(p.Path) {
			v.add(p.Path, p.Message)
		}
	}
}

var aliasForm = regexp.MustCompile(`^(/[A-Za-z0-9._~-]+)+$`)

// aliases become routes of their own, so they are plain paths, each written once.
func (v *validator) aliases() {
	const key = "methods.refresh.aliases"
	list := v.Methods.Refresh.Aliases
	for i, alias := range list {
		switch {
		case v.report.about(item(key, i)):
		case !aliasForm.MatchString(alias):
			v.add(item(key, i), "must be a path such as /auth/refresh-token, of letters, digits and . _ ~ -")
		case slices.Contains(list[:i], alias):
			v.add(item(key, i), "is listed twice")
		}
	}
}
