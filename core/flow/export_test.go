package flow

// What the tests in flow_test look at.

var (
	PictureID     = (*Provider).pictureID
	OpenPictureID = (*Provider).openPictureID
)
