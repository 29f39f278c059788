package config

import (
	"fmt"

	"github.com/authd-go/authd/core"
)

// secret decodes a secret's key, or the ...File key beside it. Of two layers
// that use different forms the later wins; in one layer, both is a mistake.
func (d *decoder) secret(n *node, path string, f field) {
	value, file := n.fields[f.key], n.fields[f.key+fileSuffix]
	if value != nil && file != nil {
		a, b := value.at.source, file.at.source
		switch {
		case a == nil || b == nil || a.rank == b.rank:
			at := file.key
			if at.source == nil {
				at = file.at // variables and flags have no keys
			}
			d.report.add(at, path+fileSuffix, fmt.Sprintf("stands beside %s; write one of them", f.key))
			return
		case a.rank > b.rank:
			file = nil
		}
	}
	secret := f.value.Addr().Interface().(*core.Secret)
	switch {
	case file != nil:
		d.secretFiles[path] = file.text
		d.secretFile(file, path+fileSuffix, secret)
	case value != nil && value.shape != broken:
		d.secretText(value, path, secret)
	}
}

// secretText takes the secret from the configuration itself. Nothing that is
// written there is repeated in a report.
func (d *decoder) secretText(n *node, path string, out *core.Secret) {
	if text, ok := d.text(n, path, "text", true); ok {
		*out = core.NewSecret(text)
	}
}

func (d *decoder) secretFile(n *node, path string, out *core.Secret) {
	name, ok := d.text(n, path, "text", false)
	if !ok {
		return
	}
	text, err := d.file(n.at.source, name)
	if err != nil {
		d.report.add(n.at, path, err.Error())
		return
	}
	*out = core.NewSecret(text)
}
