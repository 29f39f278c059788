package password

import (
	"container/list"
	"net/netip"
	"time"
)

// job is one piece of work on its way through a Pool. Its outcome may be read
// once ended is closed.
type job struct {
	work     func()
	network  netip.Prefix
	deadline time.Time     // of the caller; zero is none
	place    *list.Element // in its line; nil once it has left
	ended    chan struct{}
	refused  error
	panicked any
}

func (j *job) run() {
	defer close(j.ended)
	defer func() { j.panicked = recover() }()
	j.work()
}

func (j *job) refuse(err error) {
	j.refused = err
	close(j.ended)
}

// turns is a bounded queue with one line per network, served in turn. It needs
// a lock around it.
type turns struct {
	room    int
	waiting int
	lines   map[netip.Prefix]*line
	ring    *list.List // of *line, none empty; the front is next
}

type line struct {
	network netip.Prefix
	jobs    *list.List // of *job, oldest first
	place   *list.Element
}

func newTurns(room int) turns {
	return turns{room: room, lines: map[netip.Prefix]*line{}, ring: list.New()}
}

// push lines a job up. If there is no room, the newest job of the longest line
// is returned, which had to make way; ok is false if that would be j itself.
func (t *turns) push(j *job) (evicted *job, ok bool) {
	if t.waiting >= t.room {
		longest := t.longest()
		if t.length(j.network)+1 >= longest.jobs.Len() {
			return nil, false
		}
		evicted, _ = longest.jobs.Back().Value.(*job)
		t.remove(evicted)
	}
	l := t.lines[j.network]
	if l == nil {
		l = &line{network: j.network, jobs: list.New()}
		l.place = t.ring.PushBack(l)
		t.lines[j.network] = l
	}
	j.place = l.jobs.PushBack(j)
	t.waiting++
	return evicted, true
}

func (t *turns) length(network netip.Prefix) int {
	if l := t.lines[network]; l != nil {
		return l.jobs.Len()
	}
	return 0
}

// longest looks through at most as many lines as there is room for jobs.
func (t *turns) longest() *line {
	var found *line
	for _, l := range t.lines {
		if found == nil || l.jobs.Len() > found.jobs.Len() {
			found = l
		}
	}
	return found
}

// pop takes the oldest job of the line whose turn it is, or returns nil.
func (t *turns) pop() *job {
	front := t.ring.Front()
	if front == nil {
		return nil
	}
	l, _ := front.Value.(*line)
	t.ring.MoveToBack(front)
	j, _ := l.jobs.Front().Value.(*job)
	t.remove(j)
	return j
}

// remove takes a job out, wherever it stands, unless it has left already.
func (t *turns) remove(j *job) {
	if j.place == nil {
		return
	}
	l := t.lines[j.network]
	l.jobs.Remove(j.place)
	j.place = nil
	t.waiting--
	if l.jobs.Len() == 0 {
		t.ring.Remove(l.place)
		delete(t.lines, j.network)
	}
}
