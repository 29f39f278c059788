package password

import (
	"fmt"
	"syscall"
)

// workerNice is added to the nice value of a hash worker. The kernel gives a
// thread of nice 0 about nine times the processor time of one of nice 10, and
// lets it interrupt: enough that a storm of logins is not felt, and logins
// still get on where something else keeps the processors busy.
const (
	workerNice   = 10
	greatestNice = 19
)

// lowerPriority raises the nice value of the calling thread, for which nobody
// needs a privilege. The goroutine must be locked to its thread.
func lowerPriority() error {
	thread := syscall.Gettid()
	now, err := syscall.Getpriority(syscall.PRIO_PROCESS, thread)
	if err != nil {
		return fmt.Errorf("read the priority of a thread: %w", err)
	}
	nice := 20 - now // the system call returns 40 to 1 for -20 to 19
	if err := syscall.Setpriority(syscall.PRIO_PROCESS, thread, min(nice+workerNice, greatestNice)); err != nil {
		return fmt.Errorf("lower the priority of a thread: %w", err)
	}
	return nil
}

// onMainThread says whether the calling thread is the process's first, which
// cannot end alone and whose nice value is shown as the whole process's.
func onMainThread() bool { return syscall.Gettid() == syscall.Getpid() }
