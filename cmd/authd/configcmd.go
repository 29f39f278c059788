package main

import (
	"fmt"

	"github.com/spf13/cobra"
)

func (a *app) configCommand() *cobra.Command {
	return group("config", "Look at the configuration", &cobra.Command{
		Use:   "check",
		Short: "Say everything that is wrong with the configuration",
		Long: `Read the configuration as "authd serve" would and say everything that is wrong
with it, each problem with its file, line and column. Nothing is opened and
nothing is changed. The exit code is 2 if there is a problem.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, demo, err := a.load(cmd.Context())
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
		},
	})
}
