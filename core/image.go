package core

import (
	"bytes"
	"net/http"
)

// ImageType returns the media type of an image that browsers show, by its first
// bytes and whatever it is called: image/png, image/jpeg, image/webp, image/gif
// or image/svg+xml. It is "" for anything else. It does not say that the
// image is whole, or that an SVG holds no script.
func ImageType(image []byte) string {
	switch found := http.DetectContentType(image); {
	case found == "image/png", found == "image/jpeg", found == "image/webp", found == "image/gif":
		return found
	case bytes.Contains(image[:min(len(image), 1024)], []byte("<svg")):
		return "image/svg+xml"
	}
	return ""
}
