package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"

	"github.com/spf13/cobra"

	"github.com/authd-go/authd/config"
	"github.com/authd-go/authd/strategies"
)

func (a *app) configCommand() *cobra.Command {
	return group("config", "Look at the configuration, or begin one", a.configCheck(), a.configShow(), a.configInit(), a.configSchema())
}

func (a *app) configCheck() *cobra.Command {
	return &cobra.Command{
		Use:   "check",
		Short: "Say everything that is wrong with the configuration",
		Long: `Read the configuration as "authd serve" would and say everything that is wrong
with it, each problem with its file, line and column. Nothing is opened and
nothing is changed. The exit code is 2 if there is a problem.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return a.checkConfig(cmd.Context()) },
	}
}

func (a *app) checkConfig(ctx context.Context) error {
	c, demo, err := a.load(ctx)
	if err != nil {
		return err
	}
	for _, p := range c.Warnings {
		fmt.Fprintln(a.stderr, "warning:", p.String())
	}
	for _, key := range c.Insecure {
		fmt.Fprintf(a.stderr, "warning: %s is on\n", key)
	}
	if demo {
		fmt.Fprintln(a.stdout, "no configuration; the demo's is fine")
		return nil
	}
	fmt.Fprintln(a.stdout, "the configuration is fine")
	return nil
}

func (a *app) configShow() *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "show",
		Short: "Show every value that is in effect, and where it comes from",
		Long: `Read the configuration as "authd serve" would and show the value of every key
that is in effect, one on a line as --set takes it, with its source: default, a
place in a file, a variable or a flag. Secrets are not shown. Of messages only
those that are set are listed.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, _, err := a.load(cmd.Context())
			if err != nil {
				return err
			}
			if asJSON {
				return a.printJSON(c.Settings())
			}
			a.printSettings(c.Settings())
			return nil
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "as JSON")
	return cmd
}

// printSettings puts the sources below each other, where values are not too long.
func (a *app) printSettings(list []config.Setting) {
	const column = 52
	for _, s := range list {
		fmt.Fprintf(a.stdout, "%-*s  # %s\n", column, printable(s.Key+": "+s.Text), printable(s.Source))
	}
}

func (a *app) configInit() *cobra.Command {
	return &cobra.Command{
		Use:   "init [FILE]",
		Short: "Write a configuration to begin with",
		Long: `Write a small configuration with comments to FILE, which must not exist yet and
which only its owner may read then, or to standard output.`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			text, err := config.Starter(strategies.All())
			if err != nil {
				return err
			}
			if len(args) == 0 {
				_, err = a.stdout.Write(text)
				return err
			}
			if err := writeNew(args[0], text); err != nil {
				return err
			}
			fmt.Fprintf(a.stdout, "wrote %s; look through it, then: authd --config %s config check\n", args[0], args[0])
			return nil
		},
	}
}

// writeNew makes a file that only its owner may read. It touches no file that
// is there already.
func writeNew(path string, text []byte) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("%s exists already", path)
	}
	if err != nil {
		return fmt.Errorf("write the configuration: %w", err)
	}
	_, err = f.Write(text)
	if err = errors.Join(err, f.Close()); err != nil {
		return fmt.Errorf("write the configuration: %w", errors.Join(err, os.Remove(path)))
	}
	return nil
}

func (a *app) configSchema() *cobra.Command {
	return &cobra.Command{
		Use:   "schema",
		Short: "Write the JSON Schema of the configuration, for editors",
		Long: `Write a JSON Schema (2020-12) of the configuration to standard output. An editor
with the YAML language server completes and checks keys by it, if a line of the
configuration names it:

  # yaml-language-server: $schema=authd.schema.json`,
		Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			text, err := config.JSONSchema(strategies.All())
			if err != nil {
				return err
			}
			_, err = a.stdout.Write(text)
			return err
		},
	}
}
