package httpapi

import (
	"crypto/sha256"
	_ "embed" // for client.js
	"encoding/hex"
	"net/http"
)

// client.js is the package client/ as one module, for pages without a build
// step. It is made by client/build.mjs, whose tests compare it.
//
//go:embed client.js
var clientModule []byte

// ClientModule returns the JavaScript module that GET /auth/client.js serves.
func ClientModule() []byte { return append([]byte(nil), clientModule...) }

// clientPath is where the module is served.
const clientPath = "/auth/client.js"

// module serves the module. An address with the content's hash, which
// /auth/config tells, may be cached for good; any other is revalidated.
func (a *api) module() (handle handler, versioned string) {
	sum := sha256.Sum256(clientModule)
	version := hex.EncodeToString(sum[:8])
	etag := `"` + version + `"`
	return func(w http.ResponseWriter, r *http.Request) error {
		h := w.Header()
		h.Set("ETag", etag)
		h.Set("Cache-Control", "no-cache")
		if r.URL.Query().Get("v") == version {
			h.Set("Cache-Control", "public, max-age=31536000, immutable")
		}
		h.Set("Content-Type", "text/javascript; charset=utf-8")
		if r.Header.Get("If-None-Match") == etag {
			w.WriteHeader(http.StatusNotModified)
			return nil
		}
		_, _ = w.Write(clientModule) // a client that is gone needs no answer
		return nil
	}, clientPath + "?v=" + version
}
