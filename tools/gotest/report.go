package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"
)

// event is one line of go test -json; see go doc test2json.
type event struct {
	Action     string
	Package    string
	ImportPath string // of a build event
	Test       string // empty for the package itself
	Output     string
}

// report follows a run of go test.
type report struct {
	out     io.Writer
	output  map[string]*strings.Builder // of tests that run, by package and name
	passed  int
	failed  []string
	skipped []string // with reason; these fail the run
	excused []string // with reason
}

func newReport(out io.Writer) *report {
	return &report{out: out, output: map[string]*strings.Builder{}}
}

// read takes events until the stream ends.
func (r *report) read(events io.Reader) error {
	lines := bufio.NewReader(events)
	for {
		line, err := lines.ReadBytes('\n')
		if len(line) > 0 {
			r.line(line)
		}
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("read go test's output: %w", err)
		}
	}
}

// line takes one event. What is no event is shown as it is.
func (r *report) line(line []byte) {
	var e event
	if err := json.Unmarshal(line, &e); err != nil {
		_, _ = r.out.Write(line)
		return
	}
	switch {
	case e.Action == "build-output":
		r.print(e.Output)
	case e.Test == "":
		r.pkg(e)
	default:
		r.test(e)
	}
}

// pkg takes an event of a package. Its closing line is part of its output.
func (r *report) pkg(e event) {
	switch e.Action {
	case "output":
		if e.Output != "PASS\n" {
			r.print(e.Output)
		}
	case "fail":
		if e.Package != "" {
			r.failed = append(r.failed, e.Package)
		}
	}
}

func (r *report) test(e event) {
	key := e.Package + " " + e.Test
	switch e.Action {
	case "output":
		if r.output[key] == nil {
			r.output[key] = &strings.Builder{}
		}
		r.output[key].WriteString(e.Output)
		return
	case "pass":
		r.passed++
	case "fail":
		r.failed = append(r.failed, key)
		r.print(r.text(key))
	case "skip":
		r.skip(key, e.Test)
	default: // run, pause, cont
		return
	}
	delete(r.output, key)
}

func (r *report) text(key string) string {
	if b := r.output[key]; b != nil {
		return b.String()
	}
	return ""
}

// notApplicable starts the reason of a skip that is no gap.
const notApplicable = "does not apply: "

func (r *report) skip(key, test string) {
	reason := skipReason(r.text(key))
	switch {
	case strings.HasPrefix(test, "Fuzz") && strings.Contains(test, "/"):
		r.passed++
	case strings.HasPrefix(reason, notApplicable):
		r.excused = append(r.excused, key+": "+reason)
	default:
		r.skipped = append(r.skipped, key+": "+reason)
	}
}

var logLine = regexp.MustCompile(`^ +[^ ]+\.go:[0-9]+: (.*)$`)

// skipReason returns the last thing a test logged, which is what t.Skip was told.
func skipReason(output string) string {
	reason := "no reason given"
	for line := range strings.Lines(output) {
		if m := logLine.FindStringSubmatch(strings.TrimRight(line, "\n")); m != nil {
			reason = m[1]
		}
	}
	return reason
}

// summarise prints what came of the run and says whether it is good.
func (r *report) summarise() bool {
	r.list("does not apply", r.excused)
	r.list("SKIPPED, which counts as failed", r.skipped)
	r.list("FAILED", r.failed)
	r.print(fmt.Sprintf("\n%d passed, %d failed, %d skipped, %d not applicable\n",
		r.passed, len(r.failed), len(r.skipped), len(r.excused)))
	if r.passed == 0 {
		r.print("no test ran\n")
	}
	return r.passed > 0 && len(r.failed) == 0 && len(r.skipped) == 0
}

func (r *report) list(title string, entries []string) {
	if len(entries) == 0 {
		return
	}
	slices.Sort(entries)
	r.print(fmt.Sprintf("\n%s:\n  %s\n", title, strings.Join(entries, "\n  ")))
}

func (r *report) print(text string) { _, _ = io.WriteString(r.out, text) }
