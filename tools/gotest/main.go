// Command gotest runs go test and is stricter than it: a test that was skipped
// fails the run, so that a missing compiler, program or server is never taken
// for a success.
//
//	go run -C tools ./gotest -C .. -race ./...
//
// All arguments go to go test. It prints go test's own closing line for each
// package, the output of failed tests, and a summary. A skip is let through if
// its reason starts with "does not apply: " (a rule that is about something
// this subject does not have) and is then listed; and inside a fuzz target's
// seeds, where it only means that an input says nothing.
package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	ok, err := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "gotest:", err)
	}
	if err != nil || !ok {
		os.Exit(1)
	}
}

// run starts go test and says whether everything ran and passed.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) (bool, error) {
	cmd := exec.CommandContext(ctx, "go", goTestArgs(args)...)
	cmd.Stderr = stderr
	events, err := cmd.StdoutPipe()
	if err != nil {
		return false, fmt.Errorf("connect to go test: %w", err)
	}
	if err := cmd.Start(); err != nil {
		return false, fmt.Errorf("start go test: %w", err)
	}
	r := newReport(stdout)
	readErr := r.read(events)
	waitErr := cmd.Wait()
	if readErr != nil {
		return false, readErr
	}
	return r.summarise() && waitErr == nil, nil
}

// goTestArgs puts -json behind a leading -C, which the go command wants first.
func goTestArgs(args []string) []string {
	out := []string{"test"}
	if len(args) > 1 && args[0] == "-C" {
		out, args = append(out, args[:2]...), args[2:]
	}
	return append(append(out, "-json"), args...)
}
