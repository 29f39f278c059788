package core_test

import (
	"testing"

	"github.com/authd-go/authd/core"
)

func TestPictureType(t *testing.T) {
	for image, want := range map[string]string{
		"\xff\xd8\xff\xe0":             "image/jpeg",
		"\x89PNG\x0d\x0a\x1a\x0a":      "image/png",
		"GIF89a<script>":               "image/gif",
		"RIFF\x00\x00\x00\x00WEBPVP8 ": "image/webp",
		`<svg onload="alert(1)"/>`:     "",
		"<html><svg>":                  "",
		"BM\x00\x00":                   "",
		"\x00\x00\x00\x20ftypavif":     "",
		"%PDF-1.7":                     "",
		"":                             "",
	} {
		if got := core.PictureType([]byte(image)); got != want {
			t.Errorf("%q: %q, want %q", image, got, want)
		}
	}
}
