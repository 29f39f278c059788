package ldap_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	goldap "github.com/go-ldap/ldap/v3"

	"github.com/authd-go/authd"
	"github.com/authd-go/authd/core"
	"github.com/authd-go/authd/core/flow"
	"github.com/authd-go/authd/strategies/ldap"
	"github.com/authd-go/authd/tools/e2e/peers"
)

const (
	fresh  = "Seven calm herons 1"
	fresh2 = "Eleven quiet owls 2"
	fresh3 = "Thirteen brave newts 3"
)

// dn is where somebody stands whom the directories are seeded with.
func (v vendor) dn(name string) string {
	if v.peer == "samba" {
		return map[string]string{"alice": "CN=Alice Liddell", "bob": "CN=Bob\\, the Builder", "mustchange": "CN=Must Change"}[name] + ",OU=Staff,DC=ad,DC=example,DC=org"
	}
	return "uid=" + name + ",ou=people,dc=example,dc=org"
}

// limits is a rule that a directory can have, and what its people are told.
type limits struct {
	name     string
	set      []goldap.ModifyRequest
	password string // that it refuses; the present one is fresh, the one before alice-pw
	code     core.Code
	told     string
}

func (v vendor) limits() []limits {
	short := func(told string) limits { return limits{"too short", nil, "short", core.InvalidInput, told} }
	used := limits{"used before", nil, "alice-pw-of-old", core.InvalidInput, "was used before; choose another one"}
	young := func(set ...goldap.ModifyRequest) limits {
		return limits{"too young", set, fresh2, core.InvalidInput, "was changed too recently to be changed again"}
	}
	const quality = "is not strong enough for the directory's rules"
	const policy, domain = "cn=default,ou=policies,dc=example,dc=org", "DC=ad,DC=example,DC=org"
	switch v.peer {
	case "slapd":
		return []limits{
			short("is too short for the directory's rules"), used, young(modify(policy, "pwdMinAge", "3600")),
			{"not allowed", []goldap.ModifyRequest{modify(policy, "pwdAllowUserChange", "FALSE")}, fresh2, core.Forbidden, ""},
		}
	case "samba":
		return []limits{
			short("is too short for the directory's rules"), used,
			{"too simple", []goldap.ModifyRequest{modify(domain, "pwdProperties", "1")}, "onlysmallletters", core.InvalidInput, quality},
			young(modify(domain, "minPwdAge", "-864000000000")),
		}
	}
	return []limits{
		short(quality), used,
		{"too simple", []goldap.ModifyRequest{modify("cn=config", "passwordMinCategories", "3")}, "onlysmallletters", core.InvalidInput, quality},
		young(modify("cn=config", "passwordMinAge", "3600"), modify(v.dn("alice"), "passwordAllowChangeTime", "20380101000000Z")),
		{"not allowed", []goldap.ModifyRequest{modify("cn=config", "passwordMinAge", "0"), modify("cn=config", "passwordChange", "off")}, fresh2, core.Forbidden, ""},
	}
}

// TestRulesOfTheDirectory: what each directory says against a new password
// arrives as text, by the field, whoever wants to set it.
func TestRulesOfTheDirectory(t *testing.T) {
	eachVendor(t, func(t *testing.T, v vendor, f peers.Facts, admin *goldap.Conn) {
		apply(t, admin, append(v.rules, v.lenient)...)
		s := open(t, v.writable(f))
		id, err := login(t.Context(), s, "alice", "alice-pw")
		if err != nil {
			t.Fatal(err)
		}
		changeTo := func(before, after string) error {
			return s.PasswordChanger.ChangePassword(t.Context(), core.PasswordChange{
				Subject: id.Subject, Old: core.NewSecret(before), New: core.NewSecret(after),
			})
		}
		for _, step := range [][2]string{{"alice-pw", "alice-pw-of-old"}, {"alice-pw-of-old", fresh}} {
			if err := changeTo(step[0], step[1]); err != nil {
				t.Fatalf("to %q: %v", step[1], err)
			}
		}
		if err := changeTo("wrong-pw", fresh2); core.CodeOf(err) != core.InvalidCredentials {
			t.Errorf("a wrong old password: %v", err)
		}
		for _, l := range v.limits() {
			apply(t, admin, l.set...)
			err := changeTo(fresh, l.password)
			if core.CodeOf(err) != l.code || core.AsError(err).Fields["password"] != l.told {
				t.Errorf("%s: %v", l.name, err)
			}
			if _, err := login(t.Context(), s, "alice", fresh); err != nil {
				t.Errorf("%s: the password is another one now: %v", l.name, err)
			}
		}
		err = s.Recoverer.ResetPassword(t.Context(), id.Subject, core.NewSecret("short"))
		if core.CodeOf(err) != core.InvalidInput || core.AsError(err).Fields["password"] == "" {
			t.Errorf("a reset to a short one: %v", err)
		}
		err = s.Recoverer.ResetPassword(t.Context(), id.Subject, core.NewSecret("alice-pw-of-old"))
		if core.CodeOf(err) != core.InvalidInput || core.AsError(err).Fields["password"] == "" {
			t.Errorf("a reset to one that was used before: %v", err)
		}
	})
}

