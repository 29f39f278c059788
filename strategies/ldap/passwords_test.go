package ldap_test

import (
	"context"
	"encoding/pem"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	goldap "github.com/go-ldap/ldap/v3"

	"github.com/authd-go/authd/core"
	"github.com/authd-go/authd/strategies/ldap"
	"github.com/authd-go/authd/strategies/ldap/ldaptest"
)

const (
	tooShort  = "short"
	usedOnce  = "a password of last year"
	fresh     = "seven calm herons"
	manager   = "cn=manager," + base
	managerPW = "manager-secret-marker"
)

// writable lets the strategy write passwords, by a manager of their own, over
// TLS, with the certificate that the standard library's tests have.
func writable(t *testing.T, c *ldap.Config, s *ldaptest.Server, method string) {
	t.Helper()
	web := httptest.NewTLSServer(nil)
	defer web.Close()
	s.TLS = web.TLS.Clone()
	c.TLS.CAFile = filepath.Join(t.TempDir(), "ca.pem")
	ca := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: web.Certificate().Raw})
	if err := os.WriteFile(c.TLS.CAFile, ca, 0o600); err != nil {
		t.Fatal(err)
	}
	s.Put(ldaptest.Entry{DN: manager, Password: managerPW, Administrator: true})
	c.StartTLS = true
	c.Passwords = ldap.Passwords{
		Change: true, Reset: true, Method: method, BindDN: manager, BindPassword: core.NewSecret(managerPW),
	}
}

// rules gives the directory a password policy. The function that it returns
// makes the present password of an entry one that must be changed.
func rules(d *ldaptest.Directory) (mustChange func(dn string)) {
	var mu sync.Mutex
	due := map[string]string{}
	d.OnBind(func(e ldaptest.Entry, right bool) (ldaptest.Answer, bool) {
		mu.Lock()
		defer mu.Unlock()
		return policy(0, 2), right && due[e.DN] == e.Password
	})
	d.OnChange(func(c ldaptest.Change) (ldaptest.Answer, bool) {
		switch c.New {
		case tooShort:
			return policy(goldap.LDAPResultConstraintViolation, 6), true
		case usedOnce:
			return policy(goldap.LDAPResultConstraintViolation, 8), true
		}
		return ldaptest.Answer{}, false
	})
	return func(dn string) {
		mu.Lock()
		defer mu.Unlock()
		due[dn] = passwordOf(d, dn)
	}
}

func passwordOf(d *ldaptest.Directory, dn string) string {
	e, _ := d.Entry(dn)
	return e.Password
}

func change(ctx context.Context, s core.Strategy, subject, before, after string) error {
	return s.PasswordChanger.ChangePassword(ctx, core.PasswordChange{Subject: subject, Old: core.NewSecret(before), New: core.NewSecret(after)})
}

func TestReadOnlyUnlessConfigured(t *testing.T) {
	d := directory()
	c := config(ldaptest.Start(t, d))
	if s := open(t, c); s.PasswordChanger != nil || s.Recoverer != nil {
		t.Errorf("%v", s.Capabilities())
	}
	c.Passwords.Change = true
	if s := open(t, c); s.PasswordChanger == nil || s.Recoverer != nil {
		t.Errorf("change: %v", s.Capabilities())
	}
	c.Passwords = ldap.Passwords{Reset: true}
	if s := open(t, c); s.PasswordChanger != nil || s.Recoverer == nil {
		t.Errorf("reset: %v", s.Capabilities())
	}
}

