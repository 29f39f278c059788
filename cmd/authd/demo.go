package main

import (
	"context"
	_ "embed"
	"fmt"
	"io"
	"text/template"

	"github.com/authd-go/authd/config"
	"github.com/authd-go/authd/core/flow"
)

//go:embed demo.yaml
var demoYAML []byte

//go:embed demo.txt
var demoText string

// printDemo says loudly what is running, and what to try.
func (a *app) printDemo(c *config.Config) {
	t := template.Must(template.New("demo.txt").Parse(demoText))
	err := t.Execute(a.stdout, map[string]string{"URL": c.Server.PublicURL.String(), "Store": c.Store.URL})
	if err != nil {
		fmt.Fprintln(a.stderr, "authd: print the demo's text:", err)
	}
}

// printedRecovery shows reset links on the terminal, in place of mails.
type printedRecovery struct{ out io.Writer }

// SendRecovery implements flow.RecoverySender.
func (p printedRecovery) SendRecovery(_ context.Context, r flow.Recovery) error {
	_, err := fmt.Fprintf(p.out, "\nIn place of a mail to %s: set a new password with the token of this link, until %s\n  %s\n\n",
		r.Identity.Email, r.Expires.Format("15:04 MST"), r.Link.Reveal())
	return err
}
