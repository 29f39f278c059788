package core

import (
	"context"
	"slices"
	"time"
)

// AvatarPath and an id that the house has made is where the picture of a person
// is, below the public URL.
const AvatarPath = "/auth/avatar/"

// MaxPicture bounds a picture, in bytes. A larger one is none.
const MaxPicture = 1 << 20

// PictureSource shows what its people look like.
type PictureSource interface {
	// Picture returns the image of a person, nil if there is none, or
	// UnknownUser. What it is, and whether it is small enough, is for the house
	// to judge. It may be some minutes old.
	Picture(ctx context.Context, subject string) ([]byte, error)
}

// PictureResult answers the question for a picture.
type PictureResult struct {
	Type    string // a media type, such as image/jpeg
	Bytes   []byte
	Expires time.Time // until when its address is good
	Error   *Refusal
}

// PictureShower shows pictures to whoever has their address.
type PictureShower interface {
	// Picture answers with the picture that an avatar's address ends in, or with
	// Unsupported if there is none, the address was not made here, or its time
	// is up, without a word about which. The address is all that is asked for:
	// it is told to the person only, and cannot be guessed.
	Picture(ctx context.Context, r Request, id string) PictureResult
}

// PictureType returns the media type of an image that is safe to show whoever
// it is from: image/png, image/jpeg, image/webp or image/gif, by its first
// bytes. It is "" for anything else, an SVG above all, which may hold scripts.
func PictureType(image []byte) string {
	found := ImageType(image)
	if slices.Contains([]string{"image/png", "image/jpeg", "image/webp", "image/gif"}, found) {
		return found
	}
	return ""
}