// What servers say to a new password, and what people are told.
func TestRefusedPasswords(t *testing.T) {
	const constraint, unwilling, rights = goldap.LDAPResultConstraintViolation, goldap.LDAPResultUnwillingToPerform, goldap.LDAPResultInsufficientAccessRights
	text := func(code uint16, message string) ldaptest.Answer {
		return ldaptest.Answer{Code: code, Message: message}
	}
	ad := func(message string) ldaptest.Answer { return text(constraint, message) }
	for name, c := range map[string]struct {
		answer      ldaptest.Answer
		code, reset core.Code
		field       string
	}{
		"policy: quality":      {policy(constraint, 5), core.InvalidInput, core.InvalidInput, "is not strong enough for the directory's rules"},
		"policy: short":        {policy(constraint, 6), core.InvalidInput, core.InvalidInput, "is too short for the directory's rules"},
		"policy: young":        {policy(constraint, 7), core.InvalidInput, core.InvalidInput, "was changed too recently to be changed again"},
		"policy: history":      {policy(constraint, 8), core.InvalidInput, core.InvalidInput, "was used before; choose another one"},
		"policy: not allowed":  {policy(rights, 3), core.Forbidden, core.Unavailable, ""},
		"no rights":            {text(rights, ""), core.Forbidden, core.Unavailable, ""},
		"a rule of its own":    {ad("uid=john does not like it"), core.InvalidInput, core.InvalidInput, "is refused by the directory's password policy"},
		"389: syntax":          {ad("invalid password syntax - password must be at least 8 characters long"), core.InvalidInput, core.InvalidInput, "must be at least 8 characters long"},
		"389: hostile syntax":  {ad("invalid password syntax - password must be <b>"), core.InvalidInput, core.InvalidInput, "must be"},
		"389: history":         {ad("password in history"), core.InvalidInput, core.InvalidInput, "was used before; choose another one"},
		"389: age":             {ad("within password minimum age"), core.InvalidInput, core.InvalidInput, "was changed too recently to be changed again"},
		"AD: any rule, change": {ad("0000052D: AtrErr: DSID-03190F80, #1:\n\t0: 0000052D: DSID-03190F80, problem 1005 (CONSTRAINT_ATT_TYPE), data 0, Att 9005a (unicodePwd)"), core.InvalidInput, core.InvalidInput, "does not meet the domain's rules: its length, which characters it has, whether it was used before, or how old the present one is"},
		"AD: any rule, reset":  {text(unwilling, "0000052D: SvcErr: DSID-031A12D2, problem 5003 (WILL_NOT_PERFORM), data 0"), core.InvalidInput, core.InvalidInput, "does not meet the domain's rules: its length, which characters it has, whether it was used before, or how old the present one is"},
		"AD: wrong":            {ad("00000056: AtrErr: DSID-03190F80, #1:\n\t0: 00000056: DSID-03190F80, problem 1005 (CONSTRAINT_ATT_TYPE), data 0, Att 9005a (unicodePwd)"), core.InvalidCredentials, core.Unavailable, ""},
		"AD: not encrypted":    {text(unwilling, "0000001F: SvcErr: DSID-031A12D2, problem 5003 (WILL_NOT_PERFORM), data 0"), core.Unavailable, core.Unavailable, ""},
		"Samba: short":         {ad("0000052D: Constraint violation - check_password_restrictions: the password is too short. It should be equal or longer than 7 characters!"), core.InvalidInput, core.InvalidInput, "is too short for the directory's rules"},
		"not taken":            {text(goldap.LDAPResultInvalidAttributeSyntax, ""), core.InvalidInput, core.InvalidInput, "has characters that the directory does not take"},
		"gone":                 {text(goldap.LDAPResultNoSuchObject, ""), core.UnknownUser, core.UnknownUser, ""},
		"unwilling":            {text(unwilling, "not now"), core.Unavailable, core.Unavailable, ""},
		"no such operation":    {text(goldap.LDAPResultProtocolError, ""), core.Unavailable, core.Unavailable, ""},
		"busy":                 {text(goldap.LDAPResultBusy, ""), core.Unavailable, core.Unavailable, ""},
	} {
		t.Run(name, func(t *testing.T) {
			d := directory()
			d.OnChange(func(ldaptest.Change) (ldaptest.Answer, bool) { return c.answer, true })
			server, second := ldaptest.Start(t, d), ldaptest.Start(t, d)
			conf := config(server, second)
			conf.Passwords = ldap.Passwords{Change: true, Reset: true}
			s := open(t, conf)
			for what, got := range map[core.Code]error{
				c.code:  change(t.Context(), s, johnID, johnPW, fresh),
				c.reset: s.Recoverer.ResetPassword(t.Context(), johnID, core.NewSecret(fresh)),
			} {
				if core.CodeOf(got) != what || core.AsError(got).Fields["password"] != c.field && what == core.InvalidInput {
					t.Errorf("got %v, want %s %q", got, what, c.field)
				}
				if strings.Contains(got.Error(), fresh) || strings.Contains(got.Error(), johnPW) {
					t.Errorf("a password is in %v", got)
				}
			}
			if second.Dialled() != 0 {
				t.Error("a refused change was taken to the next server")
			}
		})
	}
}

