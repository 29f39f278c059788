package httpapi

import (
	"math"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/authd-go/authd/core"
)

// pageField is one line of a form.
type pageField struct {
	Name, Label, Type, Autocomplete, Value, Problem string
	Required, Focus                                 bool
	Refused                                         bool // the form was, and not for this field: the summary describes it
}

type pageLink struct{ URL, Text string }

type pageForm struct {
	Action, Submit string
	Hidden, Fields []pageField
	Remember       bool
}

// formPage is a page that is mainly a form.
type formPage struct {
	title, text string
	form        pageForm
	links       []pageLink
	providers   []Provider
	to          string
}

// render shows the form, and why the last answer was refused, if it was. The
// first field that is wrong has the focus, or else the first that is empty.
func (a *api) render(w http.ResponseWriter, status int, p formPage, refusal *core.Refusal) error {
	s := sheet{Title: p.title, Text: p.text}
	if refusal != nil {
		s.Failure = failureFor(refusal, p.form.Fields)
		for i, f := range p.form.Fields {
			p.form.Fields[i].Problem = problemText(f.Label, refusal.Errors[f.Name])
		}
		setRefusalHeaders(w.Header(), status, refusal)
	}
	focus := slices.IndexFunc(p.form.Fields, func(f pageField) bool { return f.Problem != "" })
	if focus < 0 {
		focus = slices.IndexFunc(p.form.Fields, func(f pageField) bool { return f.Value == "" })
	}
	if focus >= 0 {
		f := &p.form.Fields[focus]
		f.Focus, f.Refused = true, refusal != nil && f.Problem == ""
	}
	data := struct {
		Forms     []pageForm
		Providers []Provider
		Links     []pageLink
		To        string
	}{Providers: p.providers, Links: p.links, To: p.to}
	if len(p.form.Fields) > 0 {
		data.Forms = []pageForm{p.form}
	}
	return a.show(w, status, s, "forms", data)
}

// failureFor words a refusal. Its own message lists parameters by name; here
// the fields do, by their labels.
func failureFor(r *core.Refusal, fields []pageField) *pageFailure {
	f := &pageFailure{Name: r.Name, Message: r.Message}
	for _, field := range fields {
		if problem := r.Errors[field.Name]; problem != "" {
			f.Fields = append(f.Fields, pageField{Name: field.Name, Label: field.Label, Problem: problem})
		}
	}
	if len(f.Fields) > 0 {
		f.Message = "Please look at this again:"
	}
	if r.RetryAfter > 0 {
		f.Message += " You can try again in " + waitText(r.RetryAfter) + "."
	}
	return f
}

func problemText(label, problem string) string {
	if problem == "" {
		return ""
	}
	return label + " " + problem
}

func setRefusalHeaders(h http.Header, status int, r *core.Refusal) {
	switch status {
	case http.StatusTooManyRequests:
		setRetryAfter(h, r, defaultRetryAfter)
	case http.StatusServiceUnavailable:
		setRetryAfter(h, r, 0)
	}
}

// waitText rounds up: whoever comes back in time must not be early.
func waitText(d time.Duration) string {
	unit, n := "second", int(math.Ceil(d.Seconds()))
	if d > time.Minute {
		unit, n = "minute", int(math.Ceil(d.Minutes()))
	}
	if n != 1 {
		unit += "s"
	}
	return strconv.Itoa(n) + " " + unit
}

// inUse says whether a method has a page.
func (a *api) inUse(method string) bool { return slices.Contains(a.Describe.Methods, method) }

func identifierField(value string) pageField {
	return pageField{Name: "identifier", Label: "Email or user name", Type: "text", Autocomplete: "username", Value: value, Required: true}
}

func passwordField(name, label, autocomplete string) pageField {
	return pageField{Name: name, Label: label, Type: "password", Autocomplete: autocomplete, Required: true}
}

func newPasswordFields() []pageField {
	return []pageField{
		passwordField("password", "New password", "new-password"),
		passwordField("confirmPassword", "New password, again", "new-password"),
	}
}

