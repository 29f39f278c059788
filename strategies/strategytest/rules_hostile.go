package strategytest

import (
	"context"
	"fmt"
	"strings"

	"github.com/authd-go/authd/core"
)

func hostileRules() []Rule {
	login := Need(core.CanLogin)
	return []Rule{
		{"hostile names are refused", "a name is text, never a filter, a path or a line of a file", []Need{login}, hostileNames},
		{"spellings reach nobody else", "a spelling that the backend folds must not be another account's", []Need{login}, foldedNames},
		{"composed and decomposed are one", "a keyboard decides which of the two somebody types", []Need{login, NeedSeed}, composedNames},
		{"hostile passwords are refused", "a password is text, never syntax, and no length may stop the machine", []Need{login}, hostilePasswords},
		{"odd parameters are no surprise", "all parameters of a call are handed through, whatever a client sent", []Need{login}, oddParameters},
		{"passwords are compared whole", "bcrypt stops reading at 72 bytes or a NUL: whatever is behind would not count", []Need{login, NeedSeed}, comparedWhole},
	}
}

// hostile are names no account has, made around one that exists.
func hostile(name string) []string {
	return []string{
		"*", ")(", "*)(uid=*", name + "*", name + ")(|(uid=*", name + ")(objectClass=*))(&(uid=x", `\2a`,
		"'", `"`, "`", name + "'--", name + "' OR '1'='1", `" OR ""="`, name + `"`, "%", "_" + name[1:], name + "%",
		"\x00", name + "\x00", name + "\x00x", "\x00" + name, name[:1] + "\x00" + name[1:], name + "\n", name + "\r\n", "x\n" + name, name + "\t",
		name + ":", "../" + name, name + "/", "$(" + name + ")", "${env:HOME}", "{{.}}", "%s%n", "#" + name,
		strings.Repeat("a", 100_000), name + strings.Repeat(" ", 300) + "x", strings.Repeat("é", 300),
		"\xff\xfe", name + "\xff", "\u202e" + name, name + "\u200b", "null", "undefined", "-",
	}
}

// hostileNames tries each name as the house hands it on, and bare, as somebody
// might who calls the strategy without the house.
func hostileNames(ctx context.Context, tr *trial) error {
	for _, name := range hostile(tr.Account.Identifier) {
		bare := typed(name, tr.Account.Password)
		bare.Identifier = name
		for _, c := range []core.Credentials{typed(name, tr.Account.Password), bare} {
			what := fmt.Sprintf("the name %q", short(name))
			if c.Identifier == tr.Account.Identifier {
				continue // the house would trim it to the account's own
			}
			err := tr.inTime(what, func() error {
				id, err := tr.Strategy.Authenticator.Authenticate(ctx, c)
				return refused(what, id, err, core.UnknownUser, core.InvalidCredentials, core.InvalidInput)
			})
			if err != nil {
				return err
			}
		}
	}
	return rightPassword(ctx, tr)
}

// foldedNames tries spellings that a backend may fold by rules of its own,
// without the house's canonical form. It may take them, as the same account.
func foldedNames(ctx context.Context, tr *trial) error {
	want, err := tr.login(ctx, tr.Account.Identifier, tr.Account.Password)
	if err != nil {
		return err
	}
	name := tr.Account.Identifier
	for _, spelling := range []string{strings.ToUpper(name), " " + name, name + " ", "  " + name + "  ", name + "\u0301"} {
		c := typed(spelling, tr.Account.Password)
		c.Identifier = spelling
		id, err := tr.Strategy.Authenticator.Authenticate(ctx, c)
		what := fmt.Sprintf("the spelling %q", spelling)
		switch {
		case err != nil:
			if err := refused(what, id, err, core.UnknownUser, core.InvalidCredentials, core.InvalidInput); err != nil {
				return err
			}
		case id.Subject != want.Subject:
			return fmt.Errorf("%s is subject %q, the account itself %q", what, id.Subject, want.Subject)
		}
	}
	return nil
}

func composedNames(ctx context.Context, tr *trial) error {
	const composed, decomposed, plain = "j\u00fcrgen-m@example.com", "ju\u0308rgen-m@example.com", "jurgen-m@example.com"
	if err := tr.seed(ctx, composed, newPassword); err != nil {
		return err
	}
	id, err := tr.login(ctx, composed, newPassword)
	if err != nil {
		return fmt.Errorf("the login of %q: %w", composed, err)
	}
	if err := tr.accepted(ctx, decomposed, newPassword, id.Subject); err != nil {
		return err
	}
	stranger, err := tr.login(ctx, plain, newPassword)
	return refused("the name without its accent", stranger, err, core.UnknownUser, core.InvalidCredentials)
}

func hostilePasswords(ctx context.Context, tr *trial) error {
	right := tr.Account.Password
	for i, pw := range []string{
		"\x00", right + "\x00", right + "\x00x", "\x00" + right, right + "\x00" + right, strings.Repeat("x", 10_000), right + strings.Repeat("x", 10_000),
		"\xff\xfe", right + "\xff", right + "\n", "*", "' OR '1'='1", "$2a$10$" + strings.Repeat("a", 53), "{CLEARTEXT}" + right,
	} {
		what := fmt.Sprintf("hostile password %d, of %d bytes", i, len(pw))
		err := tr.inTime(what, func() error {
			id, err := tr.login(ctx, tr.Account.Identifier, pw)
			return refused(what, id, err, core.InvalidCredentials, core.InvalidInput)
		})
		if err != nil {
			return err
		}
	}
	return rightPassword(ctx, tr)
}

func oddParameters(ctx context.Context, tr *trial) error {
	for i, params := range []core.Params{
		nil,
		{"email": 1.5, "username": []any{"x"}, "password": map[string]any{"$ne": ""}, "otp": nil, "code": []any{nil}, "remember": "yes"},
		{"email": nil, "username": nil, "identifier": true, "totp": 123456.0, "challenge": map[string]any{}},
	} {
		c := typed(tr.Account.Identifier, tr.Account.Password)
		c.Params = params
		_, err := tr.Strategy.Authenticator.Authenticate(ctx, c)
		if err := outcome(fmt.Sprint("a login with odd parameters, ", i), err, "", core.InvalidInput); err != nil {
			return err
		}
		c.Password = core.NewSecret(wrongPassword)
		id, err := tr.Strategy.Authenticator.Authenticate(ctx, c)
		what := fmt.Sprint("a wrong password with odd parameters, ", i)
		if err := refused(what, id, err, core.InvalidCredentials, core.InvalidInput); err != nil {
			return err
		}
	}
	return nil
}

func comparedWhole(ctx context.Context, tr *trial) error {
	const name = "long-password@example.com"
	long := newPassword + strings.Repeat("m", 72-len(newPassword))
	if err := tr.seed(ctx, name, long); err != nil {
		return err
	}
	if err := tr.accepted(ctx, name, long, ""); err != nil {
		return err
	}
	for _, pw := range []string{long + "x", long + "\x00", long + long, long[:71], long[:71] + "x"} {
		id, err := tr.login(ctx, name, pw)
		what := fmt.Sprintf("a password of %d bytes in place of one of 72", len(pw))
		if err := refused(what, id, err, core.InvalidCredentials, core.InvalidInput); err != nil {
			return err
		}
	}
	return nil
}
