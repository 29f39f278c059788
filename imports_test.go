package authd_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"maps"
	"os/exec"
	"path"
	"slices"
	"strings"
	"testing"
)

const module = "github.com/authd-go/authd"

// importRule says what a package may import beside the standard library.
//
// Packages of the module are written below it, "." being the root; anything
// with a dot in its first part is a library and stands for what is below it
// too. Test files are exempt.
type importRule struct {
	pkg   string   // "*" stands for one part of a path
	may   []string // what its files may name in an import
	never []string // what may not be compiled in either, through whatever way
}

// above are the parts that stand on core; nothing in core may know them.
var above = []string{".", "strategies", "config", "cmd", "examples"}

// importRules is the table of docs/architecture.md. The first rule that fits
// counts. Nobody may import cmd or examples, which are therefore in no list.
var importRules = []importRule{
	{pkg: "core"},
	{pkg: "core/identifier", may: []string{"golang.org/x/text", "golang.org/x/net/idna"}},
	{pkg: "core/onerror", may: []string{"core"}, never: above},
	{pkg: "core/password", may: []string{"core", "golang.org/x/crypto", "golang.org/x/text"}, never: above},
	{pkg: "core/session", may: []string{"core", "github.com/golang-jwt/jwt/v5"}, never: above},
	{pkg: "core/session/sessiontest", may: []string{"core", "core/session"}, never: above},
	{pkg: "core/guard", may: []string{"core", "core/identifier"}, never: above},
	{pkg: "core/guard/metrics", may: []string{"core", "github.com/prometheus/client_golang"}, never: above},
	{pkg: "core/flow", may: []string{"core", "core/identifier", "core/onerror", "core/session"}, never: above},
	{pkg: "core/route", may: []string{"core", "core/flow", "core/onerror"}, never: above},
	{pkg: "core/store", may: []string{"core"}, never: above},
	{pkg: "core/store/storetest", may: []string{"core", "core/store"}, never: above},
	{
		pkg:   "core/store/sqlite",
		may:   []string{"core", "core/store", "modernc.org/sqlite", "github.com/pressly/goose/v3"},
		never: append([]string{"core/httpapi"}, above...),
	},
	{pkg: "core/outbound", never: append([]string{"core"}, above...)},
	{pkg: "core/httpapi", may: []string{"core"}, never: above},

	{
		pkg:   ".",
		may:   []string{"core", "core/flow", "core/guard", "core/identifier", "core/onerror", "core/route", "core/session"},
		never: append([]string{"core/httpapi", "core/store/sqlite", "strategies", "config", "cmd"}, heavy...),
	},
	{pkg: "strategies", may: []string{"core", "strategies/*"}, never: []string{".", "config", "cmd", "core/httpapi"}},
	// A strategy that talks to something has a line of its own, above the last
	// one, that names the one library it does it with.
	{
		pkg:   "strategies/ldap/directory",
		may:   []string{"core", "github.com/go-ldap/ldap/v3"},
		never: []string{".", "config", "cmd", "core/httpapi", "core/store/sqlite", "core/session"},
	},
	{
		pkg:   "strategies/ldap/ldaptest",
		may:   []string{"github.com/go-ldap/ldap/v3", "github.com/go-asn1-ber/asn1-ber"},
		never: []string{".", "core", "config", "cmd"},
	},
	{
		pkg:   "strategies/ldap",
		may:   []string{"core", "core/identifier", "strategies/ldap/directory", "github.com/go-ldap/ldap/v3", "github.com/go-asn1-ber/asn1-ber"},
		never: []string{".", "config", "cmd", "core/httpapi", "core/store/sqlite", "core/session"},
	},
	{
		pkg:   "strategies/oidc/authcode",
		may:   []string{"core", "core/outbound", "github.com/go-jose/go-jose/v4", "golang.org/x/oauth2"},
		never: []string{".", "config", "cmd", "core/httpapi", "core/store/sqlite", "core/session", "github.com/coreos/go-oidc"},
	},
	{
		pkg:   "strategies/oidc/claims",
		may:   []string{"core", "core/identifier"},
		never: []string{".", "config", "cmd", "core/httpapi", "core/store/sqlite", "core/session"},
	},
	{
		pkg:   "strategies/oidc/oidctest",
		may:   []string{"github.com/go-jose/go-jose/v4"},
		never: []string{".", "core", "config", "cmd"},
	},
	{
		pkg: "strategies/oidc",
		may: []string{
			"core", "core/outbound", "strategies/oidc/authcode", "strategies/oidc/claims",
			"github.com/coreos/go-oidc/v3", "github.com/go-jose/go-jose/v4",
		},
		never: []string{".", "config", "cmd", "core/httpapi", "core/store/sqlite", "core/session"},
	},
	// It shares what the two kinds have in common, and nothing of ID tokens.
	{
		pkg:   "strategies/oauth2",
		may:   []string{"core", "core/outbound", "strategies/oidc/authcode", "strategies/oidc/claims"},
		never: []string{".", "config", "cmd", "core/httpapi", "core/store/sqlite", "core/session", "strategies/oidc/oidctest", "github.com/coreos/go-oidc"},
	},
	{
		pkg:   "strategies/*",
		may:   []string{"core", "core/password", "core/identifier"},
		never: []string{".", "config", "cmd", "core/httpapi", "core/store/sqlite", "core/session"},
	},
	{
		pkg: "config",
		may: []string{
			".", "core", "core/flow", "core/onerror", "core/route", "core/session",
			"github.com/knadh/koanf", "github.com/go-viper/mapstructure/v2", "go.yaml.in/yaml/v3",
		},
		never: []string{"strategies", "core/httpapi", "cmd"},
	},
	{
		pkg: "cmd/authd",
		may: []string{
			".", "config", "core", "core/*", "core/guard/metrics", "core/store/sqlite", "strategies", "strategies/*",
			"github.com/spf13/cobra", "golang.org/x/term",
		},
	},
	// It stands for somebody else's service: nothing of ours is in it.
	{pkg: "examples/refine/api", may: []string{"github.com/coreos/go-oidc/v3"}, never: append([]string{"core"}, above[:4]...)},
	{pkg: "examples/*", may: []string{".", "config", "core", "core/*", "core/store/sqlite", "strategies", "strategies/*"}},
}