// loginForm has a password form only if a backend takes one.
func (a *api) loginForm(params core.Params, to string) formPage {
	p := formPage{title: "Sign in", to: to}
	for _, provider := range a.Describe.Providers {
		if provider.Redirect {
			p.providers = append(p.providers, provider)
		}
	}
	if len(p.providers) < len(a.Describe.Providers) || len(p.providers) == 0 {
		p.form = pageForm{Action: loginPage, Submit: "Sign in", Remember: true, Fields: []pageField{
			identifierField(typed(params, "identifier")), passwordField("password", "Password", "current-password"),
		}}
		if to != "" {
			p.form.Hidden = []pageField{{Name: "redirectPath", Value: to}}
		}
	}
	if a.inUse(core.MethodForgotPassword) {
		p.links = append(p.links, pageLink{withTo(forgotPage, to), "Forgot your password?"})
	}
	if a.inUse(core.MethodRegister) {
		p.links = append(p.links, pageLink{withTo(registerPage, to), "Create an account"})
	}
	return p
}

func registerForm(params core.Params, to string) formPage {
	fields := []pageField{
		{Name: "email", Label: "Email", Type: "email", Autocomplete: "email", Value: typed(params, "email"), Required: true},
		{Name: "name", Label: "Name", Type: "text", Autocomplete: "name", Value: typed(params, "name")},
		passwordField("password", "Password", "new-password"),
		passwordField("confirmPassword", "Password, again", "new-password"),
	}
	return formPage{
		title: "Create an account",
		form:  pageForm{Action: registerPage, Submit: "Create account", Fields: fields, Hidden: hiddenTo(to)},
		links: []pageLink{{withTo(loginPage, to), "I have an account"}},
	}
}

func forgotForm(params core.Params, to string) formPage {
	return formPage{
		title: "Forgot your password?",
		text:  "Tell us your email address or user name. If there is an account, we send a link that sets a new password.",
		form: pageForm{
			Action: forgotPage, Submit: "Send the link", Hidden: hiddenTo(to),
			Fields: []pageField{identifierField(typed(params, "identifier"))},
		},
		links: []pageLink{{withTo(loginPage, to), "Back to sign in"}},
	}
}

// updateForm sets a password, proved by the token of a link or else by the old
// password.
func updateForm(token string) formPage {
	p := formPage{title: "Set a new password", form: pageForm{Action: updatePage, Submit: "Set password", Fields: newPasswordFields()}}
	if token != "" {
		p.form.Hidden = []pageField{{Name: "token", Value: token}}
		return p
	}
	p.form.Fields = append([]pageField{passwordField("oldPassword", "Current password", "current-password")}, p.form.Fields...)
	p.links = []pageLink{{homePage, "Back"}}
	return p
}

// dueForm sets a new password for somebody who may not sign in before: who they
// are is theirs to see and correct, and the old password is never shown again.
// to is where the login was going.
func dueForm(identifier, to string) formPage {
	p := updateForm("")
	p.text = "The password of this account must be changed before you can sign in."
	p.form.Fields = append([]pageField{identifierField(identifier)}, p.form.Fields...)
	p.form.Hidden = hiddenTo(to)
	p.links = []pageLink{{withTo(loginPage, to), "Back to sign in"}}
	return p
}

// hiddenTo and withTo hand on where a login is going, until there is one.
func hiddenTo(to string) []pageField {
	if to == "" {
		return nil
	}
	return []pageField{{Name: "to", Value: to}}
}

func withTo(page, to string) string {
	if to == "" {
		return page
	}
	return page + "?to=" + url.QueryEscape(to)
}

// typed is what somebody typed, to be shown again. Passwords never are.
func typed(params core.Params, name string) string {
	value, _ := params[name].(string)
	return strings.ToValidUTF8(value[:min(len(value), 256)], "")
}

// wanted is where somebody is going. A part of an address is another address,
// so that one that is too long is forgotten.
func wanted(params core.Params, name string) string {
	value, _ := params[name].(string)
	if len(value) > maxWanted || !utf8.ValidString(value) {
		return ""
	}
	return value
}

const maxWanted = 2048 // core.RedirectPolicy follows no longer one
