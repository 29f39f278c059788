package config

import (
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"

	"github.com/authd-go/authd/core"
)

// Document is a configuration that is not in a file.
type Document struct {
	Name string // as problems show it
	Text []byte
}

// Sources say where a configuration comes from, weakest first.
type Sources struct {
	Defaults Document // a document below the files; none if Text is nil
	Files    []string // later files win
	// Env holds lines as os.Environ returns them: the AUTHD_ variables, and
	// what ${env:NAME} may name.
	Env       []string
	Flags     map[string]string // key path to value
	FlagNames map[string]string // key path to how the flag is spelt; default "--set KEY"

	Kinds []core.Kind // the types that a strategy may have
	// ReadFile reads configuration files and what ${file:PATH} and ...File
	// keys name. The default reads at most 1 MiB and a byte.
	ReadFile func(path string) ([]byte, error)
	DataDir  string // where the defaults of secretFile and store.url lie; default the working directory
	CanMail  bool   // whether reset links reach people; without it, using them is a warning
}

// Load reads, merges, decodes and checks a configuration. Its error is a
// *Report that holds everything that is wrong; only a document that is not
// YAML is reported alone. It opens no store, makes no remote call and changes
// nothing. Load is safe for concurrent use.
func Load(ctx context.Context, s Sources) (*Config, error) {
	l := &loader{Sources: s, layers: newLayers()}
	if l.ReadFile == nil {
		l.ReadFile = readFile
	}
	tree, err := l.tree()
	if err != nil {
		return nil, err
	}
	c := Default()
	c.in(s.DataDir)
	d := &decoder{outside: l.outside(), kinds: s.Kinds, report: &l.report, secretFiles: map[string]string{}}
	d.value(tree, "", reflect.ValueOf(c).Elem())
	v := &validator{Config: c, tree: tree, report: &l.report}
	v.all()
	v.check(ctx)
	if err := l.report.err(); err != nil {
		return nil, err
	}
	c.Insecure = slices.Sorted(slices.Values(d.insecure))
	c.Warnings = v.warnings(s.CanMail)
	c.origins, c.secretFiles, c.references = originsOf(schema{s.Kinds, tree}), d.secretFiles, referencesIn(tree)
	return c, nil
}

type loader struct {
	Sources
	layers *layers
	report collector
	rank   int
	failed bool // a document could not be read at all
}

func (l *loader) next() int {
	l.rank++
	return l.rank
}

// tree merges all sources. It fails if a document cannot be read at all.
func (l *loader) tree() (*node, error) {
	if l.Defaults.Text != nil {
		l.document(&source{name: l.Defaults.Name, rank: l.next()}, l.Defaults.Text)
	}
	for _, path := range l.Files {
		l.file(path)
	}
	if l.failed {
		return nil, l.report.err()
	}
	l.lay(l.variables().environment(l.Env))
	l.lay(l.variables().flags(l.Flags, l.FlagNames))
	return l.layers.merged(), nil
}

func (l *loader) file(path string) {
	src := &source{name: path, rank: l.next(), dir: filepath.Dir(path)}
	text, err := l.ReadFile(path)
	if err != nil {
		l.report.add(place{source: src}, "", "cannot be read: "+readFailure(err))
		l.failed = true
		return
	}
	l.document(src, text)
}

func (l *loader) document(src *source, text []byte) {
	root := parse(src, text, &l.report)
	if root == nil || root.shape == broken {
		l.failed = true
		return
	}
	l.lay(root)
}

func (l *loader) lay(root *node) {
	if err := l.layers.add(root); err != nil {
		l.report.add(root.at, "", err.Error())
		l.failed = true
	}
}

// variables reads the next layer, given the strategies of those before it.
func (l *loader) variables() *variables {
	return &variables{schema: schema{l.Kinds, l.layers.merged()}, rank: l.next(), report: &l.report}
}

func (l *loader) outside() outside {
	environ := make(map[string]string, len(l.Env))
	for _, line := range l.Env {
		name, value, _ := strings.Cut(line, "=")
		environ[name] = value
	}
	return outside{environ, l.ReadFile}
}

// readFile reads a file up to a byte more than any of ours may have, so that
// a device or a log that is named by mistake does no harm.
func readFile(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	text, err := io.ReadAll(io.LimitReader(f, maxFileBytes+1))
	return text, errors.Join(err, f.Close())
}

// originsOf says where each value of a merged tree comes from, and that the
// other keys have their default.
func originsOf(s schema) map[string]string {
	out := map[string]string{}
	s.walk(nil, reflect.TypeFor[Config](), func(path []string, _ reflect.Type) { out[strings.Join(path, ".")] = "default" })
	s.tree.each("", func(path string, n *node) { out[path] = n.where().String() })
	return out
}

// referencesIn lists the keys whose values were written with ${...}.
func referencesIn(tree *node) []string {
	var out []string
	tree.each("", func(path string, n *node) {
		if !n.plain() && strings.Contains(n.text, "${") {
			out = append(out, path)
		}
	})
	return out
}

// each calls f for every node below n.
func (n *node) each(path string, f func(path string, n *node)) {
	for i, child := range n.items {
		f(item(path, i), child)
		child.each(item(path, i), f)
	}
	for _, key := range n.keys {
		f(join(path, key), n.fields[key])
		n.fields[key].each(join(path, key), f)
	}
}
