// Package peers starts the real servers that tests ask, by the scripts of
// tools/peers: each test has servers, ports and data of its own, which go with
// the test.
package peers

import (
	"bufio"
	"bytes"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"testing"

	"github.com/Shopify/toxiproxy/v2"
	"github.com/rs/zerolog"
)

// programs are what each peer needs on the machine; .ci/setup installs them.
func programs() map[string][]string {
	return map[string][]string{
		"slapd": {"slapd", "ldapadd", "openssl"},
		"samba": {"samba", "samba-tool", "ldbmodify", "ldapmodify", "openssl"},
		"ds389": {"dscreate", "certutil", "ldapadd", "openssl"},
		"op":    {"node", "npm", "curl", "openssl"},
		"llng":  {"plackup", "jq", "curl", "openssl"},
	}
}

// needRoot are the peers whose ports or files are the system's.
func needRoot() []string { return []string{"samba", "ds389"} }

// Facts are what a peer's script says of it: addresses, names, passwords.
type Facts map[string]string

// Start starts a peer with settings such as "SLAPD_LOG=stats", and stops it
// when the test ends. It skips the test where the peer's programs are missing.
func Start(t testing.TB, peer string, settings ...string) Facts {
	t.Helper()
	for _, program := range programs()[peer] {
		if !installed(program) {
			t.Skipf("needs %s for the peer %s; .ci/setup installs it", program, peer)
		}
	}
	if os.Getuid() != 0 && strings.Contains(strings.Join(needRoot(), " "), peer) {
		t.Skipf("the peer %s needs root", peer)
	}
	env := append(os.Environ(), "PEERS_DIR="+folder(t), "PEER_NAME="+name(t))
	env = append(env, ports(t, peer)...)
	env = append(env, settings...)
	t.Cleanup(func() { run(t, env, peer, "stop") })
	facts := Facts{}
	lines := bufio.NewScanner(bytes.NewReader(run(t, env, peer, "start")))
	for lines.Scan() {
		if key, value, ok := strings.Cut(lines.Text(), "="); ok {
			facts[key] = value
		}
	}
	return facts
}

// installed looks for a program, also where systems keep their servers.
func installed(program string) bool {
	if _, err := exec.LookPath(program); err == nil {
		return true
	}
	for _, dir := range []string{"/usr/sbin", "/sbin"} {
		if _, err := os.Stat(filepath.Join(dir, program)); err == nil {
			return true
		}
	}
	return false
}

func run(t testing.TB, env []string, peer, command string) []byte {
	t.Helper()
	_, here, _, _ := runtime.Caller(0)
	cmd := exec.Command(filepath.Join(filepath.Dir(here), "..", "..", "peers", peer), command) //nolint:gosec,noctx // a script of ours, which must also stop what a test has left
	cmd.Env = env
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%s %s: %v\n%s", peer, command, err, stderr.Bytes())
	}
	return out
}

// folder is short, since it holds sockets, whose names are bounded.
func folder(t testing.TB) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "peer") //nolint:usetesting // its name is too long
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	if err := os.Chmod(dir, 0o755); err != nil { //nolint:gosec // some peers run as users of their own
		t.Fatal(err)
	}
	return dir
}

// name tells the instances of one peer apart, on the whole machine.
func name(t testing.TB) string {
	t.Helper()
	return "e" + FreePort(t)
}

// ports are free ones for the peers that take ports.
func ports(t testing.TB, peer string) []string {
	t.Helper()
	switch peer {
	case "slapd":
		return []string{"SLAPD_PORT=" + FreePort(t), "SLAPD_TLS_PORT=" + FreePort(t)}
	case "ds389":
		return []string{"DS389_PORT=" + FreePort(t), "DS389_TLS_PORT=" + FreePort(t)}
	case "op":
		return []string{"OP_PORT=" + FreePort(t)}
	case "llng":
		return []string{"LLNG_PORT=" + FreePort(t)}
	}
	return nil
}

// FreePort returns a port of 127.0.0.1 that nobody listens on at this moment.
func FreePort(t testing.TB) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0") //nolint:noctx // it is closed at once
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return strconv.Itoa(l.Addr().(*net.TCPAddr).Port)
}

// Proxy puts a proxy with faults on demand in front of an address.
func Proxy(t testing.TB, upstream string) *toxiproxy.Proxy {
	t.Helper()
	log := zerolog.Nop()
	server := toxiproxy.NewServer(toxiproxy.NewMetricsContainer(nil), log)
	p := toxiproxy.NewProxy(server, "p", "127.0.0.1:0", upstream)
	if err := p.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.Stop)
	return p
}

// Toxic adds a fault, in toxiproxy's JSON, and returns what takes it away.
func Toxic(t testing.TB, p *toxiproxy.Proxy, fault string) (mend func()) {
	t.Helper()
	if _, err := p.Toxics.AddToxicJson(strings.NewReader(fault)); err != nil {
		t.Fatal(err)
	}
	return func() { p.Toxics.ResetToxics(t.Context()) }
}
