package main

import (
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/authd-go/authd/core"
)

// paper is what the doctor writes on, as findings come in.
type paper struct {
	out   io.Writer
	quiet bool // collects only

	findings    []findingView
	about, kind string
	target      string
	headed      bool // the present target has its heading
}

// findingView is a finding as JSON.
type findingView struct {
	About  string    `json:"about"` // house, store, or a strategy's name
	Kind   string    `json:"kind,omitempty"`
	Target string    `json:"target,omitempty"`
	Step   string    `json:"step"`
	Mark   core.Mark `json:"mark"`
	Millis float64   `json:"millis"`
	Detail string    `json:"detail"`
	Advice string    `json:"advice,omitempty"`
}

// doctorReport is the whole of it.
type doctorReport struct {
	OK       bool          `json:"ok"`
	Findings []findingView `json:"findings"`
}

func (p *paper) report() doctorReport { return doctorReport{!p.failed(), p.findings} }

func (p *paper) failed() bool { return p.count(core.MarkFailed) > 0 }

func (p *paper) count(m core.Mark) (n int) {
	for _, f := range p.findings {
		if f.Mark == m {
			n++
		}
	}
	return n
}

// begin starts on something else.
func (p *paper) begin(about, kind string) {
	p.about, p.kind, p.target, p.headed = about, kind, "", false
}

// add notes a finding.
func (p *paper) add(f core.Finding) {
	view := findingView{
		About: p.about, Kind: p.kind, Target: printable(f.Target), Step: printable(f.Name), Mark: f.Mark,
		Millis: float64(f.Took.Microseconds()) / 1000, Detail: printable(f.Detail), Advice: printable(f.Advice),
	}
	p.findings = append(p.findings, view)
	if p.quiet {
		return
	}
	if !p.headed || view.Target != p.target {
		p.heading(view.Target)
	}
	p.print(view, f.Took)
}

func (p *paper) heading(target string) {
	if len(p.findings) > 1 {
		fmt.Fprintln(p.out)
	}
	head := p.about
	if p.kind != "" {
		head += " (" + p.kind + ")"
	}
	if target != "" {
		head += "  " + target
	}
	fmt.Fprintln(p.out, head)
	p.target, p.headed = target, true
}

// Where the columns are.
const (
	textColumn = 38
	textWidth  = 82
)

func (p *paper) print(v findingView, took time.Duration) {
	first := fmt.Sprintf("  %-8s %-16s %8s  ", v.Mark, v.Step, spent(took))
	for i, line := range wrap(v.Detail, textWidth) {
		if i > 0 {
			first = strings.Repeat(" ", textColumn)
		}
		fmt.Fprintln(p.out, strings.TrimRight(first+line, " "))
	}
	for i, line := range wrap(v.Advice, textWidth-3) {
		mark := "   "
		if i == 0 {
			mark = "-> "
		}
		if v.Advice != "" {
			fmt.Fprintln(p.out, strings.Repeat(" ", textColumn)+mark+line)
		}
	}
}

// spent is a duration at a glance.
func spent(d time.Duration) string {
	switch {
	case d == 0:
		return ""
	case d < time.Millisecond:
		return "<1 ms"
	case d < 10*time.Second:
		return fmt.Sprintf("%d ms", d.Milliseconds())
	}
	return fmt.Sprintf("%.0f s", d.Seconds())
}

// wrap breaks a text at spaces; a word that is longer has a line of its own.
func wrap(text string, width int) []string {
	var lines []string
	line := ""
	for _, word := range strings.Fields(text) {
		if line != "" && len(line)+1+len(word) > width {
			lines, line = append(lines, line), ""
		}
		if line != "" {
			line += " "
		}
		line += word
	}
	return append(lines, line)
}

func (p *paper) sum() {
	parts := []string{plural(len(p.findings), "step"), fmt.Sprintf("%d failed", p.count(core.MarkFailed)), plural(p.count(core.MarkWarning), "warning")}
	fmt.Fprintln(p.out, "\n"+strings.Join(parts, ", "))
}

func plural(n int, what string) string {
	if n != 1 {
		what += "s"
	}
	return fmt.Sprintf("%d %s", n, what)
}