// passwordHouse is a house where the directory's passwords are written. What is
// sent to people who forgot theirs goes to the channel.
func passwordHouse(t *testing.T, c *ldap.Config) (http.Handler, <-chan flow.Recovery) {
	t.Helper()
	sent := make(mailbox, 1)
	return houseWith(t, c, func(o *authd.Options) {
		o.Methods.UpdatePassword.Use = authd.Names(authd.Session)
		if c.Passwords.Reset {
			o.Methods.ForgotPassword.Use = authd.Names("staff")
		}
		o.Recovery = sent
	}), sent
}

type mailbox chan flow.Recovery

func (m mailbox) SendRecovery(_ context.Context, r flow.Recovery) error {
	m <- r
	return nil
}

// TestMustChangeByHTTP: who is told to change the password can, and nobody else.
func TestMustChangeByHTTP(t *testing.T) {
	eachVendor(t, func(t *testing.T, v vendor, f peers.Facts, admin *goldap.Conn) {
		apply(t, admin, append(v.rules, v.lenient)...)
		c := v.writable(f)
		c.Passwords.Reset = false
		h, _ := passwordHouse(t, c)
		signIn := func(password string) said {
			return ask(t, h, "/auth/login", map[string]string{"username": "alice", "password": password})
		}
		before := signIn("alice-pw")
		if before.status != http.StatusOK {
			t.Fatalf("before: %+v", before)
		}
		apply(t, admin, v.due(v.dn("alice"))...)
		if got := signIn("alice-pw"); got.status != http.StatusForbidden || got.Code != core.ActionRequired || got.Error.Action != core.ActionNewPassword {
			t.Fatalf("due: %+v", got)
		}
		if got := signIn("wrong-pw"); got.status != http.StatusBadRequest || got.Error.Action != "" {
			t.Errorf("due, and wrong: %+v", got)
		}
		update := func(name, old, next string) said {
			return ask(t, h, "/auth/update-password", map[string]string{"username": name, "oldPassword": old, "password": next})
		}
		for what, got := range map[string]said{
			"wrong":  update("alice", "wrong-pw", fresh),
			"nobody": update("nobody-here", "alice-pw", fresh),
		} {
			if got.status != http.StatusBadRequest || got.Code != core.InvalidCredentials {
				t.Errorf("%s: %+v", what, got)
			}
		}
		if got := update("alice", "alice-pw", "short"); got.status != http.StatusBadRequest || got.Errors["password"] == "" {
			t.Errorf("a short one: %+v", got)
		}
		if got := update("alice", "alice-pw", fresh); got.status != http.StatusOK || got.Access != "" {
			t.Fatalf("changed: %+v", got)
		}
		if got := signIn(fresh); got.status != http.StatusOK {
			t.Errorf("the new one: %+v", got)
		}
		if got := signIn("alice-pw"); got.status != http.StatusBadRequest {
			t.Errorf("the old one: %+v", got)
		}
		if got := ask(t, h, "/auth/refresh", map[string]string{"refreshToken": before.Token}); got.status != http.StatusBadRequest {
			t.Errorf("a session from before: %+v", got)
		}
		if got := update("alice", fresh, fresh2); got.status != http.StatusUnauthorized || got.Code != core.Unauthenticated {
			t.Errorf("one that is not due: %+v", got)
		}
		apply(t, admin, v.due(v.dn("alice"))...)
		byPages(t, h)
	})
}

