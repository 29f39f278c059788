package main

import (
	"bufio"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"github.com/authd-go/authd/config"
	"github.com/authd-go/authd/core"
	"github.com/authd-go/authd/core/identifier"
	"github.com/authd-go/authd/core/store/sqlite"
)

// doctorOptions are the command's flags.
type doctorOptions struct {
	user          string
	ask, fromPipe bool
	json          bool
	timeout       time.Duration
}

// errUnwell makes the exit code; the findings have said what is wrong.
var errUnwell = errors.New("something does not work; see above")

func (a *app) doctorCommand() *cobra.Command {
	var o doctorOptions
	cmd := &cobra.Command{
		Use:   "doctor [STRATEGY...]",
		Short: "Find out, step by step, what does not work and what to do about it",
		Long: `Try what logins need - the store, the secret, and for each strategy the way to
its backend - and show each step, how long it took, what came of it, and what to
do where it failed. With --user, walk through one person's login instead, as far
as that goes without a password; with --ask-password or --password-stdin the
whole way. A password is shown to the backend once, and counts there if it is wrong.

Nothing is changed, and no secret is shown; what is known of a person is. A
daemon may be running. The exit code is 1 if something failed.`,
		Args: cobra.ArbitraryArgs,
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := o.check(cmd); err != nil {
				return err
			}
			return a.doctor(cmd.Context(), o, args)
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&o.user, "user", "", "whose login to walk through: what is typed at the login page")
	flags.BoolVar(&o.ask, "ask-password", false, "with --user: ask for the password on the terminal, and sign in")
	flags.BoolVar(&o.fromPipe, "password-stdin", false, "with --user: take the password from the first line of standard input, and sign in")
	flags.BoolVar(&o.json, "json", false, "as JSON")
	flags.DurationVar(&o.timeout, "timeout", 30*time.Second, "how long to look at one strategy")
	return cmd
}

func (o doctorOptions) check(cmd *cobra.Command) error {
	switch {
	case (o.ask || o.fromPipe) && o.user == "":
		return usageError{cmd.CommandPath(), errors.New("a password needs --user")}
	case o.ask && o.fromPipe:
		return usageError{cmd.CommandPath(), errors.New("choose --ask-password or --password-stdin")}
	case o.timeout <= 0:
		return usageError{cmd.CommandPath(), errors.New("--timeout must be positive")}
	}
	return nil
}

// checkup is one run of the command.
type checkup struct {
	doctorOptions
	config   *config.Config
	password core.Secret // empty walks without one
	users    func(strategy string) core.UserStore
	app      *app
	paper    *paper
}

func (a *app) doctor(ctx context.Context, o doctorOptions, names []string) (err error) {
	c, _, err := a.load(ctx)
	if err != nil {
		return err
	}
	if names, err = chosen(c, names); err != nil {
		return err
	}
	k := &checkup{doctorOptions: o, config: c, app: a, paper: &paper{out: a.stdout, quiet: o.json}}
	if k.password, err = a.doctorPassword(o); err != nil {
		return err
	}
	shut := k.house(ctx)
	defer func() { err = errors.Join(err, shut()) }()
	for _, name := range names {
		if ctx.Err() != nil {
			return errors.New("interrupted")
		}
		k.strategy(ctx, name)
	}
	if errors.Is(ctx.Err(), context.Canceled) {
		return errors.New("interrupted")
	}
	if o.json {
		if err := a.printJSON(k.paper.report()); err != nil {
			return err
		}
	} else {
		k.paper.sum()
	}
	if k.paper.failed() {
		return errUnwell
	}
	return nil
}

func chosen(c *config.Config, names []string) ([]string, error) {
	all := slices.Sorted(maps.Keys(c.Strategies))
	for _, name := range names {
		if !slices.Contains(all, name) {
			return nil, usageError{"authd doctor", fmt.Errorf("there is no strategy %q; there are: %s", name, strings.Join(all, ", "))}
		}
	}
	if len(names) > 0 {
		return names, nil
	}
	return all, nil
}

