package main

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// asDaemon makes the test binary behave as the program, so that tests can
// start, signal and kill it as what it is: a process.
const asDaemon = "AUTHD_TEST_AS_DAEMON"

func TestMain(m *testing.M) {
	if os.Getenv(asDaemon) != "" {
		if err := os.Unsetenv(asDaemon); err != nil {
			panic(err)
		}
		main()
	}
	os.Exit(m.Run())
}

// needs returns the path of a program that a test cannot do without.
func needs(t *testing.T, program string) string {
	t.Helper()
	path, err := exec.LookPath(program)
	if err == nil {
		return path
	}
	if os.Getenv("CI") != "" {
		t.Fatalf("%s is not installed; .ci/setup installs it", program)
	}
	t.Skipf("needs %s; make test installs it", program)
	return ""
}

func freePort(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return fmt.Sprint(l.Addr().(*net.TCPAddr).Port)
}

// syncBuffer is a bytes.Buffer that a process may write while a test reads.
type syncBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (s *syncBuffer) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.Write(p)
}

func (s *syncBuffer) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.String()
}

// daemon is a running authd.
type daemon struct {
	cmd            *exec.Cmd
	url            string
	stdout, stderr syncBuffer
	done           chan error
}

// startDaemon starts authd in a folder and waits until it is ready.
func startDaemon(t *testing.T, dir, port string, args ...string) *daemon {
	t.Helper()
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	d := &daemon{url: "http://localhost:" + port, done: make(chan error, 1)}
	d.cmd = exec.Command(exe, append([]string{"--set", "server.listen=127.0.0.1:" + port}, args...)...)
	d.cmd.Dir = dir
	d.cmd.Env = append(os.Environ(), asDaemon+"=1", "XDG_DATA_HOME="+dir)
	d.cmd.Stdout, d.cmd.Stderr = &d.stdout, &d.stderr
	if err := d.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() { d.done <- d.cmd.Wait() }()
	t.Cleanup(func() { _ = d.cmd.Process.Kill() })
	d.waitReady(t)
	return d
}

func (d *daemon) waitReady(t *testing.T) {
	t.Helper()
	for deadline := time.Now().Add(30 * time.Second); time.Now().Before(deadline); time.Sleep(10 * time.Millisecond) {
		response, err := http.Get(d.url + "/readyz")
		if err == nil {
			response.Body.Close()
			if response.StatusCode == http.StatusOK {
				return
			}
		}
		select {
		case err := <-d.done:
			t.Fatalf("authd ended: %v\n%s", err, d.stderr.String())
		default:
		}
	}
	t.Fatalf("authd is not ready\n%s", d.stderr.String())
}

// stop sends a signal and returns how the process ended.
func (d *daemon) stop(t *testing.T, signal syscall.Signal) error {
	t.Helper()
	if err := d.cmd.Process.Signal(signal); err != nil {
		t.Fatal(err)
	}
	select {
	case err := <-d.done:
		return err
	case <-time.After(30 * time.Second):
		t.Fatalf("authd does not end\n%s", d.stderr.String())
		return nil
	}
}

// cli runs a command in this process and returns its exit code and output.
func cli(t *testing.T, stdin string, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	var out, errs bytes.Buffer
	env := []string{"HOME=" + t.TempDir(), "XDG_DATA_HOME=" + t.TempDir()}
	code = run(context.Background(), args, strings.NewReader(stdin), &out, &errs, env)
	return code, out.String(), errs.String()
}

// folder makes a folder with an authd.yaml.
func folder(t *testing.T, yaml string) (dir, file string) {
	t.Helper()
	dir = t.TempDir()
	file = filepath.Join(dir, "authd.yaml")
	if err := os.WriteFile(file, []byte(yaml), 0o600); err != nil {
		t.Fatal(err)
	}
	return dir, file
}

// twoLocals has two local backends; paths are filled in by the caller.
const twoLocals = `
secretFile: %[1]s/authd.secret
store: {url: "sqlite:%[1]s/authd.db"}
strategies:
  staff: {type: local, hash: {bcryptCost: 10}}
  members: {type: local, hash: {bcryptCost: 10}}
methods:
  login: {use: [staff, members]}
  updatePassword: {use: session}
`

func twoLocalsFile(t *testing.T) (dir, file string) {
	t.Helper()
	dir, file = folder(t, "")
	if err := os.WriteFile(file, fmt.Appendf(nil, twoLocals, filepath.ToSlash(dir)), 0o600); err != nil {
		t.Fatal(err)
	}
	return dir, file
}
