package flow_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"strings"
	"testing"
	"time"

	"github.com/authd-go/authd/core"
	"github.com/authd-go/authd/core/flow"
)

var jpeg = []byte("\xff\xd8\xff\xe0 a face")

// photos is a PictureSource.
type photos map[string][]byte

func (p photos) Picture(_ context.Context, subject string) ([]byte, error) {
	image, ok := p[subject]
	switch {
	case subject == "id-down@mail.com":
		return nil, core.Unavailable
	case !ok:
		return nil, core.UnknownUser
	}
	return image, nil
}

// faces is a world at a time, whose people have pictures.
func faces(t *testing.T, pictures photos, now func() time.Time) *world {
	t.Helper()
	answers := map[string]error{"down@mail.com": nil, "other@mail.com": nil}
	for subject := range pictures {
		answers[strings.TrimPrefix(subject, "id-")] = nil
	}
	w, b := oneBackend(t, answers)
	b.hasPicture = true
	w.Routes.Backends["members"].Strategy.PictureSource = pictures
	w.PictureKey, w.Now = bytes.Repeat([]byte("k"), 32), now
	return w
}

// avatar signs somebody in and returns the last part of the avatar's address.
func avatar(t *testing.T, w *world, email string) string {
	t.Helper()
	got := w.Login(t.Context(), credentials(email))
	if !got.Success {
		t.Fatalf("login: %+v", got.Error)
	}
	id, ok := strings.CutPrefix(got.Tokens.User.Avatar, "http://localhost:8080/auth/avatar/")
	if !ok || id == "" || strings.Contains(id, "/") {
		t.Fatalf("the avatar is %q", got.Tokens.User.Avatar)
	}
	return id
}

func TestPicture(t *testing.T) {
	w := faces(t, photos{"id-jo@mail.com": jpeg}, time.Now)
	id := avatar(t, w, "jo@mail.com")
	got := w.Picture(t.Context(), core.Request{}, id)
	if got.Error != nil || !bytes.Equal(got.Bytes, jpeg) || got.Type != "image/jpeg" || !got.Expires.After(time.Now()) {
		t.Fatalf("got %+v, %+v", got, got.Error)
	}
	if last := w.last(); last.Op != core.OpShowPicture || last.Account.Subject != "id-jo@mail.com" || len(last.Steps) != 1 {
		t.Errorf("traced as %+v", last)
	}
	if again := avatar(t, w, "jo@mail.com"); again != id {
		t.Error("the address changes with each login, so that no browser finds it again")
	}
	if other := avatar(t, w, "other@mail.com"); other == id {
		t.Error("two people have one address")
	}
	w.Routes.Backends["members"].Strategy.PictureSource = nil
	if got := w.Login(t.Context(), credentials("jo@mail.com")); got.Tokens.User.Avatar != "" {
		t.Errorf("a backend that shows none: %q", got.Tokens.User.Avatar)
	}
}

// TestPicturesThatAreNotShown: whatever is wrong, the answer is one and the
// same, unless it is an outage.
func TestPicturesThatAreNotShown(t *testing.T) {
	w := faces(t, photos{
		"id-none@mail.com": nil, "id-svg@mail.com": []byte("<svg></svg>"), "id-html@mail.com": []byte("<html>"),
		"id-large@mail.com": append([]byte("\xff\xd8\xff\xe0"), make([]byte, core.MaxPicture)...),
	}, time.Now)
	for _, who := range []string{"none@mail.com", "svg@mail.com", "html@mail.com", "large@mail.com", "other@mail.com"} {
		got := w.Picture(t.Context(), core.Request{}, avatar(t, w, who))
		if code(got.Error) != core.Unsupported || got.Error.Reason != flow.ReasonNoPicture || got.Bytes != nil {
			t.Errorf("%s: %+v", who, got.Error)
		}
	}
	if got := w.Picture(t.Context(), core.Request{}, avatar(t, w, "down@mail.com")); code(got.Error) != core.Unavailable {
		t.Errorf("an outage: %+v", got.Error)
	}
}

func TestPictureAddressesEnd(t *testing.T) {
	now := time.Date(2026, 11, 20, 11, 59, 59, 0, time.UTC)
	w := faces(t, photos{"id-jo@mail.com": jpeg}, func() time.Time { return now })
	id := avatar(t, w, "jo@mail.com")
	for _, c := range []struct {
		later time.Duration
		want  core.Code
	}{{12 * time.Hour, ""}, {time.Second, core.Unsupported}, {time.Hour, core.Unsupported}} {
		now = now.Add(c.later)
		if got := w.Picture(t.Context(), core.Request{}, id); code(got.Error) != c.want {
			t.Errorf("at %v: %+v", now, got.Error)
		}
	}
}

// TestForgedPictureAddresses: no backend is asked about an address that was
// not made here, or was made with another key.
func TestForgedPictureAddresses(t *testing.T) {
	w := faces(t, photos{"id-jo@mail.com": jpeg}, time.Now)
	id := avatar(t, w, "jo@mail.com")
	raw, err := base64.RawURLEncoding.DecodeString(id)
	if err != nil {
		t.Fatal(err)
	}
	forged := []string{"", "x", id + "=", id[:len(id)-4], strings.Repeat("A", 5000), "../" + id, base64.RawURLEncoding.EncodeToString([]byte("members:id-jo@mail.com"))}
	for i := range raw {
		other := bytes.Clone(raw)
		other[i] ^= 1
		forged = append(forged, base64.RawURLEncoding.EncodeToString(other))
	}
	for _, text := range forged {
		if got := w.Picture(t.Context(), core.Request{}, text); code(got.Error) != core.Unsupported || len(w.last().Steps) != 0 {
			t.Fatalf("%q: %+v, %+v", text, got.Error, w.last())
		}
	}
	w.PictureKey = bytes.Repeat([]byte("K"), 32)
	if got := w.Picture(t.Context(), core.Request{}, id); code(got.Error) != core.Unsupported {
		t.Errorf("with another key: %+v", got.Error)
	}
	w.PictureKey = nil
	if got := w.Login(t.Context(), credentials("jo@mail.com")); got.Tokens.User.Avatar != "" {
		t.Errorf("without a key: %q", got.Tokens.User.Avatar)
	}
}

// FuzzPictureID: nothing but what was made here opens.
func FuzzPictureID(f *testing.F) {
	p := flow.New(flow.Options{PictureKey: bytes.Repeat([]byte("k"), 32)})
	f.Cleanup(func() { _ = p.Close(context.Background()) })
	account, until := core.AccountID{Strategy: "staff", Subject: "a:b"}, time.Unix(1_800_000_000, 0)
	made := flow.PictureID(p, account, until)
	for _, s := range []string{made, "", "AAAA", made[1:], strings.Repeat("A", 64)} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		got, end, ok := flow.OpenPictureID(p, text)
		if ok != (text == made) || ok && (got != account || !end.Equal(until)) {
			t.Errorf("%q opens as %v until %v, %v", text, got, end, ok)
		}
	})
}
