package main

import (
	"bytes"
	_ "embed" // for the page
	"fmt"
	"os"
	"text/template"
)

//go:embed page.md.tmpl
var pageText string

// writePage writes the documentation's page. What it says beside the figures
// is in the template.
func writePage(path string, m machine, rows []row) error {
	text, err := page(m, rows)
	if err != nil {
		return err
	}
	if err := os.WriteFile(path, text, 0o644); err != nil { //nolint:gosec // a page that is for everybody
		return fmt.Errorf("write the page: %w", err)
	}
	return nil
}

func page(m machine, rows []row) ([]byte, error) {
	t, err := template.New("page").Parse(pageText)
	if err != nil {
		return nil, fmt.Errorf("read the page's template: %w", err)
	}
	var out bytes.Buffer
	err = t.Execute(&out, struct {
		Machine machine
		Rows    []row
	}{m, rows})
	return out.Bytes(), err
}
