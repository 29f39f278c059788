package flow

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"strings"
	"time"

	"github.com/authd-go/authd/core"
)

// An avatar's address is good for a day at most and half a day at least. It
// changes twice a day, so that browsers find the picture again that they keep.
const (
	pictureStep = 12 * time.Hour
	pictureTTL  = 2 * pictureStep
)

// pictureMAC is how many bytes of HMAC-SHA-256 end an id.
const pictureMAC = 16

// maxPictureID bounds what is looked at.
const maxPictureID = 1024

// ReasonNoPicture is the reason of a picture that is not there.
const ReasonNoPicture = "no_picture"

// own finishes an identity that a backend told.
func (p *Provider) own(b *Backend, id core.Identity) core.Identity {
	id = b.own(id)
	if id.HasPicture && b.Strategy.PictureSource != nil && len(p.PictureKey) > 0 {
		until := p.Now().Truncate(pictureStep).Add(pictureTTL)
		id.Avatar = p.PublicURL.JoinPath(core.AvatarPath, p.pictureID(id.AccountID, until)).String()
	}
	return id
}

// pictureID names the picture of an account until a time. Nobody else can make
// one, so nobody can ask for the picture of an account that they were not shown.
func (p *Provider) pictureID(account core.AccountID, until time.Time) string {
	id := binary.BigEndian.AppendUint64(nil, uint64(until.Unix())) //nolint:gosec // after 1970
	id = append(id, account.String()...)
	return base64.RawURLEncoding.EncodeToString(append(id, p.signPicture(id)...))
}

func (p *Provider) signPicture(id []byte) []byte {
	mac := hmac.New(sha256.New, p.PictureKey)
	mac.Write(id)
	return mac.Sum(nil)[:pictureMAC]
}

// openPictureID is the inverse of pictureID. It does not look at the time.
func (p *Provider) openPictureID(text string) (account core.AccountID, until time.Time, ok bool) {
	if len(text) > maxPictureID || len(p.PictureKey) == 0 {
		return account, until, false
	}
	raw, err := decodeBase64(text)
	if err != nil || len(raw) <= 8+pictureMAC {
		return account, until, false
	}
	id, mac := raw[:len(raw)-pictureMAC], raw[len(raw)-pictureMAC:]
	if !hmac.Equal(mac, p.signPicture(id)) {
		return account, until, false
	}
	account.Strategy, account.Subject, ok = strings.Cut(string(id[8:]), ":")
	return account, time.Unix(int64(binary.BigEndian.Uint64(id)), 0), ok //nolint:gosec // made by pictureID
}

// Picture implements core.PictureShower.
func (p *Provider) Picture(ctx context.Context, r core.Request, id string) core.PictureResult {
	d := p.begin(core.MethodGetIdentity, r)
	d.trace.Op = core.OpShowPicture
	account, until, ok := p.openPictureID(id)
	if !ok || !p.Now().Before(until) {
		return core.PictureResult{Error: d.end(ctx, noPicture(nil))}
	}
	d.trace.Account = account
	image, err := d.picture(ctx, account)
	if refusal := d.end(ctx, err); refusal != nil {
		return core.PictureResult{Error: refusal}
	}
	return core.PictureResult{Type: core.PictureType(image), Bytes: image, Expires: until}
}

func noPicture(cause error) error {
	return &core.Error{Code: core.Unsupported, Op: core.OpShowPicture, Reason: ReasonNoPicture, Err: cause}
}

// picture asks the account's backend. Only an outage differs from a person
// without a picture.
func (d *decision) picture(ctx context.Context, account core.AccountID) (image []byte, err error) {
	b := d.p.Routes.Backends[account.Strategy]
	if b == nil || b.Strategy.PictureSource == nil {
		return nil, noPicture(errors.New("strategy " + account.Strategy + " shows none"))
	}
	err = d.ask(ctx, b, core.OpShowPicture, func(ctx context.Context) error {
		image, err = b.Strategy.PictureSource.Picture(ctx, account.Subject)
		return err
	})
	switch core.CodeOf(err) {
	case "":
	case core.UnknownUser, core.Disabled, core.Locked:
		return nil, noPicture(err)
	default:
		return nil, err
	}
	if len(image) > core.MaxPicture || core.PictureType(image) == "" {
		return nil, noPicture(errors.New("what the backend has is too large, or no image that is safe to show"))
	}
	return bytes.Clone(image), nil
}
