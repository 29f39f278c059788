// Command bench measures authd against ceilings that it measures in the same
// run, prints a table, and writes it to a page of the documentation.
//
//	go run -C tools/bench . -C ../.. -out docs/performance.md
//
// It builds the daemon, runs it as a process with a configuration of its own
// in a temporary folder, and knows nothing of it but HTTP, its command line and,
// for two ceilings, its database and its server's time limits. Server and load share the machine. It asserts
// nothing: a figure that misses its aim is in the table like any other.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
	"time"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, os.Args[1:], os.Stdin, os.Stdout)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

// settings are the flags.
type settings struct {
	root, out string
	only      string
	scale     float64
}

func run(ctx context.Context, args []string, stdin io.Reader, stdout io.Writer) error {
	if len(args) > 0 && (args[0] == bareMode || args[0] == unlimitedMode) {
		return serveBare(ctx, args[0], stdin, stdout)
	}
	var s settings
	flags := flag.NewFlagSet("bench", flag.ContinueOnError)
	flags.StringVar(&s.root, "C", "../..", "the repository")
	flags.StringVar(&s.out, "out", "", "the page to write, relative to the repository; none if empty")
	flags.StringVar(&s.only, "only", "", "measure one thing only: check, login, storm, refresh or memory")
	flags.Float64Var(&s.scale, "scale", 1, "how long to measure, as a share of the usual; small ones are for trying out")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if s.out != "" && (s.only != "" || s.scale < 1) {
		return errors.New("only a whole run is worth a page: leave out -only and -scale, or -out")
	}
	dir, err := os.MkdirTemp("", "authd-bench")
	if err != nil {
		return fmt.Errorf("make a folder: %w", err)
	}
	return errors.Join(measureAll(ctx, s, dir, stdout), os.RemoveAll(dir))
}

// bench is one run.
type bench struct {
	settings
	dir    string // temporary
	binary string // the daemon
	out    io.Writer
	rows   []row
}

func measureAll(ctx context.Context, s settings, dir string, stdout io.Writer) error {
	m, err := thisMachine(ctx, s.root)
	if err != nil {
		return err
	}
	b := &bench{settings: s, dir: dir, binary: filepath.Join(dir, "authd"), out: stdout}
	if err := build(ctx, s.root, b.binary); err != nil {
		return err
	}
	for _, part := range []struct {
		name    string
		measure func(context.Context) error
	}{
		{"check", b.check}, {"login", b.login}, {"storm", b.storm}, {"refresh", b.refresh}, {"memory", b.memory},
	} {
		if s.only != "" && s.only != part.name {
			continue
		}
		if err := part.measure(ctx); err != nil {
			return fmt.Errorf("%s: %w", part.name, err)
		}
	}
	m.ended()
	if s.out == "" {
		return nil
	}
	return writePage(filepath.Join(s.root, s.out), m, b.rows)
}

// lasting is a time of measurement.
func (b *bench) lasting(d time.Duration) time.Duration { return time.Duration(float64(d) * b.scale) }

// add takes a row and prints it at once.
func (b *bench) add(r row) {
	b.rows = append(b.rows, r)
	fmt.Fprintln(b.out, r.line())
}

// progress tells what goes on while there is nothing to say yet.
func (b *bench) progress(format string, args ...any) {
	fmt.Fprintf(b.out, "    "+format+"\n", args...)
}
