package ldap

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/go-ldap/ldap/v3"

	"github.com/authd-go/authd/core"
	"github.com/authd-go/authd/strategies/ldap/directory"
)

// sampleSize is how many entries a sample search asks for.
const sampleSize = 50

// doctor tells operators what is wrong.
type doctor struct{ strategy }

// Diagnose implements core.Diagnoser. For each server it goes the way of a
// lookup, and then looks at what is found there; the walk through a login asks
// whichever server a login would.
func (d doctor) Diagnose(ctx context.Context, r core.DiagnoseRequest, report func(core.Finding)) {
	if r.Identifier != "" {
		d.walkLogin(ctx, r.Identifier, report)
		return
	}
	d.client.Probe(ctx, report, func(ctx context.Context, b *directory.Bound) {
		e := &examination{doctor: d, bound: b, report: report}
		if e.base(ctx, "users.baseDN", d.users.BaseDN) {
			e.people(ctx)
		}
		if d.groups.BaseDN == "" {
			e.step("groups", func() (core.Finding, error) {
				return core.Finding{Detail: "by the user's own memberOf; groups.baseDN is not set"}, nil
			})
		} else if e.base(ctx, "groups.baseDN", d.groups.BaseDN) {
			e.sampleGroups(ctx)
		}
		e.unauthenticated(ctx)
	})
}

// examination is what is looked at behind one connection.
type examination struct {
	doctor
	bound  *directory.Bound
	report func(core.Finding)
}

// step times look and reports what it found. An error makes it a failure, with
// the finding's advice.
func (e *examination) step(name string, look func() (core.Finding, error)) bool {
	began := time.Now()
	f, err := look()
	f.Name, f.Target, f.Took = name, e.bound.Server, time.Since(began)
	switch {
	case err != nil:
		f.Mark, f.Detail = core.MarkFailed, directory.Plain(err)
	case f.Mark == "":
		f.Mark = core.MarkOK
	}
	e.report(f)
	return f.Mark != core.MarkFailed
}

func (e *examination) search(ctx context.Context, r *ldap.SearchRequest) (result *ldap.SearchResult, err error) {
	err = e.bound.Ask(ctx, func(l *ldap.Conn) error {
		result, err = l.Search(r)
		return err
	})
	return result, err
}

// base reads the entry that is searched below.
func (e *examination) base(ctx context.Context, key, dn string) bool {
	return e.step(key, func() (core.Finding, error) {
		result, err := e.search(ctx, ldap.NewSearchRequest(dn, ldap.ScopeBaseObject, ldap.NeverDerefAliases, 1, 0, false, "(objectClass=*)", []string{"1.1"}, nil))
		if err == nil && len(result.Entries) == 0 {
			err = errors.New("the server says yes and shows nothing")
		}
		if err != nil {
			return core.Finding{Advice: e.adviseBase(key, err)}, fmt.Errorf("%s cannot be read: %s", dn, directory.Plain(err))
		}
		return core.Finding{Detail: dn + " can be read"}, nil
	})
}

func (e *examination) adviseBase(key string, err error) string {
	var answer *ldap.Error
	if !errors.As(err, &answer) || answer.ResultCode != ldap.LDAPResultNoSuchObject {
		return "let " + e.service() + " read " + key + " and what is below it, in the server's access rules"
	}
	if answer.MatchedDN != "" {
		return fmt.Sprintf("set %s to an entry that exists: the server has %s and nothing of that name below it that %s may see", key, answer.MatchedDN, e.service())
	}
	return fmt.Sprintf("either %s names no entry, or %s may not see it, which servers answer alike: compare the DN, then the server's access rules", key, e.service())
}

func (e *examination) service() string {
	if e.bindDN == "" {
		return "an anonymous lookup (set bindDN and bindPassword)"
	}
	return e.bindDN
}

// people asks for some people as the filter finds them, whatever their names.
func (e *examination) people(ctx context.Context) {
	everybody := strings.ReplaceAll(e.users.Filter, placeUsername, "*")
	e.step("sample search", func() (core.Finding, error) {
		scope := ldap.ScopeWholeSubtree
		if e.users.Scope == "one" {
			scope = ldap.ScopeSingleLevel
		}
		result, err := e.search(ctx, ldap.NewSearchRequest(e.users.BaseDN, scope, ldap.NeverDerefAliases, sampleSize, 0, false, everybody, []string{e.users.Attributes.ID, e.users.Attributes.Username}, nil))
		limited, err := cutShort(result, err)
		if err != nil {
			return core.Finding{Advice: "the server refuses to search by users.filter: " + everybody}, err
		}
		return e.judgePeople(result.Entries, everybody, limited), nil
	})
}

