package config

import (
	"reflect"

	authd "github.com/authd-go/authd"
	"github.com/authd-go/authd/core/onerror"
)

// statuses reads 401, "5xx", 500-599 or a list of these.
func (d *decoder) statuses(n *node, path string, out *onerror.Statuses) {
	var all onerror.Statuses
	parts := []*node{n}
	if n.plain() && n.shape == scalar {
		n = d.flow(n, path)
	}
	if n.shape == list {
		parts = n.items
	}
	for i, part := range parts {
		at := path
		if n.shape == list {
			at = item(path, i)
		}
		const want = "a status such as 401, 5xx or 500-599, or a list of these"
		text, ok := d.word(part, at, want)
		if !ok {
			return
		}
		some, err := onerror.ParseStatuses(text)
		if err != nil {
			d.bad(part, at, want)
			return
		}
		all = append(all, some...)
	}
	*out = all
}

// use reads a name, the long form of a link, or a list of these.
func (d *decoder) use(n *node, path string, out *authd.Use) {
	if n.plain() && n.shape == scalar {
		if n = d.flow(n, path); n.shape == scalar {
			n = &node{shape: list, at: n.at, items: commas(n)}
		}
	}
	switch n.shape {
	case list:
		links := make(authd.Use, len(n.items))
		for i, child := range n.items {
			links[i] = d.link(child, item(path, i))
		}
		*out = links
	case null:
		if n.text == "" {
			d.report.add(n.at, path, "has no value; name a strategy, or write null to switch the method off")
		}
		*out = nil
	default:
		*out = authd.Use{d.link(n, path)}
	}
}

func (d *decoder) link(n *node, path string) authd.Link {
	var link authd.Link
	if n.shape != block {
		if n.shape == list {
			d.report.add(n.at, path, "must be the name of a strategy; this is a list in a list")
		} else if n.shape != broken {
			link.Strategy, _ = d.text(n, path, "text", false)
		}
		return link
	}
	reported := len(d.report.problems)
	d.block(n, path, fieldsOf(reflect.ValueOf(&link).Elem()))
	if link.Strategy == "" && len(d.report.problems) == reported {
		d.report.add(n.where(), path, "names no strategy; write {strategy: NAME, ...}")
	}
	return link
}