// heavy are the libraries that an embedder of the registry does not compile.
var heavy = []string{
	"github.com/knadh/koanf", "github.com/go-viper/mapstructure/v2", "go.yaml.in/yaml", "github.com/spf13/cobra",
	"modernc.org/sqlite", "github.com/pressly/goose", "github.com/jackc/pgx",
	"github.com/prometheus/client_golang", "github.com/go-ldap/ldap", "github.com/coreos/go-oidc", "golang.org/x/oauth2",
}

// soleImporters are the libraries that one package keeps to itself, whatever
// the table above comes to say.
var soleImporters = map[string]string{
	"github.com/knadh/koanf":              "config",
	"github.com/go-viper/mapstructure/v2": "config",
	"go.yaml.in/yaml":                     "config",
	"modernc.org/sqlite":                  "core/store/sqlite",
	"github.com/pressly/goose/v3":         "core/store/sqlite",
	"github.com/golang-jwt/jwt/v5":        "core/session",
	"golang.org/x/crypto/bcrypt":          "core/password",
	"golang.org/x/net/idna":               "core/identifier",
	"github.com/spf13/cobra":              "cmd/authd",
	"github.com/prometheus/client_golang": "core/guard/metrics",
}

// listedPackage is what go list tells about a package.
type listedPackage struct {
	ImportPath string
	Imports    []string
	Deps       []string
}

func listPackages(t *testing.T) map[string]listedPackage {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), "go", "list", "-json=ImportPath,Imports,Deps", "./...").Output()
	if err != nil {
		var failed *exec.ExitError
		if errors.As(err, &failed) {
			t.Fatalf("go list: %v\n%s", err, failed.Stderr)
		}
		t.Fatal(err)
	}
	packages := map[string]listedPackage{}
	for decoder := json.NewDecoder(bytes.NewReader(out)); ; {
		var p listedPackage
		if err := decoder.Decode(&p); errors.Is(err, io.EOF) {
			return packages
		} else if err != nil {
			t.Fatal(err)
		}
		packages[below(p.ImportPath)] = p
	}
}

// below cuts the module's path off a package of the module.
func below(importPath string) string {
	if importPath == module {
		return "."
	}
	return strings.TrimPrefix(importPath, module+"/")
}

// matches says whether an import, written as in the table, fits a pattern. A
// library's pattern covers what is below it.
func matches(pattern, imported string) bool {
	if isLibrary(pattern) {
		return imported == pattern || strings.HasPrefix(imported, pattern+"/")
	}
	ok, err := path.Match(pattern, imported)
	return err == nil && ok
}

