// Command authd serves the nine methods of a front end's AuthProvider over
// HTTP, by one YAML file. Without a file it starts a demo on loopback.
//
// This package is the wiring: flags, signals, files, exit codes. Everything
// that decides anything is in the packages it puts together.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"github.com/authd-go/authd/config"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	code := run(ctx, os.Args[1:], os.Stdin, os.Stdout, os.Stderr, os.Environ())
	stop()
	os.Exit(code)
}

// The exit codes.
const (
	exitOK     = 0
	exitFailed = 1 // what was asked for did not work
	exitUsage  = 2 // the command line or the configuration is wrong
)

// run is the program: main and the tests call it. It returns the exit code.
func run(ctx context.Context, args []string, stdin io.Reader, stdout, stderr io.Writer, env []string) int {
	a := &app{stdin: stdin, stdout: stdout, stderr: stderr, env: env}
	root := a.rootCommand()
	root.SetArgs(args)
	root.SetIn(stdin)
	root.SetOut(stdout)
	root.SetErr(stderr)
	err := root.ExecuteContext(ctx)
	var report *config.Report
	var usage usageError
	switch {
	case err == nil:
		return exitOK
	case errors.As(err, &report):
		fmt.Fprintln(stderr, report)
		return exitUsage
	case errors.As(err, &usage):
		fmt.Fprintf(stderr, "authd: %v\nRun \"%s --help\" for usage.\n", err, usage.command)
		return exitUsage
	}
	fmt.Fprintf(stderr, "authd: %v\n", err)
	return exitFailed
}

// usageError is a command line that makes no sense.
type usageError struct {
	command string
	error
}

func (e usageError) Unwrap() error { return e.error }
