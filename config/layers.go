package config

import (
	"maps"
	"slices"
	"strings"

	"github.com/knadh/koanf/providers/confmap"
	"github.com/knadh/koanf/v2"
)

// delimiter is what koanf joins keys with. No key contains it: parse refuses
// control characters.
const delimiter = "\x00"

// layers lays the trees of the sources over each other. koanf merges, later
// sources over earlier ones: blocks key by key, lists and values as a whole.
// It is given numbers in place of values, so that no position is lost.
type layers struct {
	koanf  *koanf.Koanf
	nodes  []*node          // what the numbers stand for
	blocks map[string]*node // where each block was written
}

func newLayers() *layers {
	return &layers{koanf: koanf.New(delimiter), blocks: map[string]*node{}}
}

// add lays a tree over what is there.
func (l *layers) add(root *node) error {
	return l.koanf.Load(confmap.Provider(l.numbers(root, ""), ""), nil)
}

func (l *layers) numbers(n *node, path string) map[string]any {
	if l.blocks[path] == nil || n.at.source != nil && !n.plain() {
		l.blocks[path] = n
	}
	out := make(map[string]any, len(n.keys))
	for _, key := range n.keys {
		child, at := n.fields[key], path+delimiter+key
		switch {
		case child.shape == block:
			out[key] = l.numbers(child, at)
		case child.shape == null && l.isBlock(at):
			// A block without keys says nothing; it takes nothing away.
		default:
			out[key] = len(l.nodes)
			l.nodes = append(l.nodes, child)
		}
	}
	return out
}

func (l *layers) isBlock(path string) bool {
	_, ok := l.koanf.Get(strings.TrimPrefix(path, delimiter)).(map[string]any)
	return ok
}

// merged returns the tree of all layers.
func (l *layers) merged() *node { return l.tree(l.koanf.Raw(), "") }

func (l *layers) tree(values map[string]any, path string) *node {
	n := &node{shape: block}
	if written := l.blocks[path]; written != nil {
		n.at, n.key = written.at, written.key
	}
	for _, key := range slices.Sorted(maps.Keys(values)) {
		switch v := values[key].(type) {
		case map[string]any:
			n.put(key, l.tree(v, path+delimiter+key))
		case int:
			n.put(key, l.nodes[v])
		}
	}
	return n
}
