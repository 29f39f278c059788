package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"golang.org/x/term"

	"github.com/authd-go/authd/core"
)

// maxPasswordLine bounds what is read from standard input, in bytes.
const maxPasswordLine = 4096

// readPassword asks on the terminal, twice and without echo, or takes the
// first line of standard input if that is not a terminal. It never comes from
// an argument, which other users of the machine could see.
func (a *app) readPassword(prompt string) (core.Secret, error) {
	if f, ok := a.stdin.(*os.File); ok && term.IsTerminal(int(f.Fd())) {
		return a.askPassword(int(f.Fd()), prompt)
	}
	line, err := bufio.NewReader(io.LimitReader(a.stdin, maxPasswordLine)).ReadString('\n')
	if err != nil && !errors.Is(err, io.EOF) {
		return core.Secret{}, fmt.Errorf("read the password from standard input: %w", err)
	}
	line = strings.TrimRight(line, "\r\n")
	if line == "" {
		return core.Secret{}, errors.New("no password on standard input; give it on the first line, or run this in a terminal")
	}
	return core.NewSecret(line), nil
}

func (a *app) askPassword(fd int, prompt string) (core.Secret, error) {
	first, err := a.askHidden(fd, prompt+": ")
	if err != nil {
		return core.Secret{}, err
	}
	second, err := a.askHidden(fd, "Again: ")
	if err != nil {
		return core.Secret{}, err
	}
	if !first.Equal(second) {
		return core.Secret{}, errors.New("the two passwords differ; nothing was changed")
	}
	return first, nil
}

func (a *app) askHidden(fd int, prompt string) (core.Secret, error) {
	fmt.Fprint(a.stderr, prompt)
	text, err := term.ReadPassword(fd)
	fmt.Fprintln(a.stderr)
	if err != nil {
		return core.Secret{}, fmt.Errorf("read the password from the terminal: %w", err)
	}
	return core.NewSecret(string(text)), nil
}
