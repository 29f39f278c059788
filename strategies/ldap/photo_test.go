package ldap_test

import (
	"bytes"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/authd-go/authd/core"
	"github.com/authd-go/authd/strategies/ldap"
	"github.com/authd-go/authd/strategies/ldap/ldaptest"
)

const jpeg = "\xff\xd8\xff\xe0 a face"

// withPhotos is a directory in which John has these photos.
func withPhotos(photos ...string) *ldaptest.Directory {
	d := directory()
	d.Put(person("john", johnID, johnPW, map[string][]string{"jpegPhoto": photos}))
	return d
}

// photoSearches counts what was asked for photos.
func photoSearches(d *ldaptest.Directory) (n int) {
	for _, s := range d.Seen() {
		if s.Op == "search" && slices.Contains(s.Attributes, "jpegPhoto") {
			n++
		}
	}
	return n
}

func TestPhoto(t *testing.T) {
	d := withPhotos(jpeg)
	s := open(t, config(ldaptest.Start(t, d)))
	id, err := login(t.Context(), s, "john", johnPW)
	if err != nil || !id.HasPicture {
		t.Fatalf("got %+v, %v", id, err)
	}
	for range 3 {
		if image, err := s.PictureSource.Picture(t.Context(), id.Subject); err != nil || string(image) != jpeg {
			t.Errorf("got %q, %v", image, err)
		}
		if now, err := s.Revalidator.Revalidate(t.Context(), id.Subject); err != nil || !now.HasPicture {
			t.Errorf("asked again: %+v, %v", now, err)
		}
	}
	if n := photoSearches(d); n != 2 { // whether there is one, and which
		t.Errorf("the directory was asked %d times for one photo", n)
	}
	for subject, want := range map[string]core.Code{"": core.UnknownUser, "*": core.UnknownUser, "nobody": core.UnknownUser} {
		if image, err := s.PictureSource.Picture(t.Context(), subject); core.CodeOf(err) != want || image != nil {
			t.Errorf("%q: %q, %v", subject, image, err)
		}
	}
}

func TestPhotosThatAreNone(t *testing.T) {
	for name, c := range map[string]struct {
		photos   []string
		promised bool // the login does not look at the photo itself
		want     string
	}{
		"none":            {nil, false, ""},
		"no image":        {[]string{"<html><script>"}, true, ""},
		"an SVG":          {[]string{`<svg onload="x()"/>`}, true, ""},
		"too large":       {[]string{jpeg + strings.Repeat("x", core.MaxPicture)}, true, ""},
		"the second will": {[]string{"BM", jpeg}, true, jpeg},
	} {
		d := withPhotos(c.photos...)
		if c.photos == nil {
			d = directory()
		}
		s := open(t, config(ldaptest.Start(t, d)))
		id, err := login(t.Context(), s, "john", johnPW)
		if err != nil || id.HasPicture != c.promised {
			t.Errorf("%s: %+v, %v", name, id, err)
		}
		image, err := s.PictureSource.Picture(t.Context(), johnID)
		if err != nil || string(image) != c.want {
			t.Errorf("%s: %.20q, %v", name, image, err)
		}
		if now, err := s.Revalidator.Revalidate(t.Context(), johnID); err != nil || now.HasPicture != (c.want != "") {
			t.Errorf("%s: once it is known: %+v, %v", name, now, err)
		}
	}
}

func TestPhotosAreOff(t *testing.T) {
	d := withPhotos(jpeg)
	c := config(ldaptest.Start(t, d))
	c.Users.Attributes.Photo = ldap.PhotoNone
	s := open(t, c)
	if id, err := login(t.Context(), s, "john", johnPW); err != nil || id.HasPicture || s.PictureSource != nil {
		t.Errorf("got %+v, %v", id, err)
	}
	if n := photoSearches(d); n != 0 {
		t.Errorf("the directory was asked %d times", n)
	}
}

// TestPhotosInAnOutage: what was seen is shown, however old; who was switched
// off is not.
func TestPhotosInAnOutage(t *testing.T) {
	d := withPhotos(jpeg)
	server := ldaptest.Start(t, d)
	c := config(server)
	c.Users.Disabled = ldap.Condition{Attribute: "employeeType", Values: []string{"disabled"}}
	var later atomic.Int64
	e := env()
	e.Now = func() time.Time { return time.Now().Add(time.Duration(later.Load())) }
	s := openWith(t, c, e)
	picture := func() ([]byte, error) { return s.PictureSource.Picture(t.Context(), johnID) }
	if image, err := picture(); err != nil || string(image) != jpeg {
		t.Fatalf("got %q, %v", image, err)
	}
	later.Store(int64(time.Hour))
	server.Stop()
	if image, err := picture(); err != nil || string(image) != jpeg {
		t.Errorf("in an outage: %q, %v", image, err)
	}
	server.Resume(t)
	d.Put(person("john", johnID, johnPW, map[string][]string{"jpegPhoto": {jpeg + "2"}}))
	if image, err := picture(); err != nil || string(image) != jpeg+"2" {
		t.Errorf("another photo: %q, %v", image, err)
	}
	d.Put(person("john", johnID, johnPW, map[string][]string{"jpegPhoto": {jpeg}, "employeeType": {"disabled"}}))
	later.Store(int64(2 * time.Hour))
	if image, err := picture(); core.CodeOf(err) != core.Disabled || image != nil {
		t.Errorf("switched off: %q, %v", image, err)
	}
	server.Stop()
	if image, err := picture(); core.CodeOf(err) != core.Unavailable || image != nil {
		t.Errorf("switched off, and in an outage: %q, %v", image, err)
	}
}

// TestPhotosAreBounded: many large photos do not add up.
func TestPhotosAreBounded(t *testing.T) {
	large := jpeg + strings.Repeat("x", core.MaxPicture-len(jpeg))
	p := ldap.NewPhotos()
	for i := range 40 {
		p.Put(strings.Repeat("s", i), []byte(large))
		if people, size := p.Size(); size > 16<<20 || people != min(i+1, 16) {
			t.Fatalf("%d people with %d bytes after %d", people, size, i+1)
		}
	}
	for range 3 {
		p.Put("same", []byte(jpeg))
	}
	if !bytes.Equal(p.Image("same"), []byte(jpeg)) {
		t.Error("the newest is gone")
	}
	if people, size := p.Size(); size > 16<<20 || people > 17 {
		t.Errorf("%d people with %d bytes", people, size)
	}
}

// TestAddresses: of several the first good one counts, and all are told.
func TestAddresses(t *testing.T) {
	d := directory()
	d.Put(person("john", johnID, johnPW, map[string][]string{"mail": {"no address", "John@Example.org", "j.doe@example.org", "john@example.org"}}))
	id, err := login(t.Context(), open(t, config(ldaptest.Start(t, d))), "john", johnPW)
	emails, _ := id.Claims[ldap.ClaimEmails].([]string)
	if err != nil || id.Email != "john@example.org" || !id.EmailVerified || !slices.Equal(emails, []string{"john@example.org", "j.doe@example.org"}) {
		t.Errorf("got %+v, %v", id, err)
	}
	d.Put(person("john", johnID, johnPW, map[string][]string{"mail": nil}))
	if id, err := login(t.Context(), open(t, config(ldaptest.Start(t, d))), "john", johnPW); err != nil || id.Email != "" || id.EmailVerified || len(id.Claims) != 0 {
		t.Errorf("without one: %+v, %v", id, err)
	}
}
