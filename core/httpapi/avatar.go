package httpapi

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"github.com/authd-go/authd/core"
)

// avatarMaxAge is how long a browser shows a picture before it asks whether it
// is still the same.
const avatarMaxAge = 10 * time.Minute

// avatarPolicy lets a picture do nothing, should a browser ever take it for a
// document.
const avatarPolicy = "default-src 'none'; frame-ancestors 'none'; sandbox"

// avatar serves the picture that an identity's avatar leads to. It asks for no
// session: an <img> of another site's page sends neither cookies nor headers,
// and the address is a secret that dies within a day.
func (a *api) avatar(w http.ResponseWriter, r *http.Request) error {
	result := a.Backend.Picture(r.Context(), core.Request{Params: core.Params{}, Client: a.client(r)}, r.PathValue("id"))
	if result.Error != nil {
		writeFailure(w, statusOf(result.Error.Code), result.Error)
		return nil
	}
	sum := sha256.Sum256(result.Bytes)
	etag := `"` + hex.EncodeToString(sum[:16]) + `"`
	age := min(avatarMaxAge, max(0, result.Expires.Sub(a.Now())))
	h := w.Header()
	h.Set("ETag", etag)
	h.Set("Cache-Control", fmt.Sprintf("private, max-age=%d", seconds(age)))
	h.Set("Content-Security-Policy", avatarPolicy)
	h.Set("Cross-Origin-Resource-Policy", "cross-origin")
	if r.Header.Get("If-None-Match") == etag {
		w.WriteHeader(http.StatusNotModified)
		return nil
	}
	h.Set("Content-Type", result.Type)
	h.Set("Content-Length", strconv.Itoa(len(result.Bytes)))
	_, _ = w.Write(result.Bytes) // a client that is gone needs no answer
	return nil
}
