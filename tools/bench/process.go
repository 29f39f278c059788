package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/authd-go/authd/tools/bench/load"
)

// connLimit is how long a connection may live: longer than any measurement.
const connLimit = 10 * time.Minute

// build compiles the daemon as make build does.
func build(ctx context.Context, root, binary string) error {
	cmd := exec.CommandContext(ctx, "go", "build", "-trimpath", "-o", binary, "./cmd/authd")
	cmd.Dir = root
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("build the daemon: %w\n%s", err, out)
	}
	return nil
}

// server is a process that listens on addr.
type server struct {
	cmd  *exec.Cmd
	addr string
	log  string // the file with its standard error
}

// startDaemon runs authd in a folder that has a configuration, and returns at
// once. The log goes to a file, as it would anywhere.
func (b *bench) startDaemon(ctx context.Context, dir string) (*server, error) {
	addr, err := freeAddr(ctx)
	if err != nil {
		return nil, err
	}
	cmd := b.authd(ctx, dir, "--set", "server.listen="+addr)
	s := &server{cmd: cmd, addr: addr, log: filepath.Join(dir, "log")}
	log, err := os.Create(s.log)
	if err != nil {
		return nil, fmt.Errorf("make the log: %w", err)
	}
	cmd.Stderr = log
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("start the daemon: %w", errors.Join(err, log.Close()))
	}
	return s, log.Close() // the process has its own
}

// authd is a run of the daemon's program.
func (b *bench) authd(ctx context.Context, dir string, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, b.binary, args...)
	cmd.Dir = dir
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) }
	cmd.WaitDelay = 20 * time.Second
	return cmd
}

// folder makes a folder with a configuration.
func (b *bench) folder(name, config string) (string, error) {
	dir := filepath.Join(b.dir, name)
	if err := os.Mkdir(dir, 0o700); err != nil {
		return "", fmt.Errorf("make a folder: %w", err)
	}
	if err := os.WriteFile(filepath.Join(dir, "authd.yaml"), []byte(config), 0o600); err != nil {
		return "", fmt.Errorf("write the configuration: %w", err)
	}
	return dir, nil
}

// freeAddr returns an address on loopback that nobody listens on.
func freeAddr(ctx context.Context) (string, error) {
	var config net.ListenConfig
	l, err := config.Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return "", fmt.Errorf("find a free port: %w", err)
	}
	return l.Addr().String(), l.Close()
}

// stop ends the process and waits for it.
func (s *server) stop() error {
	if err := s.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		return fmt.Errorf("stop %s: %w", s.cmd.Path, err)
	}
	if err := s.cmd.Wait(); err != nil {
		tail, _ := os.ReadFile(s.log) // for the error only
		return fmt.Errorf("stop %s: %w\n%s", s.cmd.Path, err, tail[max(0, len(tail)-2000):])
	}
	return nil
}

// firstAnswer asks until the server answers 200, and fails after the patience.
func (s *server) firstAnswer(ctx context.Context, request []byte, patience time.Duration) error {
	var err error
	for end := time.Now().Add(patience); time.Now().Before(end) && ctx.Err() == nil; time.Sleep(500 * time.Microsecond) {
		var answer load.Answer
		if answer, err = s.once(ctx, request); err == nil && answer.Status == 200 {
			return nil
		}
		if err == nil {
			err = fmt.Errorf("status %d: %s", answer.Status, answer.Body)
		}
	}
	log, _ := os.ReadFile(s.log) // for the error only
	return fmt.Errorf("no good answer within %v: %w\n%s", patience, err, log[max(0, len(log)-2000):])
}

// once asks on a connection of its own.
func (s *server) once(ctx context.Context, request []byte) (load.Answer, error) {
	c, err := load.Dial(ctx, s.addr, 30*time.Second)
	if err != nil {
		return load.Answer{}, err
	}
	defer c.Close()
	return c.Do(request)
}

// ready waits until the daemon says that it is.
func (s *server) ready(ctx context.Context) error {
	return s.firstAnswer(ctx, load.Get(s.addr, "/readyz"), 20*time.Second)
}

// memory is what a process holds, in bytes; see proc_pid_status(5).
type memory struct{ resident, anonymous int64 }

func (s *server) memory() (memory, error) {
	f, err := os.Open(filepath.Join("/proc", strconv.Itoa(s.cmd.Process.Pid), "status"))
	if err != nil {
		return memory{}, fmt.Errorf("this system does not tell: %w", err)
	}
	defer f.Close()
	var m memory
	for lines := bufio.NewScanner(f); lines.Scan(); {
		fields := strings.Fields(lines.Text())
		if len(fields) < 2 {
			continue
		}
		n, _ := strconv.ParseInt(fields[1], 10, 64) // 0 for what is no number
		switch fields[0] {
		case "VmRSS:":
			m.resident = n << 10
		case "RssAnon:":
			m.anonymous = n << 10
		}
	}
	return m, nil
}

// userHertz is the unit of times in /proc on every Linux that there is.
const userHertz = 100

// cpu returns the processor time that a process has used; see proc_pid_stat(5).
func (s *server) cpu() (time.Duration, error) {
	text, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(s.cmd.Process.Pid), "stat"))
	if err != nil {
		return 0, fmt.Errorf("this system does not tell: %w", err)
	}
	_, after, _ := strings.Cut(string(text), ") ") // the name may hold anything
	fields := strings.Fields(after)
	if len(fields) < 13 {
		return 0, fmt.Errorf("this system tells something else: %q", text)
	}
	user, userErr := strconv.Atoi(fields[11])
	system, systemErr := strconv.Atoi(fields[12])
	return time.Duration(user+system) * time.Second / userHertz, errors.Join(userErr, systemErr)
}
