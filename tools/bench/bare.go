package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"time"

	"github.com/authd-go/authd/core/httpapi"
)

// The arguments with which this program is the ceiling of a handler: net/http's
// server with nothing behind it, with the daemon's time limits or without any.
const (
	bareMode      = "bare-server"
	unlimitedMode = "bare-server-without-limits"
)

// sample is an answer to copy.
type sample struct {
	Header http.Header
	Body   []byte
}

// takeSample asks the daemon as any client would.
func takeSample(ctx context.Context, url string, header http.Header) (sample, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, url, http.NoBody)
	if err != nil {
		return sample{}, err
	}
	r.Header = header
	client := http.Client{Timeout: 10 * time.Second}
	answer, err := client.Do(r)
	if err != nil {
		return sample{}, err
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		return sample{}, fmt.Errorf("the sample's status is %d", answer.StatusCode)
	}
	body, err := io.ReadAll(answer.Body)
	answer.Header.Del("Date") // net/http's server adds these two itself
	answer.Header.Del("Content-Length")
	return sample{answer.Header, body}, err
}

// startBare runs this program as a server that writes the sample.
func startBare(ctx context.Context, mode string, copied sample) (*server, error) {
	program, err := os.Executable()
	if err != nil {
		return nil, fmt.Errorf("find this program: %w", err)
	}
	text, err := json.Marshal(copied)
	if err != nil {
		return nil, fmt.Errorf("hand over the sample: %w", err)
	}
	cmd := exec.CommandContext(ctx, program, mode)
	cmd.Stdin = strings.NewReader(string(text))
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, fmt.Errorf("connect to the bare server: %w", err)
	}
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("start the bare server: %w", err)
	}
	addr, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		return nil, fmt.Errorf("start the bare server: %w", err)
	}
	return &server{cmd: cmd, addr: strings.TrimSpace(addr)}, nil
}

// serveBare is the bare server's main.
func serveBare(ctx context.Context, mode string, stdin io.Reader, stdout io.Writer) error {
	var copied sample
	if err := json.NewDecoder(stdin).Decode(&copied); err != nil {
		return fmt.Errorf("read the sample: %w", err)
	}
	var config net.ListenConfig
	l, err := config.Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return fmt.Errorf("listen: %w", err)
	}
	fmt.Fprintln(stdout, l.Addr())
	s := bareServer(mode, copied)
	go func() { <-ctx.Done(); _ = s.Close() }()
	if err := s.Serve(l); !errors.Is(err, http.ErrServerClosed) {
		return fmt.Errorf("serve: %w", err)
	}
	return nil
}

// bareServer is the daemon's server with another handler.
func bareServer(mode string, copied sample) *http.Server {
	s := httpapi.Server(bareHandler(copied), nil)
	if mode == unlimitedMode {
		s.ReadHeaderTimeout, s.ReadTimeout, s.WriteTimeout, s.IdleTimeout = 0, 0, 0, 0
	}
	return s
}

// bareHandler does nothing but write.
func bareHandler(copied sample) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		h := w.Header()
		for name, values := range copied.Header {
			h[name] = values
		}
		_, _ = w.Write(copied.Body) // a client that is gone needs no answer
	})
}