func (a *app) doctorPassword(o doctorOptions) (core.Secret, error) {
	switch {
	case o.ask:
		f, ok := a.stdin.(*os.File)
		if !ok || !term.IsTerminal(int(f.Fd())) {
			return core.Secret{}, errors.New("--ask-password needs a terminal; without one, use --password-stdin")
		}
		return a.askHidden(int(f.Fd()), "Password of "+printable(o.user)+": ")
	case o.fromPipe:
		line, err := bufio.NewReader(io.LimitReader(a.stdin, maxPasswordLine)).ReadString('\n')
		if line = strings.TrimRight(line, "\r\n"); line == "" {
			return core.Secret{}, errors.New("no password on standard input; give it on the first line")
		}
		if err != nil && !errors.Is(err, io.EOF) {
			return core.Secret{}, fmt.Errorf("read the password from standard input: %w", err)
		}
		return core.NewSecret(line), nil
	}
	return core.Secret{}, nil
}

// house looks at what all strategies share, and opens the store for them if
// that changes nothing. With --user it is left out of the findings.
func (k *checkup) house(ctx context.Context) (shut func() error) {
	report := func(core.Finding) {}
	if k.user == "" {
		k.paper.begin("house", "")
		report = k.paper.add
	}
	k.publicURL(report)
	k.secret(report)
	if k.user == "" {
		k.paper.begin("store", "")
	}
	k.users = func(string) core.UserStore { return noUsers{} }
	nothing := func() error { return nil }
	path, err := sqlite.Path(k.config.Store.URL)
	if err != nil {
		report(core.Finding{Name: "file", Mark: core.MarkFailed, Detail: err.Error(), Advice: "set store.url, such as sqlite:/var/lib/authd/authd.db"})
		return nothing
	}
	if !sqlite.Diagnose(ctx, path, report) {
		return nothing
	}
	store, err := openStore(ctx, k.config, k.app.logger(k.config))
	if err != nil {
		report(core.Finding{Name: "open", Mark: core.MarkFailed, Detail: err.Error(), Advice: "nobody can sign in before authd can open it"})
		return nothing
	}
	k.users = func(strategy string) core.UserStore { return store.Users(strategy) }
	return store.Close
}

// strategy opens one and lets it look at itself.
func (k *checkup) strategy(ctx context.Context, name string) {
	o := k.config.Strategies[name]
	k.paper.begin(name, o.Kind)
	ctx, cancel := context.WithTimeout(ctx, k.timeout)
	defer cancel()
	roles := slices.Sorted(maps.Keys(o.Roles.Map))
	s, err := o.Config.Open(ctx, core.Env{
		Name: name, Now: time.Now, Rand: rand.Reader, Users: k.users(name), PublicURL: k.config.Server.PublicURL,
		HTTP: &http.Client{Timeout: o.Backend(name).Timeout}, Log: silent(), RoleKeys: roles,
	})
	if err != nil {
		k.paper.add(core.Finding{Name: "open", Mark: core.MarkFailed, Detail: err.Error(), Advice: "the key is one of strategies." + name})
		return
	}
	if s.Close != nil {
		defer func() { _ = s.Close() }() // there is nothing to lose
	}
	k.look(ctx, s)
	if k.user != "" {
		k.login(ctx, name, s)
	}
}

