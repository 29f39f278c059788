package oauth2

// PickEmail picks from a list whose fields have the usual names.
func PickEmail(body []byte) (address string, verified bool, err error) {
	paths, err := Emails{Address: "email", Verified: "verified", Primary: "primary"}.compile()
	if err != nil {
		return "", false, err
	}
	return paths.pick(body)
}