// byPages is the same in a browser without scripts.
func byPages(t *testing.T, h http.Handler) {
	t.Helper()
	submit := func(path string, pairs ...string) *httptest.ResponseRecorder {
		form := url.Values{}
		for i := 0; i+1 < len(pairs); i += 2 {
			form.Set(pairs[i], pairs[i+1])
		}
		r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "http://localhost:8080"+path, strings.NewReader(form.Encode()))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.Header.Set("Origin", "http://localhost:8080")
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		return w
	}
	shown := submit("/login", "identifier", "alice", "password", fresh).Body.String()
	if !strings.Contains(shown, `action="/update-password"`) || !strings.Contains(shown, `value="alice"`) || strings.Contains(shown, fresh) {
		t.Fatalf("the login's page: %s", shown)
	}
	change := []string{"identifier", "alice", "oldPassword", fresh, "password", "short", "confirmPassword", "short"}
	if shown := submit("/update-password", change...).Body.String(); !strings.Contains(shown, "New password is ") {
		t.Errorf("a short one: %s", shown)
	}
	change[5], change[7] = fresh3, fresh3
	if w := submit("/update-password", change...); w.Code != http.StatusOK || !strings.Contains(w.Body.String(), `href="/login"`) {
		t.Fatalf("changed: %d %s", w.Code, w.Body)
	}
	if w := submit("/login", "identifier", "alice", "password", fresh3); w.Code != http.StatusSeeOther || len(w.Result().Cookies()) == 0 {
		t.Errorf("the new one: %d %s", w.Code, w.Body)
	}
}

// TestChangeAndResetByHTTP: somebody who is signed in, and somebody who forgot.
func TestChangeAndResetByHTTP(t *testing.T) {
	eachVendor(t, func(t *testing.T, v vendor, f peers.Facts, admin *goldap.Conn) {
		apply(t, admin, append(v.rules, v.lenient)...)
		h, sent := passwordHouse(t, v.writable(f))
		signIn := func(password string) said {
			return ask(t, h, "/auth/login", map[string]string{"email": "alice@example.org", "password": password})
		}
		one, other := signIn("alice-pw"), signIn("alice-pw")
		changed := askAs(t, h, one.Access, "/auth/update-password", map[string]string{"oldPassword": "alice-pw", "password": fresh})
		if changed.status != http.StatusOK || changed.Access == "" {
			t.Fatalf("changed: %+v", changed)
		}
		ended := func(what string, s said) {
			t.Helper()
			if got := ask(t, h, "/auth/refresh", map[string]string{"refreshToken": s.Token}); got.status != http.StatusBadRequest {
				t.Errorf("%s goes on: %+v", what, got)
			}
		}
		ended("another session", other)
		if got := ask(t, h, "/auth/forgot-password", map[string]string{"email": "alice@example.org"}); got.status != http.StatusOK {
			t.Fatalf("forgot: %+v", got)
		}
		var link *url.URL
		select {
		case r := <-sent:
			if r.Identity.Email != "alice@example.org" {
				t.Errorf("sent to %q", r.Identity.Email)
			}
			link, _ = url.Parse(r.Link.Reveal())
		case <-time.After(10 * time.Second):
			t.Fatal("nothing was sent")
		}
		reset := func(password string) said {
			return ask(t, h, "/auth/update-password", map[string]string{"token": link.Query().Get("token"), "password": password})
		}
		if got := reset("short"); got.status != http.StatusBadRequest || got.Errors["password"] == "" {
			t.Errorf("a short one: %+v", got)
		}
		if got := reset(fresh2); got.status != http.StatusOK {
			t.Fatalf("reset: %+v", got)
		}
		ended("a session from before", changed)
		if got := signIn(fresh2); got.status != http.StatusOK {
			t.Errorf("the new one: %+v", got)
		}
		if got := reset(fresh3); got.status != http.StatusBadRequest || got.Code != core.Expired {
			t.Errorf("the link again: %+v", got)
		}
	})
}

// askAs is ask for somebody who is signed in.
func askAs(t *testing.T, h http.Handler, access, path string, params map[string]string) said {
	t.Helper()
	return ask(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		r.Header.Set("Authorization", "Bearer "+access)
		h.ServeHTTP(w, r)
	}), path, params)
}

