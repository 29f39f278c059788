//go:build !linux

package password

// lowerPriority does nothing: elsewhere a thread has no nice value of its own.
// The number of workers is bounded all the same.
func lowerPriority() error { return nil }

func onMainThread() bool { return false }
