package config

import (
	"errors"
	"fmt"
	"os"
	"regexp"
	"slices"

	"github.com/authd-go/authd/core"
)

// maxLogo bounds the logo of the hosted pages, in bytes.
const maxLogo = 256 << 10

var hexColor = regexp.MustCompile(`^#[0-9a-fA-F]{6}$`)

func (v *validator) pages() {
	if !hexColor.MatchString(v.Pages.Accent) && !v.report.at("pages.accent") {
		v.add("pages.accent", `must be a colour such as "#4f46e5", with the quotes: a bare # begins a comment`)
	}
	if !slices.Contains(v.Session.Transports, TransportCookie) {
		if v.Pages.Enabled && v.tree.find("pages.enabled").shape == scalar {
			v.add("pages.enabled", "needs the transport cookie in session.transports")
		}
		v.Pages.Enabled = false
	}
	if v.Pages.LogoFile != "" {
		v.logo()
	}
}

// logo reads the file, whose path is relative to the file that names it.
func (v *validator) logo() {
	const key = "pages.logoFile"
	if n := v.tree.find(key); n.shape == scalar {
		v.Pages.LogoFile = resolve(n.at.source, v.Pages.LogoFile)
	}
	image, err := os.ReadFile(v.Pages.LogoFile)
	var path *os.PathError
	switch {
	case errors.As(err, &path):
		v.add(key, "cannot be read: "+path.Err.Error())
	case err != nil:
		v.add(key, "cannot be read: "+err.Error())
	case len(image) > maxLogo:
		v.add(key, fmt.Sprintf("has %d bytes, must not have more than %d", len(image), maxLogo))
	case core.ImageType(image) == "":
		v.add(key, "must be a PNG, JPEG, WebP, GIF or SVG image")
	}
	v.Pages.Logo = image
}
