package ldap

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/go-ldap/ldap/v3"

	"github.com/authd-go/authd/core"
	"github.com/authd-go/authd/strategies/ldap/directory"
)

// walkLogin finds somebody's entry and says what a login would make of it, as
// far as that goes without a password.
func (d doctor) walkLogin(ctx context.Context, username string, report func(core.Finding)) {
	step := func(name string, look func() (core.Finding, error)) bool {
		began := time.Now()
		f, err := look()
		f.Name, f.Took = name, time.Since(began)
		switch {
		case err != nil:
			f.Mark, f.Detail = core.MarkFailed, because(err)
		case f.Mark == "":
			f.Mark = core.MarkOK
		}
		report(f)
		return err == nil
	}
	var entry *ldap.Entry
	if !step("find the entry", func() (f core.Finding, err error) {
		if entry, err = d.find(ctx, username); err != nil {
			return core.Finding{Advice: d.adviseFind(username, err)}, err
		}
		return core.Finding{Detail: entry.DN}, nil
	}) {
		return
	}
	step("subject", func() (core.Finding, error) {
		return core.Finding{Detail: d.users.Attributes.ID + " " + d.subject(entry)}, nil
	})
	step("attributes", func() (core.Finding, error) { return core.Finding{Detail: d.told(entry)}, nil })
	step("state", func() (core.Finding, error) { return d.stateOf(entry), nil })
	step("groups", func() (core.Finding, error) {
		groups, err := d.groupsOf(ctx, entry)
		if err != nil {
			return core.Finding{Advice: "the login fails, since roles would be missing: look at groups.baseDN, groups.filter and groups.maxGroups"}, err
		}
		dns := []string{}
		for _, g := range groups {
			dns = append(dns, g.dn)
		}
		if len(dns) == 0 {
			return core.Finding{Detail: "none"}, nil
		}
		return core.Finding{Detail: strings.Join(dns, "; ")}, nil
	})
	step("roles", func() (core.Finding, error) {
		roles, err := d.rolesOf(ctx, entry)
		if err != nil {
			return core.Finding{Advice: "see groups"}, err
		}
		if len(roles) == 0 {
			return core.Finding{Detail: "none of the directory's"}, nil
		}
		return core.Finding{Detail: strings.Join(roles, ", ")}, nil
	})
}

// because is why, without the words that the house wraps around it.
func because(err error) string {
	e := core.AsError(err)
	switch {
	case e.Err != nil && e.Code == core.Unavailable:
		return directory.Plain(e.Err)
	case e.Reason != "":
		return string(e.Code) + " (" + e.Reason + ")"
	}
	return string(e.Code)
}

func (d doctor) adviseFind(username string, err error) string {
	filter := filterTemplate(d.users.Filter).fill(username, "")
	switch {
	case core.AsError(err).Reason == ReasonAmbiguous:
		return "two entries answer to " + filter + "; nobody signs in with that name until there is one: narrow users.filter or users.baseDN"
	case core.CodeOf(err) == core.UnknownUser:
		return "no entry answers to " + filter + " below " + d.users.BaseDN + ": try it with ldapsearch; users.filter, users.baseDN and users.scope say where authd looks"
	}
	return "run authd doctor without --user: it goes the way to each server step by step"
}

// told lists what of an entry an identity is made of.
func (d doctor) told(e *ldap.Entry) string {
	id := d.person(e)
	var out []string
	for _, pair := range [][2]string{{"username", id.Username}, {"name", id.Name}, {"email", id.Email}} {
		value := pair[1]
		if value == "" {
			value = "none"
		}
		out = append(out, pair[0]+" "+value)
	}
	return strings.Join(out, ", ")
}

// stateOf says which rule keeps somebody out, with the value that it saw.
func (d doctor) stateOf(e *ldap.Entry) core.Finding {
	for _, rule := range d.rules {
		for _, value := range e.GetEqualFoldAttributeValues(rule.attribute) {
			if rule.test(value, d.now()) {
				return core.Finding{
					Mark: core.MarkFailed, Detail: fmt.Sprintf("%s: %s is %s", rule.code, rule.attribute, value),
					Advice: "that is how the directory keeps this account out; change it there if it should get in",
				}
			}
		}
	}
	return core.Finding{Detail: "no rule keeps this account out; what the directory itself knows of it shows with the password"}
}