// TestExpiredPasswords: where the directory lets it be changed, or the manager
// may set it, an expired password is one that must be changed; elsewhere it has
// expired.
func TestExpiredPasswords(t *testing.T) {
	eachVendor(t, func(t *testing.T, v vendor, f peers.Facts, admin *goldap.Conn) {
		name, password, alone := "expired", "expired-pw", core.PasswordExpired
		switch v.peer {
		case "samba":
			name, password, alone = "stale", "stale-pw", core.ActionRequired
		case "ds389":
			name, password = "alice", "alice-pw"
			apply(t, admin, modify("cn=config", "passwordExp", "on"), modify("cn=config", "passwordSendExpiringTime", "off"),
				modify(v.dn("alice"), "passwordExpirationTime", "20200101000000Z"), modify(v.dn("alice"), "passwordExpWarned", "1"))
		}
		c := v.writable(f)
		c.Passwords.Reset = false
		_, err := login(t.Context(), open(t, c), name, password)
		if core.CodeOf(err) != alone {
			t.Errorf("without a manager: %v", err)
		}
		c.Passwords.Reset = v.peer != "samba"
		s := open(t, c)
		_, err = login(t.Context(), s, name, password)
		e := core.AsError(err)
		if core.CodeOf(err) != core.ActionRequired || e.Subject == "" {
			t.Fatalf("expired: %v", err)
		}
		set := func(old string) error {
			return s.PasswordChanger.ChangePassword(t.Context(), core.PasswordChange{
				Subject: e.Subject, Old: core.NewSecret(old), New: core.NewSecret(fresh),
			})
		}
		if err := set("wrong-pw"); core.CodeOf(err) != core.InvalidCredentials {
			t.Errorf("wrong: %v", err)
		}
		if err := set(password); err != nil {
			t.Fatal(err)
		}
		if _, err := login(t.Context(), s, name, fresh); err != nil {
			t.Errorf("the new one: %v", err)
		}
	})
}

// TestOtherWaysToWrite: OpenLDAP by the attribute, without a search first, and by
// its manager, whose resets it marks.
func TestOtherWaysToWrite(t *testing.T) {
	t.Parallel()
	v := vendors()[0]
	f := start(t, v)
	apply(t, v.admin(t, f), v.lenient)
	c := v.writable(f)
	c.Users.Bind, c.Passwords.Method = "uid={username},"+f["LDAP_PEOPLE_DN"], ldap.MethodUserPassword
	c.Passwords.BindDN, c.Passwords.BindPassword = f["LDAP_ADMIN_DN"], core.NewSecret(f["LDAP_ADMIN_PASSWORD"])
	s := open(t, c)
	_, err := login(t.Context(), s, "mustchange", "mustchange-pw")
	e := core.AsError(err)
	if core.CodeOf(err) != core.ActionRequired || e.Subject == "" {
		t.Fatalf("due: %v", err)
	}
	reader := open(t, v.config(f)) // since people here may not look for themselves
	err = errors.Join(
		s.PasswordChanger.ChangePassword(t.Context(), core.PasswordChange{Subject: e.Subject, Old: core.NewSecret("mustchange-pw"), New: core.NewSecret(fresh)}),
		works(t.Context(), reader, "mustchange", fresh),
		s.Recoverer.ResetPassword(t.Context(), e.Subject, core.NewSecret(fresh2)),
		works(t.Context(), reader, "mustchange", fresh2),
	)
	if err != nil {
		t.Error(err)
	}
}

// TestDueByPrincipalName: in Active Directory, without a search first, it is the
// service that says whose password must be changed.
func TestDueByPrincipalName(t *testing.T) {
	t.Parallel()
	v := vendors()[1]
	f := start(t, v)
	apply(t, v.admin(t, f), v.lenient)
	c := v.config(f)
	c.Users.Bind, c.Passwords.Change = "{username}@ad.example.org", true
	s := open(t, c)
	for name, password := range map[string]string{"mustchange": "mustchange-pw", "stale": "stale-pw"} {
		_, err := login(t.Context(), s, name, password)
		e := core.AsError(err)
		if core.CodeOf(err) != core.ActionRequired || e.Subject == "" {
			t.Errorf("%s: %v", name, err)
			continue
		}
		change := core.PasswordChange{Subject: e.Subject, Old: core.NewSecret(password), New: core.NewSecret(fresh)}
		if err := errors.Join(s.PasswordChanger.ChangePassword(t.Context(), change), works(t.Context(), s, name, fresh)); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func works(ctx context.Context, s core.Strategy, name, password string) error {
	_, err := login(ctx, s, name, password)
	return err
}
