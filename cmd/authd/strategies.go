package main

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/authd-go/authd"
	"github.com/authd-go/authd/core"
	"github.com/authd-go/authd/strategies"
)

// strategyView is what the command shows of a strategy, or of a kind.
type strategyView struct {
	Strategy     string            `json:"strategy,omitempty"` // empty for a kind
	Kind         string            `json:"kind"`
	Capabilities []core.Capability `json:"capabilities"`
	Needs        string            `json:"needs,omitempty"` // of a kind that its defaults are not enough for
}

func (a *app) strategiesCommand() *cobra.Command {
	var kinds, asJSON bool
	cmd := &cobra.Command{
		Use:   "strategies",
		Short: "Show what each strategy can do",
		Long: `Open the strategies of the configuration, without a store and without asking
anything remote, and show what each of them can do as it is configured: this is
what methods may be routed to. With --kinds, show what each kind of strategy can
do with the options that it has by default, whatever the configuration says.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			find := a.configuredStrategies
			if kinds {
				find = a.kindsOfStrategy
			}
			views, err := find(cmd.Context())
			switch {
			case err != nil:
				return err
			case asJSON:
				return a.printJSON(views)
			}
			return a.printStrategies(views)
		},
	}
	cmd.Flags().BoolVar(&kinds, "kinds", false, "the kinds of strategy, with their default options")
	cmd.Flags().BoolVar(&asJSON, "json", false, "as JSON")
	return cmd
}

func (a *app) configuredStrategies(ctx context.Context) ([]strategyView, error) {
	c, _, err := a.load(ctx)
	if err != nil {
		return nil, err
	}
	can, err := authd.Capabilities(ctx, c.Options())
	if err != nil {
		return nil, fmt.Errorf("open the strategies: %w", err)
	}
	views := []strategyView{}
	for _, name := range slices.Sorted(maps.Keys(c.Strategies)) {
		views = append(views, strategyView{Strategy: name, Kind: c.Strategies[name].Kind, Capabilities: append([]core.Capability{}, can[name]...)})
	}
	return views, nil
}

// kindsOfStrategy opens one strategy of each kind. Some kinds cannot be opened
// without being told more, such as an address; their views say so.
func (a *app) kindsOfStrategy(ctx context.Context) ([]strategyView, error) {
	views := []strategyView{}
	for _, kind := range strategies.All() {
		can, err := authd.Capabilities(ctx, authd.Options{
			Strategies: map[string]authd.StrategyOptions{"default": {Kind: kind.Name, Config: kind.New()}},
		})
		view := strategyView{Kind: kind.Name, Capabilities: append([]core.Capability{}, can["default"]...)}
		if err != nil {
			view.Needs = strings.ReplaceAll(err.Error(), "strategies.default.", "")
		}
		views = append(views, view)
	}
	return views, nil
}

// printStrategies writes a column for each strategy and a row for each
// capability, as README.md does.
func (a *app) printStrategies(views []strategyView) error {
	w := tabwriter.NewWriter(a.stdout, 0, 0, 2, ' ', 0)
	row := func(name string, cell func(strategyView) string) {
		cells := []string{name}
		for _, v := range views {
			cells = append(cells, printable(cell(v)))
		}
		fmt.Fprintln(w, strings.Join(cells, "\t"))
	}
	if slices.ContainsFunc(views, func(v strategyView) bool { return v.Strategy != "" }) {
		row("STRATEGY", func(v strategyView) string { return v.Strategy })
	}
	row("KIND", func(v strategyView) string { return v.Kind })
	for _, capability := range core.AllCapabilities() {
		row(string(capability), func(v strategyView) string { return v.can(capability) })
	}
	if err := w.Flush(); err != nil {
		return err
	}
	for _, v := range views {
		if v.Needs != "" {
			fmt.Fprintf(a.stdout, "%s has to be told more: %s\n", v.Kind, strings.ReplaceAll(v.Needs, "\n", "; "))
		}
	}
	return nil
}

func (v strategyView) can(c core.Capability) string {
	switch {
	case v.Needs != "":
		return "?"
	case slices.Contains(v.Capabilities, c):
		return "yes"
	}
	return "-"
}
