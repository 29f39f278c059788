package core

import (
	"encoding/json"
	"maps"
	"slices"
)

// AccountID names an account: the strategy that knows it and the subject the
// strategy gave it. It never contains what somebody typed, so equal names or
// mail addresses in two backends are two accounts.
type AccountID struct {
	Strategy string
	Subject  string
}

// String joins the two as "strategy:subject". Strategy names hold no colon,
// so the form is unambiguous; it is the sub claim and the id that clients see.
func (a AccountID) String() string { return a.Strategy + ":" + a.Subject }

// Identity is what a backend knows of a person. A strategy fills it in; the
// registry stamps Strategy, applies the roles and trustEmail options, and
// never changes Subject.
type Identity struct {
	AccountID
	Username      string         // the canonical user name, if the backend has one
	Name          string         // the name to show
	Email         string         // the canonical address, if there is one
	EmailVerified bool           // true only if the operator trusts this backend's addresses
	Avatar        string         // an absolute URL or a path; may be empty
	HasPicture    bool           // the strategy's PictureSource has one; the house makes an Avatar of that
	Roles         []string       // roles as the front end's getPermissions shows them
	Claims        map[string]any // anything else that is worth showing, JSON-encodable
}

// Clone returns a copy that shares no memory with i, as far as its Claims
// hold what decoded JSON does, or lists of texts.
func (i Identity) Clone() Identity {
	i.Roles = slices.Clone(i.Roles)
	i.Claims = maps.Clone(i.Claims)
	for name, v := range i.Claims {
		i.Claims[name] = cloneValue(v)
	}
	return i
}

func cloneValue(v any) any {
	switch v := v.(type) {
	case map[string]any:
		out := maps.Clone(v)
		for name, inner := range out {
			out[name] = cloneValue(inner)
		}
		return out
	case []any:
		out := slices.Clone(v)
		for i, inner := range out {
			out[i] = cloneValue(inner)
		}
		return out
	case []string:
		return slices.Clone(v)
	}
	return v
}

// MarshalJSON writes the object that front ends read: id, name, fullName,
// email, avatar and roles are always present (avatar and email may be null),
// username and emailVerified when they say something, and the further claims
// beside them. A claim never replaces one of these fields.
func (i Identity) MarshalJSON() ([]byte, error) {
	out := make(map[string]any, len(i.Claims)+8)
	for k, v := range i.Claims {
		out[k] = v
	}
	name := firstNonEmpty(i.Name, i.Username, i.Email)
	out["id"] = i.AccountID.String()
	out["name"] = name
	out["fullName"] = name
	out["email"] = nullable(i.Email)
	out["avatar"] = nullable(i.Avatar)
	out["roles"] = append([]string{}, i.Roles...)
	delete(out, "username")
	delete(out, "emailVerified")
	if i.Username != "" {
		out["username"] = i.Username
	}
	if i.EmailVerified {
		out["emailVerified"] = true
	}
	return json.Marshal(out)
}

func nullable(s string) any {
	if s == "" {
		return nil
	}
	return s
}

func firstNonEmpty(values ...string) string {
	for _, v := range values {
		if v != "" {
			return v
		}
	}
	return ""
}
