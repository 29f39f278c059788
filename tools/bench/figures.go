package main

import (
	"fmt"
	"slices"
)

// row is a line of the table.
type row struct {
	Work     string
	Ceiling  string // what it is compared with
	Measured string
	Limit    string  // what was measured of the ceiling
	Figure   float64 // what the aim is about; 0 if there is none
	Spread   string  // of the figure over the rounds; may be empty
	Aim      aim
}

// line is the row for a terminal.
func (r row) line() string {
	return fmt.Sprintf("%-70s %s (aim: %s)  %s\n    measured %s\n    ceiling  %s: %s",
		r.Work, r.Told(), r.Aim, r.Verdict(), r.Measured, r.Ceiling, r.Limit)
}

// Told is the figure with its unit and its spread.
func (r row) Told() string {
	text := fmt.Sprintf("%.2f", r.Figure)
	if r.Aim.unit != "" {
		text = fmt.Sprintf("%.1f %s", r.Figure, r.Aim.unit)
	}
	if r.Spread != "" {
		text += " (" + r.Spread + ")"
	}
	return text
}

// Verdict says whether the aim is met.
func (r row) Verdict() string {
	switch {
	case r.Aim.none:
		return "-"
	case r.Aim.met(r.Figure):
		return "met"
	}
	return "missed"
}

// aim is what a figure should be.
type aim struct {
	bound float64
	least bool // the figure should be no less; otherwise no more
	unit  string
	none  bool // the figure is there to be read
}

func atLeast(bound float64) aim             { return aim{bound: bound, least: true} }
func atMost(bound float64, unit string) aim { return aim{bound: bound, unit: unit} }

func (a aim) met(figure float64) bool {
	if a.least {
		return figure >= a.bound
	}
	return figure > 0 && figure <= a.bound
}

func (a aim) String() string {
	switch {
	case a.none:
		return "none"
	case a.least:
		return fmt.Sprintf("at least %.2f", a.bound)
	case a.unit == "":
		return fmt.Sprintf("at most %.1f", a.bound)
	}
	return fmt.Sprintf("at most %.0f %s", a.bound, a.unit)
}

// pairs are rounds in which the work and its ceiling took turns.
type pairs struct{ work, ceiling, ratios []float64 }

func (p *pairs) add(work, ceiling float64) {
	p.work, p.ceiling = append(p.work, work), append(p.ceiling, ceiling)
	if ceiling > 0 {
		p.ratios = append(p.ratios, work/ceiling)
	}
}

// ratio is the median of the rounds' ratios: what disturbed a round disturbed
// both of its halves.
func (p *pairs) ratio() float64  { return median(p.ratios) }
func (p *pairs) ours() float64   { return median(p.work) }
func (p *pairs) theirs() float64 { return median(p.ceiling) }
func (p *pairs) spread() string  { return spreadOf(p.ratios, "%.2f") }

// spreadOf tells the least and the greatest.
func spreadOf(values []float64, format string) string {
	if len(values) == 0 {
		return ""
	}
	return fmt.Sprintf(format+" to "+format, slices.Min(values), slices.Max(values))
}

// median returns the middle value, the mean of the two in the middle, or 0.
func median(values []float64) float64 {
	sorted := slices.Sorted(slices.Values(values))
	n := len(sorted)
	switch {
	case n == 0:
		return 0
	case n%2 == 1:
		return sorted[n/2]
	}
	return (sorted[n/2-1] + sorted[n/2]) / 2
}
