package claims

import (
	"errors"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/authd-go/authd/core"
	"github.com/authd-go/authd/core/identifier"
)

// The reasons of refusals.
const (
	ReasonSubject     = "subject_missing"
	ReasonRequirement = "requirement_unmet"
	ReasonRoles       = "too_many_roles"
)

// Map says which claim tells what. Each is a Path as text.
type Map struct {
	ID            string `koanf:"id" doc:"the subject: it must never change and never be given to somebody else"`
	Username      string `koanf:"username" doc:"the user name"`
	Name          string `koanf:"name" doc:"the name to show"`
	Email         string `koanf:"email" doc:"the address"`
	EmailVerified string `koanf:"emailVerified" doc:"true if the address was verified"`
	Avatar        string `koanf:"avatar" doc:"the URL of a picture"`
	Roles         string `koanf:"roles" doc:"the roles, one or a list"`
}

// With fills in what is empty.
func (m Map) With(defaults Map) Map {
	out := defaults
	for _, pair := range []struct{ own, to *string }{
		{&m.ID, &out.ID},
		{&m.Username, &out.Username},
		{&m.Name, &out.Name},
		{&m.Email, &out.Email},
		{&m.EmailVerified, &out.EmailVerified},
		{&m.Avatar, &out.Avatar},
		{&m.Roles, &out.Roles},
	} {
		if *pair.own != "" {
			*pair.to = *pair.own
		}
	}
	return out
}

// Reader makes identities of claims. It is immutable.
type Reader struct {
	id, username, name, email, emailVerified, avatar, roles Path
	require                                                 []requirement
}

// requirement holds if the claims have one of the values at the path.
type requirement struct {
	path   Path
	values []string
}

// Compile reads the paths of a map and of requirements. It returns Problems
// with paths such as "claims.roles" and "require.groups".
func Compile(m Map, require map[string][]string) (Reader, error) {
	var out Reader
	var problems core.Problems
	for _, p := range []struct {
		key, text string
		to        *Path
	}{
		{"id", m.ID, &out.id},
		{"username", m.Username, &out.username},
		{"name", m.Name, &out.name},
		{"email", m.Email, &out.email},
		{"emailVerified", m.EmailVerified, &out.emailVerified},
		{"avatar", m.Avatar, &out.avatar},
		{"roles", m.Roles, &out.roles},
	} {
		var err error
		*p.to, err = ParsePath(p.text)
		problems.Merge("claims."+p.key, err)
	}
	for _, text := range slices.Sorted(maps.Keys(require)) {
		path, err := ParsePath(text)
		problems.Merge("require."+text, err)
		switch {
		case len(path) == 0 && err == nil:
			problems.Add("require", "has an empty claim")
		case len(require[text]) == 0:
			problems.Add("require."+text, "must list at least one value that is let in")
		}
		out.require = append(out.require, requirement{path, slices.Clone(require[text])})
	}
	return out, problems.Err()
}

// Prune returns the claims that the reader looks at, for those who keep them.
func (r Reader) Prune(c Claims) Claims {
	out := Claims{}
	keep := func(p Path) {
		if len(p) == 0 {
			return
		}
		if value, ok := c[p[0]]; ok {
			out[p[0]] = value
		}
	}
	for _, p := range []Path{r.id, r.username, r.name, r.email, r.emailVerified, r.avatar, r.roles} {
		keep(p)
	}
	for _, q := range r.require {
		keep(q.path)
	}
	return out
}

// Over returns c with the claims below it that it does not have itself.
func (c Claims) Over(below Claims) Claims {
	out := maps.Clone(below)
	if out == nil {
		out = Claims{}
	}
	maps.Copy(out, c)
	return out
}

// Identity reads who somebody is, and refuses who does not fulfil the
// requirements. It says which claim was looked at, and nothing of its value.
func (r Reader) Identity(op string, c Claims) (core.Identity, error) {
	subject, err := r.Subject(op, c)
	if err != nil {
		return core.Identity{}, err
	}
	for _, q := range r.require {
		if !q.met(c) {
			return core.Identity{}, &core.Error{
				Code: core.Forbidden, Op: op, Reason: ReasonRequirement, Subject: subject,
				Err: fmt.Errorf("the claim %s has none of the values that are let in", q.path),
			}
		}
	}
	roles, err := r.rolesOf(op, c)
	if err != nil {
		return core.Identity{}, err
	}
	out := core.Identity{
		AccountID: core.AccountID{Subject: subject}, Name: line(r.name.First(c)), Avatar: picture(r.avatar.First(c)), Roles: roles,
	}
	if name, err := identifier.Canonical(r.username.First(c)); err == nil {
		out.Username = name
	}
	if address, err := identifier.Email(r.email.First(c)); err == nil {
		out.Email = address
		out.EmailVerified = slices.Equal(r.emailVerified.Values(c), []string{"true"})
	}
	return out, nil
}

// maxSubject is OpenID Connect's bound (Core, section 2), in bytes.
const maxSubject = 255

// Subject reads the claim that is the subject.
func (r Reader) Subject(op string, c Claims) (string, error) {
	values := r.id.Values(c)
	if len(values) != 1 || !ValidSubject(values[0]) {
		return "", &core.Error{
			Code: core.InvalidInput, Op: op, Reason: ReasonSubject,
			Err: fmt.Errorf("the claim %s is not one text or whole number of at most %d bytes", r.id, maxSubject),
		}
	}
	return values[0], nil
}

// ByClaim says whether the subject is another claim than sub.
func (r Reader) ByClaim() bool { return !slices.Equal(r.id, Path{"sub"}) }

// ValidSubject says whether a text may be a subject.
func ValidSubject(text string) bool {
	return text != "" && len(text) <= maxSubject && utf8.ValidString(text) && !strings.ContainsFunc(text, unicode.IsControl)
}

func (q requirement) met(c Claims) bool {
	return slices.ContainsFunc(q.path.Values(c), func(v string) bool { return slices.Contains(q.values, v) })
}

// The bounds of roles.
const (
	maxRoles = 1000
	maxRole  = 256 // bytes
)

// rolesOf leaves out what no role map could name. Of too many none is left
// out: some that mean less would be without those that mean more.
func (r Reader) rolesOf(op string, c Claims) ([]string, error) {
	var out []string
	for _, role := range r.roles.Values(c) {
		if role != "" && len(role) <= maxRole && !strings.ContainsFunc(role, unicode.IsControl) && !slices.Contains(out, role) {
			out = append(out, role)
		}
		if len(out) > maxRoles {
			return nil, &core.Error{
				Code: core.Unavailable, Op: op, Reason: ReasonRoles, Err: errors.New("there are more than 1000 roles"),
			}
		}
	}
	return out, nil
}

const (
	maxLine    = 200 // runes of a name
	maxPicture = 2048
)

// line is a text as a name to show.
func line(text string) string {
	text = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return -1
		}
		return r
	}, strings.ToValidUTF8(text, ""))
	if runes := []rune(text); len(runes) > maxLine {
		text = string(runes[:maxLine])
	}
	return strings.TrimSpace(text)
}

// picture is a text as an address of a picture: an absolute one, encrypted, or
// none. Nobody else's page may choose what a front end loads otherwise.
func picture(text string) string {
	u, err := url.Parse(text)
	if err != nil || u.Scheme != "https" || u.Host == "" || u.User != nil || len(text) > maxPicture {
		return ""
	}
	return u.String()
}
