package main

import (
	"context"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"time"
)

// machine is where a run was made, and when.
type machine struct {
	Processor  string
	Cores      int
	Memory     string
	Kernel     string
	Go         string
	Commit     string
	Date       string
	LoadBefore string // the kernel's load average over a minute
	LoadAfter  string
}

func thisMachine(ctx context.Context, root string) (machine, error) {
	return machine{
		Processor:  field("/proc/cpuinfo", "model name"),
		Cores:      runtime.NumCPU(),
		Memory:     field("/proc/meminfo", "MemTotal"),
		Kernel:     runtime.GOOS + " " + firstWord("/proc/sys/kernel/osrelease"),
		Go:         runtime.Version() + " " + runtime.GOOS + "/" + runtime.GOARCH,
		Commit:     commitOf(ctx, root),
		Date:       time.Now().UTC().Format(time.DateOnly),
		LoadBefore: firstWord("/proc/loadavg"),
	}, ctx.Err()
}

// ended notes what else has changed.
func (m *machine) ended() { m.LoadAfter = firstWord("/proc/loadavg") }

const unknown = "unknown"

// field returns the value of the first "name : value" line of a file.
func field(path, name string) string {
	text, err := os.ReadFile(path)
	if err != nil {
		return unknown
	}
	for line := range strings.Lines(string(text)) {
		key, value, found := strings.Cut(line, ":")
		if found && strings.TrimSpace(key) == name {
			return strings.TrimSpace(value)
		}
	}
	return unknown
}

func firstWord(path string) string {
	text, err := os.ReadFile(path)
	if words := strings.Fields(string(text)); err == nil && len(words) > 0 {
		return words[0]
	}
	return unknown
}

// commitOf names the commit that was measured, and says if there was more.
func commitOf(ctx context.Context, root string) string {
	out, err := exec.CommandContext(ctx, "git", "-C", root, "describe", "--always", "--dirty=, with changes", "--exclude=*").Output()
	if err != nil {
		return unknown
	}
	return strings.TrimSpace(string(out))
}