// covers is matches, with packages of the module covering what is below them
// as well; the root covers only itself.
func covers(pattern, imported string) bool {
	return matches(pattern, imported) || pattern != "." && strings.HasPrefix(imported, pattern+"/")
}

func isLibrary(p string) bool {
	first, _, _ := strings.Cut(p, "/")
	return p != "." && strings.Contains(first, ".")
}

// isStandard says whether an import is of the standard library, given all
// packages of the module.
func isStandard(imported string, ours map[string]listedPackage) bool {
	_, own := ours[imported]
	return !own && !isLibrary(imported)
}

func ruleFor(pkg string) (importRule, bool) {
	for _, r := range importRules {
		if ok, err := path.Match(r.pkg, pkg); err == nil && ok {
			return r, true
		}
	}
	return importRule{}, false
}

// breaches says how a package breaks its rule.
func (r importRule) breaches(p listedPackage, ours map[string]listedPackage) []string {
	var out []string
	for _, i := range p.Imports {
		imported := below(i)
		allowed := slices.ContainsFunc(r.may, func(pattern string) bool { return matches(pattern, imported) })
		if !allowed && !isStandard(imported, ours) {
			out = append(out, "imports "+imported)
		}
	}
	for _, d := range p.Deps {
		dependency := below(d)
		if slices.ContainsFunc(r.never, func(pattern string) bool { return covers(pattern, dependency) }) {
			out = append(out, "compiles in "+dependency)
		}
	}
	return out
}

func TestImports(t *testing.T) {
	packages := listPackages(t)
	for _, pkg := range slices.Sorted(maps.Keys(packages)) {
		rule, ok := ruleFor(pkg)
		if !ok {
			t.Errorf("%s: no rule covers this package; add it to importRules and to docs/architecture.md", pkg)
			continue
		}
		for _, breach := range rule.breaches(packages[pkg], packages) {
			t.Errorf("%s %s, against the rule for %s", pkg, breach, rule.pkg)
		}
		for _, imported := range packages[pkg].Imports {
			for library, sole := range soleImporters {
				if matches(library, imported) && pkg != sole {
					t.Errorf("%s imports %s, which is %s's alone", pkg, imported, sole)
				}
			}
		}
	}
}

// TestImportRulesBite proves the reading of the table on packages that break it.
func TestImportRulesBite(t *testing.T) {
	ours := map[string]listedPackage{}
	for _, name := range []string{
		".", "config", "core", "core/flow", "core/httpapi", "core/password", "strategies", "strategies/local", "strategies/mock",
	} {
		ours[name] = listedPackage{}
	}
	for _, c := range []struct {
		pkg, imported string
		allowed       bool
	}{
		{"core", "net/http", true},
		{"core", "core/flow", false},
		{"core", "golang.org/x/text/width", false},
		{"core/flow", "core", true},
		{"core/flow", ".", false},
		{"core/httpapi", "strategies/local", false},
		{"core/identifier", "golang.org/x/net/idna", true},
		{"core/identifier", "golang.org/x/net/html", false},
		{".", "core/flow", true},
		{".", "core/httpapi", false},
		{".", "github.com/knadh/koanf/v2", false},
		{"strategies/local", "core/password", true},
		{"strategies/local", "strategies/mock", false},
		{"strategies/local", "config", false},
		{"strategies", "strategies/local", true},
		{"config", "strategies", false},
		{"config", "github.com/knadh/koanf/v2", true},
		{"cmd/authd", "core/httpapi", true},
	} {
		rule, ok := ruleFor(c.pkg)
		if !ok {
			t.Fatalf("no rule for %s", c.pkg)
		}
		imported := c.imported
		if _, own := ours[imported]; own {
			imported = strings.TrimSuffix(module+"/"+imported, "/.")
		}
		got := rule.breaches(listedPackage{Imports: []string{imported}, Deps: []string{imported}}, ours)
		if c.allowed != (len(got) == 0) {
			t.Errorf("%s importing %s: breaches %q, want allowed = %v", c.pkg, c.imported, got, c.allowed)
		}
	}
	if _, ok := ruleFor("core/brandnew"); ok {
		t.Error("a package of no rule has one")
	}
	root, _ := ruleFor(".")
	if got := root.breaches(listedPackage{Deps: []string{"modernc.org/sqlite/lib", module + "/strategies/local"}}, ours); len(got) != 2 {
		t.Errorf("what comes in through others is not seen: %q", got)
	}
}
