package main

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"github.com/authd-go/authd/config"
	"github.com/authd-go/authd/strategies"
)

// app is one run of the program: its streams, its environment and the flags
// that every command takes.
type app struct {
	stdin          io.Reader
	stdout, stderr io.Writer
	env            []string

	files []string // --config
	set   []string // --set
}

// defaultFile is read if it is there and no other file was named.
const defaultFile = "authd.yaml"

func (a *app) rootCommand() *cobra.Command {
	root := &cobra.Command{
		Use:   "authd",
		Short: "The AuthProvider of your front end, as a server",
		Long: `authd answers the nine methods of a front end's AuthProvider (login, check,
logout, onError, register, forgotPassword, updatePassword, getPermissions,
getIdentity) and its refresh-token flow over HTTP. One YAML file says which
backend answers which method.

Without a command, authd serves. Without a configuration, it serves a demo on
loopback, with two users, and prints what to try.`,
		Args:          cobra.NoArgs,
		SilenceErrors: true,
		SilenceUsage:  true,
		RunE:          func(cmd *cobra.Command, _ []string) error { return a.serve(cmd.Context()) },
	}
	root.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error { return usageError{cmd.CommandPath(), err} })
	flags := root.PersistentFlags()
	flags.StringArrayVarP(&a.files, "config", "c", nil,
		"YAML file; may be repeated, later files win (default $"+config.FilesVariable+", else ./"+defaultFile+" if it exists)")
	flags.StringArrayVar(&a.set, "set", nil, "set one key over the files and the environment, such as --set log.level=debug")
	for _, c := range []*cobra.Command{a.serveCommand(), a.configCommand(), a.strategiesCommand(), a.userCommand(), a.sessionCommand(), a.auditCommand(), a.doctorCommand(), a.versionCommand()} {
		root.AddCommand(c)
	}
	usageErrors(root)
	return root
}

// usageErrors makes wrong arguments of any command a usageError.
func usageErrors(cmd *cobra.Command) {
	if check := cmd.Args; check != nil {
		cmd.Args = func(cmd *cobra.Command, args []string) error {
			if err := check(cmd, args); err != nil {
				return usageError{cmd.CommandPath(), err}
			}
			return nil
		}
	}
	for _, child := range cmd.Commands() {
		usageErrors(child)
	}
}

// group is a command that only has subcommands.
func group(use, short string, children ...*cobra.Command) *cobra.Command {
	cmd := &cobra.Command{
		Use: use, Short: short,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return usageError{cmd.CommandPath(), fmt.Errorf("%s needs a command", cmd.CommandPath())}
		},
	}
	cmd.AddCommand(children...)
	return cmd
}

func (a *app) getenv(name string) string {
	for _, pair := range a.env {
		if key, value, _ := strings.Cut(pair, "="); key == name {
			return value
		}
	}
	return ""
}

// configFiles returns the files to read. None means the demo.
func (a *app) configFiles() []string {
	if len(a.files) > 0 {
		return a.files
	}
	if file := a.getenv(config.FilesVariable); file != "" {
		return []string{file}
	}
	if _, err := os.Stat(defaultFile); err == nil {
		return []string{defaultFile}
	}
	return nil
}

// load reads the configuration. demo says that there was none, and that the
// demo's stands in.
func (a *app) load(ctx context.Context) (c *config.Config, demo bool, err error) {
	flags, err := a.settings()
	if err != nil {
		return nil, false, err
	}
	sources := config.Sources{Files: a.configFiles(), Env: a.env, Flags: flags, Kinds: strategies.All()}
	if demo = len(sources.Files) == 0; demo {
		if sources.DataDir, err = dataDir(a.getenv); err != nil {
			return nil, true, err
		}
		sources.Defaults = config.Document{Name: "demo.yaml", Text: demoYAML}
		sources.CanMail = true // the demo prints what others send
	}
	c, err = config.Load(ctx, sources)
	return c, demo, err
}

func (a *app) settings() (map[string]string, error) {
	flags := make(map[string]string, len(a.set))
	for _, pair := range a.set {
		key, value, found := strings.Cut(pair, "=")
		if !found || key == "" {
			return nil, usageError{"authd", fmt.Errorf("--set %q: write --set key.path=value", pair)}
		}
		flags[key] = value
	}
	return flags, nil
}

// logger writes to standard error, so that standard output stays for answers.
func (a *app) logger(c *config.Config) *slog.Logger {
	options := &slog.HandlerOptions{Level: c.Log.Level}
	if c.Log.Format == config.LogJSON {
		return slog.New(slog.NewJSONHandler(a.stderr, options))
	}
	return slog.New(slog.NewTextHandler(a.stderr, options))
}
