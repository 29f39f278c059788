package ldap

import (
	"context"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/go-ldap/ldap/v3"

	"github.com/authd-go/authd/core"
)

// What is remembered of photos, so that a page view does not ask the directory.
const (
	photoTTL  = 10 * time.Minute
	maxPhotos = 10_000   // people
	maxBytes  = 16 << 20 // of all photos together
)

// photo is what is known of one person's photo.
type photo struct {
	has    bool
	hasAt  time.Time // when the directory said so
	image  []byte    // nil if there is none, or none that can be shown
	readAt time.Time // when it was read; zero means never
}

func (p photo) saysWhether(now time.Time) bool { return now.Sub(p.hasAt) < photoTTL }
func (p photo) shows(now time.Time) bool       { return now.Sub(p.readAt) < photoTTL }

// photos remembers some of them. It is safe for concurrent use.
type photos struct {
	mu    sync.Mutex
	known map[string]photo // by subject
	bytes int
}

func newPhotos() *photos { return &photos{known: map[string]photo{}} }

// get returns what is known of a photo, however long.
func (p *photos) get(subject string) photo {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.known[subject]
}

// put remembers a photo, and forgets others where there is no room. Which ones
// does not matter: they are read again.
func (p *photos) put(subject string, found photo) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.drop(subject)
	for other := range p.known {
		if len(p.known) < maxPhotos && p.bytes+len(found.image) <= maxBytes {
			break
		}
		p.drop(other)
	}
	p.known[subject] = found
	p.bytes += len(found.image)
}

func (p *photos) forget(subject string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.drop(subject)
}

func (p *photos) drop(subject string) {
	p.bytes -= len(p.known[subject].image)
	delete(p.known, subject)
}

func (a *accounts) showsPhotos() bool { return a.users.Attributes.Photo != PhotoNone }

// hasPhoto says whether an entry has a photo. The photo itself is not read:
// nobody waits for it who signs in, and how large it is does not matter. A
// directory that does not say has none; no login fails over that.
func (a *accounts) hasPhoto(ctx context.Context, e *ldap.Entry) bool {
	if !a.showsPhotos() {
		return false
	}
	subject := a.subject(e)
	found := a.photos.get(subject)
	if found.saysWhether(a.now()) {
		return found.has
	}
	entry, err := a.readPhoto(ctx, e.DN, true)
	if err != nil {
		a.log.DebugContext(ctx, "whether a user has a photo could not be read", "user", e.DN, "error", err)
		return false
	}
	found.hasAt, found.has = a.now(), entry != nil && slices.ContainsFunc(entry.Attributes, func(at *ldap.EntryAttribute) bool {
		return strings.EqualFold(at.Name, a.users.Attributes.Photo)
	})
	a.photos.put(subject, found)
	return found.has
}

// readPhoto reads the photo of an entry, or only whether there is one.
func (a *accounts) readPhoto(ctx context.Context, dn string, typesOnly bool) (*ldap.Entry, error) {
	result, err := a.client.Search(ctx, ldap.NewSearchRequest(dn, ldap.ScopeBaseObject, ldap.NeverDerefAliases, 1, 0, typesOnly,
		"(objectClass=*)", []string{a.users.Attributes.Photo}, nil))
	if err != nil || len(result.Entries) == 0 {
		return nil, err
	}
	return result.Entries[0], nil
}

// Picture returns the photo of somebody who could sign in now, at most photoTTL
// old. In an outage an older one will do.
func (s strategy) Picture(ctx context.Context, subject string) ([]byte, error) {
	found := s.photos.get(subject)
	if found.shows(s.now()) {
		return slices.Clone(found.image), nil
	}
	image, err := s.fetchPhoto(ctx, subject)
	switch {
	case core.CodeOf(err) == core.Unavailable && found.image != nil:
		return slices.Clone(found.image), nil
	case err != nil:
		s.photos.forget(subject)
		return nil, err
	}
	now := s.now()
	s.photos.put(subject, photo{has: image != nil, hasAt: now, image: image, readAt: now})
	return slices.Clone(image), nil
}

func (s strategy) fetchPhoto(ctx context.Context, subject string) ([]byte, error) {
	entry, err := s.findSubject(ctx, core.OpShowPicture, subject)
	if err != nil {
		return nil, err
	}
	if code := s.state(entry); code != "" {
		return nil, &core.Error{Code: code, Op: core.OpShowPicture, Subject: subject}
	}
	entry, err = s.readPhoto(ctx, entry.DN, false)
	if err != nil {
		return nil, core.Fail(outcome(err), core.OpShowPicture, err)
	}
	if entry == nil {
		return nil, nil
	}
	return firstPicture(entry.GetEqualFoldRawAttributeValues(s.users.Attributes.Photo)), nil
}

// firstPicture returns the first value that can be shown.
func firstPicture(values [][]byte) []byte {
	for _, v := range values {
		if len(v) <= core.MaxPicture && core.PictureType(v) != "" {
			return v
		}
	}
	return nil
}
