package httpapi_test

import (
	"bytes"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/authd-go/authd/core"
	"github.com/authd-go/authd/core/httpapi"
)

// gif is the smallest image that there is, and then something for whoever
// takes it for a page.
var gif = []byte("GIF89a\x01\x00\x01\x00\x00\x00\x00;<script>alert(1)</script>")

func withPicture(t *testing.T, now time.Time) *harness {
	t.Helper()
	h := newHarness(t, func(o *httpapi.Options) { o.Now = func() time.Time { return now } })
	h.backend.picture = core.PictureResult{Type: "image/gif", Bytes: gif, Expires: epoch.Add(12 * time.Hour)}
	return h
}

// TestAvatar: an image is an image, whatever else it holds, and nothing that
// others may keep.
func TestAvatar(t *testing.T) {
	h := withPicture(t, epoch)
	a := h.do(get("/auth/avatar/abc-_9"))
	if a.status != http.StatusOK || !bytes.Equal(a.body, gif) || h.backend.lastID != "abc-_9" {
		t.Fatalf("%d %q of %q", a.status, a.body, h.backend.lastID)
	}
	for name, want := range map[string]string{
		"Content-Type":                 "image/gif",
		"X-Content-Type-Options":       "nosniff",
		"Cache-Control":                "private, max-age=600",
		"Content-Security-Policy":      "default-src 'none'; frame-ancestors 'none'; sandbox",
		"Cross-Origin-Resource-Policy": "cross-origin",
	} {
		if got := a.header.Get(name); got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
	etag := a.header.Get("ETag")
	again := h.do(get("/auth/avatar/abc", "If-None-Match", etag))
	if again.status != http.StatusNotModified || len(again.body) != 0 || again.header.Get("ETag") != etag {
		t.Errorf("the same again: %d, %q", again.status, again.body)
	}
	h.backend.picture.Bytes = slices.Concat(gif, []byte("2"))
	if changed := h.do(get("/auth/avatar/abc", "If-None-Match", etag)); changed.status != http.StatusOK || changed.header.Get("ETag") == etag {
		t.Errorf("another picture: %d, %v", changed.status, changed.header)
	}
}

// TestAvatarIsKeptNoLongerThanItsAddress: what is good for a minute more is
// not kept for ten.
func TestAvatarIsKeptNoLongerThanItsAddress(t *testing.T) {
	h := withPicture(t, epoch.Add(12*time.Hour-time.Minute))
	if got := h.do(get("/auth/avatar/abc")).header.Get("Cache-Control"); got != "private, max-age=60" {
		t.Errorf("got %q", got)
	}
}

func TestNoAvatar(t *testing.T) {
	for code, status := range map[core.Code]int{core.Unsupported: 404, core.Unavailable: 503} {
		h := newHarness(t)
		h.backend.fail(code)
		a := h.do(get("/auth/avatar/abc"))
		if a.status != status || a.header.Get("Cache-Control") != "no-store" || !strings.Contains(string(a.body), string(code)) {
			t.Errorf("%s: %d %v %s", code, a.status, a.header, a.body)
		}
	}
	if a := newHarness(t).do(post("/auth/avatar/abc", "")); a.status != 405 {
		t.Errorf("POST: %d", a.status)
	}
}
