package core

import (
	"errors"
	"fmt"
	"net/url"
	"path"
	"slices"
	"strings"
)

// maxRedirectLength bounds a redirect target, in bytes.
const maxRedirectLength = 2048

// RedirectPolicy decides which redirect targets a client may name: a path on
// the page's own origin, or a URL whose origin is on a list.
//
// It judges as the WHATWG URL standard makes browsers read a target, and it
// refuses whatever browsers, routers and this code could read in different
// ways: control bytes, tabs and newlines (browsers drop them), backslashes
// (browsers turn them into slashes), user-info, hosts that are not plain ASCII
// (write them in their xn-- form), and paths that start or come to start with
// two slashes. It does not say whether the path exists.
//
// The zero value allows paths only. A policy is safe for concurrent use.
type RedirectPolicy struct{ origins []string }

// NewRedirectPolicy allows the given origins, each as ParseOrigin takes it.
func NewRedirectPolicy(origins ...string) (RedirectPolicy, error) {
	var p RedirectPolicy
	for _, o := range origins {
		canonical, err := ParseOrigin(o)
		if err != nil {
			return RedirectPolicy{}, err
		}
		p.origins = append(p.origins, canonical)
	}
	return p, nil
}

// Judge returns nil if target may be followed, and otherwise an error that
// says why not, in words for the log and for the client alike. It never
// changes the target: what was judged is what is sent.
func (p RedirectPolicy) Judge(target string) error {
	if err := refuseAmbiguous(target); err != nil {
		return err
	}
	if strings.HasPrefix(target, "/") {
		return judgePath(target)
	}
	origin, rest, err := splitOrigin(target)
	if err != nil {
		return err
	}
	if !slices.Contains(p.origins, origin) {
		return errors.New("must be a path or a URL of an allowed origin")
	}
	if strings.HasPrefix(rest, "/") {
		return judgePath(rest)
	}
	return nil
}

// ParseOrigin returns the canonical form of an http or https origin, as
// browsers write it in the Origin header: lower case, no default port, no
// path. A single trailing slash is allowed.
func ParseOrigin(s string) (string, error) {
	if err := refuseAmbiguous(s); err != nil {
		return "", fmt.Errorf("origin %w", err)
	}
	origin, rest, err := splitOrigin(s)
	if err != nil {
		return "", fmt.Errorf("origin %w", err)
	}
	if rest != "" && rest != "/" {
		return "", errors.New("origin must have no path, query or fragment")
	}
	return origin, nil
}

func refuseAmbiguous(target string) error {
	switch {
	case target == "":
		return errors.New("must not be empty")
	case len(target) > maxRedirectLength:
		return fmt.Errorf("must not be longer than %d bytes", maxRedirectLength)
	case target != strings.TrimSpace(target):
		return errors.New("must not start or end with a space")
	}
	for _, r := range target {
		if r < 0x20 || r >= 0x7f && r < 0xa0 || r == 0x2028 || r == 0x2029 || r == 0xfffd {
			return errors.New("must not contain control characters or broken UTF-8")
		}
		if r == '\\' {
			return errors.New("must not contain a backslash")
		}
	}
	return nil
}

// judgePath looks at an origin-relative target. Browsers remove dot segments
// (also written %2e) before they look at the slashes, and routers may decode
// %2f and %5c, so both are done here before the first two bytes are judged.
func judgePath(target string) error {
	p, _, _ := strings.Cut(target, "#")
	p, _, _ = strings.Cut(p, "?")
	decoded := strings.NewReplacer("%2e", ".", "%2E", ".", "%2f", "/", "%2F", "/", "%5c", "/", "%5C", "/").Replace(p)
	if strings.HasPrefix(decoded, "//") || collapsesToSlashes(decoded) {
		return errors.New("must not start with two slashes")
	}
	return nil
}

// collapsesToSlashes says whether the path starts with "//" once the dot
// segments before an empty segment are gone, as in /.//host or /a/..//host.
func collapsesToSlashes(p string) bool {
	for i := 1; i < len(p); i++ {
		if p[i] == '/' && p[i-1] == '/' && path.Clean(p[:i]) == "/" {
			return true
		}
	}
	return false
}

// splitOrigin cuts a URL after its authority and returns the canonical origin.
func splitOrigin(s string) (origin, rest string, err error) {
	scheme, after, found := strings.Cut(s, "://")
	scheme = strings.ToLower(scheme)
	if !found || scheme != "http" && scheme != "https" {
		return "", "", errors.New("must be a path or an http or https URL")
	}
	authority, rest := after, ""
	if i := strings.IndexAny(after, "/?#"); i >= 0 {
		authority, rest = after[:i], after[i:]
	}
	host, err := canonicalAuthority(scheme, authority)
	if err != nil {
		return "", "", err
	}
	return scheme + "://" + host, rest, nil
}

func canonicalAuthority(scheme, authority string) (string, error) {
	for _, r := range authority {
		if !isHostByte(r) {
			return "", errors.New("must have a plain ASCII host and no user name")
		}
	}
	u, err := url.Parse(scheme + "://" + authority)
	if err != nil || u.Hostname() == "" || u.User != nil || strings.HasSuffix(u.Host, ":") {
		return "", errors.New("must have a valid host and port")
	}
	host := strings.ToLower(u.Host)
	defaultPort := map[string]string{"http": ":80", "https": ":443"}[scheme]
	return strings.TrimSuffix(host, defaultPort), nil
}

func isHostByte(r rune) bool {
	return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune(".-_:[]", r)
}
