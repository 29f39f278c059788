package main

import (
	"bytes"
	"context"
	_ "embed"
	"fmt"
	"io"
	"path/filepath"
	"strconv"
	"text/template"

	"github.com/authd-go/authd/config"
	"github.com/authd-go/authd/core/flow"
)

//go:embed demo.yaml
var demoYAML string

//go:embed demo.txt
var demoText string

// demoConfig is the configuration that stands in when there is none.
func (a *app) demoConfig() ([]byte, error) {
	dir, err := dataDir(a.getenv)
	if err != nil {
		return nil, err
	}
	t, err := template.New("demo.yaml").Funcs(template.FuncMap{"quote": strconv.Quote}).Parse(demoYAML)
	if err != nil {
		return nil, err
	}
	var out bytes.Buffer
	err = t.Execute(&out, map[string]string{
		"Store":  "sqlite:" + filepath.Join(dir, "demo.db"),
		"Secret": filepath.Join(dir, "demo.secret"),
	})
	return out.Bytes(), err
}

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