// look runs the strategy's own diagnosis, or asks whether it is ready.
func (k *checkup) look(ctx context.Context, s core.Strategy) {
	canonical, err := identifier.Canonical(k.user)
	if k.user != "" && err != nil {
		k.paper.add(core.Finding{Name: "user name", Mark: core.MarkFailed, Detail: err.Error(), Advice: "nobody can have this name; look for characters that one does not see"})
		return
	}
	switch {
	case s.Diagnoser != nil:
		s.Diagnoser.Diagnose(ctx, core.DiagnoseRequest{Identifier: canonical}, k.paper.add)
		if errors.Is(ctx.Err(), context.DeadlineExceeded) {
			k.paper.add(core.Finding{Name: "time", Mark: core.MarkFailed, Detail: "it took too long, and the rest was not looked at", Advice: "give it more with --timeout"})
		}
	case s.Ready != nil:
		began := time.Now()
		f := core.Finding{Name: "ready", Mark: core.MarkOK, Detail: "the backend answers"}
		if err := s.Ready(ctx); err != nil {
			f.Mark, f.Detail, f.Advice = core.MarkFailed, err.Error(), "this kind of strategy has no diagnosis of its own; look at its backend"
		}
		f.Took = time.Since(began)
		k.paper.add(f)
	default:
		k.paper.add(core.Finding{Name: "ready", Mark: core.MarkOK, Detail: "there is nothing to look at"})
	}
}

// login signs in, where there is a password to do so with.
func (k *checkup) login(ctx context.Context, name string, s core.Strategy) {
	b := k.config.Strategies[name].Backend(name)
	canonical, err := identifier.Canonical(k.user)
	if err != nil {
		return
	}
	if len(b.Accepts) > 0 && !slices.ContainsFunc(b.Accepts, func(p string) bool { return identifier.Match(p, canonical) }) {
		k.paper.add(core.Finding{Name: "accepts", Mark: core.MarkFailed, Detail: canonical + " matches none of " + strings.Join(b.Accepts, ", "), Advice: "logins with this name never come here: add a pattern to strategies." + name + ".accepts"})
	}
	if k.password.Empty() || s.Authenticator == nil {
		return
	}
	began := time.Now()
	id, err := s.Authenticator.Authenticate(ctx, core.Credentials{
		Identifier: canonical, Typed: k.user, Password: k.password, Params: core.Params{},
	})
	if err != nil {
		f := refusedLogin(err)
		f.Took = time.Since(began)
		k.paper.add(f)
		return
	}
	k.paper.add(core.Finding{Name: "login", Took: time.Since(began), Mark: core.MarkOK, Detail: "the password is right; subject " + id.Subject})
	k.paper.add(rolesFinding(id.Roles, b.Roles.Apply(id.Roles), name))
}

func rolesFinding(told, given []string, name string) core.Finding {
	f := core.Finding{Name: "roles given", Mark: core.MarkOK, Detail: strings.Join(given, ", ")}
	if len(given) == 0 {
		f.Detail = "none"
		if len(told) > 0 {
			f.Mark, f.Advice = core.MarkWarning, "the backend's roles are none of strategies."+name+".roles.map, which drops them"
		}
	}
	return f
}

// refusedLogin says a refusal's code and what it means for the person.
func refusedLogin(err error) core.Finding {
	e := core.AsError(err)
	detail := string(e.Code)
	if e.Reason != "" {
		detail += " (" + e.Reason + ")"
	}
	if e.Proved {
		detail += ", and the password is right"
	}
	f := core.Finding{Name: "login", Mark: core.MarkFailed, Detail: detail}
	switch e.Code {
	case core.InvalidCredentials:
		f.Advice = "the backend knows the account and refuses this password"
	case core.UnknownUser:
		f.Advice = "the backend has no such account; it may be another strategy's"
	case core.Locked:
		f.Advice = "unlock the account at the backend, or wait until it does so itself"
	case core.Disabled:
		f.Advice = "switch the account on at the backend"
	case core.PasswordExpired, core.ActionRequired:
		f.Advice = "a new password must be set first; with the strategy's passwords.change people can do that here, where it has that key"
	case core.Unavailable:
		f.Detail += ": " + e.Error()
		f.Advice = "run authd doctor without --user"
	default:
		f.Advice = "the backend's own log says more"
	}
	return f
}
