package config

import (
	"encoding"
	"fmt"
	"log/slog"
	"net/netip"
	"net/url"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	authd "github.com/authd-go/authd"
	"github.com/authd-go/authd/core"
	"github.com/authd-go/authd/core/flow"
	"github.com/authd-go/authd/core/onerror"
	"github.com/authd-go/authd/core/session"
)

// known decodes the types that have a form of their own. It says false of all
// others. This is the one list of such types.
func (d *decoder) known(n *node, path string, out reflect.Value) bool {
	switch p := out.Addr().Interface().(type) {
	case *map[string]authd.StrategyOptions:
		d.strategies(n, path, p)
	case *authd.Use:
		d.use(n, path, p)
	case *onerror.Statuses:
		d.statuses(n, path, p)
	case *core.Secret:
		d.secretText(n, path, p)
	case *time.Duration:
		d.duration(n, path, p)
	case *netip.Prefix:
		d.prefix(n, path, p)
	case *url.URL:
		d.url(n, path, p)
	case *slog.Level:
		d.level(n, path, p)
	case encoding.TextUnmarshaler:
		d.unmarshal(n, path, p)
	default:
		return d.choice(n, path, out)
	}
	return true
}

// isLeaf says whether a type is written as one value, not as a block or a list.
func isLeaf(t reflect.Type) bool {
	switch t.Kind() {
	case reflect.Pointer:
		return isLeaf(t.Elem())
	case reflect.Map, reflect.Slice:
		return false
	case reflect.Struct:
		return is[url.URL](t) || reflect.PointerTo(t).Implements(reflect.TypeFor[encoding.TextUnmarshaler]())
	}
	return true
}

// choices lists the words that a type takes, or nothing if it is no such type.
func choices(t reflect.Type) []string {
	switch {
	case is[session.Rotation](t):
		return stringsOf(session.Rotations())
	case is[Transport](t):
		return stringsOf([]Transport{TransportBearer, TransportCookie})
	case is[SameSite](t):
		return stringsOf([]SameSite{SameSiteLax, SameSiteStrict, SameSiteNone})
	case is[LogFormat](t):
		return stringsOf([]LogFormat{LogText, LogJSON})
	case is[flow.Step](t):
		return stringsOf([]flow.Step{flow.StepNext, flow.StepStop})
	}
	return nil
}

func stringsOf[S ~string](values []S) []string {
	out := make([]string, len(values))
	for i, v := range values {
		out[i] = string(v)
	}
	return out
}

func (d *decoder) choice(n *node, path string, out reflect.Value) bool {
	allowed := choices(out.Type())
	if allowed == nil {
		return false
	}
	if text, ok := d.oneOf(n, path, allowed); ok {
		out.SetString(text)
	}
	return true
}

func (d *decoder) oneOf(n *node, path string, allowed []string) (string, bool) {
	want := "one of " + listed(allowed)
	text, ok := d.word(n, path, want)
	if !ok {
		return "", false
	}
	if !slices.Contains(allowed, text) {
		d.report.suggest(n.at, path, fmt.Sprintf("must be %s; this is %s", want, quote(n.text)), nearest(n.text, allowed))
		return "", false
	}
	return text, true
}

func listed(words []string) string {
	if len(words) == 0 {
		return "(none)"
	}
	return strings.Join(words, ", ")
}

func (d *decoder) level(n *node, path string, out *slog.Level) {
	levels := []slog.Level{slog.LevelDebug, slog.LevelInfo, slog.LevelWarn, slog.LevelError}
	names := levelNames()
	if text, ok := d.oneOf(n, path, names); ok {
		*out = levels[slices.Index(names, text)]
	}
}

func levelNames() []string { return []string{"debug", "info", "warn", "error"} }

var days = regexp.MustCompile(`^([0-9]{1,6})d`)

// duration reads Go's form, and days before it: 10m, 1h30m, 30d, 1d12h.
func (d *decoder) duration(n *node, path string, out *time.Duration) {
	const want = "a duration such as 10s, 15m, 72h or 30d"
	text, ok := d.word(n, path, want)
	if !ok {
		return
	}
	if _, err := strconv.ParseFloat(text, 64); err == nil && text != "0" {
		d.bad(n, path, want+", with its unit")
		return
	}
	value, err := parseDuration(text)
	if err != nil {
		d.bad(n, path, want)
		return
	}
	*out = value
}

func parseDuration(text string) (time.Duration, error) {
	found := days.FindStringSubmatch(text)
	if found == nil {
		return time.ParseDuration(text)
	}
	count, err := strconv.Atoi(found[1])
	if err != nil || count > 36500 {
		return 0, fmt.Errorf("%s days are too many", found[1])
	}
	whole, rest := time.Duration(count)*24*time.Hour, text[len(found[0]):]
	if rest == "" {
		return whole, nil
	}
	part, err := time.ParseDuration(rest)
	if err != nil || part < 0 || part > 24*time.Hour {
		return 0, fmt.Errorf("%q does not follow days", rest)
	}
	return whole + part, nil
}

// prefix reads a network; a bare address is a network of one.
func (d *decoder) prefix(n *node, path string, out *netip.Prefix) {
	const want = "a network or an address, such as 10.0.0.0/8 or 192.0.2.7"
	text, ok := d.word(n, path, want)
	if !ok {
		return
	}
	if addr, err := netip.ParseAddr(text); err == nil && addr.Zone() == "" {
		*out = netip.PrefixFrom(addr, addr.BitLen())
		return
	}
	network, err := netip.ParsePrefix(text)
	switch {
	case err != nil:
		d.bad(n, path, want)
	case network != network.Masked():
		d.bad(n, path, "a network without host bits: "+network.Masked().String())
	default:
		*out = network
	}
}

func (d *decoder) url(n *node, path string, out *url.URL) {
	text, ok := d.text(n, path, "text", true)
	if !ok {
		return
	}
	u, err := url.Parse(text)
	if err != nil || u.Scheme == "" || u.Host == "" {
		d.report.add(n.at, path, "must be a URL with scheme and host, such as https://auth.example.com")
		return
	}
	*out = *u
}

// unmarshal serves the types that strategies bring along. The value is not
// repeated: they may keep secrets in types of their own.
func (d *decoder) unmarshal(n *node, path string, out encoding.TextUnmarshaler) {
	text, ok := d.text(n, path, "text", true)
	if !ok {
		return
	}
	err := out.UnmarshalText([]byte(text))
	switch {
	case err != nil && text == "":
		d.report.add(n.at, path, "must not be empty")
	case err != nil:
		d.report.add(n.at, path, "is not valid: "+strings.ReplaceAll(err.Error(), text, "..."))
	}
}
