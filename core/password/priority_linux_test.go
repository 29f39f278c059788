package password_test

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/authd-go/authd/core/password"
)

// niceOf reads a thread's nice value: the 19th field of its stat, where the
// second, the name, may hold spaces.
func niceOf(t *testing.T, thread int) int {
	t.Helper()
	raw, err := os.ReadFile(fmt.Sprintf("/proc/self/task/%d/stat", thread))
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(raw), ") ")
	nice, err := strconv.Atoi(strings.Fields(rest)[16])
	if err != nil {
		t.Fatal(err)
	}
	return nice
}

func TestPoolWorkersGiveWay(t *testing.T) {
	usual := niceOf(t, syscall.Getpid())
	p := password.NewPool(password.PoolOptions{Workers: 2, Log: quiet()})
	defer p.Close()
	both := sync.WaitGroup{}
	both.Add(2)
	var calls sync.WaitGroup
	threads := make([]int, 2)
	for i := range threads {
		calls.Go(func() {
			err := p.Run(t.Context(), func() {
				threads[i] = syscall.Gettid()
				both.Done()
				both.Wait() // so that each worker has one
			})
			if err != nil {
				t.Error(err)
			}
		})
	}
	calls.Wait()
	for _, thread := range threads {
		if got, want := niceOf(t, thread), min(usual+10, 19); got != want {
			t.Errorf("a worker's nice value is %d, want %d", got, want)
		}
		if thread == syscall.Getpid() {
			t.Error("a worker has the process's first thread")
		}
	}
	if err := p.Close(); err != nil {
		t.Error(err)
	}
	if got := niceOf(t, syscall.Getpid()); got != usual {
		t.Errorf("the process runs at %d, and was at %d", got, usual)
	}
	for _, thread := range threads {
		for end := time.Now().Add(10 * time.Second); exists(thread); time.Sleep(time.Millisecond) {
			if time.Now().After(end) {
				t.Fatalf("thread %d outlives its worker", thread)
			}
		}
	}
}

// exists says whether a thread of ours is alive.
func exists(thread int) bool {
	_, err := os.Stat(fmt.Sprintf("/proc/self/task/%d", thread))
	return err == nil
}
