package oauth2

import (
	"bytes"
	"encoding/json"
	"errors"

	"github.com/authd-go/authd/core"
	"github.com/authd-go/authd/strategies/oidc/claims"
)

// emailPaths are Emails, compiled.
type emailPaths struct{ address, verified, primary claims.Path }

func (e Emails) compile() (emailPaths, error) {
	var out emailPaths
	var problems core.Problems
	for _, p := range []struct {
		key, text string
		to        *claims.Path
	}{
		{"address", e.Address, &out.address},
		{"verified", e.Verified, &out.verified},
		{"primary", e.Primary, &out.primary},
	} {
		var err error
		*p.to, err = claims.ParsePath(p.text)
		problems.Merge(p.key, err)
	}
	return out, problems.Err()
}

// pick returns the address that counts: the primary one, or if that is not
// verified, the first that is. It is "" if there is none.
func (e emailPaths) pick(body []byte) (address string, verified bool, err error) {
	d := json.NewDecoder(bytes.NewReader(body))
	d.UseNumber()
	var list []claims.Claims
	if d.Decode(&list) != nil {
		return "", false, errors.New("the list of addresses is no JSON array of objects")
	}
	for _, entry := range list {
		found := e.address.First(entry)
		good, first := e.verified.First(entry) == "true", e.primary.First(entry) == "true"
		switch {
		case found == "":
		case good && first:
			return found, true, nil
		case good && !verified, first && !verified:
			address, verified = found, good
		}
	}
	return address, verified, nil
}
