package ldap_test

import (
	"bytes"
	"encoding/json"
	"image"
	"image/jpeg"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	goldap "github.com/go-ldap/ldap/v3"

	"github.com/authd-go/authd/tools/e2e/peers"
)

// face is an image as a camera makes them.
func face(t *testing.T, width int) string {
	t.Helper()
	var out bytes.Buffer
	if err := jpeg.Encode(&out, image.NewGray(image.Rect(0, 0, width, width)), nil); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

func fetch(t *testing.T, h http.Handler, path, token string) *httptest.ResponseRecorder {
	t.Helper()
	r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "http://localhost:8080"+path, nil)
	if token != "" {
		r.Header.Set("Authorization", "Bearer "+token)
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

// TestAvatars: a photo in the directory is the avatar in the front end.
func TestAvatars(t *testing.T) {
	eachVendor(t, func(t *testing.T, v vendor, f peers.Facts, admin *goldap.Conn) {
		attribute, photo := "jpegPhoto", face(t, 96)
		if v.peer == "samba" {
			attribute = "thumbnailPhoto"
		}
		m := modify(aliceDN(v), attribute, photo)
		if err := admin.Modify(&m); err != nil {
			t.Fatal(err)
		}
		h := house(t, v.config(f))
		alice := ask(t, h, "/auth/login", map[string]string{"username": "alice", "password": "alice-pw"})
		var id struct{ Avatar *string }
		if w := fetch(t, h, "/auth/identity", alice.Access); w.Code != http.StatusOK || json.Unmarshal(w.Body.Bytes(), &id) != nil || id.Avatar == nil {
			t.Fatalf("identity: %d %s", w.Code, w.Body)
		}
		path, ok := strings.CutPrefix(*id.Avatar, "http://localhost:8080")
		if !ok {
			t.Fatalf("avatar %q", *id.Avatar)
		}
		w := fetch(t, h, path, "")
		if w.Code != http.StatusOK || w.Body.String() != photo || w.Header().Get("Content-Type") != "image/jpeg" {
			t.Errorf("%d %v, %d bytes of %d", w.Code, w.Header(), w.Body.Len(), len(photo))
		}
		if w := fetch(t, h, path[:len(path)-3]+"AAA", ""); w.Code != http.StatusNotFound {
			t.Errorf("another address: %d", w.Code)
		}
		comma := map[string]string{"username": "comma", "password": special}
		if v.peer == "samba" {
			comma = map[string]string{"username": "bob", "password": "bob-pw-1"}
		}
		other := ask(t, h, "/auth/login", comma)
		if w := fetch(t, h, "/auth/identity", other.Access); w.Code != http.StatusOK || !strings.Contains(w.Body.String(), `"avatar":null`) {
			t.Errorf("somebody without a photo: %d %s", w.Code, w.Body)
		}
	})
}

// aliceDN is the entry of alice.
func aliceDN(v vendor) string {
	if v.peer == "samba" {
		return "CN=Alice Liddell,OU=Staff,DC=ad,DC=example,DC=org"
	}
	return "uid=alice,ou=people,dc=example,dc=org"
}