// A change is made once: if no answer comes, nobody sends it to the next server,
// where it would be refused because it was made.
func TestAChangeIsSentOnce(t *testing.T) {
	d := directory()
	one, two := ldaptest.Start(t, d), ldaptest.Start(t, d)
	conf := config(one, two)
	conf.Passwords = ldap.Passwords{Change: true}
	s := open(t, conf)
	var asked atomic.Int32
	d.OnChange(func(ldaptest.Change) (ldaptest.Answer, bool) {
		asked.Add(1)
		go one.Stop()
		<-t.Context().Done() // the answer never comes
		return ldaptest.Answer{}, true
	})
	if err := change(t.Context(), s, johnID, johnPW, fresh); core.CodeOf(err) != core.Unavailable {
		t.Errorf("got %v", err)
	}
	if asked.Load() != 1 {
		t.Errorf("it was sent %d times", asked.Load())
	}
	d.OnChange(nil)
	if err := change(t.Context(), s, johnID, johnPW, fresh); err != nil {
		t.Errorf("the next one, at the other server: %v", err)
	}
}

func TestWhatNoPasswordMayBe(t *testing.T) {
	d := directory()
	conf := config(ldaptest.Start(t, d))
	conf.Passwords = ldap.Passwords{Change: true, Reset: true}
	s := open(t, conf)
	d.Seen()
	for _, pw := range []string{"", "with a \x00 in it", "not \xff text"} {
		for _, err := range []error{change(t.Context(), s, johnID, johnPW, pw), s.Recoverer.ResetPassword(t.Context(), johnID, core.NewSecret(pw))} {
			if core.CodeOf(err) != core.InvalidInput || core.AsError(err).Fields["password"] == "" {
				t.Errorf("%q: %v", pw, err)
			}
		}
		if err := change(t.Context(), s, johnID, pw, fresh); pw != "not \xff text" && core.CodeOf(err) != core.InvalidCredentials {
			t.Errorf("%q as the old one: %v", pw, err)
		}
	}
	if err := change(t.Context(), s, johnID, johnPW, johnPW); core.CodeOf(err) != core.InvalidInput {
		t.Errorf("the same: %v", err)
	}
	for _, seen := range d.Seen() {
		if seen.Op == "bind" && seen.Name == johnDN && seen.As != "" || seen.Op == "extended" {
			t.Errorf("the server was asked: %+v", seen)
		}
	}
}

// adPeople is a directory as Active Directory answers: nobody binds whose
// password must be changed, or has expired.
func adPeople(t *testing.T, data string) (*ldaptest.Directory, *ldap.Config, string) {
	t.Helper()
	d := directory()
	const guid = "33323130-3534-3736-3839-616263646566"
	d.Put(person("john", johnID, johnPW, map[string][]string{
		"objectClass": {"user"}, "objectCategory": {"person"}, "sAMAccountName": {"john"}, "objectGUID": {"0123456789abcdef"},
	}))
	d.OnBind(func(e ldaptest.Entry, right bool) (ldaptest.Answer, bool) {
		message := "80090308: LdapErr: DSID-0C09041C, comment: AcceptSecurityContext error, data " + data + ", v4563"
		return ldaptest.Answer{Code: goldap.LDAPResultInvalidCredentials, Message: message}, e.DN == johnDN && right && e.Password == johnPW
	})
	server := ldaptest.Start(t, d)
	c := config(server)
	writable(t, c, server, "")
	c.Directory, c.Passwords = ldap.ActiveDirectory, ldap.Passwords{Change: true}
	return d, c, guid
}

// In Active Directory the service makes the change, with the old password as
// the proof, so that it needs no rights.
func TestActiveDirectoryChangesForThoseWhoCannotBind(t *testing.T) {
	for _, data := range []string{"773", "532"} {
		d, c, guid := adPeople(t, data)
		s := open(t, c)
		_, err := login(t.Context(), s, "john", johnPW)
		if e := core.AsError(err); core.CodeOf(err) != core.ActionRequired || e.Action != core.ActionNewPassword || !e.Proved || e.Subject != guid {
			t.Fatalf("data %s: %v", data, err)
		}
		if err := change(t.Context(), s, guid, "wrong", fresh); core.CodeOf(err) != core.InvalidCredentials {
			t.Errorf("data %s, wrong: %v", data, err)
		}
		if err := change(t.Context(), s, guid, johnPW, fresh); err != nil {
			t.Errorf("data %s: %v", data, err)
		}
		if id, err := login(t.Context(), s, "john", fresh); err != nil || id.Subject != guid {
			t.Errorf("data %s, afterwards: %v", data, err)
		}
		for _, seen := range d.Seen() {
			if seen.Op == "modify" && seen.As != service {
				t.Errorf("changed as %q", seen.As)
			}
		}
	}
}

