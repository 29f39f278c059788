package core_test

import (
	"testing"

	"github.com/authd-go/authd/core"
)

func TestImageType(t *testing.T) {
	for image, want := range map[string]string{
		"\x89PNG\r\n\x1a\n....":                       "image/png",
		"\xff\xd8\xff\xe0....":                        "image/jpeg",
		"GIF89a....":                                  "image/gif",
		"RIFF....WEBPVP8 ":                            "image/webp",
		"<svg xmlns='x'></svg>":                       "image/svg+xml",
		"<?xml version='1.0'?>\n<!-- drawn --><svg/>": "image/svg+xml",
		"":             "",
		"<html><body>": "",
		"%PDF-1.7":     "",
		"GIF":          "",
	} {
		if got := core.ImageType([]byte(image)); got != want {
			t.Errorf("%q: %q, want %q", image, got, want)
		}
	}
}