// judgePeople says what follows from what a sample search found.
func (e *examination) judgePeople(found []*ldap.Entry, filter string, limited bool) core.Finding {
	without := 0
	for _, entry := range found {
		if e.subject(entry) == "" {
			without++
		}
	}
	f := core.Finding{Detail: fmt.Sprintf("%s finds %s", filter, count(len(found), "person", "people"))}
	switch {
	case len(found) == sampleSize && !limited:
		f.Detail += " or more"
	case limited:
		f.Detail += ", and then the server's size limit ends the answer"
	}
	switch {
	case len(found) == 0:
		f.Mark = core.MarkFailed
		f.Advice = fmt.Sprintf("users.filter matches nobody below users.baseDN that %s may see: try the filter with ldapsearch, look at users.scope (%s), then at the server's access rules", e.service(), e.users.Scope)
	case without > 0:
		f.Mark = core.MarkFailed
		f.Detail += fmt.Sprintf("; %d of them without %s", without, e.users.Attributes.ID)
		f.Advice = fmt.Sprintf("those cannot sign in: let %s read %s, or name another lasting attribute in users.attributes.id", e.service(), e.users.Attributes.ID)
	case limited && len(found) < 2:
		f.Mark = core.MarkFailed
		f.Advice = "a login asks for two entries, to notice names that two people have: raise the size limit of " + e.service() + " at the server"
	case limited:
		f.Mark = core.MarkWarning
		f.Advice = fmt.Sprintf("a login asks for two entries, so people can sign in; raise the size limit of %s at the server if groups below end early, too", e.service())
	}
	return f
}

// sampleGroups asks for groups page by page, as logins do, and looks at one page.
func (e *examination) sampleGroups(ctx context.Context) {
	e.step("groups", func() (core.Finding, error) {
		page := ldap.NewControlPaging(sampleSize)
		result, err := e.search(ctx, ldap.NewSearchRequest(e.groups.BaseDN, ldap.ScopeWholeSubtree, ldap.NeverDerefAliases, 0, 0, false,
			"("+e.groups.Name+"=*)", []string{e.groups.Name}, []ldap.Control{page}))
		limited, err := cutShort(result, err)
		if err != nil {
			return core.Finding{Advice: "let " + e.service() + " search below groups.baseDN, in the server's access rules"}, err
		}
		found := len(result.Entries)
		f := core.Finding{Detail: fmt.Sprintf("%s below %s, found by %s", count(found, "group", "groups"), e.groups.BaseDN, e.groups.Nested)}
		switch {
		case limited:
			f.Mark = core.MarkWarning
			f.Detail += fmt.Sprintf("; the server's size limit ends an answer after %d", found)
			f.Advice = fmt.Sprintf("people in more than %d groups cannot sign in: raise the size limit of %s at the server (slapd: limits dn.exact=... size.prtotal=unlimited)", found, e.service())
		case found == 0:
			f.Mark = core.MarkWarning
			f.Advice = fmt.Sprintf("nobody gets a role from a group: look at groups.baseDN and groups.name (%s), then at the server's access rules", e.groups.Name)
		case found == sampleSize:
			f.Detail = strings.Replace(f.Detail, " groups", " groups or more", 1)
		}
		return f, nil
	})
}

// cutShort takes the size limit for an answer, if there is something in it.
func cutShort(result *ldap.SearchResult, err error) (limited bool, _ error) {
	var answer *ldap.Error
	if errors.As(err, &answer) && answer.ResultCode == ldap.LDAPResultSizeLimitExceeded && result != nil && len(result.Entries) > 0 {
		return len(result.Entries) < sampleSize, nil
	}
	return false, err
}

// unauthenticated says whether the server takes a name without a password for
// a good bind (RFC 4513, section 5.1.2). It is the last thing that is done with
// the connection.
func (e *examination) unauthenticated(ctx context.Context) {
	who := e.bindDN
	if who == "" {
		who = e.users.BaseDN
	}
	e.step("empty password", func() (core.Finding, error) {
		err := e.bound.Ask(ctx, func(l *ldap.Conn) error { return l.UnauthenticatedBind(who) })
		var answer *ldap.Error
		switch {
		case err == nil:
			return core.Finding{
				Mark: core.MarkWarning, Detail: "the server says yes to a name with no password",
				Advice: "authd never sends an empty password, but other programs may, and let anybody in: turn unauthenticated binds off at the server (slapd: no bind_anon_cred in allow)",
			}, nil
		case errors.As(err, &answer) && answer.ResultCode < ldap.ErrorNetwork:
			return core.Finding{Detail: "refused, as it should be"}, nil
		}
		return core.Finding{Advice: "the connection broke off; look at the server's own log"}, err
	})
}

func count(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}