// Elsewhere an expired password takes an account that sets passwords, and
// without one it has expired.
func TestExpiredPasswords(t *testing.T) {
	d := directory()
	d.OnBind(func(e ldaptest.Entry, right bool) (ldaptest.Answer, bool) {
		return policy(goldap.LDAPResultInvalidCredentials, 0), e.DN == johnDN && right && e.Password == johnPW
	})
	server := ldaptest.Start(t, d)
	c := config(server)
	c.Passwords.Change = true
	s := open(t, c)
	if _, err := login(t.Context(), s, "john", johnPW); core.CodeOf(err) != core.PasswordExpired {
		t.Errorf("nobody may change it: %v", err)
	}
	if err := change(t.Context(), s, johnID, johnPW, fresh); core.CodeOf(err) != core.PasswordExpired {
		t.Errorf("nobody may change it: %v", err)
	}
	writable(t, c, server, "")
	s = open(t, c)
	if _, err := login(t.Context(), s, "john", johnPW); core.CodeOf(err) != core.ActionRequired {
		t.Errorf("the manager may: %v", err)
	}
	if err := change(t.Context(), s, johnID, "wrong", fresh); core.CodeOf(err) != core.InvalidCredentials || passwordOf(d, johnDN) != johnPW {
		t.Errorf("wrong: %v", err)
	}
	if err := change(t.Context(), s, johnID, johnPW, fresh); err != nil || passwordOf(d, johnDN) != fresh {
		t.Errorf("the manager may: %v", err)
	}
}

// Who binds first, and may ask nothing before the password is changed, is named
// by the service.
func TestMustChangeWithoutASearchFirst(t *testing.T) {
	d := directory()
	mustChange := rules(d)
	mustChange(johnDN)
	server := ldaptest.Start(t, d)
	c := config(server)
	c.Users.Bind, c.Passwords.Change = "uid={username},"+people, true
	s := open(t, c)
	_, err := login(t.Context(), s, "john", johnPW)
	if e := core.AsError(err); core.CodeOf(err) != core.ActionRequired || e.Subject != johnID {
		t.Fatalf("got %v", err)
	}
	if err := change(t.Context(), s, johnID, johnPW, fresh); err != nil {
		t.Error(err)
	}
	if _, err := login(t.Context(), s, "john", fresh); err != nil {
		t.Error(err)
	}
}

// OpenLDAP marks what its manager resets. The owner has chosen already.
func TestTheMarkOfAResetIsTakenAway(t *testing.T) {
	d := directory()
	server := ldaptest.Start(t, d)
	c := config(server)
	writable(t, c, server, "")
	s := open(t, c)
	d.OnChange(func(c ldaptest.Change) (ldaptest.Answer, bool) {
		e := c.Entry
		e.Password = c.New
		e.Attributes["pwdReset"] = []string{"TRUE"}
		d.Put(e)
		return ldaptest.Answer{}, true
	})
	if err := s.Recoverer.ResetPassword(t.Context(), johnID, core.NewSecret(fresh)); err != nil {
		t.Fatal(err)
	}
	if e, _ := d.Entry(johnDN); e.Password != fresh || len(e.Attributes["pwdReset"]) != 0 {
		t.Errorf("left behind: %v", e.Attributes)
	}
}

// That the setter's own password is wrong says nothing about anybody else's.
func TestASetterThatCannotBind(t *testing.T) {
	d := directory()
	server := ldaptest.Start(t, d)
	c := config(server)
	writable(t, c, server, "")
	c.Passwords.BindPassword = core.NewSecret("another-secret-marker")
	s := open(t, c)
	err := s.Recoverer.ResetPassword(t.Context(), johnID, core.NewSecret(fresh))
	if core.CodeOf(err) != core.Unavailable || !strings.Contains(err.Error(), "passwords.bindDN") || strings.Contains(err.Error(), "marker") {
		t.Errorf("got %v", err)
	}
}

// Finding an account asks the same questions as finding none.
func TestRecoveryAsksOneQuestion(t *testing.T) {
	d := directory()
	server := ldaptest.Start(t, d)
	c := config(server)
	writable(t, c, server, "")
	s := open(t, c)
	for i, name := range []string{"warm up", "john", "nobody"} {
		id, err := s.Recoverer.FindAccount(t.Context(), name)
		if n := questions(d.Seen()); i > 0 && n != 1 {
			t.Errorf("%s: %d questions", name, n)
		}
		if name == "john" && (err != nil || id.Email != "john@example.org" || id.Subject != johnID) {
			t.Errorf("%+v, %v", id, err)
		}
	}
}
